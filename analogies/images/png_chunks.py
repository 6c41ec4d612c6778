"""What a PNG file holds besides its pixels, found without decoding them."""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

START = b"\x89PNG\r\n\x1a\n"
LARGEST_PROFILE = 2**24  # bytes; those of printers have up to 4 MB
_LARGEST_TEXT = 2**20  # bytes, unpacked, of one text; Pillow refuses a file with more
_LARGEST_TEXTS = 2**24  # bytes of all; Pillow takes 2**26, unpacked
_MOST_PACKED = 1032  # bytes that zlib packs in one
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_ABOUT_TURNING = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0", b"Raw profile type APP1\0")


@dataclass(frozen=True)
class Chunk:
    """A piece of a PNG file: its kind, and where its data starts and how long it is, bytes."""

    kind: bytes
    start: int
    length: int


def chunks(stream: BinaryIO) -> list[Chunk]:
    """The chunks of a PNG file up to IEND, or to where it is cut off; none of another file."""
    stream.seek(0)
    found: list[Chunk] = []
    if stream.read(len(START)) != START:
        return found
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        found.append(Chunk(kind, stream.tell(), length))
        if kind == b"IEND" or length >= 2**31:
            break
        stream.seek(length + 4, io.SEEK_CUR)
    return found


def tells_before_pixels(stream: BinaryIO) -> bool:
    """Whether this is a PNG file that says nothing behind its pixels of how it is turned."""
    kinds = [chunk.kind for chunk in chunks(stream)]
    behind = kinds[kinds.index(b"IDAT") :] if b"IDAT" in kinds else kinds
    return kinds[-1:] == [b"IEND"] and not {*_TEXTS, b"eXIf"}.intersection(behind)


def without_large_texts(stream: BinaryIO) -> tuple[BinaryIO, bytes | None]:
    """A PNG file that Pillow reads whatever is written in it, and its color profile.

    Pillow gives up on a picture for packed texts of more than 1 MB, as programs leave them that
    keep their history in the file, and for color profiles of that size.

    Returns:
        the same stream where it has nothing large, else one without texts and profile, but with
        those that may hold the orientation; the profile where it was taken out.
    """
    found = chunks(stream)
    texts = sum(chunk.length for chunk in found if chunk.kind in _TEXTS)
    large = texts > _LARGEST_TEXTS or any(_is_large(stream, chunk) for chunk in found)
    stream.seek(0)
    if not large:
        return stream, None
    profile, kept = None, io.BytesIO()
    kept.write(START)
    for chunk in found:
        stream.seek(chunk.start)
        about_turning = stream.read(40).startswith(_ABOUT_TURNING)
        if chunk.kind in _TEXTS and (not about_turning or _is_large(stream, chunk)):
            continue
        if chunk.kind == b"iCCP":
            profile, _ = _inflated(_packed(stream, chunk), LARGEST_PROFILE)
            continue
        stream.seek(chunk.start - 8)
        kept.write(stream.read(chunk.length + 12))
    kept.seek(0)
    return kept, profile


def _is_large(stream: BinaryIO, chunk: Chunk) -> bool:
    """Whether what is packed in a chunk is larger than Pillow takes."""
    if chunk.kind not in (b"zTXt", b"iTXt", b"iCCP") or chunk.length * _MOST_PACKED < _LARGEST_TEXT:
        return False
    return _inflated(_packed(stream, chunk), _LARGEST_TEXT)[1]


def _packed(stream: BinaryIO, chunk: Chunk) -> bytes:
    """The compressed part of a text or a profile."""
    stream.seek(chunk.start)
    _, _, rest = stream.read(chunk.length).partition(b"\0")  # behind its name
    if chunk.kind != b"iTXt":
        return rest[1:]
    return rest[2:].split(b"\0", 2)[-1] if rest[:1] == b"\1" else b""


def _inflated(data: bytes, limit: int) -> tuple[bytes | None, bool]:
    """Unpacked data, None where it is damaged or larger than the limit; whether it is larger."""
    worker = zlib.decompressobj()
    try:
        unpacked = worker.decompress(data, limit)
    except zlib.error:
        return None, False
    return (None, True) if worker.unconsumed_tail else (unpacked, False)
