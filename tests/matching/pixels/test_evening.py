"""Offsets between patches evened out, against skies that are known and an exact solution."""

import tracemalloc

import numpy as np
import pytest
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve

from analogies.matching.pixels import evening
from analogies.matching.pixels.evening import evened

SIZE = (60, 71)


def sky():
    """A linear ramp along both axes, other in each channel; float32 `(h, w, 3)`."""
    rows, cols = np.indices(SIZE)
    slopes = np.float32([[0.7, 0.5], [-0.4, 0.9], [0.2, -0.6]])
    return np.stack([128 + a * (rows - 30) + b * (cols - 35) for a, b in slopes], -1)


def hole():
    rows, cols = np.indices(SIZE)
    return ((rows - 29) / 19) ** 2 + ((cols - 33) / 24) ** 2 < 1


def blocks(random, most, side=9):
    """Another offset for each block of pixels, float32 `(h, w, 3)`."""
    coarse = random.uniform(-most, most, (20, 20, 3)).repeat(side, 0).repeat(side, 1)
    return coarse[: SIZE[0], : SIZE[1]].astype(np.float32)


def patched(truth, offsets, made):
    """A picture whose made part has offsets, by patches of an A' that has each as a whole."""
    side, tiles, rows, cols = 9, [], *np.indices(SIZE)
    found = rows.copy()
    for number, (top, left) in enumerate(
        (y, x) for y in range(0, SIZE[0], side) for x in range(0, SIZE[1], side)
    ):
        tiles.append(truth + offsets[top, left])
        block = np.s_[top : top + side, left : left + side]
        found[block] = rows[block] + number * SIZE[0]
    style = np.concatenate([np.pad(tile, ((0, 0), (1, 1), (0, 0)), "reflect") for tile in tiles])
    style = np.concatenate([style[:1], style, style[-1:]]).astype(np.float32)
    image = np.where(made[..., None], truth + offsets, truth).astype(np.float32)
    return image, style, (found + 1, cols + 1)


def test_a_sky_of_patches_with_offsets_is_the_ramp_that_it_was():
    truth, made = sky().astype(np.float32), hole()
    image, style, field = patched(truth, blocks(np.random.default_rng(0), 4.0), made)
    found = evened(image, style, field, made)
    np.testing.assert_array_equal(found[~made], truth[~made])
    before, after = (np.abs(x - truth)[made] for x in (image, found))
    assert before.mean() > 1.8
    assert after.mean() < 0.6
    assert after.max() < 2.5


@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_a_texture_stays_as_it_is(offset):
    random, made = np.random.default_rng(1), hole()
    truth = random.uniform(60, 190, (*SIZE, 3)).astype(np.float32)
    image, style, field = patched(truth, blocks(random, offset), made)
    np.testing.assert_allclose(evened(image, style, field, made), image, atol=0.2)


def test_an_edge_of_what_is_shown_is_no_offset():
    """A dark thing that is cut off by the hole does not darken the sky in it."""
    truth, made = sky().astype(np.float32), hole()
    image = truth.copy()
    image[:, :20] = np.where(made[:, :20, None], truth[:, :20], 10.0)
    style = np.pad(truth, ((1, 1), (1, 1), (0, 0)), "edge")
    rows, cols = np.indices(SIZE)
    found = evened(image, style, (rows + 1, cols + 1), made)
    assert np.abs(found - truth)[made].max() < 8.0
    assert np.abs(found - truth)[made].mean() < 0.5


@pytest.mark.parametrize("wrap", [(False, False), (True, False), (True, True)])
def test_the_correction_is_the_one_of_least_squares(wrap, monkeypatch):
    monkeypatch.setattr(evening, "LEFT", 1e-9)
    random, size = np.random.default_rng(2), (23, 30)
    made = random.uniform(size=size) < 0.8
    made[:4, 5:20] = made[9:20, :6] = made[9:20, -3:] = True
    stiff = random.uniform(0, 0.01, size)
    wanted = random.normal(size=size) * made
    grids = [evening._grid(made, wrap, stiff)]
    while grids[-1].total.size > 4 and min(grids[-1].total.shape) > 1:
        grids.append(evening._coarser(grids[-1]))
    found = evening._least(grids, wanted)
    number = np.arange(made.size).reshape(size)
    left = lil_matrix((made.size, made.size))
    left.setdiag(np.where(made, stiff, 1.0).ravel())
    for y, x in zip(*np.nonzero(made), strict=True):
        for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            row, col = y + down, x + right
            if (wrap[0] or 0 <= row < size[0]) and (wrap[1] or 0 <= col < size[1]):
                row, col = row % size[0], col % size[1]
                left[number[y, x], number[y, x]] += 1
                if made[row, col]:
                    left[number[y, x], number[row, col]] -= 1
    exact = spsolve(left.tocsr(), wanted.ravel()).reshape(size)
    np.testing.assert_allclose(found, exact, atol=1e-6 * np.abs(exact).max())


def test_it_takes_no_more_memory_than_a_search_does():
    random, side = np.random.default_rng(0), 256
    image = random.uniform(100, 104, (side, side, 3)).astype(np.float32)
    field = tuple(np.clip(np.indices((side, side)), 1, side - 2))
    made = random.random((side, side)) < 0.5
    tracemalloc.start()
    try:
        evened(image, image, field, made)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 180 * side**2
