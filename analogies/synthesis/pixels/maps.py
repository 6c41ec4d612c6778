"""The guides of a run: what B' should show, and where A' shows the like.

    A : B        in each other's colors; equal labels and likely places
    edges        of their luminance, in each other's strength: lines and outlines
    A' : B'      A' as soft as the network sees it, beside what the network made of B

The network decides what goes where as far as it can tell; the pixels of A' decide what it looks
like (Texler et al. 2020, "Arbitrary Style Transfer Using Neurally-Guided Patch-Based Synthesis").
"""

import numpy as np

from analogies.images.scaling import scaled
from analogies.matching.pixels import Guide
from analogies.synthesis.pixels.sources import Sources

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
EDGE_SIGMA = 4.0  # px, of what is taken off the luminance to leave its edges
STRANGE_COLORS = 0.04  # of A's spread: colors of B farther from A's than that are not A's
NETWORK_WEIGHT = 0.5  # of the network's B', beside 1 for A : B
SAMPLE_SIDE = 64  # px, of the pictures whose colors are compared


def guides(
    sources: Sources, network: np.ndarray | None, factor: float, follow: float
) -> list[Guide]:
    """All guides at full size.

    Args:
        sources: the pictures.
        network: what the network made, float32 `(h', w', 3)` in [0, 255], or None.
        factor: size of that to the full size, in (0, 1].
        follow: weight of B; 0: only the network's B' says what is wanted.
    """
    found = []
    if follow:
        found += [_colors(sources, follow), _edges(sources, follow)]
    if network is not None:
        soft = _softened(sources.a_prime, factor)
        weight = NETWORK_WEIGHT if follow else 1.0
        found.append(Guide(soft, scaled(network, sources.b.shape[:2]), weight))
    return found


def _colors(sources: Sources, weight: float) -> Guide:
    """A : B, and where B has other colors than A, halfway to those of A."""
    a, b = sources.a, sources.b
    if has_colors_of(b, a):
        return Guide(a, b, weight)
    return Guide(a, (b + recolored(b, a)) / 2, weight)


def _edges(sources: Sources, weight: float) -> Guide:
    """Their edges, as strong in B as in A."""
    a, b = (_detail(picture @ LUMINANCE) for picture in (sources.a, sources.b))
    if not has_colors_of(sources.b, sources.a):
        b = b * (a.std() / max(float(b.std()), 1e-3))
    return Guide(a[..., np.newaxis], b[..., np.newaxis], weight)


def has_colors_of(b: np.ndarray, a: np.ndarray) -> bool:
    """Whether the colors of a picture are all found in another, as those of label maps are."""
    ours, theirs = (_sample(picture) for picture in (b, a))
    nearest = np.full(len(ours), np.inf, np.float32)
    for first in range(0, len(theirs), 1024):
        part = theirs[first : first + 1024]
        distance = (ours**2).sum(1)[:, None] - 2 * ours @ part.T + (part**2).sum(1)
        nearest = np.minimum(nearest, distance.min(1))
    rms = np.sqrt(np.maximum(nearest, 0).mean() / 3)
    return bool(rms < STRANGE_COLORS * max(float(theirs.std(0).mean()), 1.0))


def recolored(b: np.ndarray, a: np.ndarray) -> np.ndarray:
    """B with the mean and covariance of A's colors.

    The linear map of Pitié & Kokaram, "The Linear Monge-Kantorovitch Linear Colour Mapping" (2007):
    the one that moves colors least.
    """
    flat, other = b.reshape(-1, 3).astype(np.float64), a.reshape(-1, 3).astype(np.float64)
    own, wanted = (np.cov(x.T) + np.eye(3) for x in (flat, other))
    root = _power(own, 0.5)
    mapped = _power(own, -0.5) @ _power(root @ wanted @ root, 0.5) @ _power(own, -0.5)
    moved = (flat - flat.mean(0)) @ mapped + other.mean(0)
    return np.clip(moved, 0, 255).reshape(b.shape).astype(np.float32)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-9) ** exponent) @ vectors.T


def _softened(picture: np.ndarray, factor: float) -> np.ndarray:
    """A picture as soft as one that was made at a fraction of its size."""
    small = tuple(max(1, round(side * factor)) for side in picture.shape[:2])
    return scaled(scaled(picture, (small[0], small[1])), picture.shape[:2])


def _detail(gray: np.ndarray) -> np.ndarray:
    """A gray map `(h, w)` without what is smooth in it."""
    return gray - _blurred(_blurred(gray, 0), 1)


def _blurred(gray: np.ndarray, axis: int) -> np.ndarray:
    """Gaussian blur along an axis, mirrored at the ends."""
    reach = int(3 * EDGE_SIGMA)
    offsets = np.arange(-reach, reach + 1)
    window = np.exp(-(offsets**2) / (2 * EDGE_SIGMA**2))
    window = (window / window.sum()).astype(np.float32)
    pad = [(reach, reach) if i == axis else (0, 0) for i in (0, 1)]
    padded = np.pad(gray, pad, "symmetric")
    size = gray.shape[axis]
    found = np.zeros_like(gray)
    for offset, weight in zip(range(2 * reach + 1), window, strict=True):
        found += weight * np.take(padded, range(offset, offset + size), axis)
    return found


def _sample(picture: np.ndarray) -> np.ndarray:
    """Some of its pixels, `(n, 3)`, evenly spread."""
    rows, cols = (
        np.linspace(0, side - 1, min(side, SAMPLE_SIDE)).astype(int) for side in picture.shape[:2]
    )
    return picture[rows][:, cols].reshape(-1, 3).astype(np.float32)
