"""Short descriptors of patches whose inner products come near the patches' scores."""

import tensorflow as tf

from analogies.matching.patches import Scoring, extract

SAMPLES = 1024  # patches of each map that the basis is fitted to


def describe(
    query: tf.Tensor, reference: tf.Tensor, scoring: Scoring, patch_size: int, size: int, seed: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Project all patches onto `size` numbers, the last of which carries the bias.

    The basis spans the strongest `size - 1` directions of patches of both maps (randomized
    subspace iteration, Halko et al. 2011, algorithm 4.4). If the patches are no longer than that
    the inner products are the scores themselves, up to the query's own part.

    Args:
        query, reference: float32 `(h, w, c)`, `(h2, w2, c)`.
        scoring: scales and biases of the patches of both.
        patch_size: k.
        size: length of a descriptor.
        seed: of the random start.

    Returns:
        `(h - k + 1, w - k + 1, size)` and `(h2 - k + 1, w2 - k + 1, size)`.
    """
    k, channels = patch_size, tf.shape(query)[2]
    length = k * k * channels
    rank = tf.minimum(size - 1, length)
    sample = tf.concat(
        [_sample(query, scoring.query_scale, k), _sample(reference, scoring.scale, k)], axis=0
    )
    basis = tf.random.stateless_normal((length, rank), seed=(seed, 17))
    for _ in range(3):
        basis, _ = tf.linalg.qr(tf.matmul(sample, tf.matmul(sample, basis), transpose_a=True))
    filters = tf.reshape(basis, (k, k, channels, rank))

    def project(cells: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(cells[tf.newaxis], filters, strides=1, padding="VALID")[0]

    of_query = project(query) * scoring.query_scale[..., tf.newaxis]
    of_reference = project(reference)
    bias = scoring.bias
    if scoring.name == "distance":  # distances of the projections, not of the patches
        lost = 2 * scoring.norm_bias + tf.reduce_sum(tf.square(of_reference), axis=-1)
        bias -= 0.5 * lost
    of_reference *= scoring.scale[..., tf.newaxis]
    return (
        tf.concat([of_query, tf.ones_like(of_query[..., :1])], axis=-1),
        tf.concat([of_reference, bias[..., tf.newaxis]], axis=-1),
    )


def _sample(cells: tf.Tensor, scale: tf.Tensor, k: int) -> tf.Tensor:
    """About `SAMPLES` patches on an even grid, scaled: `(n, k * k * c)`."""
    columns = tf.shape(scale)[1]
    count = tf.size(scale)
    chosen = tf.range(0, count, tf.maximum(count // SAMPLES, 1))
    rows, cols = chosen // columns, chosen % columns
    found = extract(cells, rows, cols, k)
    return found * tf.gather(tf.reshape(scale, (-1,)), chosen)[:, tf.newaxis]
