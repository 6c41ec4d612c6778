"""Memory given back to the system."""

import ctypes
import sys
from pathlib import Path

import pytest

from analogies.synthesis import heap


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_was_freed_in_small_pieces_goes_back():
    held = [bytes(40_000) for _ in range(2500)]  # 100 MB, below what is mapped by itself
    keeps_the_top = bytes(40_000)
    del held
    before = resident()
    heap.give_back()
    assert keeps_the_top
    assert resident() < before - 5e7


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_a_system_without_it_is_left_alone(monkeypatch, error):
    class Library:
        def __init__(self, name):
            raise error

    monkeypatch.setattr(ctypes, "CDLL", Library)
    heap.give_back()
