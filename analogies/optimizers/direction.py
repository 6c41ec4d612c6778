"""The direction of a projected quasi-Newton step.

Without bounds it is -H g. With bounds the elements are divided by a step of gradient projection
with the scale theta of the memory, z = P(x - g/theta) - x: an element that reaches its bound goes
there; the others, which are free, take the quasi-Newton step of their own part of the gradient;
and the whole is projected into the box (two-metric projection: Bertsekas 1982, SIAM J. Control
Optim. 20, 221-246). In a stored pair the gradient change is 0 wherever the step is, so that once
the same elements have stayed at their bounds for a memory's length, H is the BFGS matrix of the
free elements alone. Where the projected step is no descent, z, which always is, takes its place.

Byrd, Lu, Nocedal and Zhu (1995, SIAM J. Sci. Comput. 16, 1190-1208) search the whole path of z
for a minimizer of the quadratic model and solve for the free elements with the products of the
free parts of the pairs. That reads the pairs about three times as often as this does.
"""

import tensorflow as tf

from analogies.optimizers import pairs as memory
from analogies.optimizers.box import Box, project, projected_gradient
from analogies.optimizers.pairs import Pairs


def first_scale(x: tf.Tensor, loss: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Return the theta of a step along the projected gradient taken before any other, float64.

    The step changes x by a length of 1, or its fastest element by a hundredth of the largest
    element of x if that is more (Hager and Zhang 2005, rule I0), but is no longer than
    2 |loss|/|gradient|^2, which for a convex quadratic with its minimum at 0 bounds the best step.
    All of it is indifferent to the scale of the loss.
    """
    fastest = tf.reduce_max(tf.abs(gradient))
    fastest = tf.where(fastest > 0, fastest, tf.ones_like(fastest))
    norm = tf.cast(tf.norm(gradient / fastest), tf.float64) * tf.cast(fastest, tf.float64)
    norm = tf.where(norm > 0.0, norm, tf.ones_like(norm))
    fastest = tf.cast(fastest, tf.float64)
    largest = tf.cast(tf.reduce_max(tf.abs(x)), tf.float64)
    step = tf.maximum(1.0 / norm, 0.01 * largest / fastest)
    bound = 2.0 * tf.abs(loss) / norm / norm
    sensible = bound > 0.01 * step  # a loss that happens to be near 0 says nothing
    return 1.0 / tf.where(sensible, tf.minimum(step, bound), step)


def find(
    pairs: Pairs,
    new: tf.Tensor,
    kept: tf.Tensor,
    box: Box | None,
    x: tf.Tensor,
    gradient: tf.Tensor,
    loss: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, Pairs]:
    """Return the direction (n,), its slope (float64) and the memory with its products completed.

    x + direction lies within the box (up to rounding). The slope is 0 only where x is stationary.
    """
    theta = tf.cond(
        pairs.theta > 0.0,
        lambda: pairs.theta,
        lambda: first_scale(x, loss, projected_gradient(box, x, gradient)),
    )
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
