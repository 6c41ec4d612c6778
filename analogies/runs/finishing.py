"""What is done to the picture of a level before it is shown or kept."""

import numpy as np

from analogies import images
from analogies.matching.pixels.places import near
from analogies.options.table import Options
from analogies.synthesis.controls import KeptPart

FEATHER = 3  # px inside of its border over which what is made is blended with what stays


def finish(
    pixels: np.ndarray,
    b: np.ndarray,
    options: Options,
    size: tuple[int, int] | None = None,
    kept: KeptPart | None = None,
) -> np.ndarray:
    """The picture of a level as it is shown: contrast, size and B's colors as asked for.

    Args:
        pixels: B', float32 `(h, w, 3)` in [0, 255].
        b: float32 `(h2, w2, 3)` in [0, 255], any size.
        size: (height, width) of what is returned; None for that of `pixels`.
        kept: the picture of which a part stays as it is, or None.

    Returns:
        float32 `(height, width, 3)`.
    """
    pixels = fit(images.stretch_contrast(pixels, options.contrast), size)
    if options.preserve_color:
        from analogies.images.colors import preserve_color

        pixels = preserve_color(pixels, fit(b, pixels.shape[:2]))
    if kept is None:
        return pixels
    return put_into(kept, pixels, 0 if kept.anew else FEATHER)


def put_into(kept: KeptPart, made: np.ndarray, feather: int) -> np.ndarray:
    """What was made, put into the picture that stays.

    Args:
        kept: where, and the picture, of any size.
        made: float32 `(h, w, 3)`.
        feather: px inside of the border over which the two are blended.

    Returns:
        float32 `(h, w, 3)`, equal to the picture outside, where that has this size.
    """
    there = kept.at((made.shape[0], made.shape[1]))
    inside, known = there.made, there.known
    share = inside.astype(np.float32)
    shrunk = inside
    for _ in range(feather):
        shrunk = ~(near(~shrunk, 3) > 0)
        share += shrunk
    share = share[..., np.newaxis] / np.float32(feather + 1)
    blended = share * made + (1 - share) * known
    return np.where(inside[..., np.newaxis], blended, known).astype(np.float32)


def transparency(alpha: np.ndarray | None, size: tuple[int, int]) -> np.ndarray | None:
    """B's transparency `(h, w)` in [0, 255] at a size, or None where B is opaque."""
    return None if alpha is None else fit(alpha[:, :, None], size)[:, :, 0]


def fit(array: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """An image `(h, w, c)` at a size; None leaves it as it is."""
    if size is None or array.shape[:2] == size:
        return array
    from analogies.images.resampling import resize

    return np.asarray(resize(array, size))
