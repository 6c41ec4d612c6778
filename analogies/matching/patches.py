"""Patches of a map, their norms, and the two patch scores in one form.

For a query patch p and a reference patch q both scores are

    S(p, q) = (p . q) * query_scale(p) * scale(q) + bias(q) + query_bias(p)

    score          query_scale   scale     bias         query_bias
    correlation    1 / |p|       1 / |q|   0            0
    distance       1             1         -|q|^2 / 2   -|p|^2 / 2       (S = -|p - q|^2 / 2)

to which a reference bias b(q) is added. What depends on p alone does not move the arg-max.
"""

from typing import NamedTuple

import tensorflow as tf

SCORES = ("correlation", "distance")


class Scoring(NamedTuple):
    """The scales and biases above, for all patches of both maps, stride 1.

    Attributes:
        name: `"correlation"` or `"distance"`.
        query_scale, query_bias: float32 `(h - k + 1, w - k + 1)`.
        scale: float32 `(h2 - k + 1, w2 - k + 1)`.
        norm_bias: the bias without the reference bias, of the same shape.
        bias: with the reference bias.
    """

    name: str
    query_scale: tf.Tensor
    query_bias: tf.Tensor
    scale: tf.Tensor
    norm_bias: tf.Tensor
    bias: tf.Tensor

    def thinned(self, query_stride: int, reference_stride: int) -> "Scoring":
        """The same for the patches on strides."""
        of_query = (on_stride(x, query_stride) for x in self[1:3])
        return Scoring(self.name, *of_query, *(on_stride(x, reference_stride) for x in self[3:]))


def positions(places: tf.Tensor, stride: int) -> tf.Tensor:
    """Which of `places` patches along a side are on a stride: 0, stride, ... and the last one.

    So every cell is covered where the stride is at most the patch's side; int32 `(m,)`.

    >>> positions(tf.constant(6), 2).numpy()
    array([0, 2, 4, 5], dtype=int32)
    """
    last = places - 1
    return tf.minimum(tf.range(-(-last // stride) + 1) * stride, last)


def on_stride(values: tf.Tensor, stride: int) -> tf.Tensor:
    """Of values for all patches, `(m, n, ...)`, those of the patches on a stride."""
    if stride == 1:
        return values
    shape = tf.shape(values)
    rows = tf.gather(values, positions(shape[0], stride))
    return tf.gather(rows, positions(shape[1], stride), axis=1)


def prepare(
    query: tf.Tensor, reference: tf.Tensor, k: int, score: str, reference_bias: tf.Tensor | None
) -> Scoring:
    """Scales and biases of all `k` by `k` patches of two float32 maps."""
    of_query, of_reference = squared_norms(query, k), squared_norms(reference, k)
    if score == "correlation":
        query_scale, scale = inverse_norms(of_query), inverse_norms(of_reference)
        query_bias, bias = tf.zeros_like(of_query), tf.zeros_like(of_reference)
    else:
        query_scale, scale = tf.ones_like(of_query), tf.ones_like(of_reference)
        query_bias, bias = -0.5 * of_query, -0.5 * of_reference
    added = 0.0 if reference_bias is None else tf.cast(reference_bias, tf.float32)
    return Scoring(score, query_scale, query_bias, scale, bias, bias + added)


def box_sum(cells: tf.Tensor, size: int) -> tf.Tensor:
    """Sum of each `size` by `size` window: `(h, w)` -> `(h - size + 1, w - size + 1)`."""
    mean = tf.nn.avg_pool2d(cells[tf.newaxis, ..., tf.newaxis], size, 1, "VALID")
    return mean[0, ..., 0] * size**2


def squared_norms(cells: tf.Tensor, size: int) -> tf.Tensor:
    """Squared Euclidean norm of each patch: `(h, w, c)` -> `(h - size + 1, w - size + 1)`."""
    return box_sum(tf.reduce_sum(tf.square(tf.cast(cells, tf.float32)), axis=-1), size)


def inverse_norms(squares: tf.Tensor) -> tf.Tensor:
    """1 / sqrt of squared norms, 0 where the norm is 0."""
    return tf.math.divide_no_nan(1.0, tf.sqrt(squares))


def extract(cells: tf.Tensor, rows: tf.Tensor, cols: tf.Tensor, k: int) -> tf.Tensor:
    """The patches with the given top-left cells: `(h, w, c)`, `(n,)` -> `(n, k * k * c)`."""
    width, channels = tf.shape(cells)[1], tf.shape(cells)[2]
    flat = tf.reshape(cells, (-1, channels))
    corner = rows * width + cols
    offsets = tf.reshape(tf.range(k)[:, tf.newaxis] * width + tf.range(k), (-1,))
    return tf.reshape(tf.gather(flat, corner[:, tf.newaxis] + offsets), (-1, k * k * channels))


def extract_all(cells: tf.Tensor, k: int, stride: int) -> tf.Tensor:
    """All patches on a stride: `(h, w, c)` -> `(m, n, k * k * c)`."""
    if k == 1:
        return on_stride(cells, stride)
    m, n = tf.shape(cells)[0] - k + 1, tf.shape(cells)[1] - k + 1
    parts = [on_stride(cells[y : y + m, x : x + n], stride) for y in range(k) for x in range(k)]
    return tf.concat(parts, axis=-1)
