"""Pictures: files, bytes and arrays of every kind to float RGB, and back to files.

Pillow only decodes and encodes; resizing belongs to the pyramid.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from analogies.errors import InputError
from analogies.images import arrays
from analogies.images.color_modes import to_rgb, upright_size
from analogies.images.opening import Opened, is_file, opened, told_of
from analogies.images.sizes import LARGEST_AREA, SMALLEST_SIDE, check_size
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


def inspect(source: Any) -> Header:
    """Read the header of an image file.

    Args:
        source: path of a file, its bytes, or a file open in mode "rb".

    Raises:
        InputError: no file, no image, or a size that cannot be worked with.
    """
    with opened(source) as found:
        image = found.image
        width, height = upright_size(image, found.told_early)
        return Header(width, height, image.format or "", image.mode, _is_animated(image))


def read(source: Any) -> Picture:
    """Read a picture.

    Args:
        source: path of an image file, its bytes, a file open in mode "rb", a PIL image (at
            its current frame), or an array or tensor: (H, W), (H, W, 1), (H, W, 3), (H, W, 4), or
            a batch of one of these, uint8 or float with values in [0, 255]; floats less than 0.5
            beyond are clipped.

    Raises:
        InputError: it is no picture, is damaged, too small, too large, wholly transparent, holds
            NaN or values out of range, or holds floats none of which is above 1, as in libraries
            where 1 is white.
    """
    if is_file(source):
        with opened(source) as found:
            if _is_animated(found.image):
                found.image.seek(0)
                note = "has several frames or pages; the first one is used"
                found = Opened(found.image, found.white, (*found.notes, note))
            return decode(found)
    if isinstance(source, Image.Image):
        name = "an image of {}x{} px".format(*source.size)
        check_size(*source.size, "an image")
        with told_of(name):
            return decode(Opened(source))
    rgb, alpha = arrays.to_rgb(source)
    with told_of("an array of {1}x{0} px".format(*rgb.shape)):
        return composite(rgb, alpha, ())


def _is_animated(image: Image.Image) -> bool:
    return bool(getattr(image, "is_animated", False))


def decode(found: Opened) -> Picture:
    """The picture of an open image, at its current frame."""
    rgb, alpha, notes = to_rgb(found.image, found.white)
    return composite(rgb, alpha, (*found.notes, *notes))


def composite(rgb: np.ndarray, alpha: np.ndarray | None, notes: tuple[str, ...]) -> Picture:
    """Put a picture on white where it is transparent.

    Raises:
        InputError: it is so everywhere, and nothing of it would be seen.
    """
    if alpha is None or (alpha == 255).all():
        return Picture(np.ascontiguousarray(rgb), None, notes)
    if not alpha.any():
        raise InputError("the picture is wholly transparent; save it without transparency (alpha)")
    share = alpha[:, :, np.newaxis] / 255
    pixels = rgb * share + 255 * (1 - share)
    return Picture(pixels.astype(np.float32), np.ascontiguousarray(alpha), notes)
