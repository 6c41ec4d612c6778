"""Keeping what libraries print below Python from the terminal."""

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import BinaryIO

from analogies.errors import InputError


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep what is written to file descriptor 2 from the terminal, unless an exception ends it.

    TensorFlow's C++ part writes four lines there before its log level counts, and libtiff comments
    on damaged files. An `InputError` says all there is to say.

    The descriptor belongs to the whole process: of blocks that overlap, in threads or one in the
    other, the first turns it away and the last gives it back. Where it cannot be turned away, the
    chatter is heard, and nothing else is different.
    """
    _DESCRIPTOR.enter()
    wanted = False
    try:
        yield
    except BaseException as error:
        wanted = not isinstance(error, InputError | KeyboardInterrupt | SystemExit)
        raise
    finally:
        _DESCRIPTOR.leave(wanted)


class _Descriptor:
    """File descriptor 2, and where it points while there are blocks that want silence."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._kept: BinaryIO | None = None  # None as well where it could not be turned away
        self._terminal: int | None = None  # None where the descriptor is closed
        self._wanted = False

    def enter(self) -> None:
        with self._lock:
            self._blocks += 1
            if self._blocks == 1:
                self._wanted = False
                _flush()
                with contextlib.suppress(OSError):
                    self._turn_away()

    def leave(self, wanted: bool) -> None:
        """End a block; what was kept is told at the last one's end, if one of them wanted that."""
        with self._lock:
            self._blocks = max(self._blocks - 1, 0)  # a child forked inside begins at 0
            self._wanted |= wanted
            if self._blocks == 0 and self._kept is not None:
                with self._kept as kept:
                    self._give_back()
                    if self._wanted and sys.stderr is not None:
                        kept.seek(0)
                        sys.stderr.write(kept.read().decode(errors="replace"))

    def after_fork(self) -> None:
        """In a child, the blocks of the other threads will never end."""
        self._lock = threading.Lock()
        self._blocks = 0
        if self._kept is not None:
            self._kept.close()
            self._give_back()

    def _turn_away(self) -> None:
        try:
            self._terminal = os.dup(2)
        except OSError:
            self._terminal = None
        try:
            kept = _store()
            os.dup2(kept.fileno(), 2)
        except OSError:
            if self._terminal is not None:
                os.close(self._terminal)
            raise
        self._kept = kept

    def _give_back(self) -> None:
        _flush()
        self._kept = None
        if self._terminal is None:
            os.close(2)
        else:
            os.dup2(self._terminal, 2)
            os.close(self._terminal)


def _store() -> BinaryIO:
    """A file for a moment: in memory, where there may be no folder to write into.

    Its descriptor is never 2, which may be free: what is put there is closed in the end.
    """
    if hasattr(os, "memfd_create"):
        with contextlib.suppress(OSError):
            return _above_two(os.memfd_create("silence"))
    with contextlib.suppress(OSError), tempfile.TemporaryFile() as file:
        return _above_two(os.dup(file.fileno()))
    return _above_two(os.open(os.devnull, os.O_RDWR))


def _above_two(descriptor: int) -> BinaryIO:
    """An open file under a descriptor that is none of the standard streams'."""
    low = []
    while descriptor <= 2:
        low.append(descriptor)
        descriptor = os.dup(descriptor)
    for number in low:
        os.close(number)
    return os.fdopen(descriptor, "w+b")


def _flush() -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, full, None
        sys.stderr.flush()


_DESCRIPTOR = _Descriptor()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_DESCRIPTOR.after_fork)
