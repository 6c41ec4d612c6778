"""Distances of pictures and features, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from analogies.losses import distances

RNG = np.random.default_rng(0)


def maps(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def test_pixels_count_as_values_between_minus_one_and_one():
    black, white = np.zeros((1, 4, 4, 3), "f"), np.full((1, 4, 4, 3), 255, "f")
    assert float(distances.pixel_distance(black, white)) == pytest.approx(4.0)


def test_features_are_the_mean_over_layers():
    one, other = maps(1, 4, 4, 3), maps(1, 2, 2, 5)
    found = distances.feature_distance({"a": one, "b": other}, {"a": one + 2, "b": other})
    assert float(found) == pytest.approx(1.0, rel=1e-5)


def test_gram_matrices_are_second_moments_per_cell():
    values = maps(2, 3, 4, 5)
    flat = values.reshape(2, 12, 5)
    wanted = np.einsum("nkc,nkd->ncd", flat, flat) / 12
    np.testing.assert_allclose(distances.gram_matrices(tf.constant(values)), wanted, rtol=1e-4)
    mean = {"x": tf.constant(wanted[0], tf.float32)}
    assert float(distances.gram_distance({"x": tf.constant(values[:1])}, mean)) < 1e-9


def sliced(x, y, guide):
    found = distances.sliced_distance(
        {"x": tf.constant(x)}, {"x": tf.constant(y)}, tf.constant(guide), tf.constant([3, 7])
    )
    return float(found)


def test_sliced_distance_asks_for_the_same_values_anywhere():
    x, blank = maps(1, 6, 6, 4), np.zeros((1, 6, 6, 1), "f")
    moved = np.roll(x, (2, 1), (1, 2))
    assert sliced(x, moved, blank) == pytest.approx(0, abs=1e-9)
    assert sliced(x, x + 1, blank) > 0.1


def test_sliced_distance_asks_for_the_same_values_under_a_guide():
    x, guide = maps(1, 6, 6, 4), np.zeros((1, 12, 12, 1), "f")
    x[:, :3] += 3
    guide[:, :6] = 5.0
    assert sliced(x, x[:, ::-1].copy(), np.zeros_like(guide)) < 1e-9
    assert sliced(x, x[:, ::-1].copy(), guide) > 0.1


def test_sliced_distance_is_that_of_sorted_projections():
    x, y, guide = maps(1, 5, 5, 3), maps(1, 5, 5, 3), maps(1, 10, 10, 2)
    seed = tf.constant([3, 7])
    directions = tf.random.stateless_normal((5, distances.DIRECTIONS), seed).numpy()
    directions /= np.linalg.norm(directions[:3], axis=0)
    beside = guide.reshape(5, 2, 5, 2, 2).mean((1, 3)).reshape(25, 2)
    rows = [np.sort(np.hstack([v.reshape(25, 3), beside]) @ directions, axis=0) for v in (x, y)]
    assert sliced(x, y, guide) == pytest.approx(np.square(rows[0] - rows[1]).mean(), rel=1e-4)


def patches(x, y, guide, seed=(3, 4)):
    pictures = (tf.constant(v, tf.float32) for v in (x, y, guide))
    return float(distances.patch_distance(*pictures, tf.constant(seed)))


def test_patch_distance_asks_for_the_same_patches_anywhere():
    x = RNG.uniform(0, 255, (2, 24, 24, 3))
    blank = np.zeros((2, 24, 24, 1))
    assert patches(x, x, blank) == 0
    assert patches(x, x[::-1].copy(), blank) == pytest.approx(0, abs=1e-9)  # pictures swapped
    softer = 127.5 + 0.8 * (x - 127.5)
    assert patches(x, softer, blank) > 0.02
    assert patches(x, x + 20, blank) > patches(x, x + 10, blank) > 0.01


def test_patch_distance_asks_for_the_same_patches_under_a_guide():
    x = RNG.uniform(100, 155, (2, 24, 24, 3))
    x[0] += 60
    guide = np.zeros((2, 24, 24, 1))
    guide[0] = 10
    assert patches(x, x[::-1].copy(), np.zeros_like(guide)) < 1e-9
    assert patches(x, x[::-1].copy(), guide) > 0.1


def test_patch_distance_is_that_of_sorted_patches(monkeypatch):
    monkeypatch.setattr(distances, "POOLED", (1,))
    x, y = RNG.uniform(0, 255, (2, 1, 9, 11, 3))
    seed = tf.constant((3, 4)) + tf.constant((100, 0))
    directions = tf.random.stateless_normal((7, 7, 3, distances.DIRECTIONS), seed).numpy()
    directions /= np.linalg.norm(directions.reshape(-1, distances.DIRECTIONS), axis=0)
    rows = []
    for picture in (x[0], y[0]):
        padded = np.pad(picture / (127.5 * distances.CONTRAST), ((3, 3), (3, 3), (0, 0)))
        cut = [padded[i : i + 7, j : j + 7] for i in range(9) for j in range(11)]
        rows.append(np.sort(np.tensordot(np.stack(cut), directions, 3), axis=0))
    wanted = np.square(rows[0] - rows[1]).mean()
    assert patches(x, y, np.zeros((1, 9, 11, 1))) == pytest.approx(wanted, rel=1e-4)


def test_patch_distance_of_what_is_smaller_than_a_patch():
    x = RNG.uniform(0, 255, (1, 3, 5, 3))
    assert patches(x, x, np.zeros((1, 3, 5, 1))) == 0
