"""Box bounds on a vector, and what they do to a gradient."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf


class Box(NamedTuple):
    """Bounds of each element of x, both (n,), dtype of x; infinite where there is none."""

    lower: tf.Tensor
    upper: tf.Tensor


def make_box(bounds: Any, x: tf.Tensor) -> Box | None:
    """Broadcast (lower, upper) to x and flatten them; None stays None.

    Raises ValueError for anything else than two bounds that broadcast to the shape of x, for NaN
    and for lower > upper, as far as the values are known while tracing.
    """
    if bounds is None:
        return None
    try:
        lower, upper = bounds
    except (TypeError, ValueError):
        raise ValueError(
            f"bounds must be None or a pair (lower, upper). Received: bounds={bounds!r}"
        ) from None
    box = Box(*(_broadcast(name, b, x) for name, b in (("lower", lower), ("upper", upper))))
    low, high = (tf.get_static_value(b) for b in box)
    if low is not None and high is not None and not (low <= high).all():
        wrong = int((~(low <= high)).sum())
        raise ValueError(
            "Each lower bound must be at most its upper bound, and neither may be NaN. "
            f"Received: lower={lower!r}, upper={upper!r} ({wrong} elements out of order)"
        )
    return box


def _broadcast(name: str, bound: Any, x: tf.Tensor) -> tf.Tensor:
    if not tf.is_tensor(bound):
        bound = np.asarray(bound, x.dtype.as_numpy_dtype)  # 0.1 must not pass through float32
    bound = tf.cast(bound, x.dtype)
    try:
        tf.broadcast_static_shape(bound.shape, x.shape).assert_is_compatible_with(x.shape)
        return tf.reshape(tf.broadcast_to(bound, tf.shape(x)), [-1])
    except (ValueError, tf.errors.InvalidArgumentError):
        raise ValueError(
            f"The {name} bound must be a scalar or broadcast to the shape of x0. "
            f"Received: shape {tuple(bound.shape)} for x0 of shape {tuple(x.shape)}"
        ) from None


def project(box: Box | None, x: tf.Tensor) -> tf.Tensor:
    """Return the nearest point of the box."""
    return x if box is None else tf.minimum(tf.maximum(x, box.lower), box.upper)


def step_within(box: Box | None, x: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """Return P(x + step) - x, without the rounding of x in it."""
    if box is None:
        return step
    return tf.minimum(tf.maximum(step, box.lower - x), box.upper - x)


def stopped(box: Box | None, x: tf.Tensor, direction: tf.Tensor) -> tf.Tensor | None:
    """Return which elements cannot move along the direction (bool), None for none.

    What is said of an element without a direction means nothing.
    """
    if box is None:
        return None
    return tf.where(direction < 0, x <= box.lower, x >= box.upper)


def projected_gradient(box: Box | None, x: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
    """Return the gradient with 0 where a bound keeps x from following its negative."""
    if box is None:
        return gradient
    halted = tf.where(gradient > 0, x <= box.lower, x >= box.upper)
    return tf.where(halted, tf.zeros_like(gradient), gradient)
