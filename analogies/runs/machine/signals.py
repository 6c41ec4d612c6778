"""Signals that ask the program to end, as an exception that carries the exit code."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

# Windows has no SIGHUP.
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Interrupted(KeyboardInterrupt):
    """A signal asks the program to end.

    Attributes:
        exit_code: 128 plus the signal's number, as shells count.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def quit_on_signals(message: bytes) -> None:
    """From now on a signal ends the process at once, with a line on standard error."""

    def handler(number: int, frame: FrameType | None) -> NoReturn:
        with contextlib.suppress(OSError):
            os.write(2, message)
        os._exit(128 + number)

    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


@contextlib.contextmanager
def signals_raised() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP arrive as `Interrupted` within the block."""

    def handler(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    with _handled(handler):
        yield


@contextlib.contextmanager
def signals_noted() -> Iterator[list[int]]:
    """Signals do not disturb the block, which is short; their numbers are in the list it gets."""
    came: list[int] = []
    with _handled(lambda number, frame: came.append(number)):
        yield came


@contextlib.contextmanager
def signals_ignored() -> Iterator[None]:
    """Signals do not disturb the block, which is short and ends the program anyway."""
    with _handled(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], Any] | signal.Handlers) -> Iterator[None]:
    """Signals go to `handler` within the block; ignored ones (nohup) stay ignored.

    So do those whose handler Python did not set and could not set again, and all of them outside
    the main thread, which alone can set any.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.getsignal(number) for number in _SIGNALS}
        before = {n: h for n, h in handlers.items() if h not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
