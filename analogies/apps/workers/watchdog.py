"""Ends Ray's processes of a program that was killed. A script of its own, which imports no more.

The kernel ends those that the program started itself; agents that these start see that, and
then try for minutes to tell a head that is no more. Their names and environments are overwritten,
so that they are known by the logs that they hold open.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PROCESSES = Path("/proc")
QUIET = 1.0  # s without a process, after which none comes any more
MOST = 30.0  # s


class Watchdog:
    """Waits, as a process, for this one to end or to let it go; then `end` is called there.

    Args:
        folder: of Ray's temporary files, with folders "session...".
    """

    def __init__(self, folder: str) -> None:
        self._process = None
        if PROCESSES.joinpath("self", "fd").is_dir():  # elsewhere Ray has one of its own
            words = [folder, str(os.getpid()), str(os.getsid(0))]
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # what is sent to this process's group is not for it
            )

    def release(self) -> None:
        """Have it end what is left, and itself."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.communicate()


def end(folder: str, program: int, session: int) -> None:
    """End the processes of a session that hold files of Ray's open; remove the folder.

    Args:
        folder: of Ray's temporary files.
        program: process that is spared.
        session: of the processes, as `os.getsid` gives it.
    """
    began = seen = time.monotonic()
    while (now := time.monotonic()) - seen < QUIET and now - began < MOST:
        for process in _holders(f"{folder}/session"):
            if process in (program, os.getpid()):
                continue
            with contextlib.suppress(OSError):
                if os.getsid(process) == session:
                    os.kill(process, signal.SIGKILL)
                    seen = now
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def _holders(start: str) -> list[int]:
    """Processes with a file open whose path starts so."""
    found = []
    for place in PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(_target(held).startswith(start) for held in place.joinpath("fd").iterdir()):
                found.append(int(place.name))
    return found


def _target(held: Path) -> str:
    try:
        return os.readlink(held)
    except OSError:  # closed meanwhile
        return ""


if __name__ == "__main__":
    sys.stdin.buffer.read()
    end(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
