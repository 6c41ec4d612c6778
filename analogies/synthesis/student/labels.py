"""Textures of A' to start a network from: for each label of a map, or for each tone of a painting.

Where A is a label map, what A' shows of a label is a texture, and any sample of it is as good as
another. So a network need not learn textures: it keeps one that repeats for each label, and learns
how they meet. Of a painting the labels are tones: where it is as bright as it is seldom or often,
B gets the strokes of where A' is so among its own pixels.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analogies.synthesis.likeness import blurred
from analogies.synthesis.student.sizes import MOST_LABELS

NEAR = 24.0  # gray levels in each channel, within which a color is a label's
LEAST = 0.005  # of all pixels, that a label has
FLAT = 8.0  # gray levels, within which most of a label's colors are
TOGETHER = 0.9  # of all pixels, that the labels have within `FLAT`
TONES = 7  # of a painting
USUAL = 0.8  # of a tone's pixels, whose colors are its usual ones
STROKE = 4.0  # px, sigma, over which brightness is looked at
APART = 6.0  # gray levels between two tones, at least
STEEP = 13.0  # between two labels nine tenths of one are over within a sixth of the way


class Textures(NamedTuple):
    """A texture for each label.

    Attributes:
        labels: float32 `(l, 3)` in [0, 255], the colors.
        tiles: uint8 `(l, p, p, 3)`, that repeat without a seam.
        blur: side in px of the part of B, 1 or 3, whose weighted mean is compared with the labels.
    """

    labels: np.ndarray
    tiles: np.ndarray
    blur: int = 1


def labels_of(pictures: Sequence[np.ndarray]) -> np.ndarray | None:
    """The labels of some maps, the one that covers most first.

    Colors within `NEAR` of a label are its own, as those of a map that was made smaller or kept as
    a JPEG file; between labels there may be others. But nearly all pixels have the color of a label
    nearly (`FLAT`): a ramp is no map of labels.

    Args:
        pictures: `(h, w, 3)` in [0, 255].

    Returns:
        float32 `(l, 3)`, or None where the pictures are no label maps, or of one label.
    """
    pixels = np.concatenate([np.rint(x).reshape(-1, 3) for x in pictures]).astype(np.uint32)
    places = np.array([16, 8, 0], np.uint32)
    keys, counts = np.unique((pixels << places).sum(1), return_counts=True)
    colors = (keys[:, np.newaxis] >> places & 255).astype(np.float32)
    least, left, flat = LEAST * counts.sum(), counts.astype(float), 0.0
    found: list[np.ndarray] = []
    while len(found) <= MOST_LABELS and left.sum() > 0:
        color = colors[left.argmax()]
        own = np.abs(colors - color).max(1) <= NEAR
        if left[own].sum() < least:
            break
        found.append(color)
        flat += left[np.abs(colors - color).max(1) <= FLAT].sum()
        left[own] = 0
    mapped = 2 <= len(found) <= MOST_LABELS and flat >= TOGETHER * counts.sum()
    return np.stack(found) if mapped else None


def tones_of(paintings: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Which tone each pixel of some paintings has, `TONES` of equal shares, the darkest first.

    Of each tone the pixels whose colors are far from its usual one have none: textures repeat, and
    what stands out in them is seen.

    Args:
        paintings: `(h, w, 3)` in [0, 255].

    Returns:
        int `(h, w)` of each, in [0, `TONES`), and -1 of none.
    """
    smooth = [blurred(x.astype(np.float32), STROKE) for x in paintings]  # a stroke has one tone
    pixels = np.concatenate([x.reshape(-1, 3) for x in smooth])
    bright = pixels.mean(1)
    tones = np.searchsorted(np.quantile(bright, np.linspace(0, 1, TONES + 1)[1:-1]), bright)
    for tone in range(TONES):
        own = np.nonzero(tones == tone)[0]
        if len(own):
            away = np.square(pixels[own] - np.median(pixels[own], 0)).sum(1)
            tones[own[away > np.quantile(away, USUAL)]] = -1
    ends = np.cumsum([x.shape[0] * x.shape[1] for x in paintings])[:-1]
    parts = np.split(tones, ends)
    return [part.reshape(x.shape[:2]) for part, x in zip(parts, paintings, strict=True)]


def tones_among(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """The middles of `TONES` tones of equal shares, as grays, among pictures of B's kind.

    Args:
        pictures: `(h, w, 3)` in [0, 255].

    Returns:
        float32 `(TONES, 3)` in [0, 255], at least `APART` apart.
    """
    pixels = np.concatenate([x.mean(-1, dtype=np.float64).ravel() for x in pictures])
    middles = np.quantile(pixels, (np.arange(TONES) + 0.5) / TONES)
    steps = np.arange(TONES) * APART
    spread = np.maximum.accumulate(middles - steps) + steps
    spread -= max(0.0, spread[-1] - 255.0)
    return np.repeat(spread[:, np.newaxis], 3, 1).astype(np.float32)


def region_of(a: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Where a map `(h, w, 3)` has a label, bool `(h, w)`."""
    return (np.abs(a - label) <= NEAR).all(-1)


def nearest_label(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights by which the softmax of a color's linear functions tells its nearest label.

        -b |x - c_l|^2 = 2 b c_l x - b |c_l|^2 - b |x|^2, and the last one is that of all labels

    Args:
        labels: float32 `(l, 3)` in [0, 255].

    Returns:
        kernel `(3, l)` and bias `(l,)` for colors in [-1, 1], float32.
    """
    values = labels.astype(np.float64) / 127.5 - 1.0
    apart = np.square(values[:, np.newaxis] - values).sum(-1)
    steep = STEEP / apart[~np.eye(len(values), dtype=bool)].min()
    kernel, bias = 2 * steep * values.T, -steep * np.square(values).sum(1)
    return kernel.astype(np.float32), bias.astype(np.float32)
