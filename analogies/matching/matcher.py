"""`match`: the public door to the matchers."""

import tensorflow as tf

from analogies.matching import exact, patches
from analogies.matching.field import NearestNeighborField


def match(
    query: tf.Tensor,
    reference: tf.Tensor,
    patch_size: int = 3,
    method: str = "exact",
    *,
    score: str = "correlation",
    reference_bias: tf.Tensor | None = None,
    query_stride: int = 1,
    reference_stride: int = 1,
    tile_bytes: int = 256 << 20,
    initial: NearestNeighborField | None = None,
    sweeps: int = 4,
    seed: int = 0,
) -> NearestNeighborField:
    """Find for each patch of `query` its best patch in `reference`.

    Args:
        query: float `(h, w, c)`.
        reference: float `(h2, w2, c)`.
        patch_size: k, side of a patch in cells.
        method: `"exact"`.
        score: `"correlation"` (normalized cross-correlation, [-1, 1]; patches of zero norm
            score 0) or `"distance"` (minus half the squared Euclidean distance).
        reference_bias: `(h2 - k + 1, w2 - k + 1)` float, added to the score of each reference
            patch before the arg-max and contained in the scores returned.
        query_stride, reference_stride: steps between the patches looked at, cells.
        tile_bytes: about how much memory the exact matcher's largest arrays may take.

    Returns:
        NearestNeighborField of shape `((h - k) // query_stride + 1, (w - k) // query_stride + 1)`.
    """
    index, value = _match(
        tf.cast(query, tf.float32),
        tf.cast(reference, tf.float32),
        reference_bias,
        patch_size,
        score,
        query_stride,
        reference_stride,
        tile_bytes,
    )
    columns = tf.shape(reference)[1] - patch_size + 1
    return NearestNeighborField(index // columns, index % columns, value)


@tf.function(reduce_retracing=True)
def _match(query, reference, reference_bias, k, score, query_stride, reference_stride, tile_bytes):
    squares = patches.squared_norms(reference, k)
    query_squares = patches.squared_norms(query, k)
    query_scale = tf.ones_like(query_squares)
    query_bias = tf.zeros_like(query_squares)
    if score == "correlation":
        query_scale = patches.inverse_norms(query_squares)
        scale, bias = patches.inverse_norms(squares), tf.zeros_like(squares)
    else:
        query_bias = -0.5 * query_squares
        scale, bias = tf.ones_like(squares), -0.5 * squares
    if reference_bias is not None:
        bias += tf.cast(reference_bias, tf.float32)
    index, value = exact.best_patches(query, reference, query_scale, scale, bias, k, tile_bytes)
    return index, value + query_bias
