"""Pictures that say what goes where: masks as booleans, guides as channels to be compared."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analogies.images.pictures import Picture

MOST_CLASSES = 24  # colors; a guide that has no more, exactly, tells classes
_SOON = 4096  # px, which mostly show whether a map has many colors
_STEP = 257.0  # a gray level in steps of 16 bits
_KEYS = np.array([1.0, 2.0**16, 2.0**32])  # a color of 16 bits as one number
WHITE = 127.5  # and above: inside of a mask
OPAQUE = 0.99  # of the most opaque alpha of a picture, from which on its colors are its own


class Channels(NamedTuple):
    """The maps of a guide in terms that are compared by squared distance.

    Attributes:
        a: of each pair, float32 `(h, w, c)`: shares of classes in [0, 1], or values in [0, 255].
        b: the same of B.
        colors: the colors of the classes, uint8 or float `(c, 3)`; None of a continuous guide.
    """

    a: tuple[np.ndarray, ...]
    b: np.ndarray
    colors: np.ndarray | None

    @property
    def missing(self) -> list[str]:
        """Colors of B's map that no map of A has."""
        if self.colors is None:
            return []
        known = np.any([maps.any((0, 1)) for maps in self.a], axis=0)
        return [_spelled(color) for color in self.colors[~known]]


def mask_of(picture: Picture) -> np.ndarray:
    """bool `(h, w)`: where a mask is white and opaque, by half at least."""
    alpha = 255.0 if picture.alpha is None else picture.alpha
    return picture.pixels.mean(-1) - (255.0 - alpha) >= WHITE  # transparency was put on white


def weights_of(picture: Picture) -> np.ndarray:
    """float32 `(h, w)` in [0, 1]: how white a mask is."""
    alpha = 255.0 if picture.alpha is None else picture.alpha
    shown = (picture.pixels.mean(-1) - (255.0 - alpha)) / 255.0
    return np.clip(shown, 0.0, 1.0).astype(np.float32)


def opaque(pictures: Sequence[Picture]) -> np.ndarray | None:
    """bool `(h, w)`: where all of some pictures show colors of their own; None where all do."""
    found = None
    for picture in pictures:
        if picture.alpha is not None:
            own = picture.alpha >= OPAQUE * picture.alpha.max()
            found = own if found is None else found & own
    return found


def channels(a: Sequence[Picture], b: Picture, classes: bool = True) -> Channels:
    """A guide's maps as channels; of at most `MOST_CLASSES` colors, each is a class.

    Args:
        a: the maps of each A.
        b: that of B.
        classes: whether few colors mean classes.
    """
    maps = (*a, b)
    colors = _few_colors([picture.pixels for picture in maps]) if classes else None
    if colors is not None:
        found = [_shares(picture.pixels, colors) for picture in maps]
        return Channels(tuple(found[:-1]), found[-1], colors)
    gray = all(_is_gray(picture.pixels) for picture in maps)
    with_alpha = any(picture.alpha is not None for picture in maps)
    found = []
    for picture in maps:
        values = [picture.pixels[..., :1] if gray else picture.pixels]
        if with_alpha:
            own = np.full(picture.size, 255.0) if picture.alpha is None else picture.alpha
            values.append(own[..., np.newaxis])
        found.append(np.concatenate(values, -1).astype(np.float32))
    return Channels(tuple(found[:-1]), found[-1], None)


def _is_gray(pixels: np.ndarray) -> bool:
    return bool((pixels == pixels[..., :1]).all())


def _few_colors(maps: Sequence[np.ndarray]) -> np.ndarray | None:
    """All colors of some maps, `(n, 3)`, or None where there are more than classes may be."""
    known: dict[float, np.ndarray] = {}
    for pixels in maps:
        flat = pixels.reshape(-1, 3)
        head, rest = flat[:_SOON], flat[_SOON:]
        for part in (head, *np.array_split(rest, max(1, len(rest) >> 16))):
            keys, places = np.unique(np.rint(part * _STEP) @ _KEYS, return_index=True)
            known |= dict(zip(keys.tolist(), part[places], strict=True))
            if len(known) > MOST_CLASSES:
                return None
    return np.stack([known[key] for key in sorted(known)]) if len(known) > 1 else None


def _shares(pixels: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """float32 `(h, w, n)`: 1 for the color that a pixel has."""
    found = np.empty((*pixels.shape[:2], len(colors)), np.float32)
    for number, color in enumerate(colors):
        found[..., number] = (pixels == color).all(-1)
    return found


def _spelled(color: np.ndarray) -> str:
    return "#" + "".join(f"{round(float(value)):02x}" for value in color)
