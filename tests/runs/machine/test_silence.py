"""Silence of a process's standard error, tried in processes of their own."""

import os
import subprocess
import sys

import pytest

HEAD = """
import os, sys, tempfile, threading
from analogies.errors import InputError
from analogies.runs.machine.silence import silence
def say(text):
    os.write(2, text.encode() + b"\\n")
"""

OVERLAPPING = """
inside, done = threading.Barrier(3), threading.Barrier(3)
def block():
    with silence():
        inside.wait()
        say("chatter")
        done.wait()
threads = [threading.Thread(target=block) for _ in range(3)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
say("heard")
print("again", file=sys.stderr)
"""

ONE_AFTER_ANOTHER = """
first, second = silence(), silence()
first.__enter__(); second.__enter__()
first.__exit__(None, None, None)
say("chatter")
second.__exit__(None, None, None)
say("heard")
with silence():
    say("chatter")
print("again", file=sys.stderr)
"""

FAILING = """
try:
    with silence():
        with silence():
            say("heard")
            raise ValueError
except ValueError:
    pass
for error in (InputError, KeyboardInterrupt):
    try:
        with silence():
            say("chatter")
            raise error
    except error:
        pass
print("again", file=sys.stderr)
"""

FORKED = """
with silence():
    child = os.fork()
    if child == 0:
        say("heard")
        with silence():
            say("chatter")
    else:
        os.waitpid(child, 0)
if child == 0:
    print("again", file=sys.stderr)
"""

NO_TEMPORARY_FOLDER = """
tempfile.tempdir = os.path.join(os.devnull, "none")
with silence():
    say("chatter")
say("heard")
print("again", file=sys.stderr)
"""

NOTHING_TO_KEEP_IN = """
if hasattr(os, "memfd_create"):
    del os.memfd_create
""" + NO_TEMPORARY_FOLDER  # fmt: skip

NO_MORE_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
with silence():
    say("heard")
print("again", file=sys.stderr)
"""


def run(script, **streams):
    return subprocess.run(
        [sys.executable, "-c", HEAD + script],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **streams,
    )


@pytest.mark.parametrize(
    "script",
    [
        OVERLAPPING,
        ONE_AFTER_ANOTHER,
        FAILING,
        FORKED,
        NO_TEMPORARY_FOLDER,
        NOTHING_TO_KEEP_IN,
        NO_MORE_FILES,
    ],
    ids=[
        "overlapping", "one after another", "failing", "forked", "no temporary folder",
        "nothing to keep in", "no more files",
    ],
)  # fmt: skip
def test_chatter_is_kept_back_and_the_stream_is_given_back(script):
    answer = run(script)
    assert (answer.returncode, answer.stderr) == (0, "heard\nagain\n")


NO_STREAM = """
with silence():
    say("chatter")
    file = os.open(os.devnull, 0)
    print(file > 2)
try:
    os.fstat(2)
except OSError:
    print("closed as before")
"""


def test_a_closed_stream_stays_closed_and_no_file_takes_its_place_meanwhile():
    answer = run(NO_STREAM, preexec_fn=lambda: os.close(2))
    assert (answer.returncode, answer.stdout) == (0, "True\nclosed as before\n")


def test_a_program_without_a_standard_error_of_python():
    answer = run("sys.stderr = None\nwith silence():\n    say('chatter')\nsay('heard')")
    assert (answer.returncode, answer.stderr) == (0, "heard\n")
