"""What is done to the picture of a level before it is shown or kept."""

import numpy as np

from analogies import images
from analogies.options.table import Options


def finish(
    pixels: np.ndarray, b: np.ndarray, options: Options, size: tuple[int, int] | None = None
) -> np.ndarray:
    """The picture of a level as it is shown: contrast, size and B's colors as asked for.

    Args:
        pixels: B', float32 `(h, w, 3)` in [0, 255].
        b: float32 `(h2, w2, 3)` in [0, 255], any size.
        size: (height, width) of what is returned; None for that of `pixels`.

    Returns:
        float32 `(height, width, 3)`.
    """
    pixels = fit(images.stretch_contrast(pixels, options.contrast), size)
    if not options.preserve_color:
        return pixels
    from analogies.images.colors import preserve_color

    return preserve_color(pixels, fit(b, pixels.shape[:2]))


def transparency(alpha: np.ndarray | None, size: tuple[int, int]) -> np.ndarray | None:
    """B's transparency `(h, w)` in [0, 255] at a size, or None where B is opaque."""
    return None if alpha is None else fit(alpha[:, :, None], size)[:, :, 0]


def fit(array: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """An image `(h, w, c)` at a size; None leaves it as it is."""
    if size is None or array.shape[:2] == size:
        return array
    from analogies.images.resampling import resize

    return np.asarray(resize(array, size))
