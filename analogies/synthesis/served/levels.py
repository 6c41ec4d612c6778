"""The levels of pixels of a request: `synthesis.pixels.method` as one loop of a graph.

Sizes, how many levels there are, sides of patches, and what guides count are all data, so that one
search and one vote stand for all kinds of jobs and all levels.
"""

import math
from typing import NamedTuple

import tensorflow as tf

from analogies.matching.pixels import graph
from analogies.options.table import Options
from analogies.synthesis.pixels.kinds import TEXTURE
from analogies.synthesis.pixels.planning import (
    FINE_PATCH,
    FULL_ROUNDS,
    LEAST,
    SPEED_ROUNDS,
    UNIFORMITY,
)
from analogies.synthesis.pyramid import SMALLEST_IN_PATCHES
from analogies.synthesis.served import fields
from analogies.synthesis.served.arrays import reduced, scaled
from analogies.synthesis.served.asked import KINDS
from analogies.synthesis.served.maps import LEVELS, Guides

MOST_HALVINGS = 16  # of the largest side that a picture may have
ALL = 99  # levels, where a kind does with as many as there are


class Work(NamedTuple):
    """What is put together, at full size.

    Attributes:
        style: A', float32 `(hA, wA, 3)` in [0, 255].
        guides: of the job.
        network: what the network made, `(h', w', 3)`; no pixels where it made nothing.
        size: int32 `(2,)`, height and width of B'.
        kind: int32, of `KINDS`.
        share: float64, size of what the network made, as a fraction of the result.
        seed: int32, of random places.
    """

    style: tf.Tensor
    guides: Guides
    network: tf.Tensor
    size: tf.Tensor
    kind: tf.Tensor
    share: tf.Tensor
    seed: tf.Tensor


class Plan(NamedTuple):
    """How a job is done; scalars.

    Attributes:
        count: int32, of levels.
        patch: int32, side of patches, px.
        rounds, sweeps: float64, of a level where the one before has found nothing.
        refined: float32, what uniformity counts in a last round with small patches; below 0: there
            is none.
    """

    count: tf.Tensor
    patch: tf.Tensor
    rounds: tf.Tensor
    sweeps: tf.Tensor
    refined: tf.Tensor


class Made(NamedTuple):
    """What a level has come to.

    Attributes:
        image: B', float32 `(h, w, 3)`.
        places: int64 `(h, w)`, see `graph.State`.
        energy: float32 scalar, mean squared distance of patches, as a share of the largest.
    """

    image: tf.Tensor
    places: tf.Tensor
    energy: tf.Tensor


class Level(NamedTuple):
    """A level: sizes of A' and B', what is searched, and with what."""

    size_a: tf.Tensor
    size: tf.Tensor
    task: graph.Task
    patch: tf.Tensor
    rounds: tf.Tensor
    sweeps: tf.Tensor
    seed: tf.Tensor
    unit: tf.Tensor  # the largest energy of a pixel of a patch


def plan(options: Options, work: Work) -> Plan:
    """How many levels, rounds and sweeps there are; as `pixels.planning` has it.

    Raises:
        tf.errors.InvalidArgumentError: when run, where no patch fits into A.
    """

    def of_kind(values: list, dtype: tf.DType) -> tf.Tensor:
        return tf.gather(tf.constant(values, dtype), work.kind)

    patch = of_kind([kind.patch_size for kind in KINDS], tf.int32)
    if options.pixel_patch != "auto":
        patch = tf.constant(int(options.pixel_patch))
    most = of_kind([kind.levels or ALL for kind in KINDS], tf.int32)
    halvings = tf.math.ceil(-tf.math.log(work.share) / math.log(2.0))
    finer = tf.equal(work.kind, KINDS.index(TEXTURE)) & (work.share < 1.0)
    most = tf.where(finer, 1 + tf.cast(halvings, tf.int32), most)
    sides = tf.concat([tf.shape(work.style)[:2], work.size], 0)
    halved = tf.bitwise.right_shift(sides, tf.range(1, MOST_HALVINGS)[:, tf.newaxis])
    fit = tf.reduce_min(halved, 1) >= SMALLEST_IN_PATCHES * patch
    count = 1 + tf.reduce_sum(tf.cast(fit, tf.int32))
    refined = of_kind([-1.0 if x.refined is None else x.refined for x in KINDS], tf.float32)
    speed = SPEED_ROUNDS[options.speed]
    size_a = tf.shape(work.style)[:2]
    check = tf.debugging.Assert(
        tf.reduce_all(size_a >= patch),
        ["A must be high and wide enough for a patch. Received: size and patch, px", size_a, patch],
    )
    with tf.control_dependencies([check]):
        count = tf.identity(count)
    return Plan(
        tf.minimum(count, most),
        patch,
        of_kind([kind.rounds * speed for kind in KINDS], tf.float64),
        of_kind([kind.sweeps for kind in KINDS], tf.float64),
        tf.where(patch > FINE_PATCH, refined, -1.0),
    )


def sizes(work: Work, how: Plan) -> tf.Tensor:
    """Heights and widths of B' by level, int32 `(levels, 2)`."""
    halvings = tf.range(how.count - 1, -1, -1)[:, tf.newaxis]
    return tf.maximum(tf.bitwise.right_shift(work.size, halvings), 1)


def made(options: Options, work: Work, how: Plan, whole: tf.Tensor) -> Made:
    """B' put together from pixels, level by level; see `PixelMethod`.

    Args:
        options: of the export.
        work, how: what is put together, and how.
        whole: bool; else only the coarsest level, before its rounds.
    """

    def body(number: tf.Tensor, before: Made, size_a: tf.Tensor) -> tuple:
        level = level_of(options, work, how, number)
        begun = tf.cond(
            tf.equal(number, 0),
            lambda: _first(work, level),
            lambda: _next(level, before, size_a),
        )
        found = _worked_on(level, begun, tf.where(whole, level.rounds, 0))
        last = whole & tf.equal(number, how.count - 1) & (how.refined >= 0.0)
        result = tf.cond(
            last, lambda: _refined(level, found, how.refined), lambda: _measured(level, found)
        )
        return number + 1, result, level.size_a

    shape = tf.concat([work.size, [3]], 0)
    nothing = Made(tf.zeros(shape), tf.zeros(work.size, tf.int64), tf.constant(0.0))
    any_size = Made(*(tf.TensorShape(x) for x in ([None, None, 3], [None, None], [])))
    _, found, _ = tf.while_loop(
        lambda number, *_: number < tf.where(whole, how.count, 1),
        body,
        (tf.constant(0), nothing, tf.shape(work.style)[:2]),
        shape_invariants=(tf.TensorShape([]), any_size, tf.TensorShape([2])),
        parallel_iterations=1,
    )
    return found


def level_of(options: Options, work: Work, how: Plan, number: tf.Tensor) -> Level:
    """All that does not change while a level is worked on."""
    halvings = how.count - 1 - number
    size_a, size = (
        tf.maximum(tf.bitwise.right_shift(x, halvings), 1)
        for x in (tf.shape(work.style)[:2], work.size)
    )
    style_weight, guides = 2.0 * options.mrf_w, work.guides
    weights = tf.gather(guides.weights, tf.minimum(number, LEVELS - 1))
    roots, root = tf.sqrt(weights), tf.constant((style_weight / 3.0) ** 0.5)
    style = reduced(work.style, size_a)
    source = tf.concat([style * root, reduced(guides.source, size_a) * roots], -1)
    target = reduced(guides.target, size) * roots
    uniformity = tf.constant(UNIFORMITY * options.uniformity)
    middles = fields.allowed(size_a, how.patch)
    task = graph.Task(style, source, target, root, middles, uniformity)
    area = tf.reduce_prod(tf.cast(size, tf.float64))
    left = tf.minimum(tf.sqrt(FULL_ROUNDS / area), 1.0)  # of the work, see `planning`
    rounds, sweeps = (
        tf.maximum(tf.cast(tf.round(x * left), tf.int32), LEAST) for x in (how.rounds, how.sweeps)
    )
    unit = tf.maximum(style_weight + tf.reduce_sum(weights), 1e-9) * 255.0**2
    return Level(size_a, size, task, how.patch, rounds, sweeps, work.seed + halvings, unit)


def _first(work: Work, level: Level) -> graph.State:
    """The coarsest level: what the guides alone say, or the network's picture of a texture."""
    task = level.task
    places = fields.random_field(level.size_a, level.size, level.patch, level.seed)
    texture = tf.equal(work.kind, KINDS.index(TEXTURE)) & (tf.size(work.network) > 0)
    # The vote of random places has patches of all colors of A'; see `PixelScene.guessed`.
    found = tf.cond(
        ~texture & tf.reduce_any(task.source[..., 3:] != 0.0),
        lambda: _guessed(level, places),
        lambda: _begun(level, places),
    )
    image = tf.cond(
        texture, lambda: scaled(work.network, level.size), lambda: tf.identity(found.image)
    )
    return graph.begun(task, found.places, tf.ensure_shape(image, (None, None, 3)))


def _guessed(level: Level, places: tf.Tensor) -> graph.State:
    """A round by the guides alone."""
    task = level.task
    unseen = tf.concat([tf.zeros_like(task.style), task.source[..., 3:]], -1)
    alone = task._replace(source=unseen, root=tf.constant(0.0))
    start = _begun(level, places)
    return _round(level._replace(task=alone), start, tf.constant(0))


def _begun(level: Level, places: tf.Tensor) -> graph.State:
    """A field and its vote."""
    return graph.begun(level.task, places, fields.voted(level.task.style, places, level.patch))


def _next(level: Level, before: Made, coarse_a: tf.Tensor) -> graph.State:
    """A finer level, from the field of the one before it."""
    finer = fields.upsampled(before.places, coarse_a, level.size_a, level.size, level.patch)
    return _begun(level, finer)


def _worked_on(level: Level, state: graph.State, rounds: tf.Tensor) -> graph.State:
    """The state after the rounds of a level, or when nothing changes any more."""
    _, found = tf.while_loop(
        lambda number, state: (number < rounds) & tf.reduce_any(state.active),
        lambda number, state: (number + 1, _round(level, state, number)),
        (tf.constant(0), state),
        shape_invariants=(tf.TensorShape([]), fields.ANY_STATE),
        parallel_iterations=1,
    )
    return found


def _round(level: Level, state: graph.State, number: tf.Tensor) -> graph.State:
    seed = tf.stack([level.seed, number])
    return fields.searched_and_voted(level.task, state, level.patch, level.sweeps, seed)


def _refined(level: Level, state: graph.State, share: tf.Tensor) -> Made:
    """One round more with small patches, whose middles weigh most in the vote."""
    task = level.task._replace(
        uniformity=level.task.uniformity * share,
        allowed=fields.allowed(level.size_a, FINE_PATCH),
    )
    small = level._replace(task=task, patch=tf.constant(FINE_PATCH))
    found = _round(small, graph.begun(task, state.places, state.image), level.rounds)
    sharp = fields.sharply_voted(task.style, found.places)
    return _measured(small, found)._replace(image=tf.ensure_shape(sharp, (None, None, 3)))


def _measured(level: Level, state: graph.State) -> Made:
    energy = fields.mean_energy(level.task, state, level.patch)
    largest = tf.cast(level.patch**2, tf.float32) * level.unit
    return Made(tf.ensure_shape(state.image, (None, None, 3)), state.places, energy / largest)
