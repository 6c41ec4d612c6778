"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

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
