"""Pictures: files and arrays of every kind to float RGB, and back to files.

Pillow only decodes and encodes; resizing belongs to the pyramid.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from analogies.errors import InputError
from analogies.files import check_readable, reason
from analogies.images.color_modes import orientation, to_rgb
from analogies.images.writing import (
    encode,
    is_result_file,
    largest_side,
    stretch_contrast,
    to_uint8,
    write,
)

__all__ = [
    "LARGEST_AREA",
    "SMALLEST_SIDE",
    "Header",
    "Picture",
    "encode",
    "inspect",
    "is_result_file",
    "largest_side",
    "read",
    "stretch_contrast",
    "to_uint8",
    "write",
]

SMALLEST_SIDE = 16  # px; smaller pictures hold no patch on a coarse level
LARGEST_AREA = 2**27  # px; 134 megapixels, above any camera and below a decompression bomb

# Formats that decode without helper programs (EPS would start Ghostscript) and have a signature.
# fmt: off
_READABLE = (
    "PNG", "JPEG", "MPO", "WEBP", "GIF", "TIFF", "BMP", "DIB", "PPM", "JPEG2000", "AVIF", "ICO",
    "SGI", "QOI",
)
# fmt: on
@dataclass(frozen=True)
class Header:
    """What is known of an image file before its pixels are decoded.

    Attributes:
        width, height: px, as the picture is seen (after its EXIF orientation).
        format: Pillow's name, "PNG", "JPEG", ...
        mode: Pillow's mode, "RGB", "P", "I;16", ...
        animated: there are several frames or pages.
    """

    width: int
    height: int
    format: str
    mode: str
    animated: bool


@dataclass(frozen=True)
class Picture:
    """A picture as the program works with it.

    Attributes:
        pixels: (height, width, 3) float32 sRGB in [0, 255]; transparency put on white.
        alpha: (height, width) float32 in [0, 255], or None where everything is opaque.
        notes: what a person may want to know about how it was read.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    notes: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in px."""
        return self.pixels.shape[0], self.pixels.shape[1]


def inspect(path: str | os.PathLike) -> Header:
    """Read the header of an image file.

    Raises:
        InputError: no file, no image, or a size that cannot be worked with.
    """
    with _opened(path) as image:
        width, height = image.size
        if orientation(image)[0] >= 5:
            width, height = height, width
        animated = _is_animated(image)
        return Header(width, height, image.format or "", image.mode, animated)


def read(source: Any) -> Picture:
    """Read a picture.

    Args:
        source: path of an image file, a PIL image, or an array: (H, W), (H, W, 1), (H, W, 3) or
            (H, W, 4), uint8 or float with values in [0, 255].

    Raises:
        InputError: it is no picture, is damaged, too small, too large, holds NaN or values out of
            range, or holds floats none of which is above 1, as in libraries where 1 is white.
    """
    if isinstance(source, str | os.PathLike):
        with _opened(source) as image:
            try:
                return _decode(image)
            except InputError as error:
                raise InputError(f"{error}. Received: {os.fspath(source)!r}") from None
    if isinstance(source, Image.Image):
        _check_size(*source.size, "an image")
        return _decode(source)
    return _from_array(source)


@contextmanager
def _opened(path: str | os.PathLike) -> Iterator[Image.Image]:
    """An image file with its header read and its size checked."""
    name = os.fspath(path)
    check_readable(name)
    Image.init()
    formats = [known for known in _READABLE if known in Image.OPEN]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(name, formats=formats)
        except Image.DecompressionBombError:
            megapixels = LARGEST_AREA // 10**6
            raise InputError(
                f"the image has more than {megapixels} megapixels. Received: {name!r}"
            ) from None
        except Image.UnidentifiedImageError:
            raise InputError(f"this is no image of a known format. Received: {name!r}") from None
        except Exception as error:  # damaged files make Pillow raise many kinds
            raise _unreadable(name, error) from None
        with image:
            _check_size(*image.size, repr(name))
            try:
                yield image
            except InputError:
                raise
            except Exception as error:
                raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> InputError:
    return InputError(f"the image cannot be decoded: {reason(error)}. Received: {name!r}")


def _is_animated(image: Image.Image) -> bool:
    animated = bool(getattr(image, "is_animated", False))
    if animated:
        image.seek(0)
    return animated


def _decode(image: Image.Image) -> Picture:
    notes = []
    if _is_animated(image):
        notes.append("has several frames or pages; the first one is used")
    rgb, alpha, color_notes = to_rgb(image)
    return _composite(rgb, alpha, (*notes, *color_notes))


def _from_array(source: Any) -> Picture:
    """A picture from an array of any of the accepted shapes."""
    try:
        array = np.asarray(source)
    except Exception as error:  # ragged lists, tensors of other libraries
        raise InputError(f"this is no picture: {reason(error)}") from None
    received = f"Received: shape {array.shape}, dtype {array.dtype}"
    if array.dtype.kind not in "uif":
        raise InputError(f"a picture must be uint8 or float with values in [0, 255]. {received}")
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise InputError(f"a picture must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4). {received}")
    _check_size(array.shape[1], array.shape[0], "an array")
    if not np.isfinite(array).all():
        raise InputError(f"a picture must hold no NaN or infinite values. {received}")
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise InputError(
            f"a picture's values must be in [0, 255]. Received: {low:g} to {high:g}, {array.dtype}"
        )
    if array.dtype.kind == "f" and 0 < high <= 1:  # many libraries' range; it would come out black
        raise InputError(
            "a picture's values must be in [0, 255], and here none is above 1; multiply them by "
            f"255. Received: {low:g} to {high:g}, {array.dtype}"
        )
    values = array.astype(np.float32)
    rgb = values[:, :, :3] if values.shape[2] > 1 else np.repeat(values, 3, axis=2)
    alpha = values[:, :, 3] if values.shape[2] == 4 else None
    return _composite(rgb, alpha, ())


def _composite(rgb: np.ndarray, alpha: np.ndarray | None, notes: tuple[str, ...]) -> Picture:
    """Put a picture on white where it is transparent."""
    if alpha is None or (alpha == 255).all():
        return Picture(np.ascontiguousarray(rgb), None, notes)
    share = alpha[:, :, np.newaxis] / 255
    pixels = rgb * share + 255 * (1 - share)
    return Picture(pixels.astype(np.float32), np.ascontiguousarray(alpha), notes)


def _check_size(width: int, height: int, what: str) -> None:
    if min(width, height) < SMALLEST_SIDE:
        raise InputError(
            f"both sides must be at least {SMALLEST_SIDE} px. "
            f"Received: {what} of {width}x{height} px"
        )
    if width * height > LARGEST_AREA:
        raise InputError(
            f"a picture may have {LARGEST_AREA // 10**6} megapixels. "
            f"Received: {what} of {width}x{height} px"
        )
