"""How pictures are alike: `synthesis.likeness` in graphs.

Patches and pixels that are looked at are drawn by TensorFlow, so figures differ from those of the
program as those of two seeds would.
"""

import tensorflow as tf

from analogies.synthesis.likeness import (
    AMONG,
    FLAT,
    KNOTS,
    LABELS,
    MOSTLY,
    PATCH,
    RIDGE,
    RULE_SAMPLES,
    RULE_SIDE,
    SAMPLES,
    SEED,
    SIDE,
    SMOOTH_SIGMA,
    SOME_SAMPLES,
    WINDOW,
)
from analogies.synthesis.served.arrays import ANY_MAP, detail, scaled

_PATCHES = tf.TensorSpec((None, PATCH * PATCH * 3), tf.float32)
_COUNT = tf.TensorSpec((), tf.int32)


@tf.function(input_signature=[ANY_MAP, ANY_MAP], autograph=False)
def strangeness(b: tf.Tensor, a: tf.Tensor) -> tf.Tensor:
    """How far B's patches are from those of A, over how far these are from each other; see there.

    Returns:
        float32 scalar.
    """
    b, a = _small(b), _small(a)
    reference, query = _patches(a, AMONG), _patches(b, SAMPLES)
    flat = tf.cast(_are_flat(query), tf.float32)
    labels = _flat_share(reference) > MOSTLY
    counted = tf.where(labels & tf.reduce_any(flat > 0), flat, tf.ones_like(flat))
    far = tf.reduce_sum(_nearest(query, reference) * counted) / tf.reduce_sum(counted)
    spread = tf.reduce_mean(tf.math.reduce_std(a, (0, 1)))
    return far / tf.maximum(_within(a) + LABELS * spread, 1e-3)


@tf.function(input_signature=[ANY_MAP], autograph=False)
def mostly_flat(picture: tf.Tensor) -> tf.Tensor:
    """Whether most patches of a picture show nothing; bool scalar."""
    return _flat_share(_patches(_small(picture), AMONG)) > MOSTLY


@tf.function(input_signature=[ANY_MAP, ANY_MAP], autograph=False)
def explained_detail(a: tf.Tensor, a_prime: tf.Tensor) -> tf.Tensor:
    """The share of the detail of A' that a rule predicts from A; see there.

    Returns:
        float64 scalar, at most 1.
    """
    size = _at_most(a, RULE_SIDE, WINDOW)
    a, wanted = scaled(a, size), detail(scaled(a_prime, size), SMOOTH_SIGMA)
    row, col = _places(size - WINDOW + 1, RULE_SAMPLES)
    around = _windows(a, row, col, WINDOW)
    at = (row + WINDOW // 2) * size[1] + col + WINDOW // 2
    middle, y = (tf.gather(tf.reshape(values, (-1, 3)), at) for values in (a, wanted))
    knots = tf.range(1, KNOTS, dtype=tf.float32) * (255.0 / KNOTS)
    steps = tf.maximum(middle[..., tf.newaxis] - knots, 0.0)
    x = tf.concat([around, tf.reshape(steps, (-1, 3 * (KNOTS - 1)))], 1)
    x, y = tf.cast(x, tf.float64), tf.cast(y, tf.float64)
    count = tf.shape(x)[0]
    return tf.cond(
        count < SOME_SAMPLES, lambda: tf.constant(0.0, tf.float64), lambda: _explained(x, y, count)
    )


def _explained(x: tf.Tensor, y: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """What a linear rule fitted to two thirds explains of the rest."""
    x = (x - tf.reduce_mean(x, 0)) / (tf.math.reduce_std(x, 0) + 1e-3)
    fitted = tf.range(count) % 3 > 0
    own, held = tf.boolean_mask(x, fitted), tf.boolean_mask(y, ~fitted)
    center = tf.reduce_mean(tf.boolean_mask(y, fitted), 0)
    ridge = RIDGE * tf.cast(tf.shape(own)[0], tf.float64) * tf.eye(tf.shape(x)[1], dtype=tf.float64)
    square = tf.matmul(own, own, transpose_a=True) + ridge
    sums = tf.matmul(own, tf.boolean_mask(y, fitted) - center, transpose_a=True)
    left = held - center - tf.boolean_mask(x, ~fitted) @ tf.linalg.solve(square, sums)
    return 1.0 - tf.reduce_mean(left**2) / tf.maximum(tf.reduce_mean(held**2), 1e-6)


def _at_most(picture: tf.Tensor, side: int, least: int) -> tf.Tensor:
    """A size of a picture's shape and of no more pixels than a square of `side` has."""
    size = tf.cast(tf.shape(picture)[:2], tf.float64)
    share = tf.minimum(side / tf.sqrt(tf.reduce_prod(size)), 1.0)
    return tf.maximum(tf.cast(tf.round(size * share), tf.int32), least)


def _small(picture: tf.Tensor) -> tf.Tensor:
    return scaled(picture, _at_most(picture, SIDE, PATCH))


def _places(size: tf.Tensor, most: int | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Rows and columns of a map, each place at most once, in random order."""
    every = tf.range(size[0] * size[1])
    drawn = tf.random.experimental.stateless_shuffle(every, [SEED, SEED])[:most]
    return drawn // size[1], drawn % size[1]


def _windows(picture: tf.Tensor, row: tf.Tensor, col: tf.Tensor, side: int) -> tf.Tensor:
    """`(n, side * side * 3)`, what is seen in squares whose first pixels are at `row` and `col`."""
    width = tf.shape(picture)[1]
    offsets = tf.reshape(tf.range(side)[:, tf.newaxis] * width + tf.range(side), (-1,))
    at = (row * width + col)[:, tf.newaxis] + offsets
    return tf.reshape(tf.gather(tf.reshape(picture, (-1, 3)), at), (-1, side * side * 3))


@tf.function(input_signature=[ANY_MAP, _COUNT], autograph=False)
def _patches(picture: tf.Tensor, most: tf.Tensor) -> tf.Tensor:
    """Patches of a picture, `(n, PATCH * PATCH * 3)`, at random where there are more than that."""
    row, col = _places(tf.shape(picture)[:2] - PATCH + 1, most)
    return _windows(picture, row, col, PATCH)


def _are_flat(patches: tf.Tensor) -> tf.Tensor:
    """bool `(n,)`: whether nothing is seen in one."""
    pixels = tf.reshape(patches, (-1, PATCH * PATCH, 3))
    return tf.reduce_max(tf.math.reduce_std(pixels, 1), 1) <= FLAT


def _flat_share(patches: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(_are_flat(patches), tf.float32))


@tf.function(input_signature=[_PATCHES, _PATCHES], autograph=False)
def _nearest(query: tf.Tensor, reference: tf.Tensor) -> tf.Tensor:
    """Root mean square distance of each patch to the nearest of a reference."""
    norms = tf.reduce_sum(reference**2, 1, keepdims=True)
    ones = tf.ones_like(query[:, :1])
    products = tf.matmul(
        tf.concat([-2.0 * query, ones], 1), tf.concat([reference, norms], 1), transpose_b=True
    )
    best = tf.reduce_min(products, 1) + tf.reduce_sum(query**2, 1)
    return tf.sqrt(tf.maximum(best, 0.0) / (PATCH * PATCH * 3))


def _within(picture: tf.Tensor) -> tf.Tensor:
    """Mean distance of the patches of each half of a picture to the nearest of the other half."""
    size = tf.shape(picture)[:2]
    middle = size // 2
    upper, lower = picture[: middle[0]], picture[middle[0] :]
    left, right = picture[:, : middle[1]], picture[:, middle[1] :]
    pairs = [(upper, lower), (lower, upper), (left, right), (right, left)]
    found = tf.stack([_between(*pair) for pair in pairs])
    counted = tf.cast(tf.repeat(middle >= PATCH, 2), tf.float32)
    return tf.reduce_sum(found) / tf.maximum(tf.reduce_sum(counted), 1.0)


@tf.function(input_signature=[ANY_MAP, ANY_MAP], autograph=False)
def _between(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Mean distance of patches of one picture to the nearest of another; 0 where none fits."""
    shortest = tf.reduce_min(tf.minimum(tf.shape(one)[:2], tf.shape(other)[:2]))
    return tf.cond(
        shortest >= PATCH,
        lambda: tf.reduce_mean(_nearest(_patches(one, SAMPLES // 4), _patches(other, AMONG))),
        lambda: tf.constant(0.0),
    )
