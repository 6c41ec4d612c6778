"""Matching the colors of one picture to those of another."""

import tensorflow as tf


def match_colors(image: tf.Tensor, example: tf.Tensor) -> tf.Tensor:
    """Give an image the mean color and the color covariance of an example.

        x -> S_e^(1/2) S_x^(-1/2) (x - mean_x) + mean_e

    with symmetric square roots; the linear color transfer of Gatys et al., "Preserving Color in
    Neural Artistic Style Transfer" (2016), section 5.1. A color that does not vary in the image is
    not amplified.

    Args:
        image: float32 `(h, w, 3)` in [0, 255].
        example: float32 `(h2, w2, 3)` in [0, 255].

    Returns:
        float32 `(h, w, 3)`, clipped to [0, 255].
    """
    mean_x, covariance_x = _moments(image)
    mean_e, covariance_e = _moments(example)
    change = tf.matmul(_power(covariance_x, -0.5), _power(covariance_e, 0.5))
    moved = tf.tensordot(image - mean_x, change, 1) + mean_e
    return tf.clip_by_value(moved, 0.0, 255.0)


def _moments(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean `(3,)` and covariance `(3, 3)` of the colors; one level of noise is added."""
    colors = tf.reshape(image, (-1, 3))
    mean = tf.reduce_mean(colors, axis=0)
    centered = colors - mean
    count = tf.cast(tf.shape(colors)[0], tf.float32)
    return mean, tf.matmul(centered, centered, transpose_a=True) / count + tf.eye(3)


def _power(covariance: tf.Tensor, power: float) -> tf.Tensor:
    values, vectors = tf.linalg.eigh(covariance)
    return tf.matmul(vectors * tf.pow(tf.maximum(values, 1e-3), power), vectors, transpose_b=True)
