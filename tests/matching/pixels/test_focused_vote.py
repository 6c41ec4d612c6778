"""The vote in which the middles of patches weigh most."""

import numpy as np
import pytest

from analogies.matching.pixels import focused_vote, vote


def _field(seed, style_size, size, patch_size):
    """Random middles of patches that lie inside."""
    random, radius = np.random.default_rng(seed), patch_size // 2
    return tuple(random.integers(radius, side - radius, size) for side in style_size)


def _plain(style, field, patch_size, sigma):
    """Pixel by pixel: the weighted mean of what every patch over it shows there."""
    (height, width), radius = field[0].shape, patch_size // 2
    made = np.zeros((height, width, style.shape[2]))
    for y in range(height):
        for x in range(width):
            total, weights = np.zeros(style.shape[2]), 0.0
            for row in range(max(y - radius, 0), min(y + radius, height - 1) + 1):
                for col in range(max(x - radius, 0), min(x + radius, width - 1) + 1):
                    weight = np.exp(-((row - y) ** 2 + (col - x) ** 2) / (2 * sigma**2))
                    place = field[0][row, col] + y - row, field[1][row, col] + x - col
                    total, weights = total + weight * style[place], weights + weight
            made[y, x] = total / weights
    return made


@pytest.mark.parametrize(("patch_size", "sigma"), [(3, 0.6), (5, 1.2), (7, 2.0)])
@pytest.mark.parametrize("size", [(9, 12), (2, 3), (1, 1)])
def test_it_is_what_a_plain_loop_makes(patch_size, sigma, size):
    style = np.random.default_rng(1).uniform(0, 255, (20, 24, 3)).astype(np.float32)
    field = _field(2, (20, 24), size, patch_size)
    found = focused_vote(style, field, patch_size, sigma)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, _plain(style, field, patch_size, sigma), atol=1e-3)


def test_a_wide_window_is_the_plain_vote_and_a_narrow_one_the_middles():
    style = np.random.default_rng(3).uniform(0, 255, (20, 24, 3)).astype(np.float32)
    field = _field(4, (20, 24), (16, 18), 5)
    wide = focused_vote(style, field, 5, 1e4)
    np.testing.assert_allclose(wide, vote(style, *field, patch_size=5), atol=1e-2)
    np.testing.assert_allclose(focused_vote(style, field, 5, 0.1), style[field], atol=1e-3)


def test_a_field_that_copies_gives_the_picture_back():
    style = np.random.default_rng(5).uniform(0, 255, (20, 24, 3)).astype(np.float32)
    rows, cols = np.indices((16, 20)) + 2
    np.testing.assert_allclose(
        focused_vote(style, (rows, cols), 5, 1.0), style[2:-2, 2:-2], atol=1e-3
    )
