"""Results that repeat without a seam: `tile`."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from analogies.errors import InputError
from analogies.options.table import Options
from analogies.synthesis.loop import synthesize

COARSE = {"coarse_side": 40, "scales": 2, "min_scale": 0.6, "votes": 2, "evaluations": 4}
COARSE |= {"patch_size": 3, "analogy_layers": "conv1_1", "mrf_layers": "conv1_1"}


def texture(seed, size=(72, 80)):
    """Blobs of two colors, with grain."""
    random = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(random.normal(size=size), 2.5)
    colors = np.where(noise[..., None] > 0, [200.0, 120.0, 40.0], [40.0, 70.0, 150.0])
    return np.clip(colors + random.normal(0, 8, (*size, 1)), 0, 255).astype(np.float32)


def made(a, a_prime, b, **options):
    levels = list(synthesize(a, a_prime, b, Options.parse(options)))
    return levels[-1].image()


def distances(image, example, axis):
    """Of patches to the nearest of the example: across the seam, and elsewhere."""

    def patches(picture):
        views = np.lib.stride_tricks.sliding_window_view(picture, (4, 4), (0, 1))
        return views.reshape(*views.shape[:2], -1)

    around = np.roll(image, 20, axis)
    found = cKDTree(patches(example).reshape(-1, 48)).query(patches(around))[0]
    across = np.take(found, range(17, 20), axis)  # rows 20 - 3 up to 20 - 1 hold both sides
    return across.mean(), np.take(found, range(24, 50), axis).mean()


@pytest.mark.parametrize(
    ("options", "tile"),
    [*(({"coarse_side": 0}, tile) for tile in ("both", "x", "none")), (COARSE, "both")],
)
def test_patches_across_the_seam_are_of_the_example(options, tile):
    example = texture(1)
    image = made(
        example, example, example, preset="texture", tile=tile, width=64, height=60, **options
    )
    assert image.shape == (60, 64, 3)
    for axis, tiles in ((0, tile == "both"), (1, tile != "none")):
        across, inside = distances(image, example, axis)
        assert (across < 1.25 * inside) == tiles


def test_an_analogy_tiles_where_b_does():
    a_prime = texture(2)
    a, rows = (a_prime[..., :1] > 120) * np.float32([180, 180, 180]), np.arange(60)[:, None]
    wave = np.sin(2 * np.pi * rows / 30) + np.sin(2 * np.pi * np.arange(64) / 32)
    b = ((wave > 0)[..., None] * np.float32([180, 180, 180])).astype(np.float32)
    image = made(a, a_prime, b, tile="both", coarse_side=0)
    for axis in (0, 1):
        across, inside = distances(image, a_prime, axis)
        assert across < 1.15 * inside
    assert ((image[..., 0] > 120) == (wave > 0)).mean() > 0.9


@pytest.mark.parametrize(
    "others",
    [
        {"finish": "network"},
        {"transfer": "residual"},
        {"match_mode": "layer"},
        {"patch_stride": 2},
        {"analogy_w": 0, "mrf_w": 0, "b_content_w": 1},
        {"preset": "neural-style"},
    ],
)
def test_what_cannot_tile_is_refused(others):
    with pytest.raises(InputError, match="tile is not made with"):
        Options.parse({"tile": "both", **others})
