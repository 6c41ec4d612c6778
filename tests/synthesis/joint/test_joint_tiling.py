"""A level of the network on the torus: all that is done to B' rolls with it."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from analogies.matching import NearestNeighborField
from analogies.options.table import Options
from analogies.synthesis.network_methods import joint_steps

LAYERS = ("block1_conv1", "block3_conv1")
SIZE, CELL = (40, 48), 2
BY = (16, 24)  # px, whole cells of the coarsest layer


def picture(seed, size=SIZE):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(*size, 3)), (2, 2, 0))
    return np.clip(128 + 45 * noise / noise.std(), 0, 255).astype(np.float32)


def looked_at(tile, by, patch_size=3):
    """Field, B' put together and targets of a B and a B' that are rolled."""
    given = {"patch_size": patch_size, "analogy_layers": LAYERS, "mrf_layers": LAYERS}
    steps = joint_steps(Options(tile=tile, uniformity=0.0, **given), "picture")
    a, a_prime = (tf.constant(picture(seed)) for seed in range(2))
    b, start = (tf.constant(np.roll(picture(seed), by, (0, 1))) for seed in (2, 3))
    cell = tf.constant(CELL)
    scene = steps.set_scene(a, a_prime, b, tf.constant(SIZE), tf.constant(SIZE), cell)
    field = steps.search(start, scene, cell, 1.0, steps.unused(scene))
    placed = steps.place(field, scene, cell, start)
    return field, placed.numpy(), steps.aim(field, scene, cell, start)


@pytest.mark.parametrize(("tile", "axes", "patch_size"), [("both", (1, 1), 3), ("x", (0, 1), 4)])
def test_matches_votes_and_targets_roll_with_b(tile, axes, patch_size):
    by = [shift * axis for shift, axis in zip(BY, axes, strict=True)]
    field, placed, targets = looked_at(tile, (0, 0), patch_size)
    _, rolled, rolled_targets = looked_at(tile, by, patch_size)
    assert placed.shape == (*SIZE, 3)
    expected = np.roll(placed, by, (0, 1))
    assert (np.abs(rolled - expected).max(-1) < 0.1).mean() > 0.99  # but for ties
    for name, stride in zip(LAYERS, (1, 4), strict=True):
        maps = np.roll(targets.maps[name], [shift // stride for shift in by], (0, 1))
        scale = np.abs(maps).max()
        near = np.abs(rolled_targets.maps[name] - maps).max(-1) < 1e-3 * scale
        assert near.mean() > 0.98
    margins = [2 * (patch_size - 1) * axis for axis in axes]
    cells = [side // CELL + margin for side, margin in zip(SIZE, margins, strict=True)]
    assert field.rows.shape == [side - patch_size + 1 for side in cells]


def test_a_patch_across_the_seam_is_used_once():
    """Those that cross it take one place of A', all others another, as many as there are."""
    steps = joint_steps(Options(tile="y", patch_size=3, mrf_layers=LAYERS), "picture")
    pictures = [tf.constant(picture(seed)) for seed in range(3)]
    scene = steps.set_scene(*pictures, tf.constant(SIZE), tf.constant(SIZE), tf.constant(CELL))
    rows, width = SIZE[0] // CELL, SIZE[1] // CELL - 2
    starts = np.arange(-2, rows)  # of patches, the first two a second time
    places = np.repeat(np.where((starts % rows) >= rows - 2, 2, 12)[:, None], width, 1)
    rows_a = tf.constant(places, tf.int32)
    field = NearestNeighborField(rows_a, tf.fill(rows_a.shape, 9), tf.ones(rows_a.shape))
    usage = steps.usage(field, scene).numpy()[..., 0]
    capped = np.minimum(np.array([2.0, rows - 2]) / rows * usage.size / 9, 8.0)
    np.testing.assert_allclose([usage[2, 9], usage[12, 9]], capped, rtol=1e-5)


def test_without_tiling_they_do_not():
    _, placed, _ = looked_at("none", (0, 0))
    _, rolled, _ = looked_at("none", BY)
    assert (np.abs(rolled - np.roll(placed, BY, (0, 1))).max(-1) < 0.1).mean() < 0.9
