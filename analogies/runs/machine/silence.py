"""Keeping what libraries print below Python from the terminal."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from analogies.errors import InputError


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep what is written to file descriptor 2 from the terminal, unless an exception ends it.

    TensorFlow's C++ part writes four lines there before its log level counts, and libtiff comments
    on damaged files. An `InputError` says all there is to say.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException as error:
            _restore(terminal)
            if not isinstance(error, InputError | KeyboardInterrupt | SystemExit):
                kept.seek(0)
                sys.stderr.write(kept.read().decode(errors="replace"))
            raise
        _restore(terminal)


def _restore(terminal: int) -> None:
    sys.stderr.flush()
    os.dup2(terminal, 2)
    os.close(terminal)
