"""Folders of one process, which the next of its kind removes where that was killed."""

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from analogies.files import try_lock

_LOCK = ".in-use"
_HELD: list[BinaryIO] = []  # open as long as the process lives


def own_folder(prefix: str, place: str | None = None) -> Path:
    """A new folder; those of processes that are no more are removed.

    Args:
        prefix: of its name.
        place: where it is to lie; None: where temporary files do.
    """
    for left in Path(place or tempfile.gettempdir()).glob(f"{prefix}*"):
        with contextlib.suppress(OSError), open(left / _LOCK, "rb") as stream:
            if try_lock(stream.fileno()):
                shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    held = open(folder / _LOCK, "wb")  # noqa: SIM115 (for the process's life)
    try_lock(held.fileno())
    _HELD.append(held)
    return folder
