"""What Python programs hold pictures in: paths, bytes, streams, images, arrays and tensors."""

import array
import io
import os
import pathlib
import tempfile

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from analogies.errors import InputError
from analogies.images import pictures as images

COLOR = np.random.default_rng(0).integers(0, 256, (20, 33, 3)).astype(np.uint8)


class Named:
    """Something with a path, as in other libraries."""

    def __init__(self, path):
        self._path = path

    def __fspath__(self):
        return self._path


class Download(io.RawIOBase):
    """A stream that cannot go back."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def read(self, count=-1):
        return self._data.read(count)

    def seekable(self):
        return False


def encoded(image=COLOR, kind="PNG", **settings):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format=kind, **settings)
    return stream.getvalue()


def at_its_end(data):
    stream = io.BytesIO()
    stream.write(data)
    return stream


def behind_something(data):
    stream = io.BytesIO(b"header" + data)
    stream.seek(6)
    return stream


WAYS = {
    "bytes": lambda data, path: data,
    "bytearray": lambda data, path: bytearray(data),
    "memoryview": lambda data, path: memoryview(data),
    "BytesIO": lambda data, path: io.BytesIO(data),
    "BytesIO at its end": lambda data, path: at_its_end(data),
    "BytesIO from its middle": lambda data, path: behind_something(data),
    "open file": lambda data, path: open(path, "rb"),  # noqa: SIM115
    "open file, unbuffered": lambda data, path: open(path, "rb", buffering=0),  # noqa: SIM115
    "temporary file": lambda data, path: _temporary(data),
    "stream that cannot go back": lambda data, path: Download(data),
    "text path": lambda data, path: str(path),
    "pathlib": lambda data, path: path,
    "os.PathLike": lambda data, path: Named(str(path)),
    "os.PathLike of bytes": lambda data, path: Named(os.fsencode(path)),
    "numpy text": lambda data, path: np.str_(path),
}


def _temporary(data):
    stream = tempfile.TemporaryFile()  # noqa: SIM115
    stream.write(data)
    return stream


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM"])
@pytest.mark.parametrize("way", WAYS)
def test_files_in_every_way(tmp_path, way, kind):
    data = encoded(kind=kind, **({"lossless": True} if kind == "WEBP" else {}))
    path = pathlib.Path(tmp_path / "ä b.dat")
    path.write_bytes(data)
    expected = np.asarray(Image.open(path).convert("RGB"))
    for read in (images.read, images.inspect):
        source = WAYS[way](data, path)
        found = read(source)
        if read is images.read:
            np.testing.assert_array_equal(found.pixels, expected)
        else:
            assert (found.height, found.width, found.format) == (20, 33, kind)
        if hasattr(source, "close"):
            assert not source.closed
            source.close()


def test_the_same_stream_can_be_read_twice():
    stream = io.BytesIO(encoded())
    for _ in range(2):
        np.testing.assert_array_equal(images.read(stream).pixels, COLOR)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (io.StringIO("text"), "mode 'rb'"),
        (io.StringIO(), "mode 'rb'|nothing"),
        (io.BytesIO(b""), "nothing in it"),
        (encoded()[:60], "cannot be decoded"),
        (Download(b""), "cannot be read|nothing"),
    ],
)
def test_streams_that_are_none(source, message):
    with pytest.raises(InputError, match=message) as caught:
        images.read(source)
    assert "Received: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_open_otherwise(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(encoded())
    with open(path, "rb") as closed:
        pass
    with open(path) as text, open(tmp_path / "new", "wb") as new:
        for source in (text, new, closed):
            with pytest.raises(InputError, match=r"mode 'rb'.*Received: a "):
                images.read(source)


FLOAT = COLOR.astype(np.float32)
ARRAYS = {
    "batch of one": COLOR[None],
    "gray batch of one": COLOR[None, ..., :1],
    "RGBA batch of one": np.dstack([COLOR, np.full((20, 33), 255, np.uint8)])[None],
    "nested list": COLOR.tolist(),
    "list of rows": list(COLOR),
    "tensor": tf.constant(COLOR),
    "float tensor": tf.constant(FLOAT),
    "half tensor": tf.cast(COLOR, tf.float16),
    "bfloat16 tensor": tf.cast(COLOR, tf.bfloat16),
    "variable": tf.Variable(FLOAT),
    "batch tensor": tf.constant(COLOR)[tf.newaxis],
    "int64": COLOR.astype(np.int64),
    "big-endian": COLOR.astype(">f4"),
    "fortran": np.asfortranarray(FLOAT),
    "read-only": np.broadcast_to(FLOAT, FLOAT.shape),
    "PIL": Image.fromarray(COLOR),
    "PIL palette": Image.fromarray(COLOR).quantize(256),
    "PIL file": Image.open(io.BytesIO(encoded())),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_in_every_way(name):
    picture = images.read(ARRAYS[name])
    expected = FLOAT[..., :1] if name.startswith("gray") else FLOAT
    alike = {"bfloat16 tensor": 0.51, "PIL palette": 80}.get(name, 0)
    np.testing.assert_allclose(picture.pixels, np.broadcast_to(expected, FLOAT.shape), atol=alike)
    assert picture.pixels.dtype == np.float32
    assert picture.alpha is None


@pytest.mark.parametrize("beyond", [255.00002, 255.4, np.nextafter(np.float32(255), 256)])
def test_what_rounding_leaves_beyond_is_clipped(beyond):
    values = FLOAT.copy()
    values[0, 0], values[1, 1] = beyond, 255 - beyond
    pixels = images.read(values).pixels
    assert (pixels[0, 0] == 255).all()
    assert (pixels[1, 1] == 0).all()
    np.testing.assert_array_equal(pixels[2:], FLOAT[2:])


DEEP = (COLOR.astype(np.uint16) * 257).astype(np.uint16)
HINTS = {
    "16 bits": (DEEP, "divide values of 16 bits by 257"),
    "16 bits as floats": (DEEP.astype(float), "divide values of 16 bits by 257"),
    "12 bits": (DEEP // 16, "of 12 bits by 16.06"),
    "32 bits": (DEEP.astype(np.uint32) * 65537, "divide them by their highest"),
    "-1 to 1": (FLOAT / 127.5 - 1, r"127.5 \* \(x \+ 1\)"),
    "0 to 1": (FLOAT / 255, "multiply them by 255"),
    "0 to 1, overshot": (FLOAT / 255 * 1.00002, "multiply them by 255"),
    "0 to 1, noisy": (FLOAT / 255 - 1e-5, "multiply them by 255"),
    "centered": (FLOAT - 127, "clip them, or add"),
    "mask": (COLOR > 100, "multiply a mask of booleans by 255"),
    "channels first": (COLOR.transpose(2, 0, 1), r"np.moveaxis\(array, 0, -1\)"),
    "batch, channels first": (COLOR.transpose(2, 0, 1)[None], r"np.moveaxis\(array, 1, -1\)"),
    "batch of two": (np.stack([COLOR, COLOR]), "one by one"),
    "gray and alpha": (COLOR[..., :2], "RGBA"),
    "complex": (FLOAT * 1j, "uint8 or float"),
    "dict": ({"a": COLOR}, r"Received: a dict"),
    "none": (None, r"Received: a NoneType"),
    "function": (print, r"Received: a builtin"),
    "array of bytes": (array.array("u", "ab"), "uint8 or float"),
}


@pytest.mark.parametrize("name", HINTS)
def test_other_arrays_are_refused_with_what_makes_them_fit(name):
    source, hint = HINTS[name]
    with pytest.raises(InputError, match=hint) as caught:
        images.read(source)
    assert "Received: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["16 bits", "12 bits", "-1 to 1", "0 to 1", "channels first"])
def test_the_hints_hold(name):
    values = HINTS[name][0].astype(float)
    mended = {
        "16 bits": lambda: values / 257,
        "12 bits": lambda: values / 16.06,
        "-1 to 1": lambda: 127.5 * (values + 1),
        "0 to 1": lambda: values * 255,
        "channels first": lambda: np.moveaxis(values, 0, -1),
    }[name]()
    np.testing.assert_allclose(images.read(mended).pixels, FLOAT, atol=1)


def test_symbolic_tensors_are_refused():
    @tf.function
    def inside(tensor):
        with pytest.raises(InputError, match="no picture"):
            images.read(tensor)
        return tensor

    inside(tf.constant(COLOR))


def test_a_damaged_image_of_pillow_is_refused():
    image = Image.open(io.BytesIO(encoded()[:-200]))
    with pytest.raises(InputError, match="cannot be decoded"):
        images.read(image)
