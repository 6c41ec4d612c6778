"""Which way lines run: `synthesis.pixels.flow` in graphs."""

import tensorflow as tf

from analogies.synthesis.pixels.flow import (
    CALM,
    CELLS,
    CLEAR,
    FORM_SIGMA,
    LARGEST,
    SHARE,
    SMOOTH,
    STROKE_SIGMA,
)
from analogies.synthesis.served.arrays import blurred, scaled


def strokes(luminance: tf.Tensor) -> tf.Tensor:
    """How strokes run in a painting, `(h, w, 2)` of `(h, w, 1)`; see there."""
    tensor = blurred(_tensor(luminance), STROKE_SIGMA)
    return LARGEST * tensor[..., :2] / (tensor[..., 2:] + CALM)


def forms(luminance: tf.Tensor) -> tf.Tensor:
    """How strokes should run to follow what a picture shows, `(h, w, 2)`; see there."""
    narrow = blurred(_tensor(luminance)[..., :2], FORM_SIGMA)
    size = tf.shape(narrow)[:2]
    total, share = narrow, 1.0
    for cell in CELLS:
        share *= SHARE
        coarse = tf.cast(tf.round(tf.cast(size, tf.float64) / cell), tf.int32)
        total += share * scaled(scaled(narrow, tf.maximum(coarse, 1)), size)
    length = tf.norm(total, axis=-1, keepdims=True)
    return LARGEST * CLEAR * total / tf.maximum(length, 1e-6)


def _tensor(luminance: tf.Tensor) -> tf.Tensor:
    """`(h, w, 3)`: difference of squared gradients, twice their product, and their sum."""
    soft = blurred(luminance, SMOOTH)
    down, right = (_gradient(soft, axis) for axis in (0, 1))
    parts = [right**2 - down**2, 2.0 * right * down, right**2 + down**2]
    return tf.concat(parts, -1)


def _gradient(values: tf.Tensor, axis: int) -> tf.Tensor:
    """Halves of differences of neighbors, at the edges whole ones."""
    last = tf.shape(values)[axis] - 1
    at = tf.range(last + 1)
    before, after = tf.maximum(at - 1, 0), tf.minimum(at + 1, last)
    steps = tf.cast(after - before, tf.float32)
    shape = [1, 1, 1]
    shape[axis] = -1
    difference = tf.gather(values, after, axis=axis) - tf.gather(values, before, axis=axis)
    return difference / tf.reshape(steps, shape)
