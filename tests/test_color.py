import numpy as np
import tensorflow as tf

from analogies.color import LUMA, match_colors, preserve_color


def _cloud(seed, mixing, mean):
    values = np.random.default_rng(seed).normal(size=(40, 50, 3)) @ mixing + mean
    return tf.constant(values, tf.float32)


def test_gets_the_mean_and_covariance_of_the_example():
    image = _cloud(0, np.diag([5.0, 10.0, 15.0]), 120)
    example = _cloud(1, np.array([[12.0, 3, 0], [0, 9, 4], [2, 0, 6]]), 90)
    found = match_colors(image, example).numpy().reshape(-1, 3)
    expected = example.numpy().reshape(-1, 3)
    np.testing.assert_allclose(found.mean(0), expected.mean(0), atol=0.1)
    np.testing.assert_allclose(np.cov(found.T), np.cov(expected.T), rtol=0.05, atol=2)


def test_uniform_pictures_take_the_mean():
    found = match_colors(tf.fill((8, 8, 3), 10.0), tf.fill((5, 5, 3), 200.0))
    np.testing.assert_allclose(found, 200.0, atol=1e-2)


def test_preserved_color_has_the_brightness_of_one_and_the_hue_of_the_other():
    random = np.random.default_rng(0)
    image, example = random.uniform(0, 255, (2, 20, 30, 3)).astype(np.float32)
    found = preserve_color(image, example)
    assert found.min() > -0.01
    assert found.max() < 255.01
    np.testing.assert_allclose(found @ LUMA, image @ LUMA, atol=0.01)
    before, after = (x - (x @ LUMA)[..., None] for x in (example, found))
    cosine = (before * after).sum(-1) / np.linalg.norm(before, axis=-1)
    np.testing.assert_allclose(cosine, np.linalg.norm(after, axis=-1), atol=0.01)


def test_preserving_the_color_of_the_picture_itself_changes_nothing():
    image = np.random.default_rng(1).uniform(0, 255, (8, 9, 3)).astype(np.float32)
    np.testing.assert_allclose(preserve_color(image, image), image, atol=0.01)
