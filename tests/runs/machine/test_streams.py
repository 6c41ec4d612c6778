"""Standard streams as a program may find them, tried in processes of their own."""

import itertools
import os
import subprocess
import sys

import pytest

HEAD = "import os, sys; from analogies.runs.machine import streams; streams.secure()\n"
CLOSED = [
    numbers for count in (1, 2, 3) for numbers in itertools.combinations((0, 1, 2), count)
]  # fmt: skip


def run(script, head=HEAD, **details):
    return subprocess.run([sys.executable, "-c", head + script], check=False, timeout=60, **details)


def closing(numbers):
    def close():
        for number in numbers:
            os.close(number)

    return close


@pytest.mark.parametrize("numbers", CLOSED)
def test_closed_streams_are_opened_on_nothing(numbers, tmp_path):
    script = """
assert sys.stdin.read() == ""
print("told"); print("told", file=sys.stderr); os.write(1, b"more"); os.write(2, b"more")
file = os.open("kept", os.O_CREAT | os.O_WRONLY)
assert file > 2
import subprocess
assert subprocess.run([sys.executable, "-c", "print(1)"]).returncode == 0
os.write(file, b"whole")
"""
    answer = run(
        script,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=closing(numbers),
    )
    assert answer.returncode == 0
    assert (tmp_path / "kept").read_bytes() == b"whole"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_has_gone(stream):
    reader, writer = os.pipe()
    os.close(reader)
    other = {"stdout": "stderr", "stderr": "stdout"}[stream]
    script = f"""
for _ in range(3):
    print("x" * 100_000, file=sys.{stream}, flush=True)
print("whole", file=sys.{other})
print("at the end", end="", file=sys.{stream})
"""
    answer = run(script, text=True, **{stream: writer, other: subprocess.PIPE})
    os.close(writer)
    assert (answer.returncode, getattr(answer, other)) == (0, "whole\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_behind_both_streams():
    with open("/dev/full", "w") as full:
        answer = run(
            "print('out'); print('err', file=sys.stderr); sys.exit(7)", stdout=full, stderr=full
        )
    assert answer.returncode == 7


def test_characters_that_a_stream_lacks():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    answer = run("print('\\xe9 \\u2014 \\udc80')", env=environment, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (0, "\\xe9 \\u2014 \\udc80\n")


def test_whole_streams_say_what_they_said():
    answer = run(
        "print(sys.stdin.read().upper()); print('e', file=sys.stderr)",
        input="in",
        capture_output=True,
        text=True,
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "IN\n", "e\n")


def test_streams_of_python_that_are_none():
    head = "import sys; sys.stdin = sys.stdout = sys.stderr = None\n" + HEAD
    answer = run("print('o'); print('e', file=sys.stderr)", head, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "o\n", "e\n")
