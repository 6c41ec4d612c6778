"""What is done to the pictures before a synthesis and to the result after it."""

from collections.abc import Mapping

import numpy as np

from analogies import images
from analogies.options.table import Options

_NAMES = {"a": "A", "a_prime": "A'", "b": "B", "init": "--init"}


def pair_names(number: int) -> tuple[str, str]:
    """Names of A and A' of a pair.

    >>> pair_names(1), pair_names(2)
    (('a', 'a_prime'), ('a2', 'a_prime2'))
    """
    return ("a", "a_prime") if number == 1 else (f"a{number}", f"a_prime{number}")


def prepare(
    pixels: Mapping[str, np.ndarray], options: Options
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The pairs as the synthesis gets them: A' with B's colors where that is asked for.

    Args:
        pixels: float32 `(h, w, 3)` in [0, 255] of "b" and of both of each pair, see `pair_names`.

    Returns:
        A and A' of each pair; the colors of several A' are changed alike.
    """
    names = (pair_names(number) for number in range(1, 1 + len(pixels)))
    pairs = [(pixels[a], pixels[a_prime]) for a, a_prime in names if a in pixels]
    if options.match_color == "off":
        return pairs
    from analogies.images.colors import match_colors, match_histograms

    match = match_histograms if options.match_color == "histogram" else match_colors
    every = [a_prime.reshape(-1, 1, 3) for _, a_prime in pairs]
    changed = np.asarray(match(np.concatenate(every), pixels["b"]))
    pieces = np.split(changed, np.cumsum([len(piece) for piece in every])[:-1])
    return [(a, piece.reshape(a.shape)) for (a, _), piece in zip(pairs, pieces, strict=True)]


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


def fit(array: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """An image `(h, w, c)` at a size; None leaves it as it is."""
    if size is None or array.shape[:2] == size:
        return array
    from analogies.images.resampling import resize

    return np.asarray(resize(array, size))


def spoken(name: str) -> str:
    """What a picture is called in messages.

    >>> spoken("a_prime"), spoken("a_prime2")
    ("A'", "A' of pair 2")
    """
    number = name[len(name.rstrip("0123456789")) :]
    spoken = _NAMES.get(name.removesuffix(number), name)
    return f"{spoken} of pair {number}" if number else spoken
