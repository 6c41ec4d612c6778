"""PatchMatch: a good nearest-neighbor field from few candidates for each patch.

The propagation and random search of Barnes et al. 2009, for whole arrays: all patches look at the
matches of their neighbors at once, at shrinking distances (jump flooding, Rong & Tan 2006).

Places are int64 while they are worked with: a GPU leaves arithmetic on int32 to the host.
"""

from typing import NamedTuple

import tensorflow as tf

from analogies.matching.descriptors import describe
from analogies.matching.field import NearestNeighborField
from analogies.matching.patches import Scoring, on_stride
from analogies.matching.true_scores import scorer_of

DESCRIPTOR = 64  # numbers by which candidates are compared
JUMPS = (4, 2, 1)  # how far away propagation looks, in query patches, one after another
NEIGHBORS = ((-1, 0), (0, -1), (0, 1), (1, 0))
WINDOWS = 4  # candidates of the random search, windows from the whole reference down to 3 by 3
GRID_QUERIES, GRID_PLACES = 64, 128  # sides of the grids matched exactly for a start


class Task(NamedTuple):
    """What every step needs. A *place* is the top-left cell of a reference patch.

    Attributes:
        of_query: `(m, n, d)`, descriptors of the query patches on the query's stride.
        of_places: `(places, d)`, descriptors of all places.
        places: int64 `(2,)`, rows and columns of places.
        steps: (query stride, reference stride), cells.
    """

    of_query: tf.Tensor
    of_places: tf.Tensor
    places: tf.Tensor
    steps: tuple[int, int]


class Matches(NamedTuple):
    """Places `(..., m, n)` int64 and how similar the descriptors are there."""

    rows: tf.Tensor
    cols: tf.Tensor
    similarity: tf.Tensor


def search(
    query: tf.Tensor,
    reference: tf.Tensor,
    scoring: Scoring,
    k: int,
    query_stride: int,
    reference_stride: int,
    initial: tuple[tf.Tensor, tf.Tensor] | None,
    sweeps: int,
    seed: int,
    tile_bytes: int,
) -> NearestNeighborField:
    """Approximate nearest-neighbor field; arguments as for `match`.

    Candidates are compared by descriptors (`describe`). After every sweep the matches that have
    changed get their true scores, and one is kept only where it beats the best true score so
    far, so that no score ever falls from sweep to sweep.
    """
    of_query, of_places = describe(query, reference, scoring, k, DESCRIPTOR, seed)
    of_query = on_stride(of_query, query_stride)
    places = tf.shape(of_places, tf.int64)[:2]
    flat = tf.reshape(of_places, (-1, tf.shape(of_places)[2]))
    task = Task(of_query, flat, places, (query_stride, reference_stride))
    if initial is None:
        current = from_grid(task, of_places)
    else:
        current = compare(task, *upscale(task, initial, query, k))
    scorer = scorer_of(query, reference, scoring, k, query_stride, tile_bytes)

    def body(i, before, current, best):
        best = keep_better(best, before, current, scorer)
        found = tf.cond(
            i < sweeps, lambda: sweep(task, current, tf.stack([seed, i])), lambda: current
        )
        return i + 1, current, found, best

    unscored = NearestNeighborField(
        current.rows, current.cols, tf.fill(tf.shape(current.rows), float("-inf"))
    )
    nowhere = current._replace(rows=tf.fill(tf.shape(current.rows), tf.constant(-1, tf.int64)))
    _, _, _, best = tf.while_loop(
        lambda i, *_: i <= sweeps,
        body,
        (tf.constant(0), nowhere, current, unscored),
        parallel_iterations=1,
    )
    return best._replace(rows=tf.cast(best.rows, tf.int32), cols=tf.cast(best.cols, tf.int32))


def sweep(task: Task, current: Matches, seed: tf.Tensor) -> Matches:
    """One round of propagation from far to near, and of random search."""

    def body(i, current):
        jump = tf.gather(tf.constant(JUMPS, tf.int64), i)
        return i + 1, better(current, compare(task, *propagated(task, current, jump)))

    # A loop in the graph, as unrolled its copies take longer to trace than to run.
    _, current = tf.while_loop(
        lambda i, _: i < len(JUMPS), body, (tf.constant(0), current), parallel_iterations=1
    )
    return better(current, compare(task, *scattered(task, current, seed)))


def propagated(task: Task, current: Matches, jump: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The matches of the neighbors `jump` patches away, moved back by as much."""
    m, n = _patches(task)
    away = tf.constant(NEIGHBORS, tf.int64)[..., tf.newaxis] * jump
    down, right = away[:, 0], away[:, 1]
    i = tf.clip_by_value(tf.range(m) + down, 0, m - 1)[..., tf.newaxis]
    j = tf.clip_by_value(tf.range(n) + right, 0, n - 1)[:, tf.newaxis]
    step = task.steps[0]
    rows, cols = (tf.gather(tf.reshape(x, (-1,)), i * n + j) for x in current[:2])
    return rows - down[..., tf.newaxis] * step, cols - right[..., tf.newaxis] * step


def scattered(task: Task, current: Matches, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Random places in shrinking windows around the present matches."""
    shape = tf.concat([[2, WINDOWS], tf.shape(current.rows)], axis=0)
    noise = tf.random.stateless_uniform(shape, seed, -1.0, 1.0)
    reach = tf.cast(tf.reduce_max(task.places), tf.float32)
    fraction = tf.linspace(0.0, 1.0, WINDOWS)[:, tf.newaxis, tf.newaxis]
    moves = tf.cast(tf.round(noise * tf.maximum(reach, 1.5) ** (1 - fraction) * 1.5), tf.int64)
    return current.rows + moves[0], current.cols + moves[1]


def compare(task: Task, rows: tf.Tensor, cols: tf.Tensor) -> Matches:
    """The similarity of candidate places `(..., m, n)`, moved to the nearest allowed place."""
    rows, cols = snap(task, rows, cols)
    found = tf.gather(task.of_places, rows * task.places[1] + cols)
    return Matches(rows, cols, tf.reduce_sum(found * task.of_query, axis=-1))


def snap(task: Task, rows: tf.Tensor, cols: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The nearest place on the reference's stride."""
    s = task.steps[1]
    last = task.places - 1
    if s > 1:
        rows, cols = (rows + s // 2) // s * s, (cols + s // 2) // s * s
    return tf.clip_by_value(rows, 0, last[0]), tf.clip_by_value(cols, 0, last[1])


def better(current: Matches, candidates: Matches) -> Matches:
    """The best of the present matches `(m, n)` and of candidates `(count, m, n)`."""
    take = tf.reduce_max(candidates.similarity, axis=0) > current.similarity
    chosen = tf.argmax(candidates.similarity, axis=0)
    size = tf.size(chosen, tf.int64)
    index = chosen * size + tf.reshape(tf.range(size), tf.shape(chosen))
    return Matches(
        *(
            tf.where(take, tf.gather(tf.reshape(new, (-1,)), index), old)
            for new, old in zip(candidates, current, strict=True)
        )
    )


def keep_better(best: NearestNeighborField, before: Matches, now: Matches, scorer):
    """Give the changed matches their true scores and keep those that are better."""
    changed = tf.where((before.rows != now.rows) | (before.cols != now.cols))
    rows, cols = tf.gather_nd(now.rows, changed), tf.gather_nd(now.cols, changed)
    width = tf.shape(now.rows, tf.int64)[1]
    scores = scorer(changed[:, 0] * width + changed[:, 1], rows, cols)
    take = scores > tf.gather_nd(best.scores, changed)
    changed = tf.boolean_mask(changed, take)
    found = (rows, cols, scores)
    return NearestNeighborField(
        *(
            tf.tensor_scatter_nd_update(old, changed, tf.boolean_mask(new, take))
            for old, new in zip(best, found, strict=True)
        )
    )


def from_grid(task: Task, of_places: tf.Tensor) -> Matches:
    """Match a grid of query patches exactly with a grid of places; the rest follow a neighbor."""
    m, n = _patches(task)
    s = task.steps[1]
    i, j = _grid(m, 1, GRID_QUERIES), _grid(n, 1, GRID_QUERIES)
    rows, cols = _grid(task.places[0], s, GRID_PLACES), _grid(task.places[1], s, GRID_PLACES)
    size = tf.shape(of_places)[2]
    chosen = tf.reshape(tf.gather(tf.gather(task.of_query, i), j, axis=1), (-1, size))
    others = tf.reshape(tf.gather(tf.gather(of_places, rows), cols, axis=1), (-1, size))
    index = tf.argmax(tf.matmul(chosen, others, transpose_b=True), axis=1)
    index = tf.reshape(index, (tf.size(i), tf.size(j)))
    own_i, own_j = _nearest(tf.range(m), i), _nearest(tf.range(n), j)
    index = tf.gather(tf.gather(index, own_i), own_j, axis=1)
    down = tf.range(m) - tf.gather(i, own_i)
    right = tf.range(n) - tf.gather(j, own_j)
    return compare(
        task,
        tf.gather(rows, index // tf.size(cols, tf.int64)) + down[:, tf.newaxis] * task.steps[0],
        tf.gather(cols, index % tf.size(cols, tf.int64)) + right * task.steps[0],
    )


def _grid(count: tf.Tensor, stride: int, most: int) -> tf.Tensor:
    """At most about `most` evenly spaced multiples of `stride` below `count`."""
    steps = (count - 1) // stride + 1
    apart = tf.maximum(-(-steps // most), 1)
    return tf.range(tf.minimum((apart - 1) // 2, steps - 1), steps, apart) * stride


def _nearest(values: tf.Tensor, grid: tf.Tensor) -> tf.Tensor:
    """Index of the point of an even grid that is nearest to each value."""
    apart = tf.maximum(grid[-1] - grid[0], 1) // tf.maximum(tf.size(grid, tf.int64) - 1, 1)
    apart = tf.maximum(apart, 1)
    last = tf.size(grid, tf.int64) - 1
    return tf.clip_by_value((values - grid[0] + apart // 2) // apart, 0, last)


def _patches(task: Task) -> tuple[tf.Tensor, tf.Tensor]:
    """Rows and columns of the query's patches."""
    shape = tf.shape(task.of_query, tf.int64)
    return shape[0], shape[1]


def upscale(
    task: Task, initial: tuple[tf.Tensor, tf.Tensor], query: tf.Tensor, k: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Places for the query's patches from a field of any size and the same stride.

    A patch takes the displacement of the patch at its place in the field, times the ratio of
    the sizes; so it keeps where it lies within a cell of a coarser field. The reference is
    taken to have grown in the same ratio.
    """
    m, n = _patches(task)
    step, counts = task.steps[0], tf.shape(initial[0], tf.int64)
    size = tf.cast(tf.shape(query)[:2], tf.float32)
    # A field does not tell how far its last patch is from the one before.
    coarse = tf.cast((counts - 1) * step + k, tf.float32)
    coarse = tf.where(tf.reduce_all(counts == tf.stack([m, n])), size, coarse)
    own, far = [], []
    for axis, count in ((0, m), (1, n)):
        ratio = size[axis] / coarse[axis]
        last, last_parent = tf.shape(query, tf.int64)[axis] - k, counts[axis] - 1
        place = tf.minimum(tf.range(count) * step, last)
        at = tf.cast(place, tf.float32) + 0.5 * k
        parent = tf.cast(tf.round((at / ratio - 0.5 * k) / step), tf.int64)
        parent = tf.where(place == last, last_parent, tf.clip_by_value(parent, 0, last_parent))
        own.append(parent)
        middle = tf.minimum(tf.cast(parent * step, tf.float32) + 0.5 * k, coarse[axis] - 0.5 * k)
        far.append((ratio, at - middle * ratio))

    def carried(values: tf.Tensor, ratio: tf.Tensor, within: tf.Tensor) -> tf.Tensor:
        found = tf.gather(tf.gather(values, own[0]), own[1], axis=1)
        place = (tf.cast(found, tf.float32) + 0.5 * k) * ratio + within - 0.5 * k
        return tf.cast(tf.round(place), tf.int64)

    return (
        carried(initial[0], far[0][0], far[0][1][:, tf.newaxis]),
        carried(initial[1], far[1][0], far[1][1]),
    )
