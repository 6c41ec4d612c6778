"""Sums over patches, and the two patch scores as one affine form of an inner product.

For a query patch p and a reference patch q both scores are

    S(p, q) = (p . q) * query_scale(p) * scale(q) + bias(q) + query_bias(p)

    score          query_scale   scale     bias         query_bias
    correlation    1 / |p|       1 / |q|   0            0
    distance       1             1         -|q|^2 / 2   -|p|^2 / 2       (S = -|p - q|^2 / 2)

to which a reference bias b(q) is added. What depends on p alone does not move the arg-max.
"""

import tensorflow as tf

SCORES = ("correlation", "distance")


def box_sum(cells: tf.Tensor, size: int) -> tf.Tensor:
    """Sum of each `size` by `size` window: `(h, w)` -> `(h - size + 1, w - size + 1)`."""
    height, width = tf.shape(cells)[0] - size + 1, tf.shape(cells)[1] - size + 1
    rows = tf.add_n([cells[d : d + height] for d in range(size)])
    return tf.add_n([rows[:, d : d + width] for d in range(size)])


def squared_norms(cells: tf.Tensor, size: int) -> tf.Tensor:
    """Squared Euclidean norm of each patch: `(h, w, c)` -> `(h - size + 1, w - size + 1)`."""
    return box_sum(tf.reduce_sum(tf.square(tf.cast(cells, tf.float32)), axis=-1), size)


def inverse_norms(squares: tf.Tensor) -> tf.Tensor:
    """1 / sqrt of squared norms, 0 where the norm is 0."""
    return tf.math.divide_no_nan(1.0, tf.sqrt(squares))
