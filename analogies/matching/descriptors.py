"""Short descriptors of patches whose inner products come near the patches' scores."""

import tensorflow as tf

from analogies.matching.patches import Scoring, extract

SAMPLES = 1024  # patches of each map that the basis is fitted to
CHANNELS = 32  # directions of cells that patches are made of, or more where patches are small


def describe(
    query: tf.Tensor, reference: tf.Tensor, scoring: Scoring, patch_size: int, size: int, seed: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Project all patches onto `size` numbers, the last of which carries the bias.

    Cells are brought to their strongest `CHANNELS` directions first, and the basis spans the
    strongest `size - 1` directions of patches of those (randomized subspace iteration, Halko et al.
    2011, algorithm 4.4). If the patches are no longer than that the inner products are the scores
    themselves, up to the query's own part.

    Args:
        query, reference: float32 `(h, w, c)`, `(h2, w2, c)`.
        scoring: scales and biases of the patches of both.
        patch_size: k.
        size: length of a descriptor.
        seed: of the random start.

    Returns:
        `(h - k + 1, w - k + 1, size)` and `(h2 - k + 1, w2 - k + 1, size)`.
    """
    k = patch_size
    needed = max(CHANNELS, -(-(size - 1) // k**2))
    query_cells, reference_cells = _strongest(query, reference, needed, seed)
    channels = tf.shape(query_cells)[2]
    length = k * k * channels
    rank = tf.minimum(size - 1, length)
    sample = tf.concat(
        [
            _sample(query_cells, scoring.query_scale, k),
            _sample(reference_cells, scoring.scale, k),
        ],
        axis=0,
    )
    filters = tf.reshape(_basis(sample, rank, seed), (k, k, channels, rank))

    def project(cells: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(cells[tf.newaxis], filters, strides=1, padding="VALID")[0]

    of_query = project(query_cells) * scoring.query_scale[..., tf.newaxis]
    of_reference = project(reference_cells)
    bias = scoring.bias
    if scoring.name == "distance":  # distances of the projections, not of the patches
        lost = 2 * scoring.norm_bias + tf.reduce_sum(tf.square(of_reference), axis=-1)
        bias -= 0.5 * lost
    of_reference *= scoring.scale[..., tf.newaxis]
    return (
        tf.concat([of_query, tf.ones_like(of_query[..., :1])], axis=-1),
        tf.concat([of_reference, bias[..., tf.newaxis]], axis=-1),
    )


def _strongest(
    query: tf.Tensor, reference: tf.Tensor, count: int, seed: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Both maps on the strongest `count` directions of their cells."""
    channels = tf.shape(query)[2]
    flat = [tf.reshape(x, (-1, channels)) for x in (query, reference)]
    apart = [tf.maximum(tf.shape(x)[0] // (4 * SAMPLES), 1) for x in flat]
    sample = tf.concat([x[::step] for x, step in zip(flat, apart, strict=True)], axis=0)
    basis = _basis(sample, tf.minimum(count, channels), seed)
    found = [
        tf.reshape(tf.matmul(cells, basis), tf.concat([tf.shape(x)[:2], [-1]], 0))
        for x, cells in zip((query, reference), flat, strict=True)
    ]
    return found[0], found[1]


def _basis(sample: tf.Tensor, rank: tf.Tensor, seed: int) -> tf.Tensor:
    """Orthonormal columns `(n, rank)` that span the strongest directions of rows `(m, n)`."""
    basis = tf.random.stateless_normal((tf.shape(sample)[1], rank), seed=(seed, 17))
    for _ in range(3):
        basis, _ = tf.linalg.qr(tf.matmul(sample, tf.matmul(sample, basis), transpose_a=True))
    return basis


def _sample(cells: tf.Tensor, scale: tf.Tensor, k: int) -> tf.Tensor:
    """About `SAMPLES` patches on an even grid, scaled: `(n, k * k * c)`."""
    columns = tf.shape(scale)[1]
    count = tf.size(scale)
    chosen = tf.range(0, count, tf.maximum(count // SAMPLES, 1))
    rows, cols = chosen // columns, chosen % columns
    found = extract(cells, rows, cols, k)
    return found * tf.gather(tf.reshape(scale, (-1,)), chosen)[:, tf.newaxis]
