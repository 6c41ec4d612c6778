"""B in the colors of A, so that what each shows can be compared."""

import numpy as np

from analogies.matching.pixels.remembering import remembered

TONES = 256  # quantiles that histograms are matched by
SAMPLES = 65536  # values that they are taken from, at least, where there are as many
# Of brightness, of yellow against blue, and of red against green.
_AXES = np.array([[1, 1, 1], [1, 1, -2], [1, -1, 0]], np.float32)
OPPONENT = _AXES.T / np.linalg.norm(_AXES, axis=1)


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


def repainted(b: np.ndarray, a: np.ndarray) -> np.ndarray:
    """B in A's brightnesses, yellows and blues, reds and greens, each as often as A has it.

    Histograms are matched along three axes: what is warm in B becomes the warmest that A has, where
    the map that moves colors least would leave bright things as blue as A's are on the whole.

    Args:
        b, a: float32 `(h, w, 3)` in [0, 255].

    Returns:
        the same of the size of B.
    """
    wanted = remembered(a, "axes", lambda: _along_axes(a))
    moved = b.reshape(-1, 3) @ OPPONENT
    for axis in range(3):
        moved[:, axis] = _in_steps(moved[:, axis], wanted[axis])
    return np.clip(moved @ OPPONENT.T, 0, 255).reshape(b.shape)


def ranked(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Values in another map's histogram, float32."""
    return _in_steps(values, remembered(like, "steps", lambda: _steps(like)))


def _along_axes(a: np.ndarray) -> list[np.ndarray]:
    """The quantiles of a picture along each axis."""
    return [_steps(values) for values in (a.reshape(-1, 3) @ OPPONENT).T]


def _in_steps(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Values such that their quantiles are those."""
    own = _steps(values) + np.arange(TONES) * 1e-4  # no two are equal
    return np.interp(values, own, steps).astype(np.float32)


def _steps(values: np.ndarray) -> np.ndarray:
    """The quantiles of values."""
    return np.asarray(np.quantile(_some(values), np.linspace(0.0, 1.0, TONES)))


def _some(values: np.ndarray) -> np.ndarray:
    """As many of them, evenly picked, as tell the histogram."""
    flat = values.ravel()
    return flat[:: max(1, flat.size // SAMPLES)]


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-9) ** exponent) @ vectors.T
