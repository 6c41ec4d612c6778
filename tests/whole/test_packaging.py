import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from analogies.runs.machine.versions import version

CHECKOUT = Path(__file__).resolve().parents[2]
COMMANDS = ("make-image-analogy", "make_image_analogy.py")


def test_the_version_is_the_same_everywhere():
    assert version() == metadata.version("analogies")


@pytest.mark.parametrize("name", COMMANDS)
def test_installed_commands_answer_from_any_folder(tmp_path, name):
    command = Path(sysconfig.get_path("scripts")) / name
    answer = subprocess.run(
        [command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert answer.stdout == f"make_image_analogy.py {version()}\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy, so that building leaves nothing in the checkout."""
    source = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("analogies", "weights"):
        shutil.copytree(CHECKOUT / name, source / name, ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(CHECKOUT / name, source / name)
    words = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps"]
    words += ["--no-build-isolation", "--quiet", "--wheel-dir", str(source / "dist"), str(source)]
    subprocess.run(words, check=True, capture_output=True, timeout=300)
    (path,) = (source / "dist").glob("*.whl")
    return path


def test_the_wheel_holds_everything_and_works_unpacked(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert "analogies/py.typed" in names
    assert "analogies/weights/slim.weights.h5" in names
    assert "analogies/weights/__init__.py" in names
    assert "analogies/apps/web/static/page.js" in names
    assert "analogies/apps/web/examples/landscape-a.png" in names
    assert not [name for name in names if name.startswith("tests")]
    (entries,) = [name for name in names if name.endswith("entry_points.txt")]
    text = (tmp_path / "site" / entries).read_text()
    for command in COMMANDS:
        assert f"{command} = analogies.apps.entry:run" in text
    assert "analogies-page = analogies.apps.web.command:run" in text
    script = (
        "import analogies, sys; from analogies.features import weights; "
        "print(analogies.__file__); print(weights.embedded_path()); "
        "from analogies.runs.machine.versions import version; print(version())"
    )
    answer = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    package, embedded, number = answer.stdout.split()
    assert Path(package).is_relative_to(tmp_path)
    assert Path(embedded).is_relative_to(tmp_path)
    assert number == version()
