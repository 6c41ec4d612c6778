"""The command as a process of its own, before it computes anything."""

import os
import subprocess
import sys

import pytest

from analogies.runs.machine.versions import version

WAYS = {
    "the package": ["-m", "analogies"],
    "the module": ["-m", "analogies.apps.entry"],
    "the installed command": ["-c", "from analogies.apps.entry import run; run()"],
}


def run(way, *words, **details):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    details = {"capture_output": True, "text": True, "env": environment, **details}
    command = [sys.executable, "-P", *WAYS[way], *words]
    return subprocess.run(command, check=False, timeout=60, **details)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in(way, tmp_path):
    answer = run(way, "--version", cwd=tmp_path)
    told = (answer.returncode, answer.stdout, answer.stderr)
    assert told == (0, f"make_image_analogy.py {version()}\n", "")
    nothing = run(way, cwd=tmp_path)
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert nothing.stderr.startswith("usage:\n  make_image_analogy.py A A' B OUT\n")


@pytest.mark.parametrize("words", [["--help"], ["--help-all"], ["--version"], [], ["--wrong"]])
def test_readers_that_have_gone_change_nothing_but_what_is_read(words):
    heard = {}
    for gone in ("stdout", "stderr"):
        reader, writer = os.pipe()
        os.close(reader)
        other = "stderr" if gone == "stdout" else "stdout"
        streams = {gone: writer, other: subprocess.PIPE, "capture_output": False}
        answer = run("the package", *words, **streams)
        os.close(writer)
        assert answer.returncode == (0 if words[:1] and words != ["--wrong"] else 2)
        heard[other] = getattr(answer, other)
    whole = run("the package", *words)
    assert (heard["stdout"], heard["stderr"]) == (whole.stdout, whole.stderr)


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_refusal_with_closed_streams(closed, tmp_path):
    def close():
        for number in closed:
            os.close(number)

    answer = run("the package", "a", "b", "c", "d", cwd=tmp_path, preexec_fn=close)
    assert answer.returncode == 2
    assert answer.stdout == ""
    expected = "" if 2 in closed else "make_image_analogy.py: error: A: no such file."
    assert answer.stderr.startswith(expected)
    assert bool(answer.stderr) == (2 not in closed)
