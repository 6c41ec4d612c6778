"""Values of more than 8 bits to [0, 255], and what to say of those that hardly show."""

from typing import Any

import numpy as np
from PIL import Image

from analogies.errors import InputError

_NARROW = 0.25  # of the range; a picture that fills less hardly shows
_WANTED = "gray values must be in [0, 65535]"
_BITS_TAG = 258


def gray_of(
    image: Image.Image, white: float | None = None
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Gray of 12, 16 or 32 bits or floating point, by the range that its values may fill.

    Args:
        image: mode "F", "I" or one of "I;16".
        white: the value that means white; None to tell it by the format and the values.

    Returns:
        float32 (height, width) in [0, 255]; alpha of the same shape where one gray is
        transparent, else None; notes.

    Raises:
        InputError: values without a meaning as brightness.
    """
    values = np.asarray(image)
    if white is None:
        tags: Any = getattr(image, "tag_v2", {})
        bits = 12 if tags.get(_BITS_TAG) == (12,) else 16
        unknown = image.mode == "F" or (image.mode == "I" and image.format == "TIFF")
        white = white_of(values, None if unknown else bits)
    key = image.info.get("transparency")
    alpha = np.where(values == key, 0, 255).astype(np.float32) if isinstance(key, int) else None
    notes = range_notes(float(values.min()), float(values.max()), white)
    return (values * (255.0 / white)).astype(np.float32), alpha, notes


def narrow_notes(image: Image.Image) -> tuple[str, ...]:
    """As `range_notes`, of a picture of 16 bits a color of which Pillow keeps the upper 8."""
    extrema = np.array(image.convert("RGB").getextrema(), float) * 257
    return range_notes(extrema.min(), extrema.max(), 65535.0)


def white_of(values: np.ndarray, bits: int | None = None) -> float:
    """The value that means white, where a file does not say it.

    Args:
        values: any shape, integers or floats.
        bits: of the file's integers; None where the container says nothing of what is in it, as
            do floats and integers of 32 bits: then the smallest of the usual ranges is taken.

    Raises:
        InputError: values without a meaning as brightness: NaN, negative, beyond 16 bits.
    """
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)) or low < 0:
        raise InputError(f"{_WANTED}, but they are {low:g} to {high:g}")
    if bits is not None:
        return 2.0**bits - 1
    whites = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0, 2.0**32 - 1)
    fitting = [white for white in whites if high <= white]
    if not fitting:
        raise InputError(f"{_WANTED}, but they are {low:g} to {high:g}")
    return fitting[0]


def range_notes(low: float, high: float, white: float) -> tuple[str, ...]:
    """What to say of a picture whose values, from 0 to `white`, fill a small part of the range."""
    if high <= low or high - low >= _NARROW * white:
        return ()
    return (
        f"has values of {low:.5g} to {high:.5g} only, where white is {white:.5g}, and shows as "
        "little; if they mean black to white, stretch them first (magick IN -auto-level OUT)",
    )
