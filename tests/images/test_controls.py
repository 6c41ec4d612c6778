"""Masks and guides read from pictures."""

import io

import numpy as np
import pytest
from PIL import Image

from analogies import images
from analogies.images.controls import channels, mask_of, opaque, weights_of
from analogies.images.samples import read_map, write_samples

LABELS = np.array([[0, 1, 2], [2, 1, 0]])
COLORS = np.array([[255, 0, 0], [0, 0, 255], [10, 20, 30]], np.uint8)


def _file(array, mode=None):
    stream = io.BytesIO()
    Image.fromarray(array, mode).save(stream, "PNG")
    return images.read(stream.getvalue())


def _grown(array, by=8):
    return np.repeat(np.repeat(array, by, 0), by, 1)


def test_a_mask_is_what_is_white_and_opaque():
    rgba = np.zeros((16, 32, 4), np.uint8)
    rgba[:, :16, :3] = 255
    rgba[:8, :, 3] = 255
    found = mask_of(_file(rgba))
    expected = np.zeros((16, 32), bool)
    expected[:8, :16] = True
    np.testing.assert_array_equal(found, expected)


def test_a_mask_is_cut_at_half_and_a_weight_is_not():
    ramp = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (16, 1))
    picture = _file(ramp)
    np.testing.assert_array_equal(mask_of(picture), ramp >= 128)
    np.testing.assert_allclose(weights_of(picture), ramp / 255.0, atol=1e-6)


def test_few_colors_are_classes_in_both_maps_alike():
    a = _file(_grown(COLORS[LABELS]))
    b = _file(_grown(COLORS[LABELS[:, :2]]))  # has not all of them
    found = channels([a], b)
    assert found.colors.shape == (3, 3)
    assert not found.missing
    for maps, labels in ((found.a[0], LABELS), (found.b, LABELS[:, :2])):
        shown = found.colors[maps.argmax(-1)]
        np.testing.assert_array_equal(shown, _grown(COLORS[labels]))
        np.testing.assert_array_equal(maps.sum(-1), 1.0)


def test_a_color_without_an_example_is_named():
    a, b = _file(_grown(COLORS[LABELS % 2])), _file(_grown(COLORS[LABELS]))
    assert channels([a], b).missing == ["#0a141e"]


def test_24_colors_are_classes_and_25_are_values():
    for count, are_classes in ((24, True), (25, False)):
        gray = np.tile(np.arange(count, dtype=np.uint8) * 10, (16, 1))
        assert (channels([_file(gray)], _file(gray)).colors is not None) == are_classes
    assert channels([_file(gray[:, :5].repeat(4, 1))], _file(gray), classes=False).colors is None


def test_a_gray_map_is_one_channel_and_alpha_is_another():
    gray = np.tile(np.arange(64, dtype=np.uint8) * 4, (16, 1))
    rgb = np.stack([gray, gray[:, ::-1], gray], -1)
    assert channels([_file(gray)], _file(gray)).b.shape == (16, 64, 1)
    assert channels([_file(rgb)], _file(gray)).b.shape == (16, 64, 3)
    seen = _file(np.dstack([rgb, gray]))
    found = channels([seen], _file(rgb))
    assert found.a[0].shape == (16, 64, 4)
    np.testing.assert_array_equal(found.a[0][..., 3], gray)
    np.testing.assert_array_equal(found.b[..., 3], 255)


def test_16_bits_are_not_cut():
    deep = (np.arange(16 * 64).reshape(16, 64) * 64).astype(np.uint16)
    found = channels([_file(deep)], _file(deep))
    np.testing.assert_allclose(found.b[..., 0], deep / 257.0, rtol=1e-6)
    assert len(np.unique(found.b)) == 1024


def _deep(channels):
    """Colors that differ in their lower eight bits only."""
    values = np.full((16, 64, channels), 40 * 256, np.uint16)
    values += (np.arange(16 * 64 * channels).reshape(values.shape) % 256).astype(np.uint16)
    return values


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colors_of_16_bits_are_not_cut_in_maps(tmp_path, suffix, channels):
    values, path = _deep(channels), tmp_path / f"map{suffix}"
    values[..., 3:] = 65535
    write_samples(path, values)
    found = read_map(str(path))
    np.testing.assert_allclose(found.pixels, values[..., :3] / 257.0, rtol=1e-6)
    assert found.alpha is None
    assert len(np.unique(images.read(path).pixels)) <= 2
    for source in (path.read_bytes(), io.BytesIO(path.read_bytes())):
        np.testing.assert_array_equal(read_map(source).pixels, found.pixels)


def test_transparency_of_16_bits_is_put_on_white(tmp_path):
    values = _deep(4)
    values[:8, :, 3], values[8:, :, 3] = 0, 65535
    write_samples(tmp_path / "map.png", values)
    found = read_map(tmp_path / "map.png")
    assert (found.pixels[:8] == 255).all()
    np.testing.assert_array_equal(found.alpha, values[..., 3] / 257)
    np.testing.assert_allclose(found.pixels[8:], values[8:, :, :3] / 257.0, rtol=1e-6)


def test_floats_in_color_are_read_in_full(tmp_path):
    values = (np.arange(16 * 64 * 3).reshape(16, 64, 3) / 3071).astype(np.float32)
    write_samples(tmp_path / "map.tif", values)
    np.testing.assert_allclose(read_map(tmp_path / "map.tif").pixels, values * 255, atol=1e-3)


def test_other_pictures_are_read_as_maps_as_they_are_read():
    gray = np.tile(np.arange(64, dtype=np.uint8) * 4, (16, 1))
    stream = io.BytesIO()
    Image.fromarray(np.stack([gray] * 3, -1)).save(stream, "PNG")
    np.testing.assert_array_equal(
        read_map(stream.getvalue()).pixels, images.read(stream.getvalue()).pixels
    )
    np.testing.assert_array_equal(read_map(gray).pixels, images.read(gray).pixels)


def test_classes_of_16_bits_are_told_apart():
    """Colors that sums of their values would confuse."""
    steps = np.array([[257, 0, 0], [0, 1, 0], [0, 0, 1], [0, 257, 0]], np.float32) / 257
    pixels = np.repeat(np.repeat(steps[np.newaxis], 8, 1), 16, 0)
    picture = images.Picture(pixels, None, ())
    assert len(channels([picture], picture).colors) == 4


@pytest.mark.parametrize("most", [255, 200])
def test_transparency_of_either_picture_is_no_place_to_sample(most):
    rgba = np.full((16, 20, 4), most, np.uint8)
    rgba[:, :4, 3] = most // 2
    plain = _file(np.full((16, 20, 3), 9, np.uint8))
    expected = np.broadcast_to(np.arange(20) >= 4, (16, 20))
    np.testing.assert_array_equal(opaque([plain, _file(rgba)]), expected)
    assert opaque([plain, plain]) is None
