"""How the borders of flat regions move: a least-squares fit to the slopes, coarse to fine.

Lucas & Kanade (1981) with one motion for all pixels of a border, a shift with a turn and a change
of size, and Geman & McClure's weights, which leave out what does not move so.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analogies.matching.flow.flat import over_window
from analogies.matching.flow.small import blurred
from analogies.matching.pixels.compiling import compiled

WINDOW = 3  # px around a border that tell its motion
FEWEST = 24  # of them that tell anything
BLURS = (3.0, 1.2, 0.6)  # px, coarse to fine
STEPS = 5  # at each, at most
ENDED = 0.004  # px, of a step that is the last
ENOUGH = 1500  # px that a fit looks at, at most
OUTLIER = 24.0  # gray levels of a difference that counts for a quarter
# Of the slopes' squares, for shifts, and for size and turn: what does not show is 0. A small piece
# shifts only, for it would fit to what is drawn a part of a pixel beside its place.
RIDGE = np.array([1e-5, 1e-5, 1e-4, 1e-4])
STIFF = np.array([1e-3, 1e-3, 1e3, 1e3])


class Motion(NamedTuple):
    """A shift, a turn and a change of size.

    Attributes:
        middle: `(2,)`, row and column, about which it turns.
        shift: `(2,)`, px.
        turn: `(2,)`: by how much of 1 it grows, and turns, in radians.
    """

    middle: np.ndarray
    shift: np.ndarray
    turn: np.ndarray

    @property
    def linear(self) -> np.ndarray:
        """`(2, 2)`: how far a place moves beyond the shift, for a px from the middle."""
        grow, turn = self.turn
        return np.array([[grow, -turn], [turn, grow]])

    def of(self, places: np.ndarray) -> np.ndarray:
        """float64 `(..., 2)`: px by which places move."""
        return self.shift + (places - self.middle) @ self.linear.T

    def back(self) -> "Motion":
        """The one that undoes it."""
        inverse = np.linalg.inv(np.eye(2) + self.linear) - np.eye(2)
        return Motion(self.middle + self.shift, -self.shift, inverse[:, 0])


STILL = Motion(np.zeros(2), np.zeros(2), np.zeros(2))


def borders(numbers: np.ndarray) -> Mapping[tuple[int, int], np.ndarray]:
    """Pixels around the borders of two regions, without those where a third is near.

    Args:
        numbers: int32 `(h, w)`, of regions; 0 for none.

    Returns:
        {(one, other): int64 `(n, 2)`, rows and columns}, one < other, in their order.
    """
    least, most = (over_window(numbers, WINDOW, x) for x in (np.minimum, np.maximum))
    rows, cols = np.nonzero((least != most) & (least > 0))
    one, other = least[rows, cols], most[rows, cols]
    padded, alone = np.pad(numbers, WINDOW, "edge"), np.ones(len(rows), bool)
    for down, right in np.ndindex(2 * WINDOW + 1, 2 * WINDOW + 1):
        there = padded[rows + down, cols + right]
        alone &= (there == one) | (there == other)
    rows, cols, one, other = rows[alone], cols[alone], one[alone], other[alone]
    found = {}
    for pair in np.unique(np.stack([one, other], -1), axis=0).tolist():
        chosen = (one == pair[0]) & (other == pair[1])
        if np.count_nonzero(chosen) >= FEWEST:
            found[pair[0], pair[1]] = np.stack([rows[chosen], cols[chosen]], -1)
    return found


class Slopes:
    """Two frames, blurred, with their slopes.

    Args:
        one, other: float32 `(h, w, 3)` in [0, 255].
    """

    def __init__(self, one: np.ndarray, other: np.ndarray) -> None:
        self._levels = []
        for blur in BLURS:
            soft = blurred(other, blur)
            stacked = np.concatenate([soft, *np.gradient(soft, axis=(0, 1))], -1)
            outlier = OUTLIER * blur / BLURS[-1]
            self._levels.append((blurred(one, blur), np.ascontiguousarray(stacked), outlier))

    def fit(self, places: np.ndarray, start: np.ndarray, small: bool = False) -> Motion:
        """The motion of pixels from one frame to the other.

        Args:
            places: int64 `(n, 2)`, rows and columns.
            start: `(2,)`, px, where it is begun.
            small: whether the pixels are a small piece, which shifts only.
        """
        places = np.ascontiguousarray(places[:: -(-len(places) // ENOUGH)])
        middle = places.mean(0)
        radius = max(float(np.sqrt(np.square(places - middle).sum(1).mean())), 1.0)
        # The four numbers are px: the shift, and what growing and turning do at the radius.
        found = np.array([*start, 0.0, 0.0])
        for level in self._levels:
            for _ in range(STEPS):
                sums = self._sums(level, places, middle, radius, found)
                normal, right = sums[:4, :4], sums[4, :4]
                ridge = (STIFF if small else RIDGE) * (normal[0, 0] + normal[1, 1]) + 1e-9
                step = -np.linalg.solve(normal + np.diag(ridge), right + ridge * found)
                found += step
                if np.abs(step).max() < ENDED:
                    break
        return Motion(middle, found[:2], found[2:] / radius)

    def left(self, places: np.ndarray, motion: Motion) -> tuple[float, float, float]:
        """What a motion of pixels leaves unexplained.

        Returns:
            squared gray levels of difference together, of each pixel less than `OUTLIER` squared;
            the squared slopes together, levels for a px; and the share of pixels that do not leave
            the frame, which are those that count.
        """
        numbers = np.concatenate([motion.shift, motion.turn])
        sums = self._sums(
            self._levels[-1], np.ascontiguousarray(places), motion.middle, 1.0, numbers
        )
        return float(sums[5, 0]), float(sums[5, 1]), float(sums[5, 2] / len(places))

    def _sums(
        self,
        level: tuple[np.ndarray, np.ndarray, float],
        places: np.ndarray,
        middle: np.ndarray,
        radius: float,
        numbers: np.ndarray,
    ) -> np.ndarray:
        sums = np.zeros((6, 4))
        one, other, outlier = level
        _sum(one, other, places, middle, radius, numbers, outlier, sums)
        return sums


@compiled(
    "void(float32[:,:,::1], float32[:,:,::1], int64[:,::1], float64[::1], float64, float64[::1],"
    " float64, float64[:,::1])"
)
def _sum(one, other, places, middle, radius, numbers, outlier, sums):
    """Sums over pixels, for a motion of four numbers.

    Args:
        one: `(h, w, 3)`.
        other: `(h, w, 9)`: its levels, slopes downward and slopes to the right.
        places: `(n, 2)`.
        middle: `(2,)`.
        radius: px, at which the last two of the numbers are px.
        numbers: `(4,)`.
        outlier: gray levels.
        sums: `(6, 4)`, is filled: four rows of the normal equations, their right side, and what
            `Slopes.left` returns, the count of pixels for their share.
    """
    height, width, channels = one.shape
    changes = np.empty(4)
    seen = np.empty(9)
    for n in range(places.shape[0]):
        row, col = places[n, 0], places[n, 1]
        down, right = (row - middle[0]) / radius, (col - middle[1]) / radius
        y = row + numbers[0] + numbers[2] * down - numbers[3] * right
        x = col + numbers[1] + numbers[3] * down + numbers[2] * right
        if y < 0 or x < 0 or y > height - 1 or x > width - 1:
            continue
        top, first = min(int(y), height - 2), min(int(x), width - 2)
        low, over = y - top, x - first
        for c in range(9):
            upper = other[top, first, c] * (1 - over) + other[top, first + 1, c] * over
            lower = other[top + 1, first, c] * (1 - over) + other[top + 1, first + 1, c] * over
            seen[c] = upper * (1 - low) + lower * low
        square = 0.0
        for c in range(channels):
            square += (seen[c] - one[row, col, c]) ** 2
            sums[5, 1] += seen[3 + c] ** 2 + seen[6 + c] ** 2
        sums[5, 0] += square / (1 + square / outlier**2)
        sums[5, 2] += 1
        weight = 1 / (1 + square / outlier**2) ** 2
        for c in range(channels):
            changes[0], changes[1] = seen[3 + c], seen[6 + c]
            changes[2] = changes[0] * down + changes[1] * right
            changes[3] = changes[1] * down - changes[0] * right
            for i in range(4):
                sums[4, i] += weight * changes[i] * (seen[c] - one[row, col, c])
                for j in range(4):
                    sums[i, j] += weight * changes[i] * changes[j]
