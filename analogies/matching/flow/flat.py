"""Flat regions of a drawn frame, as of a label map, in compiled loops."""

from typing import NamedTuple

import numpy as np

from analogies.matching.pixels.compiling import compiled

SAME = 3.0  # levels that a region's pixels differ from its first one's, at most
LEAST = 48  # px of a region; what is smaller is a border, or texture
THICK = 3  # px from the border, in which a region must have a pixel
REACH = 4  # px from a region to what may be its border
MOST = 64  # regions; more are no drawing
SHARE = 0.95  # of a frame that must lie in regions or at their borders


class Regions(NamedTuple):
    """The flat regions of a frame.

    Attributes:
        numbers: int32 `(h, w)`, from 1, the soft pixels at borders as the region nearest to them;
            0 where none is near.
        colors: float64 `(n + 1, 3)`, of each by number.
    """

    numbers: np.ndarray
    colors: np.ndarray


def regions(frame: np.ndarray) -> Regions | None:
    """The flat regions of a frame, uint8 or float `(h, w, 3)` in [0, 255].

    Returns:
        None where the frame is no drawing of flat regions.
    """
    if min(frame.shape[:2]) <= 2 * THICK:
        return None
    pixels = np.ascontiguousarray(frame, np.float32)
    numbers = np.zeros(pixels.shape[:2], np.int32)
    _flood(pixels, np.float32(SAME), LEAST, numbers)
    if (numbers > 0).mean() < SHARE / 2:
        return None
    numbers = _thick(numbers)
    if numbers.max() > MOST:
        return None
    counts = np.bincount(numbers.ravel())
    sums = [np.bincount(numbers.ravel(), pixels[..., c].ravel()) for c in range(3)]
    colors = np.stack(sums, -1) / np.maximum(counts, 1)[:, np.newaxis]
    _grow(numbers, REACH)
    return Regions(numbers, colors) if (numbers > 0).mean() >= SHARE else None


def over_window(values: np.ndarray, reach: int, function: np.ufunc) -> np.ndarray:
    """`(h, w)`: a function over a square window around every pixel, as of least or greatest."""
    found = values
    for _ in (0, 1):
        padded, side = np.pad(found.T, ((reach, reach), (0, 0)), "edge"), found.shape[1]
        found = padded[:side]
        for i in range(1, 2 * reach + 1):
            found = function(found, padded[i : i + side])
    return found


def _thick(numbers: np.ndarray) -> np.ndarray:
    """The same without regions that are nowhere thick, as what rings beside a border; from 1."""
    within = over_window(numbers, THICK, np.minimum) == over_window(numbers, THICK, np.maximum)
    kept = np.unique(numbers[within & (numbers > 0)])
    anew = np.zeros(int(numbers.max()) + 1, np.int32)
    anew[kept] = np.arange(1, len(kept) + 1)
    return anew[numbers]


@compiled("void(float32[:,:,::1], float32, int64, int32[:,::1])")
def _flood(pixels, same, least, found):
    """Number neighbors that are as their region's first pixel; small regions are 0."""
    height, width, channels = pixels.shape
    stack = np.empty(height * width, np.int64)
    number = 0
    for start in range(height * width):
        if found[start // width, start % width] != 0:
            continue
        first = pixels[start // width, start % width]
        found[start // width, start % width] = number + 1
        stack[0] = start
        reached, done = 1, 0
        while done < reached:
            row, col = stack[done] // width, stack[done] % width
            done += 1
            for way in range(4):
                y = row + (1 if way == 0 else (-1 if way == 1 else 0))
                x = col + (1 if way == 2 else (-1 if way == 3 else 0))
                if y < 0 or x < 0 or y >= height or x >= width or found[y, x] != 0:
                    continue
                alike = True
                for c in range(channels):
                    alike = alike and abs(pixels[y, x, c] - first[c]) <= same
                if alike:
                    found[y, x] = number + 1
                    stack[reached] = y * width + x
                    reached += 1
        if reached >= least:
            number += 1
        else:
            for i in range(reached):
                found[stack[i] // width, stack[i] % width] = -1
    for i in range(height):
        for j in range(width):
            found[i, j] = max(found[i, j], 0)


@compiled("void(int32[:,::1], int64)")
def _grow(found, reach):
    """Pixels without a number get that of the nearest pixel with one, step by step."""
    height, width = found.shape
    for _ in range(reach):
        before = found.copy()
        for i in range(height):
            for j in range(width):
                if before[i, j] != 0:
                    continue
                for place in (1, 3, 5, 7, 0, 2, 6, 8):  # straight neighbors before oblique ones
                    y, x = i + place // 3 - 1, j + place % 3 - 1
                    if 0 <= y < height and 0 <= x < width and before[y, x] != 0:
                        found[i, j] = before[y, x]
                        break


@compiled("void(int32[:,::1], boolean[:,::1], int64)")
def spread(layers, over, reach):
    """Regions that lie over a neighbor are widened into it, in place.

    Args:
        layers: int32 `(h, w)`, numbers of regions.
        over: bool `(n, n)`, whether the border of region i and j belongs to i.
        reach: px.
    """
    height, width = layers.shape
    for _ in range(reach):
        before = layers.copy()
        for i in range(height):
            for j in range(width):
                own = before[i, j]
                for place in (1, 3, 5, 7):
                    y, x = i + place // 3 - 1, j + place % 3 - 1
                    if 0 <= y < height and 0 <= x < width and over[before[y, x], own]:
                        layers[i, j] = before[y, x]
                        break


@compiled("void(int32[:,::1], int32[:,::1])")
def complete(layers, numbers):
    """Pixels of no layer get that of the nearest one in their region, in place.

    Args:
        layers: int32 `(h, w)`, 0 for none.
        numbers: int32 `(h, w)`, of regions; 0 for none, where nothing is done.
    """
    height, width = layers.shape
    queue = np.empty(height * width, np.int64)
    reached, done = 0, 0
    for start in range(height * width):
        if layers[start // width, start % width] != 0:
            queue[reached] = start
            reached += 1
    while done < reached:
        row, col = queue[done] // width, queue[done] % width
        done += 1
        for way in range(4):
            y = row + (1 if way == 0 else (-1 if way == 1 else 0))
            x = col + (1 if way == 2 else (-1 if way == 3 else 0))
            if y < 0 or x < 0 or y >= height or x >= width or layers[y, x] != 0:
                continue
            if numbers[y, x] != 0 and numbers[y, x] == numbers[row, col]:
                layers[y, x] = layers[row, col]
                queue[reached] = y * width + x
                reached += 1
