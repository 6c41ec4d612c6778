"""Fixtures shared by all tests."""

import logging as python_logging
import os
from pathlib import Path

import pytest
from absl import logging

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Folder of reference weights and pictures; tests that need it skip where it is absent."""
    places = [CHECKOUT.parent / "shared", CHECKOUT / "shared"]
    if "ANALOGIES_SHARED" in os.environ:
        places.insert(0, Path(os.environ["ANALOGIES_SHARED"]))
    for place in places:
        if (place / "models").is_dir() and (place / "images").is_dir():
            return place
    pytest.skip("reference weights and pictures are not on this machine")


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    """What a test of the command sets up for its lines does not outlast it."""
    logger, handler = python_logging.getLogger("absl"), logging.get_absl_handler().python_handler
    level, stream = logger.level, handler.stream
    yield
    logger.setLevel(level)
    handler.setStream(stream)
