"""How pictures are alike, patch by patch: what decides whether a rule found on A holds for B."""

from collections.abc import Sequence

import numpy as np

PATCH = 5  # px
SAMPLES = 1000  # patches that are looked for
AMONG = 20000  # patches that they are looked for among
SEED = 0
FLAT_DEVIATION = 1.0  # gray levels; patches that vary less are flat


def strangeness(b: np.ndarray, pictures: Sequence[np.ndarray]) -> float:
    """How far B's patches are from those of pictures, over how far these are from each other.

    Args:
        b: float32 `(h, w, 3)` in [0, 255].
        pictures: the same, any sizes.

    Returns:
        the ratio of mean distances to the nearest patch; 1: B is more of the same. Distances
        within a picture are those between its halves.
    """
    reference = np.concatenate([_patches(x, AMONG) for x in pictures])
    far = _nearest(_patches(b, SAMPLES), reference).mean()
    own = np.mean([_within(x) for x in pictures])
    return float(far / max(own, 1e-3))


def flatness(pictures: Sequence[np.ndarray]) -> float:
    """The share of patches of pictures that have one color, as label maps have them."""
    deviations = [
        _patches(x, SAMPLES * 4).reshape(-1, PATCH**2, 3).std(1).mean(1) for x in pictures
    ]
    return float(np.mean(np.concatenate(deviations) < FLAT_DEVIATION))


def _within(picture: np.ndarray) -> float:
    """Mean distance of the patches of each half of a picture to the nearest of the other half."""
    height, width = picture.shape[:2]
    halves = [
        (picture[: height // 2], picture[height // 2 :]),
        (picture[:, : width // 2], picture[:, width // 2 :]),
    ]
    found = [
        _nearest(_patches(one, SAMPLES // 4), _patches(other, AMONG)).mean()
        for pair in halves
        for one, other in (pair, pair[::-1])
        if min(*one.shape[:2], *other.shape[:2]) >= PATCH
    ]
    return float(np.mean(found)) if found else 0.0


def _patches(picture: np.ndarray, most: int) -> np.ndarray:
    """Patches of a picture, `(n, PATCH * PATCH * 3)`, at random where there are more than that."""
    views = np.lib.stride_tricks.sliding_window_view(picture, (PATCH, PATCH), (0, 1))
    rows, cols = views.shape[:2]
    places = np.arange(rows * cols)
    if len(places) > most:
        places = np.random.default_rng(SEED).choice(len(places), most, replace=False)
    found = views[places // cols, places % cols]  # (n, 3, PATCH, PATCH)
    return found.transpose(0, 2, 3, 1).reshape(len(places), -1).astype(np.float32)


def _nearest(query: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Root mean square distance of each patch to the nearest of a reference."""
    norms = (reference**2).sum(1)
    best = [
        (norms - 2 * part @ reference.T).min(1) + (part**2).sum(1)
        for part in np.array_split(query, -(-len(query) // 250))
    ]
    return np.sqrt(np.maximum(np.concatenate(best), 0) / query.shape[1])
