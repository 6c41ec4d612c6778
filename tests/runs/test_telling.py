import logging

import pytest

from analogies.options.table import Options
from analogies.runs.telling import loudness

LOGGER = logging.getLogger("absl")


@pytest.fixture
def level():
    before = LOGGER.level
    LOGGER.setLevel(logging.INFO)
    yield
    LOGGER.setLevel(before)


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, logging.INFO), ({"quiet": True}, logging.ERROR), ({"verbose": True}, logging.DEBUG)],
)
def test_as_loud_as_asked_for(options, expected, level):
    with loudness(Options(**options)):
        assert LOGGER.level == expected
    assert LOGGER.level == logging.INFO


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_blocks_that_overlap_leave_the_level_as_it_was(order, level):
    """As those of two threads may, in any order."""
    blocks = loudness(Options(verbose=True)), loudness(Options(quiet=True))
    for block in blocks:
        block.__enter__()
    for number in order:
        blocks[number].__exit__(None, None, None)
    assert LOGGER.level == logging.INFO


def test_a_block_within_another_gives_its_level_back(level):
    with loudness(Options()):
        with loudness(Options(quiet=True)):
            assert LOGGER.level == logging.ERROR
            with loudness(Options()):
                assert LOGGER.level == logging.ERROR
        assert LOGGER.level == logging.INFO
