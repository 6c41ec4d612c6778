"""B' that goes on at its other side, against plain loops over maps with a border of that side."""

import numpy as np
import pytest
from pixel_references import plain_energy, plain_vote

from analogies.matching.pixels import Guide, Settings, focused_vote, synthesize_level, vote

TILES = [(True, True), (True, False), (False, True)]


def soft(seed, size, channels=3):
    """Random colors, a little smooth."""
    values = np.random.default_rng(seed).uniform(0, 255, (*size, channels))
    return ((values + np.roll(values, 1, 0) + np.roll(values, 1, 1)) / 3).astype(np.float32)


def bordered(values, border, tile):
    """A map with a border of its other side, along the axes that tile."""
    width = [(border * tile[0],) * 2, (border * tile[1],) * 2]
    return np.pad(values, width + [(0, 0)] * (values.ndim - 2), mode="wrap")


def inside(values, border, tile):
    """It without the border."""
    h, w = values.shape[:2]
    top, left = border * tile[0], border * tile[1]
    return values[top : h - top, left : w - left]


@pytest.mark.parametrize(
    ("k", "tile", "engine"),
    [(k, tile, "compiled") for k in (3, 5) for tile in TILES] + [(3, (False, True), "tensorflow")],
)
def test_energy_and_vote_go_on_at_the_other_side(k, tile, engine):
    style = soft(1, (20, 24))
    guide = Guide(soft(2, (20, 24), 2), soft(3, (11, 14), 2), 0.5)
    chosen = Settings(patch_size=k, rounds=2, tile=tile, engine=engine)
    made = synthesize_level(style, [guide], chosen)
    a = np.concatenate([style, guide.source], -1)
    b = np.concatenate([made.image, guide.target], -1)
    weights = np.array([1 / 3] * 3 + [1 / 4] * 2)
    rows, cols, b = (bordered(x, k, tile) for x in (made.rows, made.cols, b))
    expected = inside(plain_energy(a, b, weights, rows, cols, k), k, tile)
    np.testing.assert_allclose(made.energy, expected, rtol=2e-3, atol=2e-3 * expected.max() + 1)
    voted = inside(plain_vote(style, rows, cols, k), k, tile)
    np.testing.assert_allclose(made.image, voted, rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(vote(style, made.rows, made.cols, k, tile), made.image, atol=1e-3)


@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("size", [(9, 12), (2, 1)])
def test_a_focused_vote_of_a_rolled_field_is_the_rolled_vote(tile, size):
    style, random = soft(4, (20, 24)), np.random.default_rng(5)
    field = tuple(random.integers(2, side - 2, size) for side in (20, 24))
    by = [side // 2 * wraps for side, wraps in zip(size, tile, strict=True)]
    rolled = tuple(np.roll(values, by, (0, 1)) for values in field)
    found = focused_vote(style, field, 5, 1.2, tile)
    again = focused_vote(style, rolled, 5, 1.2, tile)
    np.testing.assert_allclose(again, np.roll(found, by, (0, 1)), atol=1e-3)
    plain = focused_vote(style, tuple(bordered(x, 2, tile) for x in field), 5, 1.2)
    np.testing.assert_allclose(found, inside(plain, 2, tile), atol=1e-3)


@pytest.mark.parametrize("tile", [(False, False), *TILES])
def test_the_seam_is_matched_as_well_as_the_rest_where_it_is_to_tile(tile):
    """Patches of a striped picture across the seam of B', whose guide says nothing."""
    style = np.repeat(soft(6, (1, 60)), 60, 0) + np.repeat(soft(7, (60, 1)), 60, 1)
    made = synthesize_level(style, [], Settings(rounds=6, seed=3, tile=tile), size=(40, 40))
    apart = [np.abs(np.diff(made.image, axis=axis)).mean() for axis in (0, 1)]
    seam = [np.abs(made.image[0] - made.image[-1]), np.abs(made.image[:, 0] - made.image[:, -1])]
    for wraps, across, inner in zip(tile, seam, apart, strict=True):
        assert (across.mean() < 1.3 * inner) == wraps


def test_threads_do_not_change_a_byte_of_what_tiles():
    style = soft(8, (40, 50))
    made = [
        synthesize_level(
            style, [], Settings(rounds=3, threads=threads, tile=(True, True)), size=(200, 30)
        )
        for threads in (1, 3)
    ]
    np.testing.assert_array_equal(made[0].image, made[1].image)
    np.testing.assert_array_equal(made[0].rows, made[1].rows)
