"""The direction of a projected quasi-Newton step.

Without bounds it is -H g. With bounds the elements are divided by a step of gradient projection
with the scale theta of the memory, z = P(x - g/theta) - x: an element that reaches its bound goes
there, the others, which are free, take the quasi-Newton step of their own part of the gradient, and
the whole is projected into the box (two-metric projection: Bertsekas 1982, SIAM J. Control Optim.
20, 221-246; Gafni and Bertsekas 1984). In a pair the gradient change is 0 wherever the step is, so
that once the same elements have stayed at their bounds for a memory's length, H is the BFGS matrix of the
free elements alone. Where the projected step is no descent, z, which always is, takes its place.
"""

import tensorflow as tf

from analogies.optimizers import pairs as memory
from analogies.optimizers.box import Box, project, projected_gradient
from analogies.optimizers.pairs import Pairs


def first_scale(gradient: tf.Tensor) -> tf.Tensor:
    """Return the theta with which a step without any knowledge is at most 1 long, float64."""
    return tf.maximum(tf.cast(tf.norm(gradient), tf.float64), 1.0)


def find(
    pairs: Pairs,
    new: tf.Tensor,
    kept: tf.Tensor,
    box: Box | None,
    x: tf.Tensor,
    gradient: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, Pairs]:
    """Return the direction (n,), its slope (float64) and the memory with its products completed.

    x + direction lies within the box (up to rounding). The slope is 0 only where x is stationary.
    """
    steepest = projected_gradient(box, x, gradient)
    theta = tf.where(pairs.theta > 0.0, pairs.theta, first_scale(steepest))
    scale = tf.cast(theta, x.dtype)
    cauchy = project(box, x - gradient / scale)
    reached = None if box is None else (cauchy <= box.lower) | (cauchy >= box.upper)
    free = gradient if reached is None else tf.where(reached, tf.zeros_like(gradient), gradient)

    products = memory.multiply(pairs, tf.concat([new, free[None]], axis=0))
    pairs = memory.complete(pairs, products[:2], kept)
    coefficients = memory.solve(pairs, products[2], theta)
    direction = -(free + memory.combine(pairs, coefficients)) / scale
    fallback = cauchy - x
    if reached is not None:
        direction = project(box, x + tf.where(reached, fallback, direction)) - x
    slope = _dot(gradient, direction)
    least = _dot(gradient, fallback)
    sound = tf.math.is_finite(slope) & (slope < (0.0 if box is None else 1e-4 * least))
    direction = tf.where(sound, direction, fallback)
    pairs = pairs._replace(count=tf.where(sound, pairs.count, 0))
    return direction, tf.where(sound, slope, least), pairs


def _dot(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.reduce_sum(a * b), tf.float64)
