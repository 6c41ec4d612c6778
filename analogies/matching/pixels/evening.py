"""Offsets between the colors of patches of a part that is made, evened out.

Patches of a sky that lie side by side differ by a few levels, and from the pixels that stay. Within
a patch its own differences of neighbors are right; what B' differs from them at seams is such an
offset where it is small, and an edge of what is shown where it is large. The correction `c` has the
opposite differences `d` of the small ones,

    sum over neighbors p, q of made pixels (c_q - c_p - d_pq)^2 -> least, c = 0 where B' stays

(Perez et al., "Poisson Image Editing", 2003).
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from analogies.matching.pixels.maps import PLANE, Wrap, beyond

OFFSET = 8.0  # levels of 255: a difference of so much is taken for half an offset, half an edge
CALM = 3.0  # levels, root mean square of steps between pixels: a sky has fewer, a texture more
NEAR = 5  # px, how far around a pixel that is measured
HELD = 0.01  # beside a link's 1, how strongly what is half calm stays as it is
STEPS = 60  # of conjugate gradients, at most
LEFT = 1e-2  # of the residual, at which they end
DAMPING = 0.7  # of Jacobi steps
FEW = 16  # px of a grid that needs no coarser one


def evened(
    image: np.ndarray,
    style: np.ndarray,
    field: tuple[np.ndarray, np.ndarray],
    made: np.ndarray,
    wrap: Wrap = PLANE,
) -> np.ndarray:
    """The picture with small offsets between the patches of a part of it evened out.

    Where it is lively, as in a texture, it stays as it is.

    Arguments:
        image: float32 `(h, w, c)` in [0, 255], B'.
        style: float32 `(hA, wA, c)`, A'.
        field: rows and columns, `(h, w)` each, of the middles of the matched patches, which are of
            3 px at least.
        made: bool `(h, w)`, the pixels that may change.
        wrap: whether B' goes on at the other side, above and below, to the left and right.

    Returns:
        float32 `(h, w, c)`, equal to the image where it is not made, elsewhere within its range.
    """
    if not made.any():
        return image
    part = _around(made, wrap)
    found = image.copy()
    rows, cols = field
    _even_out(found[part], style, (rows[part], cols[part]), made[part], wrap)
    return found


def _around(made: np.ndarray, wrap: Wrap) -> tuple[slice, slice]:
    """The part of a picture that counts: all of an axis that goes on at the other side."""
    found = []
    for axis in (0, 1):
        within, side = np.flatnonzero(made.any(1 - axis)), made.shape[axis]
        first, last = max(int(within[0]) - NEAR - 1, 0), int(within[-1]) + NEAR + 2
        found.append(slice(None) if wrap[axis] else slice(first, min(last, side)))
    return found[0], found[1]


def _even_out(
    image: np.ndarray,
    style: np.ndarray,
    field: tuple[np.ndarray, np.ndarray],
    made: np.ndarray,
    wrap: Wrap,
) -> None:
    """The same in place, of all that is given."""
    calm = _calm(image, wrap)
    grids = [_grid(made, wrap, HELD * (1.0 / calm - 1.0))]
    while min(grids[-1].total.shape) > 1 and grids[-1].total.size > FEW:
        grids.append(_coarser(grids[-1]))
    wanted = _wanted(image, style, field, grids[0], calm)
    del calm
    for channel in range(image.shape[2]):
        own = image[..., channel]
        shift = _least(grids, np.where(made, wanted.pop(0), 0.0))
        image[..., channel] = np.where(made, np.clip(own + shift, own.min(), own.max()), own)


def _wanted(
    image: np.ndarray,
    style: np.ndarray,
    field: tuple[np.ndarray, np.ndarray],
    grid: "_Grid",
    calm: np.ndarray,
) -> list[np.ndarray]:
    """float64 `(h, w)` for each channel: the right side of the equations, a color at a time."""
    offsets = [_offsets(image, style, field, axis) for axis in (0, 1)]
    shares = [
        link * np.minimum(calm, np.roll(calm, -1, axis)) for axis, link in enumerate(grid.links)
    ]
    return [
        _divergence(x[..., channel] * share for x, share in zip(offsets, shares, strict=True))
        for channel in range(image.shape[2])
    ]


def _offsets(
    image: np.ndarray, style: np.ndarray, field: tuple[np.ndarray, np.ndarray], axis: int
) -> np.ndarray:
    """float32 `(h, w, c)`: what the step to the next pixel along an axis lacks, if it is little."""
    rows, cols = field
    down, right = 1 - axis, axis
    here = style[rows, cols]
    after = style[rows + down, cols + right] - here
    before = here - style[rows - down, cols - right]
    wanted = np.float32(0.5) * (after + np.roll(before, -1, axis))
    lacking = wanted - (np.roll(image, -1, axis) - image)
    size = np.mean(np.square(lacking), -1, keepdims=True)
    return (lacking / (1.0 + size / np.float32(OFFSET**2))).astype(np.float32)


def _calm(image: np.ndarray, wrap: Wrap) -> np.ndarray:
    """float64 `(h, w)` in (0, 1]: how smooth the picture is around each pixel."""
    squares = np.zeros(image.shape[:2])
    for axis in (0, 1):
        steps = np.roll(image, -1, axis) - image
        if not wrap[axis]:
            np.moveaxis(steps, axis, 0)[-1] = 0.0
        squares += 0.5 * np.mean(np.square(steps), -1)
    for axis in (0, 1):
        places = beyond(squares.shape[axis], NEAR, wrap[axis])
        sums = np.cumsum(np.moveaxis(squares, axis, 0)[places], 0)
        sums = np.concatenate([np.zeros_like(sums[:1]), sums])
        width = 2 * NEAR + 1
        squares = np.moveaxis((sums[width:] - sums[:-width]) / width, 0, axis)
    return 1.0 / (1.0 + (np.maximum(squares, 0.0) / CALM**2) ** 4)


class _Grid(NamedTuple):
    """Cells and how strongly they are held.

    Attributes:
        links: float64 `(h, w)` each, to the next cell below and to the right, the last one's to
            the first; 0 where there is none.
        total: float64 `(h, w)`, all that holds a cell; infinite where none changes.
        own: float64 `(h, w)`, what of it is no link; 0 where none changes.
    """

    links: tuple[np.ndarray, np.ndarray]
    total: np.ndarray
    own: np.ndarray


def _grid(made: np.ndarray, wrap: Wrap, stiff: np.ndarray) -> _Grid:
    """A cell for each pixel, held by so much and by links of 1 wherever a neighbor is made."""
    links = []
    for axis in (0, 1):
        link = (made | np.roll(made, -1, axis)).astype(np.float64)
        if not wrap[axis]:
            np.moveaxis(link, axis, 0)[-1] = 0.0
        links.append(link)
    total = stiff + _both_ways(links)
    return _made_grid(links, np.where(made & (total > 0), total, np.inf))


def _made_grid(links: list[np.ndarray], total: np.ndarray) -> _Grid:
    own = np.where(np.isfinite(total), total - _both_ways(links), 0.0)
    return _Grid((links[0], links[1]), total, own)


def _both_ways(links: list[np.ndarray]) -> np.ndarray:
    """Sums of the links of each cell."""
    return sum(link + np.roll(link, 1, axis) for axis, link in enumerate(links))


def _coarser(grid: _Grid) -> _Grid:
    """Cells of two by two, held by what holds their own from outside.

    Their links count half: the steps between flat cells are twice as steep as what they stand for.
    """
    changes = np.isfinite(grid.total)
    outer, links = np.where(changes, grid.total, 0.0), []
    for axis, link in enumerate(grid.links):
        between = np.where(changes & np.roll(changes, -1, axis), link, 0.0)
        outer = outer - between - np.roll(between, 1, axis)
        across = np.moveaxis(between, axis, 0).copy()
        # Of an odd number of rows the last is a pair's first: nothing beside it is its second.
        across[:-1:2] = 0.0
        links.append(0.5 * _summed(np.moveaxis(across, 0, axis)))
    total = 0.5 * _summed(outer)
    for axis, link in enumerate(links):
        total = total + link + np.roll(link, 1, axis)
    held = np.where(_summed(changes.astype(np.float64)) > 0, total, np.inf)
    return _made_grid(links, np.where(total > 0, held, np.inf))


def _summed(values: np.ndarray) -> np.ndarray:
    """Sums of squares of 2 by 2, less at odd ends."""
    even = np.pad(values, [(0, side % 2) for side in values.shape])
    rows = even[::2] + even[1::2]
    return rows[:, ::2] + rows[:, 1::2]


def _divergence(steps: Iterable[np.ndarray]) -> np.ndarray:
    """What flows into each cell less what flows out, of steps to the next."""
    return sum(np.roll(step, 1, axis) - step for axis, step in enumerate(steps))


def _held(grid: _Grid, values: np.ndarray) -> np.ndarray:
    """The left side of the equations: what holds each cell against its neighbors."""
    steps = (link * (np.roll(values, -1, axis) - values) for axis, link in enumerate(grid.links))
    held = _divergence(steps) + grid.own * values
    return np.where(np.isfinite(grid.total), held, 0.0)


def _least(grids: list[_Grid], wanted: np.ndarray) -> np.ndarray:
    """The correction, by conjugate gradients, at best in sight of all sizes at once."""
    found, left = np.zeros_like(wanted), wanted
    better = _eased(grids, left)
    way, before = better, float(np.sum(left * better))
    least = LEFT**2 * before
    for _ in range(STEPS):
        if before <= least:
            break
        held = _held(grids[0], way)
        length = before / max(float(np.sum(way * held)), 1e-30)
        found, left = found + length * way, left - length * held
        better = _eased(grids, left)
        now = float(np.sum(left * better))
        way, before = better + now / max(before, 1e-30) * way, now
    return found


def _eased(grids: list[_Grid], left: np.ndarray) -> np.ndarray:
    """Roughly the correction for what is left: a step at each size, down and up."""
    grid = grids[0]
    found = DAMPING * left / grid.total
    if len(grids) > 1:
        rest = _summed(left - _held(grid, found))
        coarse = _eased(grids[1:], rest)
        height, width = left.shape
        doubled = coarse.repeat(2, 0).repeat(2, 1)[:height, :width]
        found = found + np.where(np.isfinite(grid.total), doubled, 0.0)
    return found + DAMPING * (left - _held(grid, found)) / grid.total
