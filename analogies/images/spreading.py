"""What is known of a picture, spread over what is not."""

import numpy as np


def spread(image: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """The picture with its unknown pixels made of the known ones around them, smoothly.

    Means of known pixels alone are taken over squares of 2, 4, 8 and so on, and what is unknown at
    a size is interpolated from the next (pull-push; Gortler et al., "The Lumigraph", 1996). Nothing
    of what the unknown pixels held is in the result.

    Args:
        image: float32 `(h, w, c)`.
        unknown: bool `(h, w)`, not all of it.

    Returns:
        float32 `(h, w, c)`, equal to the image where it is known.
    """
    weight = (~unknown).astype(np.float32)[..., np.newaxis]
    values = np.where(unknown[..., np.newaxis], np.float32(0), image).astype(np.float32)
    return _filled(values, weight)


def _filled(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Values where their weight is 0 made of those of the picture at half the size."""
    if weight.min() > 0 or (min(values.shape[:2]) == 1 and max(values.shape[:2]) == 1):
        return values
    height, width = values.shape[:2]
    even = [(0, height % 2), (0, width % 2), (0, 0)]
    sums = _halved(np.pad(values * weight, even))
    counts = _halved(np.pad(weight, even))
    means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
    coarse = _filled(means, (counts > 0).astype(np.float32))
    return np.where(weight > 0, values, _doubled(coarse)[:height, :width])


def _halved(values: np.ndarray) -> np.ndarray:
    """Sums of squares of 2 by 2."""
    rows = values[::2] + values[1::2]
    return rows[:, ::2] + rows[:, 1::2]


def _doubled(values: np.ndarray) -> np.ndarray:
    """Twice the size, linear between the middles of cells."""
    for axis in (0, 1):
        last = values.shape[axis] - 1
        at = np.arange(2 * values.shape[axis])
        near, far = at // 2, np.clip(at // 2 + np.where(at % 2, 1, -1), 0, last)
        values = 0.75 * np.take(values, near, axis) + 0.25 * np.take(values, far, axis)
    return values.astype(np.float32)
