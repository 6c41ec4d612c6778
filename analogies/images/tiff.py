"""TIFF files that Pillow does not read: floats and integers of 16 bits and more, in color or not.

Pillow unpacks them all the same: their bytes are given to it as an 8-bit gray picture, which is
put together here.
"""

import io
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageFile, TiffImagePlugin

from analogies.images.deep import range_notes, white_of
from analogies.images.sizes import check_size

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _MAKE = 256, 257, 258, 259, 262, 271
_STRIPS, _ORIENTATION, _SAMPLES, _ROWS, _STRIP_SIZES, _PLANAR = 273, 274, 277, 278, 279, 284
_PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES = 317, 322, 323, 324, 325
_SUB_PAGES, _KIND, _PROFILE, _DNG = 330, 339, 34675, 50706
_REDUCED = 254  # what the page is to others; its lowest bit says: a smaller version
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_COLORS: dict[Any, int] = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3}
_SENSOR = (32803, 34892)  # photometric interpretations of raw photographs
_COMPRESSIONS = (1, 5, 8, 32773, 32946, 34925, 50000)  # of bytes, not of pictures as JPEG
_KINDS = {1: "u", 2: "i", 3: "f"}
_SPOKEN = {"u": "integers", "i": "signed integers", "f": "floats"}

Tags = Mapping[int, Any]
Notes = tuple[str, ...]


def read_tags(stream: BinaryIO) -> Tags | None:
    """The tags of a TIFF file's first page; None where it is none or damaged."""
    stream.seek(0)
    head = stream.read(16)
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(head if head[2:3] == b"\x2b" else head[:8])
        stream.seek(tags.next)
        tags.load(stream)
        return dict(tags)
    except Exception:  # damaged tags make Pillow raise many kinds
        return None


def raw_photograph(tags: Tags, head: bytes) -> str:
    """What kind of raw photograph a file with these tags is; "" for other pictures.

    Raw photographs are TIFF files whose first page is a small preview, which would be taken for
    the picture.
    """
    preview = (tags.get(_REDUCED, 0) == 1 and _SUB_PAGES in tags) or head[8:10] == b"CR"
    if not (_DNG in tags or preview or tags.get(_PHOTOMETRIC) in _SENSOR):
        return ""
    make = str(tags.get(_MAKE, "")).strip("\0 ")
    return f"a raw photograph ({'DNG' if _DNG in tags else make or 'such as NEF or ARW'})"


def describe(tags: Tags) -> str:
    """What kind of TIFF this is, in words."""
    bits, kind = _numbers(tags, _BITS, 1), _numbers(tags, _KIND, 1)
    what = _SPOKEN.get(_KINDS.get(kind[0], ""), "unknown numbers")
    return (
        f"a TIFF picture of {tags.get(_SAMPLES, 1)} x {bits[0]}-bit {what} "
        f"(photometric {tags.get(_PHOTOMETRIC)}, compression {tags.get(_COMPRESSION, 1)})"
    )


def convert(stream: BinaryIO, tags: Tags) -> tuple[Image.Image, float, Notes] | None:
    """The picture of a file that Pillow does not read; None where it is not read here either.

    Returns:
        an image of mode "F" or of 8 bits, its orientation in `getexif()`; the value that is
        white in it; notes.

    Raises:
        InputError: a size that cannot be worked with, or values without a meaning.
    """
    dtype = _dtype(tags)
    channels, photometric = int(tags.get(_SAMPLES, 1)), tags.get(_PHOTOMETRIC)
    colors = _COLORS.get(photometric, 0)
    inverted = photometric == _WHITE_IS_ZERO
    sized = isinstance(tags.get(_WIDTH), int) and isinstance(tags.get(_HEIGHT), int)
    if dtype is None or not sized or not colors or channels - colors not in (0, 1):
        return None
    if inverted and dtype.kind != "u":
        return None
    check_size(tags[_WIDTH], tags[_HEIGHT], "a TIFF picture")
    values = _samples(stream, tags, dtype, channels)
    if inverted:
        values[..., 0] = np.iinfo(dtype).max - values[..., 0]
    visible = values[..., :colors]
    white = white_of(visible, 16 if dtype.itemsize == 2 and dtype.kind == "u" else None)
    notes: Notes = ()
    if channels == 1:  # what is to be noted is noted where "F" becomes 8 bits
        image = Image.fromarray(values[..., 0].astype(np.float32))
    else:
        notes = range_notes(visible.min(), visible.max(), white)
        shares = np.clip(values / white, 0, 1)
        image = Image.fromarray(np.rint(shares * 255).astype(np.uint8))
    image.format = "TIFF"
    image.getexif()[_ORIENTATION] = tags.get(_ORIENTATION, 1)
    if _PROFILE in tags:
        image.info["icc_profile"] = tags[_PROFILE]
    return image, white, notes


def samples(stream: BinaryIO, tags: Tags) -> np.ndarray | None:
    """The numbers of a file of 16 bits and more as they are, `(height, width, channels)`.

    Returns:
        of the file's own dtype; None where its samples have 8 bits or are packed otherwise.

    Raises:
        InputError: a size that cannot be worked with.
    """
    dtype, sized = _dtype(tags), isinstance(tags.get(_WIDTH), int)
    if dtype is None or not sized or not isinstance(tags.get(_HEIGHT), int):
        return None
    check_size(tags[_WIDTH], tags[_HEIGHT], "a TIFF picture")
    return _samples(stream, tags, dtype, int(tags.get(_SAMPLES, 1)))


def is_misread(tags: Tags) -> bool:
    """Whether Pillow may misread it: 0 as black where it is white, half of all large integers as
    negative, floats in the other order of bytes as noise.
    """
    bits, kind = _numbers(tags, _BITS, 1)[0], _numbers(tags, _KIND, 1)[0]
    inverted = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO and bits > 8
    return inverted or (bits == 32 and kind in (1, 3))


def _dtype(tags: Tags) -> np.dtype | None:
    """Of a sample, in this machine's order of bytes; None where samples are packed otherwise."""
    bits, kinds = _numbers(tags, _BITS, 1), _numbers(tags, _KIND, 1)
    plain = (
        tags.get(_COMPRESSION, 1) in _COMPRESSIONS
        and tags.get(_PLANAR, 1) == 1
        and tags.get(_PREDICTOR, 1) in (1, 2, 3)
        and len(set(bits)) == len(set(kinds)) == 1
    )
    if not plain or bits[0] not in (16, 32, 64) or kinds[0] not in _KINDS:
        return None
    return np.dtype(f"{_KINDS[kinds[0]]}{bits[0] // 8}")


class _Bytes(TiffImagePlugin.TiffImageFile):
    """Bytes as pixels, of which there may be more than in a picture: the size is checked before."""

    def load_prepare(self) -> None:
        """Make room without Pillow's look for decompression bombs."""
        ImageFile.ImageFile.load_prepare(self)


def _samples(stream: BinaryIO, tags: Tags, dtype: np.dtype, channels: int) -> np.ndarray:
    """The numbers in a file, `(height, width, channels)`."""
    width, height = tags[_WIDTH], tags[_HEIGHT]
    across = int(tags[_TILE_WIDTH]) if _TILES in tags else width  # px that are packed together
    pieces = -(-width // across)
    cell = channels * dtype.itemsize
    packed = _Bytes(_as_bytes(stream, tags, across * cell, pieces))
    rows = np.array(packed).reshape(height * pieces, across * cell)
    predictor = tags.get(_PREDICTOR, 1)
    order = ">" if predictor == 3 or _is_big_endian(stream) else "<"
    if predictor == 3:  # differences of bytes, the highest byte of all samples first
        planes = _summed(rows, channels).reshape(-1, dtype.itemsize, across * channels)
        rows = np.ascontiguousarray(planes.transpose(0, 2, 1)).reshape(rows.shape)
    samples = rows.view(np.dtype(f"{order}{dtype.kind}{dtype.itemsize}")).astype(dtype)
    samples = samples.reshape(height * pieces, across * channels)
    if predictor == 2:
        samples = _summed(samples, channels)
    return samples.reshape(height, pieces * across, channels)[:, :width]


def _summed(rows: np.ndarray, channels: int) -> np.ndarray:
    """Undo differences to the neighbor on the left, `(rows, pixels * channels)`, with overflow."""
    unsigned = rows.view(f"u{rows.dtype.itemsize}").reshape(len(rows), -1, channels)
    return np.cumsum(unsigned, axis=1, dtype=unsigned.dtype).view(rows.dtype).reshape(rows.shape)


def _as_bytes(stream: BinaryIO, tags: Tags, across: int, pieces: int) -> BinaryIO:
    """The same file as an 8-bit gray one, whose pixels are the bytes as they are unpacked."""
    stream.seek(0)
    data = stream.read()
    data += b"\0" * (len(data) % 2)
    kept = (_HEIGHT, _COMPRESSION, _ROWS, _STRIPS, _STRIP_SIZES, _TILE_HEIGHT, _TILES, _TILE_SIZES)
    page = {tag: _numbers(tags, tag, 0) for tag in kept if tag in tags}
    page |= {_WIDTH: (across * pieces,), _BITS: (8,), _SAMPLES: (1,), _PHOTOMETRIC: (1,)}
    if _TILES in tags:
        page[_TILE_WIDTH] = (across,)
    entries, behind = b"", b""
    end = len(data) + 2 + 12 * len(page) + 4
    for tag, values in sorted(page.items()):
        packed = struct.pack(f"<{len(values)}I", *values)
        if len(values) > 1:
            packed, behind = struct.pack("<I", end + len(behind)), behind + packed
        entries += struct.pack("<HHI", tag, 4, len(values)) + packed
    head = struct.pack("<2sHI", b"II", 42, len(data))
    tail = struct.pack("<H", len(page)) + entries + bytes(4) + behind
    return io.BytesIO(head + data[8:] + tail)


def _is_big_endian(stream: BinaryIO) -> bool:
    stream.seek(0)
    return stream.read(2) == b"MM"


def _numbers(tags: Tags, tag: int, default: int) -> tuple[int, ...]:
    """A tag's values, of which files have one or one for each channel."""
    value = tags.get(tag, default)
    return value if isinstance(value, tuple) else (value,)
