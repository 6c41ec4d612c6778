"""A process in which runs are made one at a time, warm from one to the next.

The server goes on answering while it works, and what does not stop when it is asked to is ended
with the process.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from analogies.apps.web.work import Tell, Work

PATIENCE = 60.0  # s that a run may take to stop; it does between two rounds
_BEAT = 0.05  # s


class Worker:
    """Makes one run after another.

    Args:
        patience: seconds that a run may take to stop before its process is ended.
        target: what runs in the process, for tests.
    """

    def __init__(
        self, patience: float = PATIENCE, target: Callable[[Connection], None] | None = None
    ) -> None:
        self._patience = patience
        self._target = target or serve
        self._process: Any = None
        self._ours: Connection | None = None

    def start(self) -> None:
        """Start the process, if it does not run; it gets warm by itself."""
        if self._process is not None and self._process.is_alive():
            return
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=self._target, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def run(
        self, work: Work, tell: Tell, stopped: Callable[[], bool], seconds: float
    ) -> dict[str, Any]:
        """Make one run; see `work.carry_out`.

        Args:
            work: what to make.
            tell: called with what is told of it.
            stopped: whether it is to end, asked often.
            seconds: after which it is to end in any case.
        """
        self.start()
        assert self._ours is not None
        latest = time.monotonic() + seconds
        late, asked = False, None
        try:
            self._ours.send(work)
            while True:
                while self._ours.poll(_BEAT):
                    kind, told = self._ours.recv()
                    if kind == "ended":
                        return _with_limit(told, seconds) if late else told
                    tell(told)
                now = time.monotonic()
                late = late or now > latest
                if asked is None and (late or stopped()):
                    asked = now
                    self._ours.send("stop")
                if asked is not None and now - asked > self._patience:
                    self.close()
                    ended = {"error": "the run did not stop by itself", "stopped": True}
                    return _with_limit(ended, seconds) if late else ended
        except (EOFError, OSError):
            self.close()
            return {
                "error": "the process of the run ended, perhaps for want of memory; a smaller "
                "picture needs less",
                "stopped": False,
            }

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if self._ours is not None:
            self._ours.close()
        if process is not None:
            process.terminate()
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join(5)


def _with_limit(ended: dict[str, Any], seconds: float) -> dict[str, Any]:
    said = f"stopped after {seconds:.0f} s, the longest that a run may take here"
    return {**ended, "error": said, "stopped": True}


def serve(connection: Connection) -> None:
    """What goes on in the process: work comes through the connection, what is told goes back."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server has it, too, and ends us
    _quiet()
    from analogies.apps.web.making import carry_out

    _warm_up()
    works: list[Work] = []
    came, stop = threading.Condition(), threading.Event()

    def listen() -> None:
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                os._exit(0)  # the server is gone
            with came:
                if message == "stop":
                    stop.set()
                else:
                    stop.clear()
                    works.append(message)
                    came.notify()

    threading.Thread(target=listen, daemon=True).start()
    while True:
        with came:
            came.wait_for(lambda: works)
            work = works.pop()
        ended = carry_out(work, lambda told: connection.send(("told", told)), stop.is_set)
        connection.send(("ended", ended))


def _quiet() -> None:
    """What the page shows need not be told on the terminal."""
    import logging as python_logging

    from absl import flags, logging

    flags.FLAGS.mark_as_parsed()
    logging.use_absl_handler()
    python_logging.getLogger("absl").setLevel(python_logging.ERROR)


def _warm_up() -> None:
    """Make a preview of an example: the first one then does not wait for loading and compiling."""
    from analogies.apps.web import tabs
    from analogies.apps.web.making import carry_out

    tab = tabs.find("numbers")
    example = next(each for each in tabs.examples() if each["tab"] == tab.name)
    with contextlib.ExitStack() as stack, contextlib.suppress(Exception):
        files = {
            slot: stack.enter_context(tabs.example_file(name))
            for slot, name in example["pictures"].items()
        }
        options = {**(tab.preview or {}), "speed": "fast", "width": tabs.PREVIEW}
        work = Work(files, options, None, tabs.PREVIEW**2)
        carry_out(work, lambda told: None, lambda: False)
