"""What a run says: notes, one line each, as loud as its options ask for."""

import contextlib
import logging as python_logging
from collections.abc import Iterable, Iterator

from absl import logging

from analogies.options.table import Options


def tell(notes: Iterable[str]) -> None:
    """Say what a person should know."""
    for note in notes:
        logging.warning("%s", note)


@contextlib.contextmanager
def loudness(options: Options) -> Iterator[None]:
    """Within the block say as much as the options ask for; where they don't, as much as before."""
    logger = python_logging.getLogger("absl")
    before = logger.level
    if options.verbose or options.quiet:
        logger.setLevel(python_logging.DEBUG if options.verbose else python_logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
