"""The command `analogies-page`, as far as it goes without Gradio."""

import importlib.util
import socket

import pytest

from analogies.apps.web import command
from analogies.apps.web.server import bound
from analogies.apps.web.sessions import session_folder
from analogies.errors import InputError


def test_without_gradio_one_line_says_how_to_get_it(monkeypatch, capsys):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "gradio" else there(name)
    )
    assert command.main([]) == 2
    said = capsys.readouterr().err
    assert said == (
        "analogies-page: error: gradio is not installed; pip install 'analogies[web]' brings it\n"
    )


@pytest.mark.parametrize("words", [["--port", "x"], ["--port", "65536"], ["--no-such"]])
def test_bad_usage_ends_with_code_two(words, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    assert ended.value.code == 2
    assert "analogies-page: error:" in capsys.readouterr().err


def test_a_port_in_use_is_told_or_passed_over():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"in use. Received: 127.0.0.1 port {port}"):
            bound("127.0.0.1", port)
    with pytest.raises(InputError, match=r"Received: 203\.0\.113\.7"):
        bound("203.0.113.7", None)
    with bound("127.0.0.1", 0) as free:
        assert free.getsockname()[0] == "127.0.0.1"


def test_a_folder_that_takes_no_pictures_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    for name in ("file", "file/inside"):
        with (
            pytest.raises(InputError, match=r"cannot be kept there: .*Received: '.*file"),
            session_folder(tmp_path / name),
        ):
            pass
    with session_folder(tmp_path / "new") as own:
        assert own.is_dir()
    assert list((tmp_path / "new").iterdir()) == []
