"""What of B' is made anew, and its pictures: a mask, what lies beyond the edges, a seam."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from analogies.images.controls import mask_of
from analogies.images.pictures import Picture
from analogies.images.spreading import spread
from analogies.options.table import Options

Size = tuple[int, int]


def extended(size: Size, options: Options) -> Size:
    """`(height, width)` of B with what is added beyond its edges."""
    left, top, right, bottom = options.margins
    return size[0] + top + bottom, size[1] + left + right


def prepared(
    options: Options, sources: Mapping[str, Any], pictures: Mapping[str, Picture]
) -> dict[str, Picture]:
    """The pictures of a run that makes a part of B' anew, with the masks that it takes.

    What is covered is hidden, and where A' is B itself not sampled, either.

    Args:
        options: of the run.
        sources: of its pictures, by name.
        pictures: the same, decoded.
    """
    found = dict(pictures)
    if not (options.seam or any(options.margins) or _anew(options, pictures)):
        return found
    size = pictures["b"].size
    covered = mask_of(pictures["b_mask"]) if "b_mask" in pictures else np.zeros(size, bool)
    if covered.any() and not covered.all():
        hidden = ["b"]
        if _same(sources, pictures):
            usable = mask_of(pictures["a_mask"]) if "a_mask" in pictures else np.ones(size, bool)
            found["a_mask"] = _mask(usable & ~covered)
            hidden += ["a", "a_prime"]
        given = {id(pictures[name]): pictures[name] for name in hidden}  # often one for all
        without = {key: _without(picture, covered) for key, picture in given.items()}
        found |= {name: without[id(pictures[name])] for name in hidden}
    b = found["b"]
    left, top, right, bottom = options.margins
    beyond = (top, bottom), (left, right)
    if any(options.margins):
        pixels = np.pad(b.pixels, (*beyond, (0, 0)), mode="edge")
        alpha = None if b.alpha is None else np.pad(b.alpha, beyond, constant_values=255)
        found["b"] = Picture(pixels, alpha, b.notes)
    made = np.pad(covered, beyond, constant_values=True) | _seam(found["b"].size, options)
    found["b_mask"] = _mask(made)
    return found


def _anew(options: Options, pictures: Mapping[str, Picture]) -> bool:
    return options.makes_anew and "b_mask" in pictures


def _same(sources: Mapping[str, Any], pictures: Mapping[str, Picture]) -> bool:
    """Whether A' is B."""
    one, other = (pictures[name] for name in ("a_prime", "b"))
    equal = one.size == other.size and np.array_equal(one.pixels, other.pixels)
    return one is other or sources["a_prime"] is sources["b"] or equal


def _without(picture: Picture, covered: np.ndarray) -> Picture:
    """A picture that knows nothing of what is covered, not even how bright it was."""
    return Picture(spread(picture.pixels, covered), picture.alpha, picture.notes)


def _seam(size: Size, options: Options) -> np.ndarray:
    """bool `(h, w)`: bands along the sides that are to go on at each other."""
    found = np.zeros(size, bool)
    width = round(min(size) * options.seam / 100)
    rows, cols = options.tiled
    if width and rows:
        found[:width] = found[-width:] = True
    if width and cols:
        found[:, :width] = found[:, -width:] = True
    return found


def _mask(mask: np.ndarray) -> Picture:
    gray = mask[..., np.newaxis] * np.float32(255)
    return Picture(np.broadcast_to(gray, (*mask.shape, 3)), None, ())
