"""Processes of a killed program, which sleep in place of Ray's."""

import os
import signal
import subprocess
import sys
import time

import pytest

from analogies.apps.workers import watchdog

pytestmark = pytest.mark.skipif(not watchdog.PROCESSES.is_dir(), reason="needs /proc")

PROGRAM = """
import subprocess, sys, time
from analogies.apps.workers.watchdog import Watchdog
folder = sys.argv[1]
dog = Watchdog(folder)
def sleeper(path, **more):
    with open(path, "w") as held:
        line = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]
        return subprocess.Popen(line, stdout=held, stderr=subprocess.DEVNULL, **more)
own = sleeper(folder + "/session_1/log")
others = sleeper(folder + "/.in-use"), sleeper(folder + "/session_1/log", start_new_session=True)
print(own.pid, *(other.pid for other in others), flush=True)
if sys.argv[2] == "release":
    dog.release()
    print(own.wait(5), flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "ray" / "session_1").mkdir(parents=True)
    return tmp_path / "ray"


def lives(process):
    try:
        with open(f"/proc/{process}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("how", ["kill", "release"])
def test_what_holds_a_log_open_is_ended_and_nothing_else(place, how):
    line = [sys.executable, "-c", PROGRAM, str(place), how]
    spared = []
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, start_new_session=True) as made:
        try:
            own, *spared = map(int, made.stdout.readline().split())
            assert lives(own)
            if how == "release":
                assert int(made.stdout.readline()) == -signal.SIGKILL
                assert made.poll() is None
            else:
                made.kill()
            until = time.monotonic() + 20
            while (lives(own) or place.exists()) and time.monotonic() < until:
                time.sleep(0.05)
            assert not lives(own)
            assert not place.exists()
            assert all(map(lives, spared))
        finally:
            made.kill()
            for process in spared:
                os.kill(process, signal.SIGKILL)
