"""The pyramid: how large everything is at each level. Plain Python, so it can be checked early."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from analogies.errors import InputError
from analogies.options.table import SMALLEST_SIDE, Options

CELLS = (1, 2, 4, 8)  # px, sides that a cell may have
COARSE_SHARE = 0.25  # of the finest level's cost that matching on a coarser one may have
MATCHING_COST = 1.3e11  # pairs of cells times (channels + 200): about 0.8 s on 2 cores
JOINT_CHANNELS = 64  # of half a joint map at most, after projection
EXACT_SHARE = 2.0  # times that many are still matched exactly where no coarser grid is left
FEW_COPIES = 9  # turned and scaled ones that may take as many times longer
MOST_CELLS = 2**16  # of a picture on the grid of PatchMatch, about
REFINED_PAIRS = 1e8  # of cells, from which PatchMatch from the last matches pays even once
SMALLEST_IN_PATCHES = 4  # sides of a level of pixels, at least
CELL_PAIRS = 4.5e7  # pairs of cells of A and B that exact matching compares at most


@dataclass(frozen=True)
class Level:
    """One scale of the pyramid.

    Attributes:
        scale: size of B' here as a fraction of the result's size, 0 < scale <= 1.
        size_a: `(height, width)` of A and A' in px.
        size_b: `(height, width)` of B and B' in px.
        cell: side in px of a cell of the grid on which patches are matched, a power of two.
        size_pairs: `(height, width)` of the further pairs in px; None where one is too small here.
        method: how patches are matched, "exact" or "patchmatch".
        refined: whether "exact" is only for the first matches of the level, which PatchMatch then
            goes on from.
        made_by: "network": matched and optimized; "pixels": put together from pixels of A'.
        wrap: whether B' goes on at its other side, below its last row, right of its last column.
    """

    scale: float
    size_a: tuple[int, int]
    size_b: tuple[int, int]
    cell: int
    size_pairs: tuple[tuple[int, int] | None, ...] = ()
    method: str = "exact"
    refined: bool = False
    made_by: str = "network"
    wrap: tuple[bool, bool] = (False, False)


@dataclass(frozen=True)
class Pyramid:
    """Levels, coarse to fine, and notes for the person on what was changed to make them work."""

    levels: tuple[Level, ...]
    notes: tuple[str, ...] = ()

    def shrunk(self, share: float) -> "Pyramid":
        """The same levels, of a result whose size is `1 / share` times as large."""
        levels = (replace(level, scale=level.scale * share) for level in self.levels)
        return Pyramid(tuple(levels), self.notes)

    def tiled(self, wrap: tuple[bool, bool], multiple: int) -> "Pyramid":
        """The same levels of a B' that tiles; its sides that do are made of whole cells.

        Args:
            wrap: whether rows and columns go on at their other side.
            multiple: px of the network's coarsest cells.
        """
        levels = []
        for level in self.levels:
            cell = max(level.cell, multiple)
            sides = (
                max(round(side / cell), 1) * cell if wraps else side
                for side, wraps in zip(level.size_b, wrap, strict=True)
            )
            height, width = sides
            levels.append(replace(level, size_b=(height, width), wrap=wrap))
        return Pyramid(tuple(levels), self.notes)


def plan(
    size_a: tuple[int, int],
    size_b: tuple[int, int],
    size_out: tuple[int, int],
    *,
    scales: int,
    min_scale: float,
    patch_size: int,
    a_scale_mode: str = "none",
    a_scale: float = 1.0,
    cell_pairs: float = CELL_PAIRS,
    smallest_side: int = SMALLEST_SIDE,
    size_pairs: Sequence[tuple[int, int]] = (),
    model: str = "exact",
    copies: int = 1,
) -> Pyramid:
    """Sizes of all levels; scales are spaced geometrically from `min_scale` to 1.

    Levels on which A or B would be shorter than `smallest_side`, or hold no patch, are left out.

    Args:
        size_a: `(height, width)` of A, px.
        size_b: the same of B as given; only its ratio to `size_out` counts (`a_scale_mode`).
        size_out: the same of the result.
        scales: number of levels.
        min_scale: scale of the coarsest, in (0, 1].
        patch_size: side of a patch in cells.
        a_scale_mode: "none": A keeps its own size; "match": it gets the result's;
            "ratio": it is scaled by the factor that scales B to the result; "auto": likewise where
            that makes it smaller, but not below the result.
        a_scale: further factor for A.
        cell_pairs: at most this many pairs of cells of A and B are compared by exact matching,
            which decides how fine the grid is.
        smallest_side: px.
        size_pairs: `(height, width)` of further pairs of A and A', px. A level on which one of them
            is too small goes without that pair.
        model: "exact"; "patchmatch", on a grid as fine as memory allows; or "auto": PatchMatch on
            the finest level where its grid is finer, a coarser level gives it matches to start
            from and there is one pair without copies; wherever even the coarsest grid is too much
            for exact matching; and, with one pair, to refine what was matched exactly where doing
            that again would take long.
        copies: of each pair, turned and scaled.

    Raises:
        InputError: no level is large enough, or a pair is too small for all of them.
    """
    full_a = scaled_size(size_a, size_b, size_out, a_scale_mode, a_scale)
    full_pairs = [scaled_size(x, size_b, size_out, a_scale_mode, a_scale) for x in size_pairs]
    levels: list[Level] = []
    left_out = 0
    for scale in scale_factors(scales, min_scale):
        a, b = times(full_a, scale), times(size_out, scale)
        pairs = [times(size, scale) for size in full_pairs]
        allowed = cell_pairs * (1.0 if scale == 1.0 else COARSE_SHARE)
        area = float(sum(map(math.prod, (a, *pairs))))
        cell = _cell(a, b, patch_size, allowed * math.prod(a) / area)
        if min(*a, *b) < smallest_side or cell is None:
            left_out += 1
            continue
        needed = max(smallest_side, cell * patch_size)
        used = tuple(size if min(size) >= needed else None for size in pairs)
        pairs_of_cells = area * max(1.0, copies / FEW_COPIES) * math.prod(b) / cell**4
        method, fine = model, _fine_cell(a, b, patch_size)
        alone = not size_pairs and copies == 1
        if model == "auto":
            finer = alone and scale == 1.0 and bool(levels) and fine < cell
            too_many = pairs_of_cells > EXACT_SHARE * cell_pairs
            method = "patchmatch" if finer or too_many else "exact"
        if method == "patchmatch" and (alone or model == "patchmatch"):
            cell = fine
        large = area * math.prod(b) / cell**4 >= REFINED_PAIRS
        refined = model == "auto" and alone and method == "exact" and large
        levels.append(Level(scale, a, b, cell, used, method, refined))
    if not levels:
        smallest = max(smallest_side, patch_size)
        raise InputError(
            f"A and the result must be at least {smallest} px high and wide for patches of "
            f"{patch_size} cells. Received: A of {full_a[1]}x{full_a[0]} px, a result of "
            f"{size_out[1]}x{size_out[0]} px"
        )
    for number, size in enumerate(levels[-1].size_pairs, 2):
        if size is None:
            height, width = full_pairs[number - 2]
            raise InputError(
                f"pair {number} is too small beside the other pictures, whose patches are "
                f"{levels[-1].cell * patch_size} px wide. Received: {width}x{height} px"
            )
    if not left_out:
        return Pyramid(tuple(levels))
    note = (
        f"the pyramid starts at scale {levels[0].scale:.2f} "
        f"({levels[0].size_b[1]}x{levels[0].size_b[0]} px): below it the pictures are too small"
    )
    return Pyramid(tuple(levels), (note,))


def fine_levels(
    size_a: tuple[int, int],
    size_out: tuple[int, int],
    patch_size: int,
    most: int | None = None,
    wrap: tuple[bool, bool] = (False, False),
    smallest: int = SMALLEST_IN_PATCHES,
) -> tuple[Level, ...]:
    """The levels of pixels, each twice the size of the one before it.

    Args:
        size_a: `(height, width)` of A at the finest, px; of several pairs all together.
        size_out: `(height, width)` of the result, px.
        patch_size: px.
        most: levels; None: all on which some patches fit.
        wrap: see `Level`.
        smallest: sides of the coarsest, in patches, at least.
    """
    found: list[Level] = []
    for halvings in itertools.count() if most is None else range(most):
        a, b = halved(size_a, halvings), halved(size_out, halvings)
        if found and min(*a, *b) < smallest * patch_size:
            break
        found.append(Level(0.5**halvings, a, b, 1, (), "pixels", made_by="pixels", wrap=wrap))
    return tuple(reversed(found))


def halved(size: tuple[int, int], times: int) -> tuple[int, int]:
    """A size after so many halvings, at least one pixel."""
    return max(size[0] >> times, 1), max(size[1] >> times, 1)


def coarse_share(size_out: tuple[int, int], side: int) -> float:
    """Size of what the network makes as a fraction of the result, in (0, 1].

    Args:
        size_out: `(height, width)` of the result, px.
        side: of the square with as many pixels as the network's picture has at most, px.
    """
    return min(1.0, side / math.sqrt(math.prod(size_out)))


def affordable_pairs(channels: int) -> float:
    """Pairs of cells that exact matching may compare, for half a joint map of some channels."""
    return MATCHING_COST / (2 * min(channels, JOINT_CHANNELS) + 200.0)


def count_copies(options: Options) -> int:
    """How many turned and scaled copies of each pair there are, itself included."""
    return (2 * options.rotations + 1) * (2 * options.rescales + 1)


def result_size(size_of_b: tuple[int, int], options: Options) -> tuple[int, int]:
    """(height, width) of the result: B's, or as --width and --height say, keeping proportions.

    >>> result_size((462, 320), Options(height=231))
    (231, 160)
    """
    height, width = size_of_b
    if options.width and options.height:
        return options.height, options.width
    if options.width:
        return max(1, round(height * options.width / width)), options.width
    if options.height:
        return options.height, max(1, round(width * options.height / height))
    return height, width


def scale_factors(scales: int, min_scale: float) -> tuple[float, ...]:
    """Geometric sequence of `scales` numbers from `min_scale` to 1.

    >>> scale_factors(3, 0.25)
    (0.25, 0.5, 1.0)
    """
    if scales == 1:
        return (1.0,)
    return tuple(min_scale ** (1 - i / (scales - 1)) for i in range(scales))


def rounds(votes: int, level: int) -> int:
    """Rounds of matching and voting at a level: one fewer than at the one below, at least one.

    The finer a level, the less is left to find there, and the more a round costs.

    >>> [rounds(4, level) for level in range(5)], rounds(0, 2)
    ([4, 3, 2, 1, 1], 0)
    """
    return min(votes, max(1, votes - level))


def scaled_size(
    size_a: tuple[int, int],
    size_b: tuple[int, int],
    size_out: tuple[int, int],
    mode: str,
    factor: float,
) -> tuple[int, int]:
    """Height and width of A, px, as `a_scale_mode` and `a_scale` have it; see `plan`."""
    ratio = math.sqrt((size_out[0] / size_b[0]) * (size_out[1] / size_b[1]))
    if mode == "match":
        size_a = size_out
    elif mode == "ratio":
        factor *= ratio
    elif mode == "auto":
        factor *= min(1.0, max(ratio, math.sqrt(math.prod(size_out) / math.prod(size_a))))
    return times(size_a, factor)


def times(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """A size at a scale, at least one pixel."""
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _cell(a: tuple[int, int], b: tuple[int, int], patch_size: int, cell_pairs: float) -> int | None:
    """The smallest cell that keeps matching affordable, as long as a patch still fits."""
    fitting = [c for c in CELLS if min(*a, *b) // c >= patch_size]
    if not fitting:
        return None
    area = float(a[0] * a[1]) * (b[0] * b[1])
    affordable = [c for c in fitting if area / c**4 <= cell_pairs]
    return affordable[0] if affordable else fitting[-1]


def _fine_cell(a: tuple[int, int], b: tuple[int, int], patch_size: int) -> int:
    """The smallest cell of which not too many are to be held, as long as a patch still fits."""
    fitting = [c for c in CELLS if min(*a, *b) // c >= patch_size]
    area = max(math.prod(a), math.prod(b))
    return next((c for c in fitting if area / c**2 <= MOST_CELLS), fitting[-1])
