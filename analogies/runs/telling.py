"""What a run says: notes, one line each, as loud as its options ask for."""

import contextlib
import logging as python_logging
import threading
from collections.abc import Iterable, Iterator

from absl import logging

from analogies.options.table import Options

_LOCK = threading.Lock()
_BLOCKS: list[Options] = []  # those that have not ended
_BEFORE: list[int] = []  # the level before the first of them


def tell(notes: Iterable[str]) -> None:
    """Say what a person should know."""
    for note in notes:
        logging.warning("%s", note)


@contextlib.contextmanager
def loudness(options: Options) -> Iterator[None]:
    """Within the block say as much as the options ask for; where they don't, as much as before.

    The level is that of the whole process: of blocks that overlap, in threads or one in the other,
    the one that began last decides, and the last to end gives back what was there before the first.
    """
    logger = python_logging.getLogger("absl")
    with _LOCK:
        if not _BLOCKS:
            _BEFORE.append(logger.level)
        _BLOCKS.append(options)
        logger.setLevel(_level())
    try:
        yield
    finally:
        with _LOCK:
            _BLOCKS.remove(options)
            logger.setLevel(_level())
            if not _BLOCKS:
                _BEFORE.pop()


def _level() -> int:
    """What the blocks that have not ended ask for."""
    told = [options for options in _BLOCKS if options.verbose or options.quiet]
    if not told:
        return _BEFORE[-1]
    return python_logging.DEBUG if told[-1].verbose else python_logging.ERROR
