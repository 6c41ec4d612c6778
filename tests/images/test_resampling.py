import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from analogies.images.resampling import pad_to_multiple, resize

FILTERS = {"linear": Image.Resampling.BILINEAR, "cubic": Image.Resampling.BICUBIC}


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
@pytest.mark.parametrize("size", [(30, 20), (64, 96), (61, 33), (48, 64)])
def test_agrees_with_pillow_away_from_the_edges(kernel, size):
    image = np.random.default_rng(0).uniform(0, 255, (48, 64)).astype(np.float32)
    expected = np.asarray(Image.fromarray(image).resize(size[::-1], FILTERS[kernel]))
    found = resize(image[..., None], size, kernel).numpy()[..., 0]
    edge = int(np.ceil(2 * max(1, size[0] / 48, size[1] / 64)))  # Pillow does not mirror there
    inner = np.s_[edge:-edge, edge:-edge]
    np.testing.assert_allclose(found[inner], expected[inner], atol=2e-2)


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
def test_a_constant_and_the_same_size_stay_what_they_are(kernel):
    constant = tf.fill((7, 9, 3), 42.0)
    np.testing.assert_allclose(resize(constant, (16, 4), kernel), 42.0, rtol=1e-5)
    image = np.random.default_rng(1).uniform(0, 255, (7, 9, 3)).astype(np.float32)
    np.testing.assert_allclose(resize(image, (7, 9), kernel), image, atol=1e-3)


def test_linear_stays_within_the_range_of_the_input():
    image = np.random.default_rng(2).choice([0.0, 255.0], (9, 9, 3)).astype(np.float32)
    found = resize(image, (31, 5)).numpy()
    assert found.min() >= 0
    assert found.max() <= 255.001


def test_unknown_kernels_are_refused():
    with pytest.raises(ValueError, match="Received: kernel='lanczos'"):
        resize(tf.zeros((4, 4, 3)), (2, 2), "lanczos")


def test_padding_mirrors_below_and_to_the_right():
    image = np.arange(5 * 6, dtype=np.float32).reshape(5, 6, 1)
    padded = pad_to_multiple(image, 4).numpy()
    np.testing.assert_array_equal(padded, np.pad(image, [(0, 3), (0, 2), (0, 0)], "symmetric"))
    assert pad_to_multiple(image, 1).shape == (5, 6, 1)
