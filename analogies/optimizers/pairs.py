"""The limited memory of the BFGS method: recent steps and gradient changes, and what they imply.

The inverse Hessian is kept in the compact form of Byrd, Nocedal and Schnabel (1994, Math. Program.
63, 129-156, eq. 3.1). With the steps S and the gradient changes Y as rows, oldest first,

    H = 1/theta (I + [Y/theta; S]^T K^-1 [Y/theta; S]),    K = -[[D + YY/theta^2, R^T], [R, 0]],

where R is the upper triangle of S Y^T/theta, D its diagonal, YY = Y Y^T. All products of pairs with
each other are kept (`gram`), so that one product of the stored rows with a few vectors and one
combination of the rows is all that an iteration reads: 4 memory vectors, as the two-loop recursion
does, but as two matrix products instead of 4 memory dependent ones.

The rows are in a circular buffer. A pair (s, y) is stored as (s, y)/|s|, which leaves H as it is
and keeps the products in range.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Pairs(NamedTuple):
    """Rows [Y; S] of the last `memory` steps."""

    rows: tf.Tensor  # (2 memory, n), dtype of x
    gram: tf.Tensor  # (2 memory, 2 memory) float64, rows rows^T
    next_slot: tf.Tensor  # int32, where the next pair goes
    count: tf.Tensor  # int32, pairs in use
    theta: tf.Tensor  # float64, y.y/s.y of the newest pair; 0 before the first


def empty(memory: int, n: tf.Tensor, dtype: tf.DType) -> Pairs:
    """Return a memory without pairs for vectors of n elements."""
    return Pairs(
        rows=tf.zeros([2 * memory, n], dtype),
        gram=tf.zeros([2 * memory, 2 * memory], tf.float64),
        next_slot=tf.constant(0),
        count=tf.constant(0),
        theta=tf.zeros((), tf.float64),
    )


def forget(pairs: Pairs) -> Pairs:
    """Return the memory without its pairs; the scale theta stays."""
    return pairs._replace(count=tf.zeros_like(pairs.count))


def multiply(pairs: Pairs, vectors: tf.Tensor) -> tf.Tensor:
    """Return the products of vectors (k, n) with the rows, float64 (k, 2 memory)."""
    # In this order it is four times faster on a CPU than rows @ vectors^T.
    return tf.cast(tf.linalg.matmul(vectors, pairs.rows, transpose_b=True), tf.float64)


def remember(
    pairs: Pairs, step: tf.Tensor, change: tf.Tensor
) -> tuple[Pairs, tf.Tensor, tf.Tensor]:
    """Store a step and the change of the gradient over it (n,), unless their curvature is lost.

    A pair is kept where s.y > eps |s| |y|. Returns the memory, whose `gram` waits for `complete`,
    the new rows [y; s] (2, n), and whether the pair was kept.
    """
    memory = pairs.rows.shape[0] // 2
    length = tf.norm(step)
    inverse = tf.math.divide_no_nan(tf.ones_like(length), length)
    new = tf.stack([change, step]) * inverse
    products = tf.linalg.matmul(new, new, transpose_b=True)
    size, curvature = products[0, 0], products[0, 1]
    kept = (curvature > epsilon(step.dtype) * tf.sqrt(size)) & (size > 0) & tf.math.is_finite(size)
    rows = tf.cond(kept, lambda: _replace_rows(pairs, new), lambda: pairs.rows)
    theta = tf.cast(size, tf.float64) / tf.cast(curvature, tf.float64)
    one = tf.cast(kept, tf.int32)
    grown = pairs._replace(
        rows=rows,
        next_slot=(pairs.next_slot + one) % memory,
        count=tf.minimum(pairs.count + one, memory),
        theta=tf.where(kept, theta, pairs.theta),
    )
    return grown, new, kept


def _replace_rows(pairs: Pairs, new: tf.Tensor) -> tf.Tensor:
    """Return the rows with the next pair's replaced by the new ones.

    They are written in place. On a GPU a scatter would copy each with a single thread, so a slice
    is replaced there; where the length is known, all rows are chosen anew, as XLA may compile this
    and knows no slices that move.
    """
    memory, rows = pairs.rows.shape[0] // 2, pairs.rows
    if not tf.config.list_logical_devices("GPU"):
        slots = tf.stack([pairs.next_slot, memory + pairs.next_slot])
        return tf.tensor_scatter_nd_update(rows, slots[:, None], new)
    if rows.shape[1] is not None:
        slot = tf.range(memory)[:, None] == pairs.next_slot
        halves = zip(tf.split(rows, 2), tf.split(new, 2), strict=True)
        return tf.concat([tf.where(slot, row, half) for half, row in halves], axis=0)
    for number in range(2):
        slot = pairs.next_slot + number * memory
        rows = tf.raw_ops.TensorStridedSliceUpdate(
            input=rows,
            begin=tf.stack([slot, 0]),
            end=tf.stack([slot + 1, 0]),
            strides=[1, 1],
            value=new[number : number + 1],
            end_mask=0b10,  # to the end of the row
        )
    return rows


def complete(pairs: Pairs, products: tf.Tensor, kept: tf.Tensor) -> Pairs:
    """Enter the products of a kept pair's new rows with all rows, (2, 2 memory), into `gram`."""
    memory = pairs.rows.shape[0] // 2
    slot = (pairs.next_slot - 1) % memory
    slots = tf.stack([slot, memory + slot])
    gram = tf.tensor_scatter_nd_update(pairs.gram, slots[:, None], products)
    gram = tf.transpose(tf.tensor_scatter_nd_update(tf.transpose(gram), slots[:, None], products))
    return pairs._replace(gram=tf.where(kept, gram, pairs.gram))


def solve(pairs: Pairs, products: tf.Tensor, theta: tf.Tensor) -> tf.Tensor:
    """Return coefficients c with H g = (g + c rows)/theta, from the products of the rows with g.

    `products` is float64 (2 memory,); the result too. Without pairs it is 0.
    """
    memory = pairs.rows.shape[0] // 2
    order = (pairs.next_slot + tf.range(memory)) % memory  # oldest first
    used = tf.cast(tf.range(memory) >= memory - pairs.count, tf.float64)
    both = used[:, None] * used[None, :]
    index = tf.concat([order, memory + order], axis=0)
    gram = tf.gather(tf.gather(pairs.gram, index, axis=0), index, axis=1)
    change_products, step_products = tf.split(tf.gather(products, index), 2)
    change_products *= used / theta
    step_products *= used
    yy = both * gram[:memory, :memory] / theta**2
    sy = both * gram[memory:, :memory] / theta
    upper = tf.linalg.band_part(sy, 0, -1)
    diagonal = tf.linalg.diag_part(sy)
    upper += tf.linalg.diag(1.0 - used)
    first = -tf.linalg.triangular_solve(upper, step_products[:, None], lower=False)
    middle = tf.linalg.diag(diagonal) + yy
    right = -change_products[:, None] - tf.linalg.matmul(middle, first)
    second = tf.linalg.triangular_solve(upper, right, lower=False, adjoint=True)
    coefficients = tf.concat([first[:, 0] * used / theta, second[:, 0] * used], axis=0)
    back = tf.math.invert_permutation(index)
    return tf.gather(coefficients, back)


def combine(pairs: Pairs, coefficients: tf.Tensor) -> tf.Tensor:
    """Return the combination of the rows (n,) with float64 coefficients (2 memory,)."""
    coefficients = tf.cast(coefficients, pairs.rows.dtype)
    return tf.linalg.matvec(pairs.rows, coefficients, transpose_a=True)


def epsilon(dtype: tf.DType) -> float:
    """Return the distance from 1 to the next number."""
    return float(np.finfo(dtype.as_numpy_dtype).eps)
