"""Files, bytes and streams opened as Pillow images, their headers read and their sizes checked."""

import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image

from analogies.errors import InputError
from analogies.files import check_readable, reason
from analogies.images import png_chunks, tiff
from analogies.images.signatures import DEVELOP, HEAD, describe
from analogies.images.sizes import LARGEST_AREA, check_size

LARGEST_FILE = (
    2**31
)  # bytes; an uncompressed picture of the largest area and 16 bits has half of it

# Formats that decode without helper programs (EPS would start Ghostscript) and have a signature.
# fmt: off
_READABLE = (
    "PNG", "JPEG", "MPO", "WEBP", "GIF", "TIFF", "BMP", "DIB", "PPM", "JPEG2000", "AVIF", "ICO",
    "SGI", "QOI",
)
# fmt: on


@dataclass(frozen=True)
class Opened:
    """An image of Pillow and what is known of it besides.

    Attributes:
        image: its pixels may not be decoded yet.
        white: the value that means white in a deep picture, where the file says it.
        notes: what a person may want to know about how it is read.
        told_early: all that may say how it is turned stands before its pixels.
    """

    image: Image.Image
    white: float | None = None
    notes: tuple[str, ...] = ()
    told_early: bool = False


def is_file(source: Any) -> bool:
    """Whether a source is a file: a path, the bytes of one, or something open to be read."""
    kinds = (str, os.PathLike, bytes, bytearray, memoryview)
    return isinstance(source, kinds) or callable(getattr(source, "read", None))


@contextmanager
def opened(source: Any) -> Iterator[Opened]:
    """The image of a path, of bytes or of an open file, its header read and its size checked.

    What fails while the image is used is told as of this file.

    Raises:
        InputError: nothing is there, or no image, or of a size that cannot be worked with.
    """
    with _stream(source) as (stream, name), warnings.catch_warnings(), told_of(name):
        warnings.simplefilter("ignore")
        found = _image(stream)
        with found.image:
            check_size(*found.image.size, name)
            yield found


@contextmanager
def told_of(name: str) -> Iterator[None]:
    """Whatever fails, an `InputError` says that it was this image.

    Damaged files make Pillow raise many kinds.
    """
    try:
        yield
    except InputError as error:
        told = str(error)
        raise (error if "Received: " in told else InputError(f"{told}. Received: {name}")) from None
    except Exception as error:
        raise InputError(
            f"the image cannot be decoded: {reason(error)}. Received: {name}"
        ) from None


@contextmanager
def _stream(source: Any) -> Iterator[tuple[BinaryIO, str]]:
    """A stream of a source that can go back, and what the source is called in messages."""
    if isinstance(source, str | os.PathLike):
        name = os.fsdecode(source)
        if re.match(r"[a-z][a-z0-9]+:/", name):
            raise InputError(
                f"this is an address, not a file; download it first. Received: {name!r}"
            )
        check_readable(name)
        try:
            stream = open(name, "rb")  # noqa: SIM115 (closed below)
        except OSError as error:
            raise InputError(f"cannot be opened: {reason(error)}. Received: {name!r}") from None
        with stream:
            yield stream, repr(name)
        return
    data = bytes_of(source)
    if not data:
        raise InputError(f"there is nothing in it. Received: {_called(source)}")
    yield io.BytesIO(data), f"{len(data)} bytes"


def bytes_of(source: Any) -> Any:
    """The bytes of what is open to be read or holds them; of a path the path itself.

    Raises:
        InputError: it cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        return source
    return _read(source) if hasattr(source, "read") else bytes(source)


def _read(source: Any) -> bytes:
    """The bytes of an open file, from where it stands; from its start where it is at the end."""
    try:
        data = source.read(LARGEST_FILE)
        if not data and source.seekable():
            source.seek(0)  # as it stands when it has been written or read
            data = source.read(LARGEST_FILE)
        more = len(data) == LARGEST_FILE
    except Exception as error:  # closed, open to be written, text that is none
        raise InputError(
            f"cannot be read: {reason(error)}; a picture must be open in mode 'rb'. "
            f"Received: {_called(source)}"
        ) from None
    if isinstance(data, str):
        raise InputError(
            f"a picture must be open in mode 'rb', not as a text. Received: {_called(source)}"
        )
    if more:
        raise InputError(f"this has more than {LARGEST_FILE} bytes. Received: {_called(source)}")
    return bytes(data)


def _called(source: Any) -> str:
    return f"a {type(source).__name__}"


def _image(stream: BinaryIO) -> Opened:
    """The image of a stream.

    Raises:
        InputError: it is none, or one that is not read; what it is instead, and what to do.
    """
    head = stream.read(HEAD)
    tags = tiff.read_tags(stream)
    raw = tiff.raw_photograph(tags, head) if tags else ""
    if raw:
        raise InputError(f"this is {raw}; {DEVELOP}")
    if tags and tiff.is_misread(tags):
        converted = tiff.convert(stream, tags)
        if converted:
            return Opened(*converted)
    told_early = png_chunks.tells_before_pixels(stream)
    stream, profile = png_chunks.without_large_texts(stream)
    Image.init()
    formats = [known for known in _READABLE if known in Image.OPEN]
    try:
        image = Image.open(stream, formats=formats)
    except Image.DecompressionBombError:
        limit = min(LARGEST_AREA, 2 * (Image.MAX_IMAGE_PIXELS or LARGEST_AREA))  # of the host
        raise InputError(f"the image has more than {limit / 1e6:.3g} megapixels") from None
    except Image.UnidentifiedImageError:
        return _unidentified(stream, head, tags)
    if profile is not None:
        image.info["icc_profile"] = profile
    return Opened(image, told_early=told_early)


def _unidentified(stream: BinaryIO, head: bytes, tags: tiff.Tags | None) -> Opened:
    """The image of a file that Pillow does not know."""
    what, remedy = describe(head)
    if tags:
        converted = tiff.convert(stream, tags)
        if converted:
            return Opened(*converted)
        what, remedy = tiff.describe(tags), "save it with 8 or 16 bits, in RGB or gray"
    if not what:
        raise InputError("this is no image of a known format") from None
    raise InputError(f"this is no image that is read here, but {what}; {remedy}") from None
