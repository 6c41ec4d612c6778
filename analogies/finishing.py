"""What is done to the pictures before a synthesis and to the result after it."""

import numpy as np

from analogies import images
from analogies.options import Options


def prepare(a_prime: np.ndarray, b: np.ndarray, options: Options) -> np.ndarray:
    """A' as the synthesis gets it: with B's colors where that is asked for.

    Args:
        a_prime, b: float32 `(h, w, 3)` and `(h2, w2, 3)` in [0, 255].

    Returns:
        float32 `(h, w, 3)` in [0, 255].
    """
    if options.match_color == "off":
        return a_prime
    from analogies.color import match_colors, match_histograms

    if options.match_color == "histogram":
        return match_histograms(a_prime, b)
    return np.asarray(match_colors(a_prime, b))


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
    from analogies.color import preserve_color

    return preserve_color(pixels, fit(b, pixels.shape[:2]))


def fit(array: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """An image `(h, w, c)` at a size; None leaves it as it is."""
    if size is None or array.shape[:2] == size:
        return array
    from analogies.resampling import resize

    return np.asarray(resize(array, size))
