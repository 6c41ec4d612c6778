"""Pictures written: float RGB to files, and what the formats of files can hold."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from analogies.errors import InputError
from analogies.files import reason, write_atomically

JPEG_QUALITY = 95
QUICK = 1  # compression of .png; 6 takes twice the time and a tenth less room
# fmt: off
_OTHER_SUFFIXES = (
    ".gif", ".avif", ".jp2", ".heic", ".heif", ".ico", ".tga", ".psd", ".svg", ".pdf", ".eps",
    ".jfif", ".jxl", ".exr", ".hdr", ".raw", ".qoi",
)
# fmt: on
_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {"compress_level": 6}),
    ".jpg": ("JPEG", {"quality": JPEG_QUALITY, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": JPEG_QUALITY, "subsampling": 0}),
    ".webp": ("WEBP", {"quality": JPEG_QUALITY, "method": 4, "exact": True}),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}),
    ".tiff": ("TIFF", {"compression": "tiff_lzw"}),
    ".bmp": ("BMP", {}),
    ".ppm": ("PPM", {}),
}
_WITH_ALPHA = ("PNG", "WEBP", "TIFF")
_LARGEST_SIDES = {"JPEG": 65500, "WEBP": 16383}  # px; libjpeg stops short of the format's 65535


def write(
    path: str | os.PathLike,
    pixels: np.ndarray,
    alpha: np.ndarray | None = None,
    quick: bool = False,
) -> None:
    """Write a picture; the file appears whole or not at all.

    Args:
        path: its suffix is the format: .png, .jpg, .jpeg, .webp, .tif, .tiff, .bmp, .ppm.
        pixels: (H, W, 3) sRGB in [0, 255], rounded and clipped here.
        alpha: (H, W) in [0, 255]; left out where the format holds none.
        quick: of .png, whether a larger file in less time is better.

    Raises:
        InputError: unknown suffix, or the file cannot be written.
    """
    write_atomically(path, encode(Path(path).suffix, pixels, alpha, quick))


def encode(
    suffix: str, pixels: np.ndarray, alpha: np.ndarray | None = None, quick: bool = False
) -> bytes:
    """The bytes of an image file, see `write`."""
    name, settings = _format(suffix)
    if quick and name == "PNG":
        settings = {"compress_level": QUICK}
    limit = _LARGEST_SIDES.get(name)
    height, width = pixels.shape[:2]
    if limit is not None and max(height, width) > limit:
        raise InputError(
            f"cannot be written as {suffix}, which holds sides up to {limit} px; .png holds any. "
            f"Received: {width}x{height} px"
        )
    values = to_uint8(pixels)
    if alpha is not None and name in _WITH_ALPHA:
        values = np.dstack([values, to_uint8(alpha)])
    stream = io.BytesIO()
    try:
        Image.fromarray(values).save(stream, format=name, **settings)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be written as {suffix}: {reason(error)}") from None
    return stream.getvalue()


def is_result_file(path: str | os.PathLike) -> bool:
    """Whether a path names a picture to write, by its suffix.

    Raises:
        InputError: the suffix is that of a picture, but of a kind that is not written.
    """
    suffix = Path(path).suffix.lower()
    if suffix in _OTHER_SUFFIXES:
        raise InputError(f"pictures can be written as {_suffixes()}. Received: {os.fspath(path)!r}")
    return suffix in _FORMATS


def largest_side(suffix: str) -> int | None:
    """The longest side of a picture that a format can hold, px; None where it has no limit.

    Args:
        suffix: of a file to write, ".png", ".jpg", ...

    Raises:
        InputError: unknown suffix.

    Example:
        >>> largest_side(".WebP"), largest_side(".png")
        (16383, None)
    """
    return _LARGEST_SIDES.get(_format(suffix)[0])


def to_uint8(values: np.ndarray) -> np.ndarray:
    """Values in [0, 255], clipped and rounded to the nearest integer."""
    if not np.isfinite(values).all():
        raise ValueError("a picture holds NaN or infinite values")
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def stretch_contrast(pixels: np.ndarray, percent: float) -> np.ndarray:
    """Stretch values so that `percent` of them fall below 0 and `percent` above 255.

    As image-analogies' --contrast does; 0 changes nothing, nor is a uniform picture changed.
    """
    if percent == 0:
        return pixels
    low, high = np.percentile(pixels, (percent, 100 - percent))
    if high - low < 1:
        return pixels
    stretched = (pixels - low) * (255 / (high - low))
    return np.clip(stretched, 0, 255).astype(np.float32)


def _format(suffix: str) -> tuple[str, dict[str, Any]]:
    """Pillow's name of a format and the settings to write it with."""
    if suffix.lower() not in _FORMATS:
        raise InputError(f"pictures can be written as {_suffixes()}. Received: {suffix!r}")
    return _FORMATS[suffix.lower()]


def _suffixes() -> str:
    return ", ".join(_FORMATS)
