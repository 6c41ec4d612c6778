"""Dense flow in NumPy, coarse to fine: Lucas & Kanade (1981) with a window around every pixel.

At each level, a few times: the other frame is brought along the flow so far, the flow's change is
the least-squares answer of the window, and a median takes out what stands alone (Sun et al. 2010,
"Secrets of optical flow estimation and their principles").
"""

import numpy as np

from analogies.images.scaling import scaled
from analogies.matching.flow.warping import linear

COARSEST = 16  # px, of the shorter side, about
ROUNDS = 4  # of each level
SIGMA = 2.5  # px, of the window
RIDGE = 0.05  # squared gray levels: where the window shows nothing the flow stays
MOST = 1.5  # px that a round changes the flow by


def lucas_kanade(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where each pixel of a gray picture lies in another.

    Args:
        one, other: float32 `(h, w)` in [0, 255].

    Returns:
        float32 `(h, w, 2)`: rows and columns, px.
    """
    if min(one.shape) < 2:  # a line of pixels has no slopes across
        return np.zeros((*one.shape, 2), np.float32)
    sizes = [one.shape]
    while min(sizes[-1]) >= 2 * COARSEST:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    found = np.zeros((*sizes[-1], 2), np.float32)
    for size in reversed(sizes):
        before = found.shape[:2]
        ratio = np.array([size[0] / before[0], size[1] / before[1]], np.float32)
        found = scaled(found, (size[0], size[1])) * ratio
        first, second = (
            _window(scaled(frame[..., np.newaxis], (size[0], size[1])), 0.7)
            for frame in (one, other)
        )
        for _ in range(ROUNDS):
            found = _median(found + _step(first[..., 0], second, found))
    return found.astype(np.float32)


def _step(one: np.ndarray, other: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The change of a flow that the windows ask for."""
    brought = linear(other, found)[..., 0]
    mean = (brought + one) / 2
    down, right = np.gradient(mean)
    left = one - brought
    products = np.stack([down * down, down * right, right * right, down * left, right * left], -1)
    dd, dr, rr, dl, rl = np.moveaxis(_window(products, SIGMA), -1, 0)
    dd, rr = dd + RIDGE, rr + RIDGE
    scale = 1.0 / (dd * rr - dr * dr)
    change = np.stack([(rr * dl - dr * rl) * scale, (dd * rl - dr * dl) * scale], -1)
    return np.clip(change, -MOST, MOST)


def _window(maps: np.ndarray, sigma: float) -> np.ndarray:
    """`(h, w, c)` under a Gaussian window."""
    reach = max(1, round(2 * sigma))
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        pad = [(reach, reach) if i == axis else (0, 0) for i in range(3)]
        padded, side = np.pad(maps, pad, "edge"), maps.shape[axis]
        maps = sum(
            weight * (padded[i : i + side] if axis == 0 else padded[:, i : i + side])
            for i, weight in enumerate(weights)
        )
    return maps


def _median(found: np.ndarray) -> np.ndarray:
    """The median of 3x3."""
    padded = np.pad(found, ((1, 1), (1, 1), (0, 0)), "edge")
    h, w = found.shape[:2]
    around = [padded[i : i + h, j : j + w] for i in range(3) for j in range(3)]
    return np.median(np.stack(around), axis=0).astype(np.float32)
