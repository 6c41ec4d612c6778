"""The compiled loops of pixel synthesis: search, vote, and the count of occurrences.

A *place* is the middle of a source patch as one number, `row * width + column` of the source. All
source patches that may be taken lie wholly inside the source, so that no loop asks for its border:
`allowed` is zero everywhere else, and a step out of the inside lands on such a zero.

Maps are int16 and distances int32 (`maps.joint_maps` scales them so that none can overflow): sums
of whole numbers are the same in any order, on any processor.
"""

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from analogies.matching.pixels.compiling import compiled

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def _sum_of_squares(count: int) -> Any:
    """A function of two int16 arrays: the squared distance of `count` numbers from i and from j.

    Written as vectors, as the compiler does not find them in a loop of unknown length, and is ten
    times slower then.
    """

    @intrinsic
    def squares(typingctx: Any, a: Any, i: Any, b: Any, j: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            short = ir.VectorType(ir.IntType(16), count)
            long = ir.VectorType(ir.IntType(32), count)

            def load(kind: Any, array: Any, index: Any) -> Any:
                data = context.make_array(kind)(context, builder, array).data
                pointer = builder.bitcast(builder.gep(data, [index]), short.as_pointer())
                return builder.load(pointer, align=2)

            a_values = load(signature.args[0], args[0], args[1])
            b_values = load(signature.args[2], args[2], args[3])
            apart = builder.sext(builder.sub(a_values, b_values), long)
            add = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(ir.IntType(32), [long]),
                f"llvm.vector.reduce.add.v{count}i32",
            )
            return builder.call(add, [builder.mul(apart, apart)])

        return types.int32(a, types.intp, b, types.intp), generate

    return squares


_squares_of_8 = _sum_of_squares(8)
_squares_of_4 = _sum_of_squares(4)


@numba.njit
def _distance(source, target, i, j, across, source_row, target_row, patch, limit):
    """Squared distance of the patches that start at i and j, or more than `limit`."""
    total = np.int32(0)
    for _ in range(patch):
        p, q, end = i, j, i + across
        while p + 8 <= end:
            total = np.int32(total + _squares_of_8(source, p, target, q))
            p += 8
            q += 8
        if p < end:
            total = np.int32(total + _squares_of_4(source, p, target, q))
        if total > limit:
            break
        i += source_row
        j += target_row
    return total


@numba.njit
def _occurrence(counts, delta, place, width, radius):
    """How often the pixels of the patch at `place` are used."""
    total = 0
    for row in range(-radius, radius + 1):
        start = place + row * width - radius
        for i in range(start, start + 2 * radius + 1):
            total += counts[i] + delta[i]
    return total


@numba.njit
def _count(counts, place, width, radius, change):
    """Count one more use, or one less, of the pixels of the patch at `place`."""
    for row in range(-radius, radius + 1):
        start = place + row * width - radius
        for i in range(start, start + 2 * radius + 1):
            counts[i] += change


@numba.njit
def _random(state):
    """The next state and its number of 64 random bits (splitmix64)."""
    state = state + _GOLDEN
    z = (state ^ (state >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return state, z ^ (z >> _S31)


@compiled(
    "void(int16[::1], int16[::1], uint8[::1], int32[:,::1], int32[:,::1], uint8[:,::1],"
    " int32[::1], int32[::1], int64, int64, int64, int64, int64, int64, float64, int64, int64)"
)
def sweep(
    source,
    target,
    allowed,
    places,
    energy,
    active,
    counts,
    delta,
    width,
    channels,
    patch,
    first,
    last,
    step,
    penalty,
    seed,
    wrap,
):
    """One PatchMatch sweep over the rows from `first` up to but not with `last`.

    Arguments:
        source: `(rows * width * channels,)`, A' and its guides.
        target: the same of B', with a border of half a patch.
        allowed: `(rows * width,)`, 1 where a source patch may be taken.
        places, energy: `(h, w)`, changed in place.
        active: `(h, w)`, 0 for patches to leave as they are.
        counts, delta: `(rows * width,)`, uses of each source pixel, and what has changed of them
            here; their sum counts.
        step: 1 for scan-line order, -1 for the reverse.
        penalty: cost of one use of one pixel.
        wrap: what follows on its other side: 1 for the target's rows, 2 for its columns, 3 for
            both, 0 for none.
    """
    h, w = places.shape
    radius = patch // 2
    rows = allowed.size // width
    corner = radius * width + radius
    across = patch * channels
    source_row, target_row = width * channels, (w + 2 * radius) * channels
    widest = max(rows, width)
    y = first if step == 1 else last - 1
    for _ in range(last - first):
        state = np.uint64(seed) + np.uint64(y) * _MIX_1
        x = 0 if step == 1 else w - 1
        for _ in range(w):
            if active[y, x]:
                at = (y * (w + 2 * radius) + x) * channels
                place, best = places[y, x], energy[y, x]
                cost = float(best)
                if penalty > 0.0:
                    cost += penalty * _occurrence(counts, delta, place, width, radius)
                middle_row, middle_col, reach, turn = 0, 0, 1, 0
                while reach < 2 * widest:
                    if turn == 0:
                        before = x - step
                        if wrap & 2:
                            before %= w
                        candidate = places[y, before] + step if 0 <= before < w else place
                    elif turn == 1:
                        before = y - step
                        if wrap & 1:
                            before %= h
                        candidate = places[before, x] + step * width if 0 <= before < h else place
                    else:
                        if turn == 2:
                            middle_row = place // width
                            middle_col = place - middle_row * width
                        state, bits = _random(state)
                        top, bottom = max(middle_row - reach, 0), min(middle_row + reach + 1, rows)
                        left, right = max(middle_col - reach, 0), min(middle_col + reach + 1, width)
                        down = np.int64(((bits >> _S32) * np.uint64(bottom - top)) >> _S32)
                        over = np.int64(((bits & _LOW) * np.uint64(right - left)) >> _S32)
                        candidate = (top + down) * width + left + over
                        reach *= 2
                    turn += 1
                    if candidate == place or not allowed[candidate]:
                        continue
                    found = _distance(
                        source,
                        target,
                        (candidate - corner) * channels,
                        at,
                        across,
                        source_row,
                        target_row,
                        patch,
                        cost,
                    )
                    if found >= cost:
                        continue
                    new_cost = float(found)
                    if penalty > 0.0:
                        new_cost += penalty * _occurrence(counts, delta, candidate, width, radius)
                        if new_cost >= cost:
                            continue
                        _count(delta, candidate, width, radius, 1)
                        _count(delta, place, width, radius, -1)
                        # Its own use counts against the patch that has it, as for all others.
                        new_cost = float(found) + penalty * _occurrence(
                            counts, delta, candidate, width, radius
                        )
                    place, best, cost = candidate, found, new_cost
                places[y, x] = place
                energy[y, x] = best
            x += step
        y += step


@compiled("void(int32[:,::1], int32[:,::1], int32[::1], int32[:,::1], int64, int64, int64[:,::1])")
def settle(places, before, counts, deltas, width, patch, rows):
    """Bring what a step has changed from the `deltas` of the bands into `counts`.

    Arguments:
        rows: `(bands, 2)`, first row of each band's step and the one after its last.
    """
    radius = patch // 2
    for band in range(len(rows)):
        for y in range(rows[band, 0], rows[band, 1]):
            for x in range(places.shape[1]):
                old, new = before[y, x], places[y, x]
                if old != new:
                    _count(counts, old, width, radius, -1)
                    _count(deltas[band], old, width, radius, 1)
                    _count(counts, new, width, radius, 1)
                    _count(deltas[band], new, width, radius, -1)
                    before[y, x] = new


@compiled(
    "void(int16[::1], int16[::1], int32[:,::1], int32[:,::1], uint8[:,::1], int64, int64, int64,"
    " int64, int64)"
)
def measure(source, target, places, energy, active, width, channels, patch, first, last):
    """The squared distance of each active patch and its match, for some rows."""
    w = places.shape[1]
    radius = patch // 2
    corner = radius * width + radius
    target_width = w + 2 * radius
    for y in range(first, last):
        for x in range(w):
            if active[y, x]:
                energy[y, x] = _distance(
                    source,
                    target,
                    (places[y, x] - corner) * channels,
                    (y * target_width + x) * channels,
                    patch * channels,
                    width * channels,
                    target_width * channels,
                    patch,
                    np.int32(2147483647),
                )


@compiled(
    "void(float32[:,::1], int32[:,::1], float32[:,:,::1], float32[:,::1], uint8[:,::1], int64,"
    " int64, int64, int64, int64)"
)
def vote(style, places, image, change, made, width, patch, first, last, wrap):
    """The mean of what the matches of all patches over a pixel show there, for some rows.

    Arguments:
        style: `(rows * width, c)`, pixels of A'.
        image: `(h, w, c)`, changed in place.
        change: `(h, w)`, filled with the largest change of a channel.
        made: `(h, w)`, 0 for pixels to leave as they are.
        wrap: as for `sweep`.
    """
    h, w = places.shape
    radius = patch // 2
    for y in range(first, last):
        for x in range(w):
            largest = np.float32(0.0)
            for c in range(image.shape[2] if made[y, x] else 0):
                total, votes = np.float32(0.0), 0
                for down in range(-radius, radius + 1):
                    row = y + down
                    if wrap & 1:
                        row %= h
                    if row < 0 or row >= h:
                        continue
                    for right in range(-radius, radius + 1):
                        col = x + right
                        if wrap & 2:
                            col %= w
                        if col < 0 or col >= w:
                            continue
                        total += style[places[row, col] - down * width - right, c]
                        votes += 1
                mean = np.float32(total / np.float32(votes))
                largest = max(largest, abs(mean - image[y, x, c]))
                image[y, x, c] = mean
            change[y, x] = largest
