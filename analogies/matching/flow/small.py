"""The small step that is left between two pictures that lie nearly right, in compiled loops.

One least-squares step of Lucas & Kanade (1981) with a Gaussian window around every pixel, as
`lucas_kanade` takes many: for what is much less than a pixel that is all there is to find.
"""

import numpy as np

from analogies.matching.pixels.compiling import compiled

SIGMA = 2.0  # px, of the window
RIDGE = 0.5  # squared gray levels: where the window shows nothing the step is small
SOFT = 0.7  # px, of the blur before


def small_step(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where each pixel of a gray picture lies in another one, if that is near.

    Args:
        one, other: float32 `(h, w)` in [0, 255].

    Returns:
        float32 `(h, w, 2)`: rows and columns, px.
    """
    both = blurred(np.stack([one, other], -1), SOFT)
    products = np.empty((*one.shape, 5), np.float32)
    _multiply(both, products)
    products = blurred(products, SIGMA)
    found = np.empty((*one.shape, 2), np.float32)
    _solve(products, np.float32(RIDGE), found)
    return found


def blurred(maps: np.ndarray, sigma: float) -> np.ndarray:
    """Maps `(h, w, c)` under a Gaussian window; beyond edges they go on as their last pixels."""
    reach = max(1, round(2 * sigma))
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    found = np.array(maps, np.float32, order="C")
    _blur(found, (weights / weights.sum()).astype(np.float32), np.empty_like(found))
    return found


@compiled("void(float32[:,:,::1], float32[::1], float32[:,:,::1])")
def _blur(maps, weights, between):
    """Maps under a window, in place; beyond their edges they go on as their last pixels."""
    height, width, channels = maps.shape
    reach = len(weights) // 2
    for i in range(height):
        for j in range(width):
            for c in range(channels):
                between[i, j, c] = 0
        for n in range(len(weights)):
            y = min(max(i + n - reach, 0), height - 1)
            for j in range(width):
                for c in range(channels):
                    between[i, j, c] += weights[n] * maps[y, j, c]
    for i in range(height):
        for j in range(width):
            for c in range(channels):
                maps[i, j, c] = 0
            for n in range(len(weights)):
                x = min(max(j + n - reach, 0), width - 1)
                for c in range(channels):
                    maps[i, j, c] += weights[n] * between[i, x, c]


@compiled("void(float32[:,:,::1], float32[:,:,::1])")
def _multiply(both, products):
    """Products of the slopes of the mean and of the difference of two pictures."""
    height, width = both.shape[:2]
    for i in range(height):
        up, down = max(i - 1, 0), min(i + 1, height - 1)
        for j in range(width):
            left, right = max(j - 1, 0), min(j + 1, width - 1)
            rows = np.float32(2 * max(down - up, 1))
            cols = np.float32(2 * max(right - left, 1))
            slope = (both[down, j, 0] + both[down, j, 1] - both[up, j, 0] - both[up, j, 1]) / rows
            tilt = (both[i, right, 0] + both[i, right, 1] - both[i, left, 0] - both[i, left, 1]) / (
                cols
            )
            differs = both[i, j, 0] - both[i, j, 1]
            products[i, j, 0] = slope * slope
            products[i, j, 1] = slope * tilt
            products[i, j, 2] = tilt * tilt
            products[i, j, 3] = slope * differs
            products[i, j, 4] = tilt * differs


@compiled("void(float32[:,:,::1], float32, float32[:,:,::1])")
def _solve(products, ridge, found):
    """The step that the windows ask for."""
    for i in range(products.shape[0]):
        for j in range(products.shape[1]):
            rows, both, cols = (
                products[i, j, 0] + ridge,
                products[i, j, 1],
                products[i, j, 2] + ridge,
            )
            down, over = products[i, j, 3], products[i, j, 4]
            scale = np.float32(1) / (rows * cols - both * both)
            found[i, j, 0] = (cols * down - both * over) * scale
            found[i, j, 1] = (rows * over - both * down) * scale
