"""Exact nearest patches: a patch score is a diagonal sum of one matrix product."""

import tensorflow as tf


def best_patches(
    query: tf.Tensor,
    reference: tf.Tensor,
    query_scale: tf.Tensor,
    scale: tf.Tensor,
    bias: tf.Tensor,
    patch_size: int,
    tile_bytes: int,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Arg-max of (p . q) * query_scale(p) * scale(q) + bias(q) over the reference patches q.

    Args:
        query: float32 `(h, w, c)`.
        reference: float32 `(h2, w2, c)`.
        query_scale: float32 `(h - k + 1, w - k + 1)`.
        scale, bias: float32 `(h2 - k + 1, w2 - k + 1)`.
        patch_size: k, cells.
        tile_bytes: about what a tile of products may take.

    Returns:
        index (int32, flat over the reference's patches) and value, both `(h - k + 1, w - k + 1)`.
    """
    k = patch_size
    shape, other = tf.shape(query), tf.shape(reference)
    width, channels = shape[1], shape[2]
    out_h, out_w = shape[0] - k + 1, width - k + 1
    ref_h, ref_w = other[0] - k + 1, other[1] - k + 1
    cells = tf.reshape(reference, (-1, channels))
    row_bytes = 12 * width * other[0] * other[1]
    tile = tf.clip_by_value(tile_bytes // row_bytes - (k - 1), 1, out_h)

    def body(start, index, value):
        rows = tf.minimum(tile, out_h - start)
        block = tf.reshape(query[start : start + rows + k - 1], (-1, channels))
        dots = tf.matmul(block, cells, transpose_b=True)
        dots = tf.reshape(dots, (rows + k - 1, width, other[0], other[1]))
        sums = tf.add_n([dots[d : d + rows, :, d : d + ref_h] for d in range(k)])
        sums = tf.add_n([sums[:, d : d + out_w, :, d : d + ref_w] for d in range(k)])
        sums *= query_scale[start : start + rows, :, tf.newaxis, tf.newaxis]
        sums = tf.reshape(sums * scale + bias, (rows * out_w, ref_h * ref_w))
        return (
            start + rows,
            tf.concat([index, tf.argmax(sums, axis=1, output_type=tf.int32)], 0),
            tf.concat([value, tf.reduce_max(sums, axis=1)], 0),
        )

    _, index, value = tf.while_loop(
        lambda start, *_: start < out_h,
        body,
        (tf.constant(0), tf.zeros((0,), tf.int32), tf.zeros((0,), tf.float32)),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([None])),
        parallel_iterations=1,
    )
    return tf.reshape(index, (out_h, out_w)), tf.reshape(value, (out_h, out_w))
