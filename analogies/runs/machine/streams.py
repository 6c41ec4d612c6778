"""Standard streams that can be written to, however the program was started.

A daemon starts its children with closed streams, a reader like `head` goes before all is written,
and a log's disk fills. None of that is a reason not to make a picture.
"""

import contextlib
import io
import os
import sys
from typing import Any


def secure() -> None:
    """Open the standard streams that are closed, and have the others take whatever is written.

    For a program that has the process to itself. A closed stream is opened on nothing: else its
    number would go to the next file that is opened, and what C++ prints there into that file.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            _put(_nothing(), descriptor)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115 (for the process's life)
    sys.stdout = _forgiving(sys.stdout, 1)
    sys.stderr = _forgiving(sys.stderr, 2)


class Forgiving(io.TextIOWrapper):
    """A stream of text without a say in what becomes of the program.

    What cannot be written, as its reader has gone or its disk is full, is dropped with all that
    follows; characters that its encoding lacks are written as escapes.
    """

    def write(self, text: str) -> int:
        """Write what can be written."""
        try:
            return super().write(text)
        except OSError:
            self._give_up()
            return len(text)

    def flush(self) -> None:
        """Write out what can be written."""
        try:
            super().flush()
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        with contextlib.suppress(OSError):
            _put(_nothing(), self.fileno())
            super().flush()  # what is pending, lest the interpreter complains of it at its end


def _forgiving(stream: Any, descriptor: int) -> io.TextIOWrapper:
    """A forgiving stream in place of a standard one, which may be None."""
    if stream is None:
        buffer: Any = open(descriptor, "wb", closefd=False)  # noqa: SIM115
        return Forgiving(buffer, "utf-8", "backslashreplace", line_buffering=True)
    encoding, lines = stream.encoding, stream.line_buffering
    return Forgiving(stream.detach(), encoding, "backslashreplace", line_buffering=lines)


def _nothing() -> int:
    """A descriptor of something that takes everything and holds nothing."""
    try:
        return os.open(os.devnull, os.O_RDWR)
    except OSError:  # a bare root folder without devices
        return os.memfd_create("nothing")


def _put(source: int, descriptor: int) -> None:
    """Have `descriptor` stand for what `source` is, which is closed; children inherit it."""
    if source == descriptor:
        os.set_inheritable(descriptor, True)
    else:
        os.dup2(source, descriptor)
        os.close(source)
