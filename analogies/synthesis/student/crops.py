"""What a network is trained on: aligned crops of examples, and what is held out of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analogies.synthesis.student.sizes import CELL

MARGIN = 16  # px around what the losses look at, in which a crop's zero padding may show
HELD_SHARE = 8  # one in so many is held out: of the pictures, or of the rows of one
MANY = 8  # pictures of which whole ones are held out
LEAST_HELD = 24  # px of rows


class Example(NamedTuple):
    """A picture and what it is to become, uint8 `(h, w, 3)` of one size."""

    before: np.ndarray
    after: np.ndarray


class Held(NamedTuple):
    """A part of an example that is not trained on, with what is seen around it.

    Attributes:
        example: the whole.
        part: rows and columns of it, slices.
    """

    example: Example
    part: tuple[slice, slice]


class Split(NamedTuple):
    """Examples apart.

    Attributes:
        shown: what is trained on.
        held: what it is judged by; none where there is too little to hold out.
    """

    shown: tuple[Example, ...]
    held: tuple[Held, ...]


def split(examples: Sequence[Example]) -> Split:
    """Hold some of the examples out: every eighth picture, or the end of each of a few.

    Args:
        examples: at least one.
    """
    if len(examples) >= MANY:
        chosen = range(HELD_SHARE // 2, len(examples), HELD_SHARE)
        whole = (slice(None), slice(None))
        held = tuple(Held(examples[i], whole) for i in chosen)
        return Split(tuple(x for i, x in enumerate(examples) if i not in chosen), held)
    parts = [_ends(example) for example in examples]
    return Split(
        tuple(shown for shown, _ in parts), tuple(held for _, held in parts if held is not None)
    )


def _ends(example: Example) -> tuple[Example, Held | None]:
    """An example without its last rows or columns, and these; all of it where it is small."""
    height, width = example.before.shape[:2]
    longer = max(height, width)
    end = max(longer // HELD_SHARE, LEAST_HELD)
    if longer < 4 * end:
        return example, None
    at = longer - end
    shown, part = (slice(at), slice(None)), (slice(at, None), slice(None))
    if width > height:
        shown, part = shown[::-1], part[::-1]
    return Example(*(x[shown] for x in example)), Held(example, part)


# A turn is (quarter turns, whether mirrored then).
Turn = tuple[int, bool]
TURNS: tuple[Turn, ...] = tuple((k, mirrored) for mirrored in (False, True) for k in range(4))


def turned(picture: np.ndarray, turn: Turn) -> np.ndarray:
    """A picture `(h, w, c)` turned and mirrored."""
    quarters, mirrored = turn
    picture = np.rot90(picture, quarters, (0, 1))
    return picture[:, ::-1] if mirrored else picture


class Crops:
    """Batches of crops, each a function of the seed and of its number alone.

    Args:
        examples: to crop from; large ones are taken more often, by the root of their area.
        count: crops of a batch.
        side: of a crop, px, `MARGIN` on each side included; a multiple of `CELL`. Less where an
            example is smaller.
        turns: by which an example may be turned and still be one.
        seed: of the batches.
        twice: of an even count the second half shows what the first does, by `shift` further.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        count: int = 8,
        side: int = 128,
        turns: Sequence[Turn] = ((0, False),),
        seed: int = 0,
        twice: bool = False,
    ) -> None:
        least = min(min(example.before.shape[:2]) for example in examples)
        self._more = CELL if twice else 0
        self.side = min(side, (least + 2 * MARGIN - self._more) // CELL * CELL)
        self.count, self.turns, self.seed = count, tuple(turns), seed
        margins = ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
        self._padded = [
            Example(*(np.pad(picture, margins, "symmetric") for picture in example))
            for example in examples
        ]
        shares = np.array([x.before.shape[0] * x.before.shape[1] for x in examples]) ** 0.5
        self._shares = shares / shares.sum()

    def batch(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """B and B' of a batch, uint8 `(count, side, side, 3)` each."""
        random = np.random.default_rng((self.seed, number))
        half = self.count // 2 if self._more else self.count
        shape = (self.count, self.side, self.side, 3)
        before, after = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
        which = random.choice(len(self._padded), half, p=self._shares)
        size = self.side + self._more
        for slot, index in enumerate(which):
            example = self._padded[index]
            height, width = example.before.shape[:2]
            top = random.integers(height - size + 1)
            left = random.integers(width - size + 1)
            turn = self.turns[random.integers(len(self.turns))]
            window = np.s_[top : top + size, left : left + size]
            for picture, crops in zip(example, (before, after), strict=True):
                shown = turned(picture[window], turn)
                for first, (down, right) in ((0, (0, 0)), (half, self.shift(number))):
                    if first + slot < self.count:
                        part = np.s_[down : down + self.side, right : right + self.side]
                        crops[first + slot] = shown[part]
        return before, after

    def shift(self, number: int) -> tuple[int, int]:
        """Rows and columns, of less than a cell, by which crops of a batch are apart, or 0, 0."""
        if not self._more:
            return 0, 0
        random = np.random.default_rng((self.seed, number, 1))
        down, right = random.integers(1, CELL, 2)
        return int(down), int(right)


def inner(values):
    """What the losses look at of a batch `(n, side, side, c)`."""
    return values[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
