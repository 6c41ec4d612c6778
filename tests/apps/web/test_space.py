"""The hosted Space names what the program needs, and starts it as a host would."""

import configparser
import re
import runpy
import sys
from pathlib import Path

import pytest

from analogies.apps.web import command

CHECKOUT = Path(__file__).resolve().parents[3]
SPACE = CHECKOUT / "examples" / "space"


@pytest.fixture
def setup():
    parser = configparser.ConfigParser()
    parser.read(CHECKOUT / "setup.cfg")
    return parser


def test_what_is_installed_is_what_the_program_needs(setup):
    wanted = setup["options"]["install_requires"].split()
    extra = setup["options.extras_require"]["web"].split()
    brought = [line for line in extra if line.startswith("gradio")]
    wanted += [line for line in extra if line not in brought]
    assert (SPACE / "requirements.txt").read_text().split() == wanted
    told = dict(re.findall(r"^(\w+): (.*)$", (SPACE / "README.md").read_text(), re.MULTILINE))
    least = re.search(r"gradio>=(\d+\.\d+),", brought[0])[1]
    assert told["sdk_version"].startswith(f"{least}.")
    assert told["app_file"] == "app.py"
    assert setup["options"]["python_requires"] == f">={told['python_version'].strip(chr(34))}"


def test_it_listens_where_a_host_looks_and_offers_the_networks_beside_it(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(command, "main", lambda words: asked.append(words) or 0)
    app = tmp_path / "app.py"
    app.write_bytes((SPACE / "app.py").read_bytes())
    for nets in (False, True):
        if nets:
            (tmp_path / "nets").mkdir()
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(app), run_name="__main__")
        assert ended.value.code == 0
    runpy.run_path(str(app), run_name="__mp_main__")
    listening = ["--listen", "0.0.0.0", "--port", "7860"]
    assert asked == [listening, [*listening, "--nets", str(tmp_path / "nets")]]
    assert "analogies.apps.web.command" in sys.modules
