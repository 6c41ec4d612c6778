"""Pictures brought along a flow, and where the flow cannot be trusted."""

import numpy as np

from analogies.matching.pixels.compiling import compiled

SHARPER = 0.06  # of a pixel's two neighbors on each axis, half way between pixels


def grid(height: int, width: int) -> np.ndarray:
    """float32 `(h, w, 2)`: row and column of each pixel."""
    rows, cols = np.mgrid[:height, :width]
    return np.stack([rows, cols], -1).astype(np.float32)


def warped(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """float32 `(h, w, c)`: what a picture shows where the flow leads, see `sampled`."""
    return sampled(picture, grid(*flow.shape[:2]) + flow)


def linear(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The same, linear."""
    found = np.empty((*flow.shape[:2], picture.shape[2]), np.float32)
    places = np.ascontiguousarray(grid(*flow.shape[:2]) + flow, np.float32)
    _linear(np.ascontiguousarray(picture, np.float32), places, found)
    return found


def sampled(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """What a picture shows at places between its pixels.

    By the window of Lanczos, of three pixels to each side, sharpened by `SHARPER`, and within what
    the 4x4 pixels around are; beyond its edges the picture goes on as its last pixels.

    Args:
        picture: `(h, w, c)`.
        places: float32 `(h', w', 2)`, rows and columns.

    Returns:
        float32 `(h', w', c)`.
    """
    found = np.empty((*places.shape[:2], picture.shape[2]), np.float32)
    _sharp(
        np.ascontiguousarray(picture, np.float32), np.ascontiguousarray(places, np.float32), found
    )
    return found


def consistent(there: np.ndarray, back: np.ndarray) -> np.ndarray:
    """bool `(h, w)`: where the flow there and the flow back lead to where they began.

    Sundaram et al., "Dense point trajectories by GPU-accelerated large displacement optical flow"
    (2010), equation 5, with their constants.

    Args:
        there: of this frame to the other, float32 `(h, w, 2)`.
        back: of the other to this one.
    """
    returned = linear(back, there)
    squares = (there**2).sum(-1) + (returned**2).sum(-1)
    height, width = there.shape[:2]
    ends = grid(height, width) + there
    last = np.array([height - 1, width - 1], np.float32)
    inside = ((ends >= -0.5) & (ends <= last + 0.5)).all(-1)
    return inside & (((there + returned) ** 2).sum(-1) <= 0.01 * squares + 0.5)


def moving_edges(flow: np.ndarray) -> np.ndarray:
    """bool `(h, w)`: where the flow changes abruptly; their equation 6."""
    gradients = np.gradient(flow, axis=(0, 1))
    steep = sum((gradient**2).sum(-1) for gradient in gradients)
    return steep > 0.01 * (flow**2).sum(-1) + 0.002


@compiled("void(float32[:,:,::1], float32[:,:,::1], float32[:,:,::1])")
def _linear(picture, places, found):
    height, width, channels = picture.shape
    for i in range(places.shape[0]):
        for j in range(places.shape[1]):
            row = min(max(places[i, j, 0], np.float32(0)), np.float32(height - 1))
            col = min(max(places[i, j, 1], np.float32(0)), np.float32(width - 1))
            top, left = min(int(row), max(height - 2, 0)), min(int(col), max(width - 2, 0))
            low, right = min(top + 1, height - 1), min(left + 1, width - 1)
            down, over = row - top, col - left
            for c in range(channels):
                upper = picture[top, left, c] * (1 - over) + picture[top, right, c] * over
                lower = picture[low, left, c] * (1 - over) + picture[low, right, c] * over
                found[i, j, c] = upper * (1 - down) + lower * down


@compiled("void(float32[:,:,::1], float32[:,:,::1], float32[:,:,::1])")
def _sharp(picture, places, found):
    height, width, channels = picture.shape
    down = np.empty(6, np.float32)
    over = np.empty(6, np.float32)
    for i in range(places.shape[0]):
        for j in range(places.shape[1]):
            row = min(max(places[i, j, 0], np.float32(0)), np.float32(height - 1))
            col = min(max(places[i, j, 1], np.float32(0)), np.float32(width - 1))
            top, left = int(row), int(col)
            for axis in range(2):
                t = row - top if axis == 0 else col - left
                to = down if axis == 0 else over
                total = np.float32(0)
                for n in range(6):
                    x = np.float32(np.pi) * (t + 2 - n)
                    if abs(x) < 1e-4:
                        to[n] = 1.0
                    else:
                        to[n] = 3.0 * np.sin(x) * np.sin(x / 3) / (x * x)
                    total += to[n]
                # Interpolating between pixels softens, half way the most: sharpened by as much.
                soft = np.float32(4 * SHARPER) * t * (1 - t)
                before = np.float32(0)
                for n in range(6):
                    own = to[n] / total
                    after = to[n + 1] / total if n < 5 else np.float32(0)
                    to[n] = own * (1 + 2 * soft) - soft * (before + after)
                    before = own
                total = np.float32(0)
                for n in range(6):
                    total += to[n]
                for n in range(6):
                    to[n] /= total
            for c in range(channels):
                total = np.float32(0)
                least, most = np.float32(1e30), np.float32(-1e30)
                for m in range(6):
                    y = min(max(top + m - 2, 0), height - 1)
                    for n in range(6):
                        x = min(max(left + n - 2, 0), width - 1)
                        value = picture[y, x, c]
                        total += down[m] * over[n] * value
                        if 1 <= m <= 4 and 1 <= n <= 4:
                            least, most = min(least, value), max(most, value)
                found[i, j, c] = min(max(total, least), most)
