"""What an export decodes is what the program reads, whatever is in the file."""

import io
import struct

import numpy as np
import png_files
import pytest
import tensorflow as tf
from PIL import Image
from png_files import GRAY, GRAY_ALPHA, PALETTE, RGB, RGBA, png

from analogies.apps.serving.decoding import decode
from analogies.images import pictures as images

HEIGHT, WIDTH = 21, 38
RANDOM = np.random.default_rng(0)
SMOOTH = np.add.outer(np.arange(HEIGHT) * 5, np.arange(WIDTH)[:, None] * [3, 1, 2]).astype(np.uint8)
COLORS = [[10, 20, 30], [200, 100, 0], [0, 255, 9], [7, 7, 7]] * 64


def samples(kind, depth, seed=0):
    """Few different ones, so that a transparent color is often met."""
    channels = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGBA: 4}[kind]
    levels = np.random.default_rng(seed).integers(0, 3, (HEIGHT, WIDTH, channels))
    most = 2**depth - 1
    return np.array([0, most // 3 + 300 * (depth == 16), most])[levels]


CASES = [
    (kind, depth, keyed, interlaced)
    for kind, depths in (
        (GRAY, (1, 2, 4, 8, 16)),
        (RGB, (8, 16)),
        (PALETTE, (1, 2, 4, 8)),
        (GRAY_ALPHA, (8, 16)),
        (RGBA, (8, 16)),
    )
    for depth in depths
    for keyed in ((False, True) if kind in (GRAY, RGB, PALETTE) else (False,))
    for interlaced in (False, True)
]


@pytest.mark.parametrize(("kind", "depth", "keyed", "interlaced"), CASES)
def test_png(kind, depth, keyed, interlaced):
    values = samples(kind, depth)
    palette = COLORS[: 2**depth] if kind == PALETTE else None
    key, alpha = None, np.full((HEIGHT, WIDTH), 255)
    if keyed and kind == PALETTE:
        key = [0, 128]
        alpha = np.array([0, 128] + [255] * 254)[values[..., 0]]
    elif keyed:
        key = values[3, 5].tolist()
        alpha = np.where((values == key).all(-1), 0, 255)
    elif kind in (GRAY_ALPHA, RGBA):
        alpha = (values[..., -1] >> (depth - 8)).astype(int)
    data = png(values, kind, depth, palette=palette, key=key, interlaced=interlaced)
    picture = images.read(data)
    found_alpha = np.full((HEIGHT, WIDTH), 255) if picture.alpha is None else picture.alpha
    np.testing.assert_array_equal(found_alpha, alpha)  # the program's reading is right itself
    np.testing.assert_allclose(decode(tf.constant(data)).numpy(), picture.pixels, atol=1e-3)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpeg(mode, progressive, subsampling):
    stream = io.BytesIO()
    settings = {"progressive": progressive, "subsampling": subsampling, "quality": 90}
    Image.fromarray(SMOOTH).convert(mode).save(stream, format="JPEG", **settings)
    data = stream.getvalue()
    np.testing.assert_array_equal(decode(tf.constant(data)).numpy(), images.read(data).pixels)


def exif_data(turn, order, long=False, others=3):
    """A page of EXIF data by the TIFF specification, other tags before and behind."""
    kind, packed = (
        (4, struct.pack(order + "I", turn)) if long else (3, struct.pack(order + "HH", turn, 0))
    )
    entries = [struct.pack(order + "HHI", 0x0100 + i, 4, 1) + bytes(4) for i in range(others)]
    entries.append(struct.pack(order + "HHI", 0x0112, kind, 1) + packed)
    entries.append(struct.pack(order + "HHI", 0x011A, 4, 1) + bytes(4))
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HI", 42, 12) + b"gaps"
    return head + struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)


@pytest.mark.parametrize("turn", range(10))
@pytest.mark.parametrize("order", "<>")
def test_exif_orientation(turn, order):
    for long in (False, True):
        exif = exif_data(turn, order, long)
        stream = io.BytesIO()
        Image.fromarray(SMOOTH).save(stream, format="JPEG", quality=95)
        jpeg = stream.getvalue()
        segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif
        comment = b"\xff\xff\xff\xfe" + struct.pack(">H", 9) + b"comment"
        piece = png_files.chunk(b"eXIf", exif)
        text = png_files.chunk(b"tEXt", b"tRNS\0eXIf")
        for data in (
            jpeg[:2] + segment + jpeg[2:],
            jpeg[:20] + comment + segment + jpeg[20:],
            png(SMOOTH, RGB, before=text + piece),
            png(SMOOTH, RGB, behind=text + piece),
        ):
            expected = images.read(data).pixels
            assert (expected.shape[0] == HEIGHT) == (turn < 5 or turn > 8)
            np.testing.assert_array_equal(decode(tf.constant(data)).numpy(), expected)


@pytest.mark.parametrize("seed", range(10))
def test_mutated_files_give_a_picture_or_an_error_of_the_input(seed):
    random = np.random.default_rng(seed)
    exif = exif_data(6, "<")
    stream = io.BytesIO()
    Image.fromarray(SMOOTH).save(stream, format="JPEG", exif=b"Exif\0\0" + exif)
    keyed = png(samples(RGB, 8), RGB, key=[0, 0, 255], before=png_files.chunk(b"eXIf", exif))
    for whole in (stream.getvalue(), keyed):
        for _ in range(10):
            data = bytearray(whole)
            for _ in range(random.integers(1, 4)):
                place = int(random.integers(0, min(len(data), 200)))
                if random.integers(3):
                    data[place] = random.integers(256)
                else:
                    del data[place : place + int(random.integers(1, 30))]
            try:
                pixels = decode(tf.constant(bytes(data))).numpy()
            except (tf.errors.InvalidArgumentError, tf.errors.ResourceExhaustedError):
                continue
            assert pixels.shape[2] == 3
            assert np.isfinite(pixels).all()


def test_in_a_graph_that_is_saved(tmp_path):
    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((), tf.string)])
        def decode(self, data):
            return decode(data)

    tf.saved_model.save(Module(), str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    exif = png_files.chunk(b"eXIf", exif_data(8, ">"))
    for data in (
        png(samples(GRAY, 16), GRAY, 16, key=[0]),
        png(samples(RGB, 8), RGB, key=[0, 0, 255], before=exif),
        png(samples(PALETTE, 4), PALETTE, 4, palette=COLORS[:16], key=[0, 9]),
        png(samples(GRAY_ALPHA, 8), GRAY_ALPHA),
    ):
        found = loaded.decode(tf.constant(data)).numpy()
        np.testing.assert_allclose(found, images.read(data).pixels, atol=1e-3)
