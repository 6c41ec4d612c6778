"""What is derived of arrays that nobody changes, kept for when it is asked for again.

A' is the same for every frame of a moving picture; what is searched in it is put in order once.
That is told by the arrays themselves: those that cannot be written to are remembered.
"""

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

_known: dict[int, dict[Hashable, Any]] = {}


def lasting(array: np.ndarray) -> np.ndarray:
    """A copy that lies in one piece and cannot be written to."""
    found = np.array(array, order="C")
    found.flags.writeable = False
    return found


def remembered(array: np.ndarray, name: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, made once for each name as long as the array lives.

    An array that can be written to, or shows a part of another one, may change: of such it is made
    again every time. What is remembered must not refer to the array.
    """
    if array.flags.writeable or not array.flags.owndata:
        return make()
    key = id(array)
    if key not in _known:
        _known[key] = {}
        weakref.finalize(array, _known.pop, key, None)
    kept = _known[key]
    if name not in kept:
        kept[name] = make()
    found: T = kept[name]
    return found
