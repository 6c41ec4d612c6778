"""Resizing of arrays without TensorFlow, by Pillow's filters."""

import math

import numpy as np
from PIL import Image

Wrap = tuple[bool, bool]  # whether rows and columns go on at their other side

_REACH = 2  # px, of the cubic filter to either side, of the larger of the two pictures' px


def scaled(image: np.ndarray, size: tuple[int, int], wrap: Wrap = (False, False)) -> np.ndarray:
    """An image at another size; averaged where it shrinks, cubic where it grows.

    Args:
        image: float32 `(h, w, c)`.
        size: `(h', w')`, px.
        wrap: see there; else nothing lies beyond the sides.

    Returns:
        float32 `(h', w', c)` within the range of the image; the image itself for its own size.
    """
    if image.shape[:2] == tuple(size):
        return image
    if any(wrap):
        return _wrapped(image, size, wrap)
    channels = [
        Image.fromarray(np.ascontiguousarray(channel)).resize(size[::-1], Image.Resampling.BICUBIC)
        for channel in np.moveaxis(image.astype(np.float32, copy=False), -1, 0)
    ]
    found = np.stack([np.asarray(channel, np.float32) for channel in channels], -1)
    return np.clip(found, image.min(), image.max())


def _wrapped(image: np.ndarray, size: tuple[int, int], wrap: Wrap) -> np.ndarray:
    """Scaled with margins of the other side, which are whole px of both pictures."""
    margins = [
        _margin(old, new) if wraps and old != new else (0, 0)
        for old, new, wraps in zip(image.shape, size, wrap, strict=False)
    ]
    pad = [(before, before) for before, _ in margins]
    larger = np.pad(image, [*pad, (0, 0)], mode="wrap")
    (top, left), (height, width) = (margin[1] for margin in margins), size
    whole = scaled(larger, (height + 2 * top, width + 2 * left))
    return np.ascontiguousarray(whole[top : top + height, left : left + width])


def _margin(old: int, new: int) -> tuple[int, int]:
    """A margin of a side, in px before and after scaling, at least as wide as a filter reaches.

    >>> _margin(100, 50), _margin(96, 97)
    ((4, 2), (96, 97))
    """
    common = math.gcd(old, new)
    steps = math.ceil(_REACH * max(1.0, old / new) * common / old)
    return steps * old // common, steps * new // common
