"""The true scores of given pairs of patches."""

from collections.abc import Callable

import tensorflow as tf

from analogies.matching.field import NearestNeighborField
from analogies.matching.patches import Scoring, on_stride, squared_norms

CACHE_BYTES = 2**24  # of patches looked at together, on a CPU; twice or half as many run alike


def scorer_of(
    query: tf.Tensor,
    reference: tf.Tensor,
    scoring: Scoring,
    k: int,
    stride: int,
    tile_bytes: tf.Tensor,
) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """A function (query patches, rows, columns), int64 `(n,)`, -> scores, float32 `(n,)`.

    Query patches are given as flat indices on the query's stride; no more pairs are looked at
    together than fit into `tile_bytes`.
    """
    shape, channels = tf.shape(query, tf.int64), tf.shape(query)[2]
    width, other_width = shape[1], tf.shape(reference, tf.int64)[1]
    last_row, last_column = shape[0] - k, width - k
    columns = -(-last_column // stride) + 1
    from_cells = tf.reshape(query, (-1, channels))
    to_cells = tf.reshape(reference, (-1, channels))

    offsets = tf.range(k, dtype=tf.int64)
    within, other_within = (
        tf.reshape(offsets[:, tf.newaxis] * pitch + offsets, (-1,))
        for pitch in (width, other_width)
    )

    def score(queries, rows, cols):
        i = tf.minimum(queries // columns * stride, last_row)
        j = tf.minimum(queries % columns * stride, last_column)
        start, other = i * width + j, rows * other_width + cols
        here = tf.gather(from_cells, start[:, tf.newaxis] + within)
        there = tf.gather(to_cells, other[:, tf.newaxis] + other_within)
        total = tf.reduce_sum(here * there, axis=(1, 2))
        patch, place = tf.stack([i, j], -1), tf.stack([rows, cols], -1)
        return (
            total * tf.gather_nd(scoring.query_scale, patch) * tf.gather_nd(scoring.scale, place)
            + tf.gather_nd(scoring.bias, place)
            + tf.gather_nd(scoring.query_bias, patch)
        )

    # A pair takes both patches, their product, and the indices of their cells.
    if not tf.config.list_logical_devices("GPU"):
        tile_bytes = tf.minimum(tile_bytes, CACHE_BYTES)
    chunk = tf.maximum(tile_bytes // (k**2 * (12 * channels + 16)), 1)

    def in_chunks(queries, rows, cols):
        count = tf.size(queries)

        def body(start, scores):
            part = slice(start, start + chunk)
            new = score(queries[part], rows[part], cols[part])
            return start + chunk, tf.concat([scores, new], 0)

        return tf.while_loop(
            lambda start, _: start < count,
            body,
            (tf.constant(0), tf.zeros((0,))),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None])),
            parallel_iterations=1,
        )[1]

    return in_chunks


def similarities(
    field: NearestNeighborField,
    query: tf.Tensor,
    reference: tf.Tensor,
    reference_bias: tf.Tensor,
    k: int,
    stride: int = 1,
) -> NearestNeighborField:
    """A field matched by distance with scores that do not depend on the maps' scale.

        1 - |p - q|^2 / (|p|^2 + |q|^2) = 2 p . q / (|p|^2 + |q|^2),   in [-1, 1]

    for a patch p and its match q: 1 where they are equal, their correlation where they are of
    equal norm, and less where one is fainter.

    Args:
        field: of scores -|p - q|^2 / 2 plus the bias of q.
        query, reference: float32 `(h, w, c)`, `(h2, w2, c)`.
        reference_bias: `(h2 - k + 1, w2 - k + 1)`.
        k: patch size.
        stride: of the query.
    """
    places = tf.stack([field.rows, field.cols], -1)
    norms = on_stride(squared_norms(query, k), stride)
    norms += tf.gather_nd(squared_norms(reference, k), places)
    squares = -2.0 * (field.scores - tf.gather_nd(reference_bias, places))
    scores = 1.0 - tf.math.divide_no_nan(squares, norms)
    return field._replace(scores=tf.clip_by_value(scores, -1.0, 1.0))
