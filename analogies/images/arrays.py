"""Arrays, tensors and nested lists as pictures."""

from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.files import reason
from analogies.images.sizes import check_size

_SHAPES = "a picture must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"
_TOLERANCE = 0.5  # beyond [0, 255], what resampling and color arithmetic leave; it rounds to them


def to_rgb(source: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """The colors and the opacity of an array.

    Args:
        source: (H, W), (H, W, 1), (H, W, 3), (H, W, 4), or a batch of one of these.

    Returns:
        (H, W, 3) float32 in [0, 255]; alpha (H, W) float32 in [0, 255], or None.

    Raises:
        InputError: it is no picture; what to do.
    """
    values = _checked_values(_checked_shape(_array(source)))
    rgb = values[:, :, :3] if values.shape[2] > 1 else np.repeat(values, 3, axis=2)
    return rgb, values[:, :, 3] if values.shape[2] == 4 else None


def _array(source: Any) -> np.ndarray:
    """Whatever converts to numbers, as such."""
    try:
        array = np.asarray(source)
        if array.dtype.name == "bfloat16":
            array = array.astype(np.float32)
    except Exception as error:  # ragged lists, tensors of other libraries
        raise InputError(
            f"this is no picture: {reason(error)}. Received: a {type(source).__name__}"
        ) from None
    if array.dtype.kind in "uif":
        return array
    received = f"Received: {_received(array)}"
    if array.dtype.kind == "b":
        raise InputError(
            f"a picture must be uint8 or float; multiply a mask of booleans by 255. {received}"
        )
    if not isinstance(source, np.ndarray | list | tuple):
        received = f"Received: a {type(source).__name__}"
    raise InputError(
        "a picture must be a path, the bytes of a file, an open file, a PIL image, or an array of "
        f"uint8 or float with values in [0, 255]. {received}"
    )


def _checked_shape(array: np.ndarray) -> np.ndarray:
    """The array as (H, W, 1), (H, W, 3) or (H, W, 4)."""
    received = f"Received: {_received(array)}"
    batch = array.shape[0] if array.ndim == 4 else 1
    if batch != 1:
        raise InputError(f"{_SHAPES}; give the pictures of a batch one by one. {received}")
    picture = array[0] if array.ndim == 4 else array
    if picture.ndim == 2:
        picture = picture[:, :, np.newaxis]
    if picture.ndim == 3 and picture.shape[2] not in (1, 3, 4):
        if picture.shape[0] in (1, 3, 4):
            raise InputError(
                f"{_SHAPES}; the colors come last: np.moveaxis(array, {array.ndim - 3}, -1). "
                f"{received}"
            )
        if picture.shape[2] == 2:
            raise InputError(f"{_SHAPES}; give gray without its alpha, or RGBA. {received}")
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4):
        raise InputError(f"{_SHAPES}. {received}")
    check_size(picture.shape[1], picture.shape[0], "an array")
    return picture


def _checked_values(array: np.ndarray) -> np.ndarray:
    """The values as float32 in [0, 255]."""
    if not np.isfinite(array).all():
        raise InputError(
            f"a picture must hold no NaN or infinite values. Received: {_received(array)}"
        )
    low, high = array.min(), array.max()
    beyond = _TOLERANCE if array.dtype.kind == "f" else 0
    received = f"Received: {low:g} to {high:g}, {array.dtype}"
    if low < -beyond or high > 255 + beyond:
        raise InputError(f"a picture's values must be in [0, 255]{_way_out(low, high)}. {received}")
    # Many libraries' range, a little overshot at most; it would come out black.
    if array.dtype.kind == "f" and 0 < high < 2:
        raise InputError(
            "a picture's values must be in [0, 255], and here none is above "
            f"{1 if high <= 1 else 2}; multiply them by 255. {received}"
        )
    return np.clip(array.astype(np.float32), 0, 255)


def _way_out(low: float, high: float) -> str:
    """What makes values of another usual range fit."""
    if -1.01 <= low < 0 and high <= 1.01:
        return "; of values from -1 to 1 take 127.5 * (x + 1)"
    if low < 0:
        return "; clip them, or add what makes them positive"
    if high <= 65535:
        return "; divide values of 16 bits by 257, of 12 bits by 16.06"
    return "; divide them by their highest over 255"


def _received(array: np.ndarray) -> str:
    return f"shape {array.shape}, dtype {array.dtype}"
