"""Pixel synthesis as a TensorFlow graph, for GPUs and for exported models.

The same distances, costs, votes and random search as the compiled engine, for many patches at
once: one patch in each square of `SPACING` by `SPACING` is searched at the same time, then the
uses of A' are counted anew and it is the next one's turn. All sizes may be unknown when the graph
is built, and nothing returns to the host before the level is done.

Places are int64, as a GPU leaves arithmetic on int32 to the host.
"""

from typing import NamedTuple, TypeAlias

import tensorflow as tf

from analogies.matching.pixels.guides import PATCH_SIZES

SPACING = 4
NEIGHBORS = ((0, -1), (-1, 0), (0, 1), (1, 0))
JUMPS = (1, 4)  # how far away propagation looks
PLANE = (False, False)

Side: TypeAlias = "int | tf.Tensor"  # of patches, px
Tile = tuple[bool, bool]  # whether B' goes on at its other side, in rows and in columns


class Kept(NamedTuple):
    """What of B' stays as it is.

    Attributes:
        made: bool `(h, w)`, the pixels that are made.
        needed: bool `(h, w)`, patches that show one of them.
        known: float32 `(h, w, c)`, or of a shape that is broadcast to it; B' elsewhere.
    """

    made: tf.Tensor
    needed: tf.Tensor
    known: tf.Tensor


class Task(NamedTuple):
    """What a level is about.

    Attributes:
        style: float32 `(hA, wA, c)`, the pixels that are voted.
        source: float32 `(hA, wA, C)`, style and guides times the roots of their weights.
        guides: float32 `(h, w, C - c)`, the same of B' but its picture.
        root: float32 scalar, what a pixel of B' is multiplied by.
        allowed: bool `(hA, wA)`, middles of patches that may be taken.
        uniformity: float32 scalar.
        kept: Without any all of B' is made.
    """

    style: tf.Tensor
    source: tf.Tensor
    guides: tf.Tensor
    root: tf.Tensor
    allowed: tf.Tensor
    uniformity: tf.Tensor
    kept: Kept | tuple[()] = ()


class State(NamedTuple):
    """What a level has come to.

    Attributes:
        image: float32 `(h, w, c)`.
        places: int64 `(h, w)`, `row * wA + column` of the middle of each match.
        energy: float32 `(h, w)`.
        active: bool `(h, w)`, which patches the next round searches.
    """

    image: tf.Tensor
    places: tf.Tensor
    energy: tf.Tensor
    active: tf.Tensor


class _Maps(NamedTuple):
    """Source `(hA * wA, k * C)`, padded target `(rows * columns, k * C)`, and their sizes.

    Each pixel stands for the row of a patch around it, k pixels wide: so few and long rows of
    memory are read.
    """

    source: tf.Tensor
    target: tf.Tensor
    source_size: tf.Tensor
    size: tf.Tensor
    patch: Side
    tile: Tile


def level(
    task: Task,
    places: tf.Tensor,
    image: tf.Tensor | None,
    patch_size: Side,
    rounds: int | tf.Tensor,
    sweeps: int | tf.Tensor,
    still: float | tf.Tensor = 2.0,
    seed: int | tf.Tensor = 0,
    tile: Tile = PLANE,
) -> State:
    """All rounds of a level, until nothing changes; arguments as for `synthesize_level`.

    Arguments:
        places: int64 `(h, w)`, all allowed.
        image: float32 `(h, w, c)`, B' at the start; None votes one.
    """
    image = vote(task.style, places, patch_size, tile) if image is None else image
    start = begun(task, places, image)

    def body(number: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        drawn = tf.stack([tf.cast(seed, tf.int32), number])
        state = search(task, state, patch_size, sweeps, drawn, tile)
        return number + 1, voted(task, state, patch_size, still, tile)

    _, state = tf.while_loop(
        lambda number, state: (number < rounds) & tf.reduce_any(state.active),
        body,
        (tf.constant(0), start),
        parallel_iterations=1,
    )
    return state._replace(energy=measured(task, state, patch_size, tile))


def begun(task: Task, places: tf.Tensor, image: tf.Tensor) -> State:
    """The state before the first round."""
    shape, kept = tf.shape(places), task.kept
    if not kept:
        return State(image, places, tf.zeros(shape), tf.fill(shape, True))
    return State(_restored(kept, image), places, tf.zeros(shape), kept.needed)


def vote(
    style: tf.Tensor,
    places: tf.Tensor,
    patch_size: Side,
    tile: Tile = PLANE,
    focus: float | None = None,
) -> tf.Tensor:
    """float32 `(h, w, c)`: the mean of what the matches of all patches over a pixel show there.

    Arguments:
        focus: px, how fast the weight of a patch falls off from its middle; None: not at all.
    """
    radius = patch_size // 2
    width = tf.shape(style, tf.int64)[1]
    flat = tf.reshape(style, (-1, tf.shape(style)[2]))
    padded = _bordered(places, radius, tile)
    shape = tf.shape(places)

    def body(i: tf.Tensor, total: tf.Tensor, votes: tf.Tensor) -> tuple:
        down, right = i // patch_size - radius, i % patch_size - radius
        seen = padded[
            radius + down : radius + down + shape[0], radius + right : radius + right + shape[1]
        ]
        there = seen >= 0
        away = tf.cast(down, tf.int64) * width + tf.cast(right, tf.int64)
        pixels = tf.gather(flat, tf.where(there, seen - away, tf.zeros_like(seen)))
        counted = tf.cast(there, tf.float32)[..., tf.newaxis]
        if focus is not None:
            counted *= tf.exp(tf.cast(down**2 + right**2, tf.float32) / (-2.0 * focus**2))
        return i + 1, total + pixels * counted, votes + counted

    begin = tf.zeros(tf.concat([shape, tf.shape(style)[2:]], 0))
    _, total, votes = tf.while_loop(
        lambda i, *_: i < patch_size**2,
        body,
        (tf.constant(0), begin, begin[..., :1]),
        parallel_iterations=1,
    )
    return total / votes


def _bordered(places: tf.Tensor, radius: int, tile: Tile) -> tf.Tensor:
    """A field with a border of its other side, or of -1 where there is none."""
    for axis in (0, 1):
        side = tf.shape(places)[axis]
        around = tf.range(-radius, side + radius)
        places = tf.gather(places, around % side, axis=axis)
        if not tile[axis]:  # a GPU does not pad int64
            inside = (around >= 0) & (around < side)
            inside = inside[:, tf.newaxis] if axis == 0 else inside
            places = tf.where(inside, places, -tf.ones_like(places))
    return places


def voted(
    task: Task,
    state: State,
    patch_size: Side,
    still: float | tf.Tensor,
    tile: Tile = PLANE,
) -> State:
    """The vote, after which patches without a pixel that has changed by `still` rest."""
    image = vote(task.style, state.places, patch_size, tile)
    if task.kept:
        image = _restored(task.kept, image)
    changed = tf.reduce_max(tf.abs(image - state.image), axis=-1) >= still
    if task.kept:
        changed &= task.kept.made
    near = _summed(tf.cast(changed, tf.float32), patch_size, tile) > 0
    return state._replace(image=image, active=near)


def _summed(values: tf.Tensor, patch: Side, tile: Tile = PLANE) -> tf.Tensor:
    """Sums over windows of the size of patches, float32 `(h, w)`; beyond the sides are zeros.

    A few sums of shifted maps take a thirtieth of the time of a pooling on a CPU.
    """
    reach = patch // 2 if isinstance(patch, int) else max(PATCH_SIZES) // 2
    for axis in (0, 1):
        side = tf.shape(values)[axis]
        if tile[axis]:
            padded = tf.gather(values, tf.range(-reach, side + reach) % side, axis=axis)
        else:
            padded = tf.pad(values, [[reach, reach] if axis == i else [0, 0] for i in (0, 1)])
        shifted = [
            padded[i : side + i] if axis == 0 else padded[:, i : side + i]
            for i in range(2 * reach + 1)
        ]
        if not isinstance(patch, int):
            shifted = [
                part * tf.cast(abs(i - reach) <= patch // 2, tf.float32)
                for i, part in enumerate(shifted)
            ]
        values = tf.add_n(shifted)
    return values


def _restored(kept: Kept, image: tf.Tensor) -> tf.Tensor:
    return tf.where(kept.made[..., tf.newaxis], image, kept.known)


def measured(task: Task, state: State, patch_size: Side, tile: Tile = PLANE) -> tf.Tensor:
    """float32 `(h, w)`: the weighted squared distance of every needed patch to its match."""
    maps = _maps(task, state, patch_size, tile)
    index = tf.range(tf.size(state.places, tf.int64))
    energy = _distance(maps, tf.reshape(state.places, (-1,)), index)
    energy = tf.reshape(energy, tf.shape(state.places))
    return tf.where(task.kept.needed, energy, 0.0) if task.kept else energy


def search(
    task: Task,
    state: State,
    patch_size: Side,
    sweeps: int | tf.Tensor,
    seed: tf.Tensor,
    tile: Tile = PLANE,
) -> State:
    """Sweeps over the active patches; `seed` int32 `(2,)`."""
    maps = _maps(task, state, patch_size, tile)
    allowed = tf.reshape(task.allowed, (-1,))
    places = tf.reshape(state.places, (-1,))
    energy = tf.reshape(measured(task, state, patch_size, tile), (-1,))
    active = tf.reshape(state.active, (-1,))
    turns = SPACING**2

    def body(i: tf.Tensor, places: tf.Tensor, energy: tf.Tensor) -> tuple:
        order = tf.random.experimental.stateless_shuffle(tf.range(turns), seed + i // turns)
        turn = tf.cast(order[i % turns], tf.int64)
        rows = tf.range(turn // SPACING, maps.size[0], SPACING)
        cols = tf.range(turn % SPACING, maps.size[1], SPACING)
        own = tf.reshape(rows[:, tf.newaxis] * maps.size[1] + cols, (-1,))
        own = tf.boolean_mask(own, tf.gather(active, own))
        cost_of_use = _use_costs(task, maps, places)
        found, distance = _improved(maps, allowed, cost_of_use, places, energy, own, seed, i)
        at = own[:, tf.newaxis]
        return (
            i + 1,
            tf.tensor_scatter_nd_update(places, at, found),
            tf.tensor_scatter_nd_update(energy, at, distance),
        )

    _, places, energy = tf.while_loop(
        lambda i, *_: i < sweeps * turns,
        body,
        (tf.constant(0), places, energy),
        parallel_iterations=1,
    )
    shape = tf.shape(state.places)
    return state._replace(places=tf.reshape(places, shape), energy=tf.reshape(energy, shape))


def _improved(
    maps: _Maps,
    allowed: tf.Tensor,
    cost_of_use: tf.Tensor,
    places: tf.Tensor,
    energy: tf.Tensor,
    own: tf.Tensor,
    seed: tf.Tensor,
    turn: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The best places and their distances for the patches `own`, all of which try at once."""
    place, best = tf.gather(places, own), tf.gather(energy, own)
    for candidates in (_neighbors, _drawn):
        tried = candidates(maps, places, own, place, seed, turn)
        place, best = _better(maps, allowed, cost_of_use, own, place, best, tried)
    return place, best


def _neighbors(maps: _Maps, places, own, place, seed, turn) -> tf.Tensor:
    """What the matches of patches near by would mean for one, int64 `(candidates, patches)`."""
    steps = tf.constant([(j * y, j * x) for j in JUMPS for y, x in NEIGHBORS], tf.int64)
    height, width = maps.source_size[0], maps.source_size[1]
    h, w = maps.size[0], maps.size[1]
    rows, cols = own // w, own % w
    there_row, there_col = rows + steps[:, :1], cols + steps[:, 1:]
    if not maps.tile[0]:
        there_row = tf.clip_by_value(there_row, 0, h - 1)
    if not maps.tile[1]:
        there_col = tf.clip_by_value(there_col, 0, w - 1)
    theirs = tf.gather(places, there_row % h * w + there_col % w)
    row = tf.clip_by_value(theirs // width + rows - there_row, 0, height - 1)
    col = tf.clip_by_value(theirs % width + cols - there_col, 0, width - 1)
    return row * width + col


def _drawn(maps: _Maps, places, own, place, seed, turn) -> tf.Tensor:
    """Random places in windows around each `place`, each twice as wide as the one before."""
    height, width = maps.source_size[0], maps.source_size[1]
    widest = tf.cast(tf.maximum(height, width), tf.float32)
    windows = 1 + tf.cast(tf.math.ceil(tf.math.log(widest) / tf.math.log(2.0)), tf.int64)
    reach = tf.bitwise.left_shift(tf.ones((), tf.int64), tf.range(windows))[:, tf.newaxis]
    streams = len(JUMPS) * len(NEIGHBORS) + tf.range(tf.cast(windows, tf.int32))
    noise = tf.map_fn(
        lambda stream: tf.random.stateless_uniform(
            tf.stack([2, tf.size(own)]), seed + tf.stack([turn * 64 + stream, 0])
        ),
        streams,
        fn_output_signature=tf.TensorSpec((2, None), tf.float32),
        parallel_iterations=1,
    )  # (windows, 2, patches)

    def within(middle: tf.Tensor, count: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
        low = tf.maximum(middle - reach, 0)
        wide = tf.minimum(middle + reach + 1, count) - low
        step = tf.cast(share * tf.cast(wide, tf.float32), tf.int64)
        return low + tf.minimum(step, wide - 1)

    row = within(place // width, height, noise[:, 0])
    return row * width + within(place % width, width, noise[:, 1])


def _better(
    maps: _Maps,
    allowed: tf.Tensor,
    cost_of_use: tf.Tensor,
    own: tf.Tensor,
    place: tf.Tensor,
    best: tf.Tensor,
    tried: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Places and distances of the patches `own` where one that is tried, `(c, n)`, costs less.

    A patch is compared row by row from its middle; what costs too much by then is left out.
    """
    count, radius, width = tf.size(own, tf.int64), maps.patch // 2, maps.source_size[1]
    limit = best + tf.gather(cost_of_use, place)
    costs = tf.gather(cost_of_use, tried)
    fine = tf.gather(allowed, tried) & (tried != place) & (costs < limit)
    tried, costs = tf.reshape(tried, (-1,)), tf.reshape(costs, (-1,))
    found = tf.where(tf.reshape(fine, (-1,)))[:, 0]
    target_width, at = _in_target(maps, own)

    def body(i: tf.Tensor, found: tf.Tensor, total: tf.Tensor) -> tuple:
        row = tf.where(i == 0, 0, tf.where(i <= radius, i - radius - 1, i - radius))
        down, patch = tf.cast(row, tf.int64), found % count
        source = tf.gather(maps.source, tf.gather(tried, found) + down * width)
        target = tf.gather(maps.target, tf.gather(at, patch) + down * target_width)
        total += tf.reduce_sum(tf.math.squared_difference(source, target), -1)
        left = tf.where(total + tf.gather(costs, found) < tf.gather(limit, patch))[:, 0]
        return i + 1, tf.gather(found, left), tf.gather(total, left)

    _, found, total = tf.while_loop(
        lambda i, *_: i < maps.patch,
        body,
        (tf.constant(0), found, tf.zeros(tf.shape(found))),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None])),
        parallel_iterations=1,
    )
    distances = tf.fill(tf.shape(tried), tf.constant(float("inf")))
    distances = tf.tensor_scatter_nd_update(distances, found[:, tf.newaxis], total)
    by_patch = tf.reshape(distances + costs, tf.stack([-1, count]))
    winner = tf.argmin(by_patch, 0) * count + tf.range(count)
    take = tf.reduce_min(by_patch, 0) < limit
    place = tf.where(take, tf.gather(tried, winner), place)
    return place, tf.where(take, tf.gather(distances, winner), best)


def _maps(task: Task, state: State, patch: Side, tile: Tile = PLANE) -> _Maps:
    radius = patch // 2
    target = tf.concat([state.image * task.root, task.guides], -1)
    rows, cols = (
        tf.range(-radius, side + radius) % side
        if wrap
        else tf.clip_by_value(tf.range(-radius, side + radius), 0, side - 1)
        for side, wrap in zip(tf.unstack(tf.shape(state.places)), tile, strict=True)
    )
    target = tf.gather(tf.gather(target, rows), cols, axis=1)
    return _Maps(
        _rows(task.source, patch),
        _rows(target, patch),
        tf.shape(task.source, tf.int64)[:2],
        tf.shape(state.places, tf.int64),
        patch,
        tile,
    )


def _rows(values: tf.Tensor, patch: Side) -> tf.Tensor:
    """`(h * w, k * c)`, around each pixel of `(h, w, c)` the row of a patch.

    Those at the sides reach into the next row, which no whole patch does.
    """
    channels = tf.shape(values)[2]
    flat = tf.reshape(values, (-1, channels))
    count, radius = tf.shape(flat)[0], patch // 2
    around = tf.range(count)[:, tf.newaxis] + tf.range(-radius, radius + 1)
    found = tf.gather(flat, tf.clip_by_value(around, 0, count - 1))
    return tf.reshape(found, (count, patch * channels))


def _distance(maps: _Maps, places: tf.Tensor, own: tf.Tensor) -> tf.Tensor:
    """Squared distance of the patches `own` of the target to the source patches at `places`."""
    radius, width = maps.patch // 2, maps.source_size[1]
    target_width, at = _in_target(maps, own)

    def body(i: tf.Tensor, total: tf.Tensor) -> tuple:
        down = tf.cast(i - radius, tf.int64)
        source = tf.gather(maps.source, places + down * width)
        target = tf.gather(maps.target, at + down * target_width)
        return i + 1, total + tf.reduce_sum(tf.math.squared_difference(source, target), -1)

    _, total = tf.while_loop(
        lambda i, _: i < maps.patch,
        body,
        (tf.constant(0), tf.zeros(tf.shape(places))),
        parallel_iterations=1,
    )
    return total


def _in_target(maps: _Maps, own: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Width of the padded target, and where the middles of the patches `own` are in it."""
    border, width = tf.cast(maps.patch // 2, tf.int64), maps.size[1]
    padded = width + 2 * border
    return padded, (own // width + border) * padded + own % width + border


def _use_costs(task: Task, maps: _Maps, places: tf.Tensor) -> tf.Tensor:
    """float32 `(hA * wA,)`: what the occurrence of the patch around each place costs."""
    count = tf.reduce_prod(maps.source_size)
    needed = tf.ones_like(places, tf.float32)
    if task.kept:
        needed = tf.cast(tf.reshape(task.kept.needed, (-1,)), tf.float32)
    uses = tf.math.unsorted_segment_sum(needed, places, count)
    uses = tf.reshape(uses, maps.source_size)
    for _ in range(2):  # the pixels of the patches, then the patches' sums of these
        uses = _summed(uses, maps.patch)
    uses /= tf.cast(maps.patch**4, tf.float32)
    usable = tf.math.count_nonzero(task.allowed, dtype=tf.float32)
    searched = tf.size(places)
    if task.kept:
        searched = tf.maximum(tf.math.count_nonzero(task.kept.needed, dtype=tf.int32), 1)
    share = usable / tf.cast(searched, tf.float32)
    return tf.reshape(uses, (-1,)) * task.uniformity * share
