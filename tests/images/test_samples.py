"""Maps read and written at their own depth, against Pillow's and this room's other readers."""

import io

import numpy as np
import pytest
from PIL import Image

from analogies import images
from analogies.errors import InputError
from analogies.images.samples import read_samples, write_samples

TOP = {"uint8": 255, "uint16": 65535, "float32": 3.5}


def values(depth, channels, size=(18, 27)):
    numbers = np.random.default_rng(0).uniform(0, TOP[depth], (*size, channels))
    return numbers.astype(depth)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("depth", "suffix"),
    [("uint8", ".png"), ("uint16", ".png")] + [(depth, ".tif") for depth in TOP],
)
def test_what_is_written_is_read(depth, suffix, channels, tmp_path):
    given, path = values(depth, channels), tmp_path / f"map{suffix}"
    if (depth, suffix, channels) == ("uint16", ".png", 2):
        pytest.skip("Pillow keeps 8 bits of gray with alpha")
    write_samples(path, given)
    found = read_samples(path)
    assert found.dtype == given.dtype
    np.testing.assert_array_equal(found, given)
    np.testing.assert_array_equal(read_samples(path.read_bytes()), given)


@pytest.mark.parametrize(("depth", "suffix"), [("uint16", ".png"), ("float32", ".tif")])
@pytest.mark.parametrize("channels", [1, 3])
def test_others_read_it_too(depth, suffix, channels, tmp_path):
    given, path = values(depth, channels), tmp_path / f"map{suffix}"
    given.flat[0] = TOP[depth] if depth == "uint16" else 1.0
    given = given if depth == "uint16" else given / given.max()
    write_samples(path, given)
    white = 65535 if depth == "uint16" else 1.0
    shown = images.read(path).pixels
    expected = np.broadcast_to(given * (255 / white), (18, 27, 3))
    np.testing.assert_allclose(shown, expected, atol=1.0 if channels == 3 else 1e-2)


def test_what_others_wrote_is_read_as_it_is():
    gray = values("uint16", 1)[..., 0]
    for kind, image in (("PNG", Image.fromarray(gray)), ("TIFF", Image.fromarray(gray))):
        stream = io.BytesIO()
        image.save(stream, kind)
        np.testing.assert_array_equal(read_samples(stream.getvalue())[..., 0], gray)
    color = values("uint8", 3)
    for kind in ("PNG", "TIFF", "BMP", "WEBP"):
        stream = io.BytesIO()
        Image.fromarray(color).save(stream, kind, lossless=True)
        np.testing.assert_array_equal(read_samples(stream.getvalue()), color)


def test_what_is_no_map_is_refused_in_one_line(tmp_path):
    turned = Image.fromarray(values("uint8", 3))
    exif = turned.getexif()
    exif[274] = 6
    turned.save(tmp_path / "turned.png", exif=exif)
    with pytest.raises(InputError, match="upright"):
        read_samples(tmp_path / "turned.png")
    Image.fromarray(values("uint8", 4), "CMYK").save(tmp_path / "cmyk.jpg")
    with pytest.raises(InputError, match="gray or RGB"):
        read_samples(tmp_path / "cmyk.jpg")
    with pytest.raises(InputError, match="NaN"):
        read_samples(np.full((20, 20), np.nan))
    with pytest.raises(InputError, match="channels"):
        read_samples(np.zeros((20, 20, 5), np.uint8))
    with pytest.raises(InputError, match="int64"):
        read_samples(np.zeros((20, 20), np.int64))
    with pytest.raises(InputError, match=r"written as \.tif"):
        write_samples(tmp_path / "f.png", values("float32", 1, (20, 20)))
    assert not (tmp_path / "f.png").exists()
