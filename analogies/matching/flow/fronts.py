"""Which flat region lies in front of which, and how each moves.

What is flat has no motion that shows, and a search for one finds what it likes. A region is taken
to move as one, which its borders tell. Where two regions meet the border is that of one alone, the
one in front: first that of the region whose borders all move as one and that is at the edges of the
frame the least, and so on, until what is left lies behind all others. That stands still, or moves
as those before it do together. A region whose borders do not move as one is divided into parts that
do, if a few will do; else it is left to the flow.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from analogies.matching.flow.borders import FEWEST, STILL, Motion, Slopes, borders
from analogies.matching.flow.flat import Regions, complete, regions, spread
from analogies.matching.flow.warping import grid, wider

BAND = 4  # px beside a region that move with it: what is drawn over its border
WAKE = 6  # px beyond these within which what is drawn is drawn anew as they come free
APART = 0.1  # px, of motions that differ at all
AS_ONE = 0.05  # px by which borders that move together may be off
WORSE = 2.0  # of the squares that are left when each border moves by itself
AS_WELL, NONE = 1.1, 0.01  # the same for one motion instead of another; px
MOSTLY = 0.8  # of a border that must move as is said
ALIKE = 8.0  # gray levels of colors that are one
TOGETHER = 0.6  # of all borders that must, for what lies behind to move so
TURN = 0.2  # radians that a region turns from frame to frame, and of 1 that it grows, at most
PARTS = 3  # of a region, at most
EDGE = 16  # px from an edge of the frame that are at it
CELL = 32  # px of borders that are asked together

Pair = tuple[int, int]


class Fronts(NamedTuple):
    """How two frames of flat regions belong together.

    Attributes:
        there, back: float32 `(h, w, 2)`, flows from the one to the other and back.
        freed: bool `(h, w)`, of the one: what lies behind here, and in front in the other.
    """

    there: np.ndarray
    back: np.ndarray
    freed: np.ndarray


class Layer(NamedTuple):
    """A region or a part of it.

    Attributes:
        region: its number.
        motion: None where the flow tells it.
        border: int `(n, 2)`, rows and columns of border that a part moves as.
    """

    region: int
    motion: Motion | None
    border: np.ndarray | None = None


def fronts(
    one: np.ndarray, other: np.ndarray, there: np.ndarray, back: np.ndarray
) -> Fronts | None:
    """How two frames belong together.

    Args:
        one, other: uint8 or float `(h, w, 3)` in [0, 255].
        there, back: float32 `(h, w, 2)`, the flows as far as they are known.

    Returns:
        None where one of them is no drawing of flat regions.
    """
    own = regions(one)
    far = None if own is None else regions(other)
    if own is None or far is None:
        return None
    slopes = Slopes(np.asarray(one, np.float32), np.asarray(other, np.float32))
    layers, over = _ordered(own.numbers, there, slopes)
    base = _base(own.numbers, layers)
    apart = np.abs(own.colors[:, np.newaxis] - far.colors).max(-1)
    alike = np.stack([apart[layer.region] <= ALIKE for layer in layers])
    behind = _carried(base, layers, far, alike, back)
    over = np.pad(over[np.ix_(*[[layer.region for layer in layers]] * 2)], ((1, 0), (1, 0)))
    for numbers in (base, behind):
        spread(numbers, over, BAND)
    there, back = there.copy(), back.copy()
    places = grid(*base.shape)
    for number, layer in enumerate(layers, 1):
        if layer.motion is not None:
            there[base == number] = layer.motion.of(places[base == number])
            back[behind == number] = layer.motion.back().of(places[behind == number])
    return Fronts(there, back, _freed(base, _met(behind, there), layers, over))


def _base(numbers: np.ndarray, layers: Sequence[Layer]) -> np.ndarray:
    """int32 `(h, w)`: the layer of each pixel, from 1."""
    found = np.zeros(numbers.shape, np.int32)
    for number, layer in enumerate(layers, 1):
        if layer.border is None:
            found[numbers == layer.region] = number
        else:
            rows, cols = layer.border.T
            inside = numbers[rows, cols] == layer.region
            found[rows[inside], cols[inside]] = number
    complete(found, numbers)
    return found


def _carried(
    base: np.ndarray, layers: Sequence[Layer], far: Regions, alike: np.ndarray, back: np.ndarray
) -> np.ndarray:
    """int32 `(h, w)`: the same of the other frame."""
    found = np.zeros(base.shape, np.int32)
    places = grid(*base.shape)
    for number, layer in reversed(list(enumerate(layers, 1))):
        moved = back if layer.motion is None else layer.motion.back().of(places)
        fits = (_met(base, moved) == number) & alike[number - 1][far.numbers]
        found[fits & (far.numbers > 0)] = number
    complete(found, far.numbers)
    return found


def _met(numbers: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """Numbers where a flow leads, 0 outside."""
    ends = np.rint(grid(*numbers.shape) + flow).astype(np.int64)
    last = np.array(numbers.shape) - 1
    inside = ((ends >= 0) & (ends <= last)).all(-1)
    rows, cols = np.moveaxis(np.clip(ends, 0, last), -1, 0)
    return np.where(inside, numbers[rows, cols], 0)


def _freed(
    base: np.ndarray, met: np.ndarray, layers: Sequence[Layer], over: np.ndarray
) -> np.ndarray:
    """bool `(h, w)`: what came free, with what is near it: something may be drawn further out."""
    freed = np.zeros(base.shape, bool)
    places = grid(*base.shape)
    for (number, layer), (front, other) in product(enumerate(layers, 1), repeat=2):
        if over[front, number] and layer.motion is not None and other.motion is not None:
            own = base == number
            line = own & (met == front)
            apart = other.motion.of(places[line]) - layer.motion.of(places[line])
            line[line] = np.square(apart).sum(-1) > APART**2
            freed |= own & wider(line, WAKE)
    return freed


def _ordered(
    numbers: np.ndarray, there: np.ndarray, slopes: Slopes
) -> tuple[list[Layer], np.ndarray]:
    """Layers, front to back, and bool `(n + 1, n + 1)`: whether a region lies over another."""
    whole, count = borders(numbers), int(numbers.max())
    moving = _Borders(whole, there, slopes)
    over = np.zeros((count + 1, count + 1), bool)
    edge = np.concatenate([numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]])
    at_edge, areas = (np.bincount(x.ravel(), minlength=count + 1) for x in (edge, numbers))
    waiting = sorted(range(1, count + 1), key=lambda i: (at_edge[i], areas[i]))
    layers: list[Layer] = []
    while waiting:
        own = {i: [x for x in whole if i in x and not (over[x] or over[x[::-1]])] for i in waiting}
        number = next((i for i in waiting if own[i] and moving.as_one(own[i])), None)
        if number is not None:
            layers.append(Layer(number, moving.plain(own[number])))
        else:
            number = next((i for i in waiting if own[i]), waiting[0])
            if own[number]:
                layers += moving.divided(number, own[number])
            else:
                layers.append(Layer(number, moving.behind([x for x in whole if number in x])))
        waiting.remove(number)
        for one, other in own[number]:
            over[number, other if one == number else one] = True
    return layers, over


class _Cell(NamedTuple):
    """A piece of a border, and what a motion of its own leaves unexplained of it."""

    places: np.ndarray
    motion: Motion
    left: float


class _Borders:
    """Fits of borders of regions.

    Whether a motion is that of a border is asked piece by piece, against what a motion of the
    piece's own leaves: frames may be drawn with hard edges or soft ones.
    """

    def __init__(self, whole: Mapping[Pair, np.ndarray], there: np.ndarray, slopes: Slopes) -> None:
        self._there, self._slopes = there, slopes
        self._cells = {pair: self._pieces(places) for pair, places in whole.items()}
        last = np.array(there.shape[:2]) - EDGE
        self._at_edge = {
            pair: bool(((places < EDGE) | (places >= last)).any()) for pair, places in whole.items()
        }
        self._known: dict[tuple[Pair, ...], Motion] = {}

    def motion(self, pairs: Sequence[Pair]) -> Motion:
        """One motion for borders."""
        key = tuple(pairs)
        if key not in self._known:
            self._known[key] = self._fit([cell for pair in pairs for cell in self._cells[pair]])
        return self._known[key]

    def plain(self, pairs: Sequence[Pair]) -> Motion:
        """The same; none, or that of all borders, where it explains them as well."""
        own = self.motion(pairs)
        least, slopes, _ = self._left(pairs, own)
        for motion in (STILL, self.motion(list(self._cells))):
            if self._left(pairs, motion)[0] <= AS_WELL * least + NONE**2 * slopes:
                return motion
        return own

    def as_one(self, pairs: Sequence[Pair]) -> bool:
        """Whether borders move together, nearly as well as each of their pieces does by itself."""
        motion = self.motion(pairs)
        shares = [self._share(self._cells[pair], motion) for pair in pairs]
        return _small(motion) and min(shares) >= MOSTLY

    def behind(self, pairs: Sequence[Pair]) -> Motion | None:
        """Of what lies behind all around it: as they move together, or as all of the frame does.

        Only borders that lead to an edge of the frame tell it: things may well move alike before
        what stands still.
        """
        for together in (pairs, list(self._cells)):
            if sum(self._at_edge[pair] for pair in together) > 1:
                cells = [cell for pair in together for cell in self._cells[pair]]
                motion = self.motion(together)
                if _small(motion) and self._share(cells, motion) >= TOGETHER:
                    return motion
        return STILL if pairs else None

    def divided(self, number: int, pairs: Sequence[Pair]) -> list[Layer]:
        """Parts of a region that move as one each; if they are too many, one that does not."""
        left = [cell for pair in pairs for cell in self._cells[pair]]
        found: list[Layer] = []
        most = (1 - MOSTLY) * _count(left)
        while len(found) < PARTS and _count(left) > most:
            groups = [[x for x in left if self._fits(x, cell.motion)] for cell in left]
            most_alike = max(groups, key=_count)
            if not most_alike:  # all of them leave the frame
                break
            motion = self._fit(most_alike)
            group = [self._fits(x, motion) for x in left]
            there = [x.places for x, fits in zip(left, group, strict=True) if fits]
            if sum(map(len, there)) <= most or not _small(motion):
                break
            found.append(Layer(number, motion, np.concatenate(there)))
            left = [x for x, fits in zip(left, group, strict=True) if not fits]
        return found if _count(left) <= most else [Layer(number, None)]

    def _pieces(self, places: np.ndarray) -> list[_Cell]:
        square = places // CELL
        pieces = [places[(square == one).all(1)] for one in np.unique(square, axis=0)]
        pieces = [piece for piece in pieces if len(piece) >= FEWEST] or [places]
        motions = [self._fit_places(piece, small=True) for piece in pieces]
        return [
            _Cell(x, y, self._slopes.left(x, y)[0]) for x, y in zip(pieces, motions, strict=True)
        ]

    def _left(self, pairs: Sequence[Pair], motion: Motion) -> tuple[float, float, float]:
        places = np.concatenate([cell.places for pair in pairs for cell in self._cells[pair]])
        return self._slopes.left(places, motion)

    def _share(self, cells: Sequence[_Cell], motion: Motion) -> float:
        """Of the pixels of borders, those that move so; what leaves the frame says nothing."""
        seen = [cell for cell in cells if self._slopes.left(cell.places, motion)[2] > 0.5]
        return _count([x for x in seen if self._fits(x, motion)]) / max(_count(seen), 1)

    def _fits(self, cell: _Cell, motion: Motion) -> bool:
        left, slopes, inside = self._slopes.left(cell.places, motion)
        return left <= WORSE * cell.left + AS_ONE**2 * slopes and inside > 0.5

    def _fit(self, cells: Sequence[_Cell]) -> Motion:
        return self._fit_places(np.concatenate([cell.places for cell in cells]))

    def _fit_places(self, places: np.ndarray, small: bool = False) -> Motion:
        start = np.median(self._there[places[:, 0], places[:, 1]], axis=0)
        return self._slopes.fit(places, start, small)


def _count(cells: Sequence[_Cell]) -> int:
    return sum(len(cell.places) for cell in cells)


def _small(motion: Motion) -> bool:
    """Whether it turns and grows as little as a region does; other fits are of nothing."""
    return bool(np.abs(motion.turn).max() <= TURN)
