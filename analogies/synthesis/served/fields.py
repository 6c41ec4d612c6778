"""Fields of places in A': random, refined, searched and voted; traced once for all levels.

Twins of `matching.pixels.places` in graphs, and the steps of `matching.pixels.graph` with the side
of patches as data. Nothing of A' is masked: a patch may be taken wherever it is whole.
"""

import tensorflow as tf

from analogies.matching.pixels import graph
from analogies.synthesis.pixels.planning import FINE_PATCH, FOCUS
from analogies.synthesis.served.arrays import ANY_MAP, SIZE

STILL = 2.0  # gray levels, see `Settings.still`

_COUNT = tf.TensorSpec((), tf.int32)
_FLOAT = tf.TensorSpec((), tf.float32)
_MASK = tf.TensorSpec((None, None), tf.bool)
_PLACES = tf.TensorSpec((None, None), tf.int64)
_TASK = graph.Task(ANY_MAP, ANY_MAP, ANY_MAP, _FLOAT, _MASK, _FLOAT, ())
_STATE = graph.State(ANY_MAP, _PLACES, tf.TensorSpec((None, None), tf.float32), _MASK)

ANY_STATE = graph.State(*(spec.shape for spec in _STATE))


@tf.function(input_signature=[_TASK, _STATE, _COUNT, _COUNT, SIZE], autograph=False)
def searched_and_voted(task, state, patch, sweeps, seed) -> graph.State:
    """A round: sweeps over the active patches, and the vote.

    Args:
        task, state: see there.
        patch: int32, side of patches, px.
        sweeps: int32.
        seed: int32 `(2,)`.
    """
    state = graph.search(task, state, patch, sweeps, seed)
    return graph.voted(task, state, patch, STILL)


@tf.function(input_signature=[_TASK, _STATE, _COUNT], autograph=False)
def mean_energy(task, state, patch) -> tf.Tensor:
    """Mean of the weighted squared distances of all patches to their matches, float32 scalar."""
    return tf.reduce_mean(graph.measured(task, state, patch))


@tf.function(input_signature=[ANY_MAP, _PLACES, _COUNT], autograph=False)
def voted(style, places, patch) -> tf.Tensor:
    """What a field votes, float32 `(h, w, c)`."""
    return graph.vote(style, places, patch)


def sharply_voted(style: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """As `matching.pixels.focused_vote` of small patches."""
    return graph.vote(style, places, FINE_PATCH, focus=FOCUS)


def allowed(size_a: tf.Tensor, patch: tf.Tensor | int) -> tf.Tensor:
    """bool `(hA, wA)`: the middles of whole patches."""
    row, col = (
        (tf.range(side) >= patch // 2) & (tf.range(side) < side - patch // 2)
        for side in tf.unstack(size_a)
    )
    return row[:, tf.newaxis] & col


def random_field(size_a: tf.Tensor, size: tf.Tensor, patch: tf.Tensor, seed: tf.Tensor):
    """int64 `(h, w)`: random middles of whole patches; `size_a` and `size` int32 `(2,)`."""
    found = []
    for axis in (0, 1):
        drawn = tf.stack([seed, axis])
        sides = tf.cast(size_a[axis] - 2 * (patch // 2), tf.int64)
        shift = tf.cast(patch // 2, tf.int64)
        share = tf.random.stateless_uniform(size, drawn)
        step = tf.cast(share * tf.cast(sides, tf.float32), tf.int64)
        found.append(shift + tf.minimum(step, sides - 1))
    return found[0] * tf.cast(size_a[1], tf.int64) + found[1]


def upsampled(places: tf.Tensor, coarse_a: tf.Tensor, size_a: tf.Tensor, size: tf.Tensor, patch):
    """A coarser field on a finer grid, moved to where patches are whole, int64 `(h, w)`.

    Args:
        places: int64 `(h', w')`.
        coarse_a, size_a: int32 `(2,)`, height and width of the coarser A' and of the finer one.
        size: of the finer B'.
        patch: int32, px.
    """
    width = tf.cast(coarse_a[1], tf.int64)
    values, own, far = (places // width, places % width), [], []
    for axis in (0, 1):
        coarse, fine = (tf.cast(x[axis], tf.float64) for x in (tf.shape(places), size))
        at = tf.cast(tf.range(size[axis]), tf.float64) + 0.5
        cell = tf.minimum(tf.cast(at * coarse / fine, tf.int32), tf.shape(places)[axis] - 1)
        own.append(cell)
        far.append(at - (tf.cast(cell, tf.float64) + 0.5) * fine / coarse)
    found = []
    for axis, within in enumerate((far[0][:, tf.newaxis], far[1])):
        ratio = tf.cast(size_a[axis], tf.float64) / tf.cast(coarse_a[axis], tf.float64)
        there = tf.gather(tf.gather(values[axis], own[0]), own[1], axis=1)
        place = tf.floor((tf.cast(there, tf.float64) + 0.5) * ratio + within)
        last = size_a[axis] - 1 - patch // 2
        inside = tf.clip_by_value(tf.cast(place, tf.int32), patch // 2, last)
        found.append(tf.cast(inside, tf.int64))
    return found[0] * tf.cast(size_a[1], tf.int64) + found[1]
