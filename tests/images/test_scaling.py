"""Resizing without TensorFlow."""

import numpy as np
import pytest
from PIL import Image

from analogies.images.scaling import scaled


def _picture(seed, *shape):
    return np.random.default_rng(seed).uniform(0, 255, shape).astype(np.float32)


@pytest.mark.parametrize("size", [(20, 30), (50, 80), (7, 90), (1, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_what_pillow_makes(size, channels):
    picture = _picture(1, 30, 40, channels)
    found = scaled(picture, size)
    assert found.shape == (*size, channels)
    assert found.dtype == np.float32
    for channel in range(channels):
        wanted = Image.fromarray(picture[..., channel], "F").resize(
            (size[1], size[0]), Image.Resampling.BICUBIC
        )
        wanted = np.clip(np.asarray(wanted), picture.min(), picture.max())
        np.testing.assert_allclose(found[..., channel], wanted, atol=1e-3)


def test_its_own_size_is_the_picture_itself():
    picture = _picture(2, 30, 40, 3)
    assert scaled(picture, (30, 40)) is picture


@pytest.mark.parametrize("size", [(90, 120), (11, 13)])
def test_it_stays_within_the_range_of_the_picture(size):
    steps = np.where(np.indices((30, 40)).sum(0)[..., None] % 7 > 3, 200.0, 30.0)
    picture = steps.repeat(3, -1).astype(np.float32)
    found = scaled(picture, size)
    assert found.min() >= 30.0
    assert found.max() <= 200.0


def test_a_ramp_stays_one_and_a_mean_stays_itself():
    ramp = np.linspace(0, 255, 64, dtype=np.float32)[None, :, None].repeat(64, 0)
    small = scaled(ramp, (32, 32))[16, 4:-4, 0]
    np.testing.assert_allclose(np.diff(small), 2 * 255 / 63, rtol=1e-3)
    noise = _picture(3, 64, 64, 3)
    assert scaled(noise, (16, 16)).mean() == pytest.approx(noise.mean(), rel=0.02)


def test_what_is_not_contiguous_or_not_float32_is_scaled_too():
    picture = _picture(4, 30, 40, 3)
    turned = picture.transpose(1, 0, 2)
    np.testing.assert_array_equal(scaled(turned, (20, 15)), scaled(turned.copy(), (20, 15)))
    wide = scaled(picture.astype(np.float64), (10, 10))
    np.testing.assert_array_equal(wide, scaled(picture, (10, 10)))


@pytest.mark.parametrize("size", [(14, 30), (48, 64), (6, 90), (23, 41)])
def test_a_picture_that_tiles_is_scaled_as_its_repetitions_are(size):
    image = np.random.default_rng(6).uniform(0, 255, (24, 40, 3)).astype(np.float32)
    three = scaled(np.tile(image, (3, 3, 1)), (3 * size[0], 3 * size[1]))
    middle = three[size[0] : 2 * size[0], size[1] : 2 * size[1]]
    np.testing.assert_allclose(scaled(image, size, (True, True)), middle, atol=2e-2)
    across = scaled(np.tile(image, (1, 3, 1)), (size[0], 3 * size[1]))[:, size[1] : 2 * size[1]]
    np.testing.assert_allclose(scaled(image, size, (False, True)), across, atol=2e-2)
