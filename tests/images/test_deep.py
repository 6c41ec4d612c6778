"""Pictures of more than 8 bits are read by what their values mean; what hardly shows is told."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from analogies.errors import InputError
from analogies.images import pictures as images

HEIGHT, WIDTH = 20, 33
RAMP = np.linspace(0, 1, HEIGHT)[:, None] * np.linspace(0.2, 1, WIDTH)[None, :]
COLOR = np.dstack([RAMP, RAMP[::-1], RAMP[:, ::-1]])
KINDS = {np.uint16: 65535, np.uint32: 2**32 - 1, np.float16: 1, np.float32: 1, np.float64: 1}
SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}


def tiff(values, *, order="<", compression=1, predictor=1, tile=None, photometric=None, big=False):
    """A TIFF file of `(h, w, c)`, written by the specification (TIFF 6.0, technical note 3)."""
    height, width, channels = values.shape
    size = values.dtype.itemsize
    photometric = (2 if channels >= 3 else 1) if photometric is None else photometric
    tags = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [size * 8] * channels),
        259: (3, [compression]),
        262: (3, [photometric]),
        277: (3, [channels]),
        317: (3, [predictor]),
        339: (3, [SAMPLE_FORMATS[values.dtype.kind]] * channels),
    }
    if channels in (2, 4):
        tags[338] = (3, [2])
    if tile:
        blocks = []
        for top in range(0, height, tile):
            for left in range(0, width, tile):
                block = np.zeros((tile, tile, channels), values.dtype)
                piece = values[top : top + tile, left : left + tile]
                block[: piece.shape[0], : piece.shape[1]] = piece
                blocks.append(block)
        tags |= {322: (3, [tile]), 323: (3, [tile])}
    else:
        blocks = [values[top : top + 7] for top in range(0, height, 7)]
        tags[278] = (4, [7])
    packed = [_packed(block, order, compression, predictor) for block in blocks]
    where, what = (324, 325) if tile else (273, 279)
    start = 16
    tags[where] = (4, list(start + np.cumsum([0] + [len(x) for x in packed[:-1]])))
    tags[what] = (4, [len(x) for x in packed])
    body = b"".join(packed)
    body += b"\0" * (len(body) % 2)
    return _file(order, tags, body, start, big)


def _packed(block, order, compression, predictor):
    channels = block.shape[-1]
    size = block.dtype.itemsize
    if predictor == 2:
        unsigned = block.view(f"u{size}")
        moved = unsigned.copy()
        moved[:, 1:] = unsigned[:, 1:] - unsigned[:, :-1]
        data = moved.astype(f"{order}u{size}").tobytes()
    elif predictor == 3:
        lines = []
        for row in block.astype(block.dtype.newbyteorder(">")):
            planes = np.frombuffer(row.tobytes(), np.uint8).reshape(-1, size).T.reshape(-1)
            moved = planes.copy()
            moved[channels:] = planes[channels:] - planes[:-channels]
            lines.append(moved.tobytes())
        data = b"".join(lines)
    else:
        data = block.astype(block.dtype.newbyteorder(order)).tobytes()
    return zlib.compress(data) if compression == 8 else data


def _file(order, tags, body, start, big):
    number, entry = ("Q", "HHQ") if big else ("I", "HHI")
    slot = 8 if big else 4
    place = start + len(body)
    count = struct.pack(order + ("Q" if big else "H"), len(tags))
    behind = place + len(count) + len(tags) * (struct.calcsize(order + entry) + slot) + slot
    entries, extra = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        data = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(data) > slot:
            pointer, extra = struct.pack(order + number, behind + len(extra)), extra + data
        else:
            pointer = data.ljust(slot, b"\0")
        entries += struct.pack(order + entry, tag, kind, len(values)) + pointer
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(
        order + ("HHHQ" if big else "HI"), *([43, 8, 0] if big else [42]), place
    )
    return head.ljust(start, b"\0") + body + count + entries + bytes(slot) + extra


def scaled(shares, dtype):
    values = shares * KINDS[dtype]
    return (np.rint(values) if np.dtype(dtype).kind == "u" else values).astype(dtype)


def check(data, expected, atol=0.51, header=True):
    if header:
        found = images.inspect(data)
        assert (found.height, found.width, found.format) == (HEIGHT, WIDTH, "TIFF")
    picture = images.read(data)
    assert picture.notes == ()
    np.testing.assert_allclose(
        picture.pixels, np.broadcast_to(expected, (HEIGHT, WIDTH, 3)), atol=atol
    )


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("tile", [None, 16])
def test_every_kind_of_number(dtype, order, channels, compression, tile):
    shares = COLOR[..., :channels]
    predictors = [1, 2] if np.dtype(dtype).kind == "u" else [1, 3]
    for predictor in predictors if compression == 8 else [1]:
        for big in (False, True) if order == "<" else (False,):
            data = tiff(
                scaled(shares, dtype),
                order=order,
                compression=compression,
                predictor=predictor,
                tile=tile,
                big=big,
            )
            check(data, shares * 255, {np.uint16: 1.01, np.float16: 0.65}.get(dtype, 0.51))


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.float32])
@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_kept(dtype, channels):
    alpha = np.where(RAMP > 0.5, 1.0, 0.25)
    shares = np.dstack([COLOR[..., : channels - 1], alpha])
    picture = images.read(tiff(scaled(shares, dtype)))
    np.testing.assert_allclose(picture.alpha, alpha * 255, atol=1)
    expected = shares[..., :-1] * alpha[..., None] * 255 + 255 * (1 - alpha[..., None])
    np.testing.assert_allclose(
        picture.pixels, np.broadcast_to(expected, (HEIGHT, WIDTH, 3)), atol=1.01
    )


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
@pytest.mark.parametrize("order", "<>")
def test_gray_in_which_0_is_white(dtype, order):
    values = scaled(1 - RAMP[..., None], dtype)
    check(tiff(values, order=order, photometric=0), RAMP[..., None] * 255)


def test_twelve_bits(tmp_path):
    values = np.rint(RAMP[:, :32] * 4095).astype(np.uint16)
    first, second = values[:, ::2], values[:, 1::2]
    packed = np.dstack([first >> 4, (first & 15) << 4 | second >> 8, second & 255])
    body = packed.astype(np.uint8).tobytes()
    tags = {256: (4, [32]), 257: (4, [HEIGHT]), 258: (3, [12]), 259: (3, [1]), 262: (3, [1])}
    tags |= {273: (4, [16]), 277: (3, [1]), 278: (4, [HEIGHT]), 279: (4, [len(body)])}
    picture = images.read(_file("<", tags, body, 16, False))
    np.testing.assert_allclose(picture.pixels[..., 1], RAMP[:, :32] * 255, atol=0.51)
    assert picture.notes == ()


cv2_kinds = [(1, 1), (5, 1), (5, 2), (8, 1), (32946, 3), (32773, 1)]


@pytest.mark.parametrize(("compression", "predictor"), cv2_kinds)
@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_files_of_another_program(tmp_path, dtype, channels, compression, predictor):
    cv2 = pytest.importorskip("cv2")
    if predictor != 1 and (predictor == 3) != (np.dtype(dtype).kind == "f"):
        pytest.skip("no such file")
    shares = np.dstack([COLOR, np.ones_like(RAMP)])[..., :channels]
    swapped = shares[..., [2, 1, 0, 3][:channels]] if channels > 1 else shares  # BGR(A)
    path = str(tmp_path / "x.tif")
    settings = [cv2.IMWRITE_TIFF_COMPRESSION, compression, cv2.IMWRITE_TIFF_PREDICTOR, predictor]
    assert cv2.imwrite(path, scaled(swapped, dtype), settings)
    picture = images.read(path)
    np.testing.assert_allclose(
        picture.pixels, np.broadcast_to(shares[..., :3] * 255, (HEIGHT, WIDTH, 3)), atol=1.01
    )


FILES = (
    "gray.png",
    "rgb.png",
    "gray.tif",
    "rgb.tif",
    "float.tif",
    "floats.tif",
    "gray.pgm",
    "f.pfm",
)


def deep_file(tmp_path, name, low, high, floor=0):
    """A picture whose values go from `low` to `high`, as shares of white."""
    shares = low + (high - low) * COLOR
    deep = np.rint(shares * 65535).astype(np.uint16)
    path = tmp_path / name
    if name == "rgb.png":
        pytest.importorskip("cv2").imwrite(str(path), deep)
    elif name in ("rgb.tif", "floats.tif"):
        path.write_bytes(tiff(deep if name == "rgb.tif" else shares.astype(np.float32)))
    elif name in ("float.tif", "f.pfm"):
        Image.fromarray(shares[..., 0].astype(np.float32)).save(path)
    else:
        Image.fromarray(deep[..., 0]).save(path)
    return path


@pytest.mark.parametrize("name", FILES)
def test_values_that_hardly_show_are_told(tmp_path, name):
    path = deep_file(tmp_path, name, 1000 / 65535, 4000 / 65535)
    (note,) = images.read(path).notes
    assert "values of" in note
    assert "stretch" in note
    assert "\n" not in note


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 0.3), (0.6, 0.9)])
def test_values_that_show_are_not(tmp_path, name, low, high):
    if name in ("float.tif", "f.pfm", "floats.tif") and high < 0.5:
        low, high = 0, 0.5
    assert images.read(deep_file(tmp_path, name, low, high)).notes == ()


def test_the_note_says_the_range(tmp_path):
    (note,) = images.read(deep_file(tmp_path, "gray.png", 1000 / 65535, 4000 / 65535)).notes
    assert "1000 to 4000" in note or "1000 to " in note
    assert "65535" in note


def test_masks_of_one_value_are_not_told(tmp_path):
    for value in (0, 300, 65535):
        path = tmp_path / "x.png"
        Image.fromarray(np.full((20, 20), value, np.uint16)).save(path)
        assert images.read(path).notes == ()


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 1e9])
def test_meaningless_floats_in_color_are_refused(value):
    shares = np.where(COLOR > 0.5, value, COLOR).astype(np.float32)
    with pytest.raises(InputError, match=r"must be in .*Received: \d+ bytes"):
        images.read(tiff(shares))


def test_what_is_not_read_is_named():
    complex_numbers = tiff(scaled(COLOR, np.float32)).replace(
        struct.pack("<HHI", 262, 3, 1) + struct.pack("<HH", 2, 0),
        struct.pack("<HHI", 262, 3, 1) + struct.pack("<HH", 9, 0),
    )
    with pytest.raises(InputError, match=r"TIFF picture of 3 x 32-bit floats .*photometric 9"):
        images.read(complex_numbers)


def test_bytes_are_not_counted_as_pixels(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", HEIGHT * WIDTH)
    check(tiff(scaled(COLOR, np.float64)), COLOR * 255)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", HEIGHT * WIDTH // 3)
    stream = io.BytesIO()
    Image.fromarray((COLOR * 255).astype(np.uint8)).save(stream, format="PNG")
    with pytest.raises(InputError, match=r"more than 0\.00044 megapixels"):
        images.read(stream.getvalue())


def test_a_large_picture_is_refused_before_it_is_unpacked():
    data = bytearray(tiff(scaled(COLOR, np.float32)))
    for tag in (256, 257):
        place = data.index(struct.pack("<HHI", tag, 4, 1)) + 8
        data[place : place + 4] = struct.pack("<I", 50_000)
    with pytest.raises(InputError, match="megapixels"):
        images.inspect(bytes(data))


@pytest.mark.parametrize("key", [30, 3000, 65535])
def test_a_transparent_gray_of_16_bits(key):
    values = np.where(RAMP > 0.5, 40_000, key).astype(np.uint16)
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, format="PNG", transparency=key)
    data = stream.getvalue()
    if b"tRNS" not in data:
        body = b"tRNS" + struct.pack(">H", key)
        extra = struct.pack(">I", 2) + body + struct.pack(">I", zlib.crc32(body))
        place = data.index(b"IDAT") - 4
        data = data[:place] + extra + data[place:]
    np.testing.assert_array_equal(images.read(data).alpha, np.where(values == key, 0, 255))
