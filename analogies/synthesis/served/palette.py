"""B in the colors of A: `synthesis.pixels.palette` in graphs."""

import tensorflow as tf

from analogies.synthesis.pixels.palette import OPPONENT, SAMPLES, TONES
from analogies.synthesis.served.arrays import ANY_MAP


@tf.function(input_signature=[ANY_MAP, ANY_MAP], autograph=False)
def recolored(b: tf.Tensor, a: tf.Tensor) -> tf.Tensor:
    """B with the mean and covariance of A's colors; see there."""
    flat, other = (tf.cast(tf.reshape(x, (-1, 3)), tf.float64) for x in (b, a))
    own, wanted = (_covariance(x) for x in (flat, other))
    root, inverse = _power(own, 0.5), _power(own, -0.5)
    mapped = inverse @ _power(root @ wanted @ root, 0.5) @ inverse
    moved = (flat - tf.reduce_mean(flat, 0)) @ mapped + tf.reduce_mean(other, 0)
    moved = tf.cast(tf.clip_by_value(moved, 0.0, 255.0), tf.float32)
    return tf.reshape(moved, tf.shape(b))


@tf.function(input_signature=[ANY_MAP, ANY_MAP], autograph=False)
def repainted(b: tf.Tensor, a: tf.Tensor) -> tf.Tensor:
    """B in A's brightnesses, yellows and blues, reds and greens; see there."""
    axes = tf.constant(OPPONENT, tf.float32)
    moved, wanted = (tf.reshape(x, (-1, 3)) @ axes for x in (b, a))
    found = [
        ranked(moved[tf.newaxis, :, axis, tf.newaxis], wanted[tf.newaxis, :, axis, tf.newaxis])
        for axis in range(3)
    ]
    moved = tf.concat([values[0] for values in found], -1)
    return tf.reshape(tf.clip_by_value(moved @ tf.transpose(axes), 0.0, 255.0), tf.shape(b))


@tf.function(input_signature=[ANY_MAP, ANY_MAP], autograph=False)
def ranked(values: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Values in another map's histogram, `(h, w, c)` as `values`; see there."""
    rising = 1e-4 * tf.cast(tf.range(TONES), tf.float64)  # no two are equal
    own, wanted = _quantiles(values) + rising, _quantiles(like)
    flat = tf.cast(tf.reshape(values, (-1,)), tf.float64)
    above = tf.clip_by_value(tf.searchsorted(own, flat, side="right"), 1, TONES - 1)
    low, high = tf.gather(own, above - 1), tf.gather(own, above)
    share = tf.clip_by_value((flat - low) / (high - low), 0.0, 1.0)
    found = tf.gather(wanted, above - 1) * (1.0 - share) + tf.gather(wanted, above) * share
    return tf.reshape(tf.cast(found, tf.float32), tf.shape(values))


def _quantiles(values: tf.Tensor) -> tf.Tensor:
    """float64 `(TONES,)`, of as many values, evenly picked, as tell the histogram."""
    flat = tf.reshape(values, (-1,))
    flat = tf.sort(flat[:: tf.maximum(1, tf.size(flat) // SAMPLES)])
    last = tf.size(flat) - 1
    shares = tf.cast(tf.range(TONES), tf.float64) / (TONES - 1)
    at = shares * tf.cast(last, tf.float64)
    below = tf.cast(at, tf.int32)
    low = tf.cast(tf.gather(flat, below), tf.float64)
    high = tf.cast(tf.gather(flat, tf.minimum(below + 1, last)), tf.float64)
    return low + (high - low) * (at - tf.cast(below, tf.float64))


def _covariance(flat: tf.Tensor) -> tf.Tensor:
    """Of `(n, 3)`, with an addition that keeps it positive."""
    centered = flat - tf.reduce_mean(flat, 0)
    products = tf.matmul(centered, centered, transpose_a=True)
    count = tf.cast(tf.shape(flat)[0], tf.float64)
    return products / (count - 1.0) + tf.eye(3, dtype=tf.float64)


def _power(matrix: tf.Tensor, exponent: float) -> tf.Tensor:
    """Of a symmetric positive matrix."""
    values, vectors = tf.linalg.eigh(matrix)
    powers = tf.maximum(values, 1e-9) ** exponent
    return tf.matmul(vectors * powers, vectors, transpose_b=True)
