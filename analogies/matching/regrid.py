"""The matches of a level as a start for PatchMatch on the next, finer one."""

from typing import Protocol

import numpy as np
import tensorflow as tf

from analogies.matching.field import NearestNeighborField


class Grids(Protocol):
    """The grids of cells that patches lie on."""

    @property
    def size_a(self) -> tuple[int, int]:
        """`(height, width)` of the reference, px."""

    @property
    def size_b(self) -> tuple[int, int]:
        """`(height, width)` of the query, px."""

    @property
    def cell(self) -> int:
        """Side of a cell, px."""


def grow(
    field: NearestNeighborField, before: Grids, now: Grids, multiple: int, k: int, stride: int
) -> NearestNeighborField:
    """A field brought to another level's grid.

    A patch takes the displacement, in shares of the pictures' sides, of the patch of `before` whose
    middle is nearest to its own, so that it keeps where it lies within a coarse cell.

    Args:
        field: of `before`.
        before, now: the grids, those of two levels of a pyramid.
        multiple: px that pictures are padded to a multiple of, beside the cell.
        k: patch size.
        stride: of the query.

    Returns:
        places for every patch of `now`; scores are 0.
    """
    found: list[np.ndarray] = []
    parents, rests = [], []
    for axis in (0, 1):
        middle = (_positions(_places(now.size_b[axis], now.cell, multiple, k), stride) + k / 2) * (
            now.cell * before.size_b[axis] / now.size_b[axis]
        )
        old = _positions(_places(before.size_b[axis], before.cell, multiple, k), stride)
        old_middle = (old + k / 2) * before.cell
        parent = np.abs(middle[:, None] - old_middle).argmin(axis=1)
        parents.append(parent)
        rests.append(middle - old_middle[parent])
    for axis, values in enumerate(field[:2]):
        rest = rests[axis][:, None] if axis == 0 else rests[axis]
        px = (np.asarray(values)[np.ix_(*parents)] + k / 2) * before.cell + rest
        place = px * now.size_a[axis] / before.size_a[axis] / now.cell - k / 2
        last = _places(now.size_a[axis], now.cell, multiple, k) - 1
        found.append(np.clip(np.rint(place), 0, last).astype(np.int32))
    rows, cols = (tf.constant(x) for x in found)
    return NearestNeighborField(rows, cols, tf.zeros(rows.shape))


def nothing() -> NearestNeighborField:
    """A field without patches: PatchMatch starts from nothing."""
    none = tf.zeros((0, 0), tf.int32)
    return NearestNeighborField(none, none, tf.zeros((0, 0)))


def _places(side: int, cell: int, multiple: int, k: int) -> int:
    """How many patches lie along a side of some px."""
    whole = max(cell, multiple)
    return -(-side // whole) * whole // cell - k + 1


def _positions(places: int, stride: int) -> np.ndarray:
    """As `patches.positions`."""
    return np.minimum(np.arange(-(-(places - 1) // stride) + 1) * stride, places - 1)
