"""Pixel synthesis as a TensorFlow graph, for GPUs and for exported models.

The same distances, costs, votes and random search as the compiled engine. All sizes may be unknown
when the graph is built, and nothing returns to the host before the level is done.
"""

import tensorflow as tf

from analogies.matching.pixels.graph_maps import (
    PLANE,
    Kept,
    Side,
    State,
    Task,
    Tile,
    measured,
    summed,
)
from analogies.matching.pixels.graph_search import search

__all__ = ["PLANE", "Kept", "Side", "State", "Task", "Tile"]
__all__ += ["begun", "level", "measured", "search", "vote", "voted"]


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
    near = summed(tf.cast(changed, tf.float32), patch_size, tile) > 0
    return state._replace(image=image, active=near)


def _restored(kept: Kept, image: tf.Tensor) -> tf.Tensor:
    return tf.where(kept.made[..., tf.newaxis], image, kept.known)
