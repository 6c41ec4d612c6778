"""The guides of a run: what B' should show, and where A' shows the like.

    tones     luminance of A' : B, in the tones of A'      where A is A'
    colors    A : B                                        where B is a picture of A's kind
              A : B halfway in A's colors, and the edges   where it is not
    network   A' as soft as the network's picture : what the network made

What B shows in A's terms says what goes where; the network's picture helps with colors and large
strokes; the pixels of A' decide what it looks like (Texler et al. 2020, "Arbitrary Style Transfer
Using Neurally-Guided Patch-Based Synthesis").
"""

from dataclasses import dataclass

import numpy as np

from analogies.images.scaling import scaled
from analogies.matching.pixels import Guide
from analogies.synthesis.likeness import STRANGE, detail, strangeness
from analogies.synthesis.pixels.sources import Sources
from analogies.synthesis.references import References

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
TONES = 512  # quantiles that histograms are matched by


@dataclass(frozen=True)
class Kind:
    """A kind of job: which guides say what is wanted, and how it is searched.

    Attributes:
        name: "style", "alike", "unlike" or "texture".
        weight: of what B shows, beside 1 for A'.
        network: of the network's picture.
        patch_size: px; one that the options give comes before it.
        levels: each half the size of the next, at most; None: all that hold some patches.
        rounds, sweeps: of the search, per level.
        refined: whether the finest level ends with patches of 3 px that may repeat.
    """

    name: str
    weight: float
    network: float
    patch_size: int
    levels: int | None
    rounds: int
    sweeps: int
    refined: bool = False


# Chosen on pictures by eye and by how coherent, complete and well structured they come out: where
# B is a photograph few rounds and levels keep what it shows, where it is a label map many find
# more of A' for it.
STYLE = Kind("style", 3.0, 1.0, 3, 3, 3, 3)
ALIKE = Kind("alike", 1.0, 0.2, 5, None, 6, 4, refined=True)
UNLIKE = Kind("unlike", 1.0, 0.2, 5, 3, 3, 3)
TEXTURE = Kind("texture", 0.0, 1.0, 5, None, 6, 4)


def kind_of(references: References, follow: bool) -> Kind:
    """Which kind of job the pictures make.

    Args:
        references: of the run.
        follow: whether B says what is wanted at all.
    """
    if not follow:
        return TEXTURE
    if all(np.array_equal(a, a_prime) for a, a_prime in references.arrays):
        return STYLE
    far = strangeness(references.array_b, [a for a, _ in references.arrays])
    return ALIKE if far <= STRANGE else UNLIKE


def guides(
    kind: Kind, sources: Sources, network: np.ndarray | None, factor: float, follow: float
) -> list[Guide]:
    """All guides at full size.

    Args:
        kind: of the job.
        sources: the pictures.
        network: what the network made, float32 `(h', w', 3)` in [0, 255], or None.
        factor: size of that to the full size, in (0, 1].
        follow: factor of the weight of what B shows.
    """
    a, b, weight = sources.a, sources.b, kind.weight * follow
    found = []
    if kind == STYLE:
        tones = _luminance(a)
        found.append(Guide(tones, _as_dark_as(_luminance(b), tones), weight))
    elif kind == ALIKE:
        found.append(Guide(a, b, weight))
    elif kind == UNLIKE:
        edges, own = (detail(_luminance(picture)) for picture in (a, b))
        own = own * (edges.std() / max(float(own.std()), 1e-3))
        found += [Guide(a, (b + recolored(b, a)) / 2, weight), Guide(edges, own, weight)]
    if network is not None and kind.network:
        soft = _softened(sources.a_prime, factor)
        found.append(Guide(soft, scaled(network, b.shape[:2]), kind.network))
    return found


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


def _luminance(picture: np.ndarray) -> np.ndarray:
    """`(h, w, 1)` of `(h, w, 3)`."""
    return (picture @ LUMINANCE)[..., np.newaxis]


def _as_dark_as(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Values in another map's histogram."""
    shares = np.linspace(0.0, 1.0, TONES)
    own = np.quantile(values, shares) + np.arange(TONES) * 1e-4  # no two are equal
    return np.interp(values, np.maximum.accumulate(own), np.quantile(like, shares)).astype(
        np.float32
    )
