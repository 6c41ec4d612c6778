"""What says what goes where: guides beside A and B, and masks of A and of B.

Pixels and the network compare guides by squared distance, in units of a picture's: two pixels of
different classes, or black and white of a map, are as far apart as black and white of pictures.

    classes        corners of a simplex, |e_i - e_j| = 255 for any two, in one dimension less; of
                   more than four, ends of axes: 255 too, but 360 for opposite ones
    values         as they are, in [0, 255]
    of one length  classes: roots of their shares; values: (cos, sin) of a quarter circle

What is of one length can be weighed by place: |m g_b - g_a|^2 = m |g_b - g_a|^2 + what does not
depend on the place in A: a guide counts m times as much where its target is multiplied by m.
"""

import math
from dataclasses import dataclass

import numpy as np

from analogies.images.scaling import scaled

FULL = 255.0  # how far apart classes are
MOST_CORNERS = 4  # classes that have a simplex; of more some are farther apart


@dataclass(frozen=True)
class GuideMaps:
    """A guide at full size.

    Attributes:
        a: of each pair, float32 `(h, w, c)`: shares of classes in [0, 1], or values in [0, 255].
        b: the same of B.
        classes: which of the two.
        weight: 1: as much as the pictures A and B.
        where: float32 `(h, w)` in [0, 1] of B, how much it counts there; None: everywhere.
    """

    a: tuple[np.ndarray, ...]
    b: np.ndarray
    classes: bool
    weight: float
    where: np.ndarray | None = None

    @property
    def channels(self) -> int:
        """How many the maps have by which pixels are compared."""
        count = self.b.shape[-1]
        if self.where is not None:
            return count if self.classes else 2 * count
        return _corners(count).shape[1] if self.classes else count

    def compared(self) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """Maps of A and of B by which pixels are compared, float32 `(h, w, c)`.

        The mean over channels of their squared differences is at most 255^2.
        """
        if self.where is not None:
            return self.of_one_length()
        if not self.classes:
            return self.a, self.b
        count = self.b.shape[-1]
        corners = _corners(count)
        corners = corners * np.float32(FULL * math.sqrt(corners.shape[1] / 2.0))
        return tuple(maps @ corners for maps in self.a), self.b @ corners

    def of_one_length(self) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """The same of vectors whose length is one and the same, less so where `where` is less."""

        def turned(values: np.ndarray) -> np.ndarray:
            if self.classes:
                return np.sqrt(values) * np.float32(FULL * math.sqrt(values.shape[-1] / 2.0))
            angles = values * np.float32(math.pi / 2.0 / FULL)
            return np.concatenate([np.cos(angles), np.sin(angles)], -1) * np.float32(FULL)

        b = turned(self.b)
        if self.where is not None:
            b = b * self.where[..., np.newaxis]
        return tuple(turned(maps) for maps in self.a), b


@dataclass(frozen=True)
class KeptPart:
    """The part of B' that is made, and the picture that stays elsewhere.

    Attributes:
        made: bool `(h, w)`, of the size of B'.
        known: float32 `(h, w, 3)` in [0, 255], the same.
        anew: whether what is made continues what stays: of what was there nothing is known.
    """

    made: np.ndarray
    known: np.ndarray
    anew: bool = False

    def at(self, size: tuple[int, int]) -> "KeptPart":
        """The same at another size."""
        made = resized_mask(self.made, size, 0.5)
        return KeptPart(made, scaled(self.known, size), self.anew)


@dataclass(frozen=True)
class Controls:
    """All that says what goes where.

    Attributes:
        guides: those that count.
        usable: bool `(h, w)` of each pair, where it may be sampled; None: everywhere.
        kept: what of B' stays as it is, or None.
    """

    guides: tuple[GuideMaps, ...] = ()
    usable: tuple[np.ndarray | None, ...] = ()
    kept: KeptPart | None = None

    def usable_of(self, number: int) -> np.ndarray | None:
        """Where a pair may be sampled, counted from 0."""
        return self.usable[number] if number < len(self.usable) else None

    @property
    def masked(self) -> bool:
        """Whether any pair may not be sampled everywhere."""
        return any(mask is not None for mask in self.usable)


NONE = Controls()


def resized_mask(mask: np.ndarray, size: tuple[int, int], least: float) -> np.ndarray:
    """A mask, bool `(h, w)`, at another size: what is inside by a share of at least `least`."""
    if mask.shape == tuple(size):
        return mask
    return scaled(mask[..., np.newaxis].astype(np.float32), size)[..., 0] >= least


def _corners(count: int) -> np.ndarray:
    """float32 `(count, channels)`: points at least sqrt(2) apart, one for each class.

    Of few a simplex (Helmert's matrix), of which all edges are that long; of more the ends of axes,
    which take half as many channels: opposite ones are 2 apart.
    """
    if count > MOST_CORNERS:
        ends = np.repeat(np.eye((count + 1) // 2, dtype=np.float32), 2, 0)
        ends[1::2] *= -1
        return ends[:count]
    found = np.zeros((count, count - 1), np.float32)
    for column in range(count - 1):
        above = column + 1
        found[:above, column] = 1.0 / math.sqrt(above * (above + 1))
        found[above, column] = -above / math.sqrt(above * (above + 1))
    return found
