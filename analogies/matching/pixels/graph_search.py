"""Random search and propagation as a TensorFlow graph, for many patches at once.

One patch in each square of `SPACING` by `SPACING` is searched at the same time, then the uses of A'
are counted anew and it is the next one's turn.
"""

import tensorflow as tf

from analogies.matching.pixels.graph_maps import (
    PLANE,
    Maps,
    Side,
    State,
    Task,
    Tile,
    in_target,
    maps_of,
    measured,
    use_costs,
)

SPACING = 4
NEIGHBORS = ((0, -1), (-1, 0), (0, 1), (1, 0))
JUMPS = (1, 4)  # how far away propagation looks


def search(
    task: Task,
    state: State,
    patch_size: Side,
    sweeps: int | tf.Tensor,
    seed: tf.Tensor,
    tile: Tile = PLANE,
) -> State:
    """Sweeps over the active patches; `seed` int32 `(2,)`."""
    maps = maps_of(task, state, patch_size, tile)
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
        cost_of_use = use_costs(task, maps, places)
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
    maps: Maps,
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


def _neighbors(maps: Maps, places, own, place, seed, turn) -> tf.Tensor:
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


def _drawn(maps: Maps, places, own, place, seed, turn) -> tf.Tensor:
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
    maps: Maps,
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
    target_width, at = in_target(maps, own)

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
