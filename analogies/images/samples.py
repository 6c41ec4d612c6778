"""Maps: pictures whose numbers mean something, read and written as they are.

Colors, profiles and transparency mean nothing here: a normal, a height or a roughness of 8 or 16
bits or in floats stays in its own kind of numbers, channel by channel. Maps that guide are read as
other pictures are, but in full.
"""

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from analogies.errors import InputError
from analogies.files import write_atomically
from analogies.images import tiff
from analogies.images.deep import white_of
from analogies.images.opening import bytes_of, is_file, opened
from analogies.images.pictures import Picture, composite, read
from analogies.images.sizes import check_size

DEPTHS = ("uint8", "uint16", "float32")
_CHANNELS = (1, 2, 3, 4)
_MODES = {"1": "L", "P": "RGB", "PA": "RGBA"}  # to modes that hold numbers
_PLAIN = ("L", "LA", "RGB", "RGBA")
_DEEP = {"RGB;16B": ("RGB;16B", "RGB;16L"), "RGBA;16B": ("RGBA;16B", "RGBA;16L")}
_OF_FLOATS = (".tif", ".tiff")
_SUFFIXES = dict.fromkeys(("uint8", "uint16"), (".png", *_OF_FLOATS))
_PNG_COLORS = {1: 0, 2: 4, 3: 2, 4: 6}
_ORIENTATION = 274


def read_samples(source: Any) -> np.ndarray:
    """The numbers of a map.

    Args:
        source: path, bytes or open file of a picture of 8 or 16 bits a channel, or a TIFF of
            floats; or an array `(h, w)` or `(h, w, c)` of one to four channels.

    Returns:
        uint8, uint16 or float32 `(h, w, c)`.

    Raises:
        InputError: it is no picture, or of numbers of another kind.
    """
    if isinstance(source, np.ndarray):
        return _checked(source)
    with opened(source) as found:
        image = found.image
        packed = _packed(image)  # known until the pixels are decoded, by `getexif` at the latest
        if int(getattr(image, "n_frames", 1)) > 1:
            raise InputError("a map has one page; this picture has several")
        if image.getexif().get(_ORIENTATION, 1) != 1:
            raise InputError("a map is stored upright; this one is turned by its EXIF orientation")
        values = None
        if image.format == "TIFF" or image.mode == "F":
            values = _of_tiff(source)
        elif packed in _DEEP:
            values = _of_halves(source, _DEEP[packed])
        return _checked(_of_pillow(image, packed) if values is None else values)


def read_map(source: Any) -> Picture:
    """A guide's map: what `read` gives, but colors of 16 bits and more are not cut to 8.

    These are taken as numbers: where they are deep no color profile counts.

    Args, raises: as `read`.
    """
    if not is_file(source):
        return read(source)
    source = bytes_of(source)
    picture, deep = read(source), _deep_colors(source)
    if deep is None:
        return picture
    values, notes = deep
    if values is None:
        return Picture(picture.pixels, picture.alpha, (*picture.notes, *notes))
    alpha = values[..., 3] if values.shape[2] > 3 else picture.alpha
    return composite(values[..., :3], alpha, (*picture.notes, *notes))


def _deep_colors(source: Any) -> tuple[np.ndarray | None, tuple[str, ...]] | None:
    """Colors of 16 bits and more in full, where `read` would cut them to 8.

    Args:
        source: path or bytes of a picture that can be read.

    Returns:
        float32 `(h, w, 3)` or with alpha `(h, w, 4)`, in [0, 255], and notes; None instead of them
        where they stay at 8 bits. None for other pictures: of 8 bits, and gray ones.
    """
    with opened(source) as found:
        image = found.image
        packed = _packed(image)
        values = None
        if packed in _DEEP:
            values = _of_halves(source, _DEEP[packed])
        elif image.format == "TIFF":
            values = _of_tiff(source)
        if values is None or values.shape[2] < 3:
            return None
        if image.getexif().get(_ORIENTATION, 1) != 1:
            return None, ("is turned by its EXIF orientation, and only 8 bits of its colors count",)
        bits = 16 if values.dtype == np.uint16 else None
        white = white_of(values[..., :3], bits)
        profile = "icc_profile" in image.info
        notes = ("has a color profile; of 16 bits its numbers are taken as they are",)
        return np.clip(values * np.float32(255.0 / white), 0, 255), notes if profile else ()


def _packed(image: Image.Image) -> str:
    """How Pillow calls the way that the pixels of a file are packed; "" where it does not say."""
    kinds = [tile.args for tile in getattr(image, "tile", ())]
    first = kinds[0] if kinds else ""
    return str(first[0] if isinstance(first, tuple) and first else first)


def _of_tiff(source: Any) -> np.ndarray | None:
    """Samples of 16 bits and more; None where there are 8 of each."""
    with _stream(source) as stream:
        tags = tiff.read_tags(stream)
        return None if tags is None else tiff.samples(stream, tags)


def _stream(source: Any) -> BinaryIO:
    if isinstance(source, str | os.PathLike):
        return open(source, "rb")
    if isinstance(source, bytes | bytearray | memoryview):
        return io.BytesIO(bytes(source))
    source.seek(0)
    return io.BytesIO(source.read())


def _of_halves(source: Any, halves: tuple[str, str]) -> np.ndarray:
    """16-bit colors, of which Pillow reads eight bits at once: the upper ones, then the lower."""
    with _stream(source) as stream:
        data, found = stream.read(), []
    for half in halves:
        with Image.open(io.BytesIO(data)) as image:
            image.tile = [tile._replace(args=half) for tile in image.tile]
            found.append(np.array(image, np.uint16))
    return found[0] * np.uint16(256) + found[1]


def _of_pillow(image: Image.Image, packed: str) -> np.ndarray:
    """Samples of what Pillow reads whole."""
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return np.asarray(image).astype(np.uint16)
    image = image.convert(_MODES.get(image.mode, image.mode))
    if image.mode not in _PLAIN or "16" in packed:
        raise InputError(
            "a map has gray or RGB of 8 or 16 bits, or is a TIFF of floats. "
            f"Received: {image.format} of mode {packed or image.mode}"
        )
    return np.asarray(image)


def _checked(values: np.ndarray) -> np.ndarray:
    """Numbers `(h, w, c)` of one of the depths; floats of others become float32."""
    values = values[..., np.newaxis] if values.ndim == 2 else values
    if values.ndim != 3 or values.shape[2] not in _CHANNELS:
        raise InputError(
            "a map must be (height, width) or (height, width, channels) with one to four channels."
            f" Received: shape {values.shape}"
        )
    if values.dtype.kind == "f":
        values = values.astype(np.float32)
    if values.dtype.name not in DEPTHS:
        raise InputError(f"a map's numbers are {', '.join(DEPTHS)}. Received: {values.dtype}")
    if not np.isfinite(values).all():
        raise InputError("a map must hold no NaN or infinite values")
    check_size(values.shape[1], values.shape[0], "a map")
    return values


def check_suffix(path: str | os.PathLike, depth: str) -> None:
    """Whether a file of this name holds such numbers.

    Raises:
        InputError: which it may be.
    """
    suffixes = _SUFFIXES.get(depth, _OF_FLOATS)
    if Path(path).suffix.lower() not in suffixes:
        raise InputError(
            f"a map of {depth} is written as {' or '.join(suffixes)}. Received: {str(path)!r}"
        )


def write_samples(path: str | os.PathLike, values: np.ndarray) -> None:
    """Write a map at its own depth; the file appears whole or not at all.

    Args:
        path: .png for integers; .tif or .tiff for all.
        values: uint8, uint16 or float32 `(h, w, c)`, one to four channels.

    Raises:
        InputError: the numbers do not fit the kind of file, or it cannot be written.
    """
    values = _checked(values)
    check_suffix(path, values.dtype.name)
    encode = _png if Path(path).suffix.lower() == ".png" else _tiff
    write_atomically(path, encode(values))


def _png(values: np.ndarray) -> bytes:
    """A PNG of 8 or 16 bits a channel, each row but the first less the one above (filter 2)."""
    height, width, channels = values.shape
    big = np.ascontiguousarray(values.astype(values.dtype.newbyteorder(">")))
    rows = big.view(np.uint8).reshape(height, -1)
    above = np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])
    filtered = np.concatenate([np.full((height, 1), 2, np.uint8), rows - above], 1)
    bits = values.dtype.itemsize * 8
    header = struct.pack(">IIBBBBB", width, height, bits, _PNG_COLORS[channels], 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(filtered.tobytes(), 6)), (b"IEND", b""))
    written = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def _tiff(values: np.ndarray) -> bytes:
    """A little-endian TIFF of one strip, packed by zlib."""
    height, width, channels = values.shape
    data = zlib.compress(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes(), 6)
    data += b"\0" * (len(data) % 2)
    bits, kind = values.dtype.itemsize * 8, 3 if values.dtype.kind == "f" else 1
    shorts = {258: [bits] * channels, 259: [8], 262: [2 if channels > 2 else 1], 277: [channels]}
    shorts |= {284: [1], 339: [kind] * channels}
    if channels in (2, 4):
        shorts[338] = [2]  # alpha, which does not change the others
    longs = {256: [width], 257: [height], 273: [8], 278: [height], 279: [len(data)]}
    tags = {tag: (3, "H", numbers) for tag, numbers in shorts.items()}
    tags |= {tag: (4, "I", numbers) for tag, numbers in longs.items()}
    entries, behind, end = b"", b"", 8 + len(data) + 2 + 12 * len(tags) + 4
    for tag, (code, letter, numbers) in sorted(tags.items()):
        packed = struct.pack(f"<{len(numbers)}{letter}", *numbers)
        if len(packed) > 4:
            packed, behind = struct.pack("<I", end + len(behind)), behind + packed
        entries += struct.pack("<HHI", tag, code, len(numbers)) + packed.ljust(4, b"\0")
    head = struct.pack("<2sHI", b"II", 42, 8 + len(data))
    return head + data + struct.pack("<H", len(tags)) + entries + bytes(4) + behind
