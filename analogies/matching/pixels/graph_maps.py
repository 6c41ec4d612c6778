"""What a level of pixels is about, as tensors: maps, distances of patches, and what uses cost.

Places are int64, as a GPU leaves arithmetic on int32 to the host.
"""

from typing import NamedTuple, TypeAlias

import tensorflow as tf

from analogies.matching.pixels.guides import PATCH_SIZES

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


class Maps(NamedTuple):
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


def maps_of(task: Task, state: State, patch: Side, tile: Tile = PLANE) -> Maps:
    """The maps that patches are compared in, of the state's B'."""
    radius = patch // 2
    target = tf.concat([state.image * task.root, task.guides], -1)
    rows, cols = (
        tf.range(-radius, side + radius) % side
        if wrap
        else tf.clip_by_value(tf.range(-radius, side + radius), 0, side - 1)
        for side, wrap in zip(tf.unstack(tf.shape(state.places)), tile, strict=True)
    )
    target = tf.gather(tf.gather(target, rows), cols, axis=1)
    return Maps(
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


def _distance(maps: Maps, places: tf.Tensor, own: tf.Tensor) -> tf.Tensor:
    """Squared distance of the patches `own` of the target to the source patches at `places`."""
    radius, width = maps.patch // 2, maps.source_size[1]
    target_width, at = in_target(maps, own)

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


def in_target(maps: Maps, own: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Width of the padded target, and where the middles of the patches `own` are in it."""
    border, width = tf.cast(maps.patch // 2, tf.int64), maps.size[1]
    padded = width + 2 * border
    return padded, (own // width + border) * padded + own % width + border


def measured(task: Task, state: State, patch_size: Side, tile: Tile = PLANE) -> tf.Tensor:
    """float32 `(h, w)`: the weighted squared distance of every needed patch to its match."""
    maps = maps_of(task, state, patch_size, tile)
    index = tf.range(tf.size(state.places, tf.int64))
    energy = _distance(maps, tf.reshape(state.places, (-1,)), index)
    energy = tf.reshape(energy, tf.shape(state.places))
    return tf.where(task.kept.needed, energy, 0.0) if task.kept else energy


def use_costs(task: Task, maps: Maps, places: tf.Tensor) -> tf.Tensor:
    """float32 `(hA * wA,)`: what the occurrence of the patch around each place costs."""
    count = tf.reduce_prod(maps.source_size)
    needed = tf.ones_like(places, tf.float32)
    if task.kept:
        needed = tf.cast(tf.reshape(task.kept.needed, (-1,)), tf.float32)
    uses = tf.math.unsorted_segment_sum(needed, places, count)
    uses = tf.reshape(uses, maps.source_size)
    for _ in range(2):  # the pixels of the patches, then the patches' sums of these
        uses = summed(uses, maps.patch)
    uses /= tf.cast(maps.patch**4, tf.float32)
    usable = tf.math.count_nonzero(task.allowed, dtype=tf.float32)
    searched = tf.size(places)
    if task.kept:
        searched = tf.maximum(tf.math.count_nonzero(task.kept.needed, dtype=tf.int32), 1)
    share = usable / tf.cast(searched, tf.float32)
    return tf.reshape(uses, (-1,)) * task.uniformity * share


def summed(values: tf.Tensor, patch: Side, tile: Tile = PLANE) -> tf.Tensor:
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
