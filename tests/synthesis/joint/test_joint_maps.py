"""Joint maps against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from analogies.synthesis.joint import maps as joint_maps

CHANNELS = {"one": 15, "two": 25}


def _cells(rank: int, channels: int = 40) -> np.ndarray:
    """A joint map whose features differ along `rank` directions, far from 0."""
    random = np.random.default_rng(3)
    mixed = random.normal(size=(12 * 9, rank)) * np.geomspace(5, 0.5, rank)
    cells = mixed @ np.linalg.qr(random.normal(size=(channels, rank)))[0].T + 7.0
    pixels = random.uniform(0, 4, (12 * 9, 3))
    return np.hstack([cells, pixels]).reshape(12, 9, -1).astype(np.float32)


def _distances(cells: np.ndarray) -> np.ndarray:
    flat = cells.reshape(-1, cells.shape[-1]).astype(np.float64)
    return ((flat[:, None] - flat) ** 2).sum(-1)


def test_axes_are_those_of_a_singular_value_decomposition() -> None:
    joint = _cells(rank=10)
    axes = joint_maps.principal_axes(tf.constant(joint), CHANNELS, 4)
    assert [part.shape for part in axes.values()] == [(15, 4), (25, 4)]
    flat = joint[..., :40].reshape(-1, 40).astype(np.float64)
    wanted = np.linalg.svd(flat - flat.mean(0))[2][:4][::-1]
    found = np.vstack([part.numpy() for part in axes.values()])
    np.testing.assert_allclose(np.abs(np.sum(found * wanted.T, axis=0)), 1.0, atol=1e-4)


def test_few_channels_are_only_turned() -> None:
    axes = joint_maps.principal_axes(tf.constant(_cells(5, 5)), {"one": 5}, 64)["one"]
    np.testing.assert_allclose(tf.matmul(axes, axes, transpose_a=True), np.eye(5), atol=1e-5)


def test_a_map_of_one_color_has_axes_all_the_same() -> None:
    axes = joint_maps.principal_axes(tf.fill((6, 6, 11), 3.0), {"one": 8}, 4)
    assert np.isfinite(axes["one"]).all()


@pytest.mark.parametrize("cell", [1, 2, 4, 8])
def test_a_projected_map_keeps_distances(cell: int) -> None:
    """With as many axes as channels none is lost, on grids finer and coarser than the layers."""
    random = np.random.default_rng(0)
    image = tf.constant(random.uniform(0, 255, (32, 24, 3)), tf.float32)
    strides = {"fine": 2, "coarse": 4}
    maps = {
        name: tf.constant(random.normal(size=(32 // s, 24 // s, 5)), tf.float32)
        for name, s in strides.items()
    }
    norms = {name: joint_maps.typical_norm(values) for name, values in maps.items()}
    given = image, maps, norms, strides, tf.constant(cell)
    whole = joint_maps.join(*given).numpy()
    assert whole.shape == (32 // cell, 24 // cell, 13)
    axes = joint_maps.principal_axes(tf.constant(whole), dict.fromkeys(maps, 5), 10)
    projected = joint_maps.join(*given, axes).numpy()
    assert projected.shape == whole.shape
    np.testing.assert_array_equal(projected[..., -3:], whole[..., -3:])
    np.testing.assert_allclose(_distances(projected), _distances(whole), rtol=1e-4, atol=1e-4)
