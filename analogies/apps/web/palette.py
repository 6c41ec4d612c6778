"""The colors of a label map: which there are, what they are called, and pictures snapped to them.

>>> import numpy as np
>>> labels = np.repeat(np.uint8([[[255, 0, 0], [0, 0, 100], [255, 0, 0]]]), 40, axis=0)
>>> [(color.name, color.rgb) for color in palette(labels)]
[('red', (255, 0, 0)), ('dark blue', (0, 0, 100))]
>>> snap(np.uint8([[[250, 10, 0], [90, 0, 100]]]), [(255, 0, 0), (0, 0, 100)]).tolist()
[[[255, 0, 0], [0, 0, 100]]]
"""

import colorsys
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

RGB = tuple[int, int, int]

MOST = 24  # colors that are offered
NEAR = 24.0  # levels of 255; colors as near as this are one, as in maps that were JPEG files
FEW = 2.5e-3  # share of the pixels below which a color between two others is one of an edge
RARE = 5e-4  # share below which it is one in any case

# Hue in degrees up to which a word holds; the words for it where it is dark, and where it is pale.
_HUES = (
    (12, "red", "dark red", "pink"),
    (42, "orange", "brown", "sand"),
    (66, "yellow", "olive", "cream"),
    (160, "green", "dark green", "light green"),
    (192, "teal", "dark teal", "turquoise"),
    (255, "blue", "dark blue", "light blue"),
    (295, "violet", "dark violet", "lilac"),
    (340, "magenta", "purple", "pink"),
    (361, "red", "dark red", "pink"),
)
_GRAYS = ((40, "black"), (105, "dark gray"), (165, "gray"), (228, "light gray"), (256, "white"))


@dataclass(frozen=True)
class Color:
    """A color of a label map.

    Attributes:
        name: what it stands for where that is known, else a word for it; no two have the same.
        rgb: in [0, 255].
        share: of the map's pixels that have exactly this color.
    """

    name: str
    rgb: RGB
    share: float


def palette(pixels: np.ndarray, names: Mapping[RGB, str] | None = None) -> list[Color]:
    """The colors that a label map is painted with, the most common first.

    A color of few pixels, or one that hardly differs from a more common one, is taken for an edge.

    Args:
        pixels: uint8 `(h, w, 3)`.
        names: what colors stand for, as far as that is known.

    Returns:
        one to `MOST` colors.
    """
    packed = _packed(pixels)
    values, counts = np.unique(packed, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    known = {(r << 16) | (g << 8) | b for r, g, b in names or {}}
    chosen: list[tuple[RGB, float]] = []
    for value, count in zip(values[order].tolist(), counts[order].tolist(), strict=True):
        share = count / packed.size
        rare = share < RARE and value not in known
        if len(chosen) == MOST or (rare and chosen):
            break
        rgb = value >> 16, value >> 8 & 255, value & 255
        others = [other for other, _ in chosen]
        if value in known or not (_between(rgb, others) if share < FEW else _near(rgb, others)):
            chosen.append((rgb, share))
    told: list[Color] = []
    for rgb, share in chosen:
        name = (names or {}).get(rgb) or word(rgb)
        same = sum(other.name.rstrip(" 0123456789") == name for other in told)
        told.append(Color(f"{name} {same + 1}" if same else name, rgb, share))
    return told


def snap(pixels: np.ndarray, colors: Sequence[RGB]) -> np.ndarray:
    """A picture of the given colors alone: for every pixel the nearest, the first of equals.

    Args:
        pixels: uint8 `(h, w, 3)`.
        colors: at least one.

    Returns:
        uint8 `(h, w, 3)`.
    """
    table = np.asarray(colors, np.int32).reshape(-1, 3)
    values, back = np.unique(_packed(pixels), return_inverse=True)
    flat = np.stack([values >> 16, values >> 8 & 255, values & 255], -1)
    nearest = np.empty(len(flat), np.intp)
    for start in range(0, len(flat), 4096):  # (4096, colors, 3) at once
        piece = flat[start : start + 4096].astype(np.int32)
        far = ((piece[:, None] - table) ** 2).sum(-1)
        nearest[start : start + 4096] = far.argmin(1)
    return table[nearest[back.reshape(-1)]].astype(np.uint8).reshape(pixels.shape)


def word(rgb: RGB) -> str:
    """A word for a color.

    >>> word((22, 74, 44)), word((255, 214, 64)), word((120, 120, 125))
    ('dark green', 'yellow', 'gray')
    """
    hue, saturation, value = colorsys.rgb_to_hsv(*(x / 255 for x in rgb))
    if max(rgb) - min(rgb) < 24:
        return next(name for limit, name in _GRAYS if sum(rgb) / 3 < limit)
    plain, dark, pale = next(names for limit, *names in _HUES if hue * 360 < limit)
    if value < (0.72 if plain in ("orange", "yellow") else 0.5):
        return dark
    return pale if saturation < 0.55 and value > 0.7 else plain


def _packed(pixels: np.ndarray) -> np.ndarray:
    """Colors uint8 `(h, w, 3)` as numbers uint32 `(h, w)`, which are sorted ten times as fast."""
    red, green, blue = np.moveaxis(pixels.astype(np.uint32), -1, 0)
    return red << 16 | green << 8 | blue


def _near(rgb: RGB, others: Sequence[RGB]) -> bool:
    return any(math.dist(rgb, other) < NEAR for other in others)


def _between(rgb: RGB, others: Sequence[RGB]) -> bool:
    """Whether a color lies between two others, as those of blurred edges do."""
    point, ends = np.array(rgb, float), np.array(others, float).reshape(-1, 3)
    start, span = ends[:, None], ends[None] - ends[:, None]
    length = np.maximum((span**2).sum(-1), 1.0)
    along = np.clip(((point - start) * span).sum(-1) / length, 0, 1)[..., None]
    return bool((np.linalg.norm(start + along * span - point, axis=-1) < NEAR).any())
