"""What a level of the network starts from."""

from types import SimpleNamespace

import numpy as np
import pytest

from analogies.synthesis.starts import scattered

K, SIDE = 5, 24
MARGIN = K - 1


def squares(margins, seed, query=(SIDE, 30), reference=(40, 50)):
    """Rows and columns of a start of squares."""
    work = SimpleNamespace(
        setting=SimpleNamespace(parts=()), level=SimpleNamespace(cell=1, wrap=(False, False))
    )
    query = tuple(side + 2 * margin for side, margin in zip(query, margins, strict=True))
    found = scattered(work, query, reference, K, 1, seed, margins)
    return np.asarray(found.rows), np.asarray(found.cols)


@pytest.mark.parametrize("margins", [(MARGIN, MARGIN), (MARGIN, 0), (0, MARGIN)])
def test_margins_show_the_other_side(margins):
    for places in squares(margins, 3):
        for axis, (margin, side) in enumerate(zip(margins, (SIDE, 30), strict=True)):
            if margin:
                first, last = (np.take(places, range(at, at + margin), axis) for at in (0, side))
                np.testing.assert_array_equal(first, last)


def test_squares_meet_no_more_often_at_the_seam_than_elsewhere():
    """Patches whose upper neighbor is not the one above in A', over many seeds."""
    meet = np.zeros(SIDE)
    for seed in range(200):
        rows, cols = squares((MARGIN, MARGIN), seed)
        rows, cols = rows[MARGIN:, MARGIN:], cols[MARGIN:, MARGIN:]
        apart = (rows != np.roll(rows, 1, 0) + 1) | (cols != np.roll(cols, 1, 0))
        meet += apart.mean(1) / 200
    assert meet[0] < 1.5 * meet.mean()


def test_without_margins_they_begin_at_the_corner():
    rows, _ = squares((0, 0), 3)
    assert (np.diff(rows[: 3 * K - 1, 0]) % 36 == 1).all()
    assert (np.diff(rows[:, : 3 * K], axis=1) == 0).all()
