"""A picture that is stored turned, and says so, is read upright, whatever says it and where."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, features

from analogies.images import pictures as images

HEIGHT, WIDTH = 24, 40
RAMP = np.linspace(0, 1, HEIGHT)[:, None] * np.linspace(0.2, 1, WIDTH)[None, :]
GRAY = np.rint(RAMP * 255).astype(np.uint8)
COLOR = np.dstack([GRAY, GRAY[::-1], GRAY[:, ::-1]])
STORED = {  # what is stored of a picture that is to be seen as COLOR, by the EXIF standard
    1: COLOR,
    2: COLOR[:, ::-1],
    3: COLOR[::-1, ::-1],
    4: COLOR[::-1],
    5: COLOR.transpose(1, 0, 2),
    6: np.rot90(COLOR, 1),
    7: np.rot90(COLOR, 2).transpose(1, 0, 2),
    8: np.rot90(COLOR, -1),
}
ORIENTATION = 0x0112
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><d tiff:Orientation="{}"/></x:xmpmeta>'
FORMATS = {
    "png": ("PNG", {}),
    "jpeg": ("JPEG", {"quality": 100, "subsampling": 0}),
    "mpo": ("MPO", {"quality": 100, "subsampling": 0}),
    "webp": ("WEBP", {"lossless": True}),
    "tiff": ("TIFF", {}),
    "tiff-lzw": ("TIFF", {"compression": "tiff_lzw"}),
    "tiff-jpeg": ("TIFF", {"compression": "jpeg", "quality": 100}),
    "avif": ("AVIF", {"quality": 100, "subsampling": "4:4:4"}),
}


def written(name, turn, **settings):
    kind, others = FORMATS[name]
    stream = io.BytesIO()
    stored = Image.fromarray(np.ascontiguousarray(STORED[turn]))
    stored.save(stream, format=kind, **others, **settings)
    return stream.getvalue()


def tagged(name, turn):
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    if FORMATS[name][0] == "MPO":
        return written(name, turn, exif=exif, save_all=True, append_images=[Image.new("L", (9, 9))])
    return written(name, turn, exif=exif)


def chunk(kind, data):
    checked = kind + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))


def check(data, tmp_path, alike=3):
    """Both readings, of the file, its bytes and the images that Pillow makes of it."""
    path = tmp_path / "x"
    path.write_bytes(data)
    loaded = Image.open(path)
    loaded.load()
    for source in (path, data, io.BytesIO(data), Image.open(path), loaded):
        if not isinstance(source, Image.Image):
            header = images.inspect(source)
            assert (header.height, header.width) == (HEIGHT, WIDTH)
        picture = images.read(source)
        assert picture.size == (HEIGHT, WIDTH)
        assert np.abs(picture.pixels - COLOR).mean() < alike


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("name", FORMATS)
def test_a_tag_of_exif(tmp_path, name, turn):
    if name == "avif" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    check(tagged(name, turn), tmp_path)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("name", ["jpeg", "webp", "png", "tiff"])
def test_a_word_of_xmp(tmp_path, name, turn):
    xmp = XMP.format(turn).encode()
    if name == "png":
        data = written(name, turn)
        text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
        check(data[:33] + text + data[33:], tmp_path)
        check(data[:-12] + text + data[-12:], tmp_path)
    elif name == "tiff":
        check(written(name, turn, tiffinfo={700: xmp}), tmp_path)
    else:
        check(written(name, turn, xmp=xmp), tmp_path)


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_behind_the_pixels_of_a_png(tmp_path, turn):
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    data = written("png", turn)
    check(data[:-12] + chunk(b"eXIf", exif.tobytes()[6:]) + data[-12:], tmp_path)


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_of_a_png_with_large_texts(tmp_path, turn):
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    data = written("png", turn)
    text = chunk(b"zTXt", b"history\0\0" + zlib.compress(b"x" * 2**21))
    xmp = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP.format(turn).encode())
    for teller in (chunk(b"eXIf", exif.tobytes()[6:]), xmp):
        check_data = data[:33] + text + teller + data[33:]
        path = tmp_path / "x.png"
        path.write_bytes(check_data)
        header = images.inspect(path)
        assert (header.height, header.width) == (HEIGHT, WIDTH)
        np.testing.assert_array_equal(images.read(path).pixels, COLOR)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", ["float", "inverted"])
def test_a_tag_of_a_tiff_that_pillow_does_not_read(tmp_path, kind, turn):
    stored = STORED[turn][..., 0]
    page = {ORIENTATION: turn}
    if kind == "float":
        image = Image.fromarray((stored / 255).astype(np.float32))
    else:
        image, page[262] = Image.fromarray(65535 - stored.astype(np.uint16) * 257), 0
    path = tmp_path / "x.tif"
    image.save(path, tiffinfo=page)
    header = images.inspect(path)
    assert (header.height, header.width) == (HEIGHT, WIDTH)
    np.testing.assert_allclose(images.read(path).pixels[..., 0], COLOR[..., 0], atol=0.01)


@pytest.mark.parametrize("value", [0, 9, 65535])
@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
def test_an_orientation_that_is_none_turns_nothing(tmp_path, name, value):
    exif = Image.Exif()
    exif[ORIENTATION] = value
    check(written(name, 1, exif=exif), tmp_path)


def test_turning_twice_is_the_users_own(tmp_path):
    """A picture that Pillow has turned upright already says so."""
    from PIL import ImageOps

    for name in ("jpeg", "tiff", "png"):
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(tagged(name, 6))))
        assert images.read(upright).size == (HEIGHT, WIDTH)
