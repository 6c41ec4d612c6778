"""Pictures brought along a flow, and where the flow cannot be trusted."""

from collections.abc import Mapping

import numpy as np

from analogies.matching.pixels.compiling import compiled

SHARPER = 0.06  # of a pixel's two neighbors on each axis, half way between pixels
PHASES = 1024  # parts of a pixel that are told apart


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
    everywhere = np.zeros(places.shape[:2], np.int32)
    return sampled_from({0: picture}, everywhere, places)


def sampled_from(
    pictures: Mapping[int, np.ndarray], numbers: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """The same where every place lies in a picture of its own.

    Args:
        pictures: by their numbers, `(h, w, c)` each.
        numbers: int32 `(h', w')`, of the pictures.
        places: float32 `(h', w', 2)`.
    """
    places, numbers = np.ascontiguousarray(places, np.float32), np.ascontiguousarray(numbers)
    channels = next(iter(pictures.values())).shape[2]
    found = np.zeros((*places.shape[:2], channels), np.float32)
    for number, picture in pictures.items():
        pixels = np.ascontiguousarray(picture, np.float32)
        _sharp(pixels, places, numbers, number, _WINDOWS, found)
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


def wider(mask: np.ndarray, reach: int) -> np.ndarray:
    """bool `(h, w)`: a mask with what is within `reach` px, rows and columns, of it."""
    found = mask
    for _ in range(2 if mask.any() else 0):
        padded = np.pad(found.T, ((reach + 1, reach), (0, 0)))
        counts = np.cumsum(padded, axis=0, dtype=np.int32)
        found = counts[2 * reach + 1 :] > counts[: -2 * reach - 1]
    return found


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


def _windows() -> np.ndarray:
    """float32 `(PHASES + 1, 6)`: what the six pixels around count for a place between the third
    and the fourth of them, by how far it is behind the third."""
    behind = np.arange(PHASES + 1)[:, np.newaxis] / PHASES
    x = behind + np.arange(2, -4, -1)
    found = np.sinc(x) * np.sinc(x / 3)
    found /= found.sum(1, keepdims=True)
    # Interpolating between pixels softens, half way the most: sharpened by as much.
    soft = 4 * SHARPER * behind * (1 - behind)
    around = np.pad(found, ((0, 0), (1, 1)))
    found = found * (1 + 2 * soft) - soft * (around[:, :-2] + around[:, 2:])
    return (found / found.sum(1, keepdims=True)).astype(np.float32)


_WINDOWS = _windows()


@compiled(
    "void(float32[:,:,::1], float32[:,:,::1], int32[:,::1], int32, float32[:,::1],"
    " float32[:,:,::1])"
)
def _sharp(picture, places, own, number, windows, found):
    height, width, channels = picture.shape
    for i in range(places.shape[0]):
        for j in range(places.shape[1]):
            if own[i, j] != number:
                continue
            row = min(max(places[i, j, 0], np.float32(0)), np.float32(height - 1))
            col = min(max(places[i, j, 1], np.float32(0)), np.float32(width - 1))
            top, left = int(row), int(col)
            down = int((row - np.float32(top)) * np.float32(PHASES) + np.float32(0.5))
            over = int((col - np.float32(left)) * np.float32(PHASES) + np.float32(0.5))
            inner = 2 <= left < width - 3
            for c in range(channels):
                total = np.float32(0)
                least, most = np.float32(1e30), np.float32(-1e30)
                for m in range(6):
                    y = min(max(top + m - 2, 0), height - 1)
                    across = np.float32(0)
                    for n in range(6):
                        x = left + n - 2
                        if not inner:
                            x = min(max(x, 0), width - 1)
                        value = picture[y, x, c]
                        across += windows[over, n] * value
                        if 1 <= m <= 4 and 1 <= n <= 4:
                            least, most = min(least, value), max(most, value)
                    total += windows[down, m] * across
                found[i, j, c] = min(max(total, least), most)
