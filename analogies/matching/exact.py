"""Exact nearest patches: a patch score is a diagonal sum of one matrix product.

With C[x, y] = query[x] . reference[y] the product of patches at p and q is the sum of
C[p + o, q + o] over the k by k offsets o: k^2 times fewer multiplications than comparing the
patches themselves, and 2 (k - 1) additions because the sum is separable.
"""

import tensorflow as tf

from analogies.matching import tiling
from analogies.matching.patches import Scoring, extract_all, on_stride, positions
from analogies.matching.tiling import LANES, Layout, Tiles

NEVER = -1e30  # a score that no patch has


def best_places(
    query: tf.Tensor,
    reference: tf.Tensor,
    scoring: Scoring,
    k: int,
    strides: tuple[int, int],
    plain_bias: bool,
    tile_bytes: tf.Tensor,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Rows, columns and scores of the best reference patches.

    Args:
        query, reference: float32 `(h, w, c)` and `(h2, w2, c)`.
        scoring: scales and biases of all patches.
        k: patch size.
        strides: of query and reference.
        plain_bias: whether there is no bias but that of the score.
        tile_bytes: about what the arrays of a tile may take together.
    """
    s, t = strides
    places = tf.shape(scoring.scale)
    columns = places[1]
    if k * k <= (s * t) ** 2:  # patches that hardly overlap are compared whole
        query, reference = extract_all(query, k, s), extract_all(reference, k, t)
        scoring = scoring.thinned(s, t)
        index, value = _best(query, reference, scoring, 1, plain_bias, tile_bytes)
        thinned = tf.shape(scoring.scale)[1]
        rows, cols = (positions(places[axis], t) for axis in (0, 1))
        return tf.gather(rows, index // thinned), tf.gather(cols, index % thinned), value
    if t > 1:
        scoring, plain_bias = _without_off_stride(scoring, t), False
    index, value = _best(query, reference, scoring, k, plain_bias, tile_bytes)
    index, value = on_stride(index, s), on_stride(value, s)
    return index // columns, index % columns, value


def _without_off_stride(scoring: Scoring, stride: int) -> Scoring:
    """Scoring in which only reference patches on the stride can win."""
    shape = tf.shape(scoring.bias)
    on = []
    for axis in (0, 1):
        place = tf.range(shape[axis])
        on.append((place % stride == 0) | (place == shape[axis] - 1))
    return scoring._replace(bias=tf.where(on[0][:, tf.newaxis] & on[1], scoring.bias, NEVER))


def _best(query, reference, scoring: Scoring, k: int, plain_bias: bool, tile_bytes):
    """Flat index and value of the best reference patch of each query patch, stride 1."""
    shape, other_shape = tf.shape(query), tf.shape(reference)
    layout, other = tiling.lay_out(shape, other_shape, k)
    most_cells = tf.maximum(tile_bytes // 16, 1)  # products and three sums in float32
    if not tf.config.list_logical_devices("GPU"):
        most_cells = tf.minimum(most_cells, tiling.CACHE_CELLS)
    tiles = tiling.plan(layout, other, k, tf.cast(most_cells, tf.int32))

    per_cell = tf.zeros(other_shape[:2])
    if scoring.name == "distance" and plain_bias:  # summed over a patch this is its bias
        per_cell = -0.5 * tf.reduce_sum(tf.square(reference), axis=-1)
    ones = tf.ones(shape[:2])
    left = _laid(tf.concat([query, ones[..., tf.newaxis]], -1), layout, tiles.cells)
    right = _laid(
        tf.concat([reference, per_cell[..., tf.newaxis]], -1), other, tiles.columns, NEVER
    )
    finish = _finisher(scoring, plain_bias, layout, other, tiles, shape, other_shape)
    index, value = _all_tiles(left, right, layout, other, tiles, k, finish)

    rows, cols = tf.range(shape[0] - k + 1), tf.range(shape[1] - k + 1)
    at = tiling.cell_of(layout, rows[:, tf.newaxis], cols)
    row, col = tiling.place_of(other, tf.gather(index, at))
    value = tf.gather(value, at)
    if plain_bias and scoring.name == "correlation":
        value *= scoring.query_scale
    return row * (other_shape[1] - k + 1) + col, value + scoring.query_bias


def _laid(cells: tf.Tensor, layout: Layout, more: tf.Tensor, last: float = 0.0) -> tf.Tensor:
    """The cells of a map in their layout, and padding: zeros, and `last` in the last channel."""
    channels = tf.shape(cells)[2]
    pad = tf.concat([tf.zeros((1, channels - 1)), [[last]]], axis=1)
    table = tf.concat([pad, tf.reshape(cells, (-1, channels))], axis=0)
    index = tiling.cells_of(layout, tf.shape(cells)[:2]) + 1
    return tf.gather(table, tf.pad(index, [[0, more]]))


def _finisher(scoring, plain_bias, layout, other, tiles: Tiles, shape, other_shape):
    """What turns a tile of patch products into scores."""

    def spread(values, into, size, more, empty):
        """Values of patches at the cells where they start."""
        beyond = [[0, size[axis] - tf.shape(values)[axis]] for axis in range(2)]
        values = tf.pad(values, beyond, constant_values=empty)
        table = tf.concat([[empty], tf.reshape(values, (-1,))], axis=0)
        index = tiling.cells_of(into, size[:2]) + 1
        return tf.gather(table, tf.pad(index, [[0, more]]))

    scaled = scoring.name == "correlation"
    if scaled:
        scale = spread(scoring.scale, other, other_shape, tiles.columns, 1.0)
    if not plain_bias:
        query_scale = spread(scoring.query_scale, layout, shape, tiles.cells, 0.0)
        bias = spread(scoring.bias, other, other_shape, tiles.columns, 0.0)

    def finish(sums: tf.Tensor, start: tf.Tensor, other_start: tf.Tensor) -> tf.Tensor:
        if scaled:
            sums *= tf.slice(scale, [other_start], [tiles.columns])
        if not plain_bias:
            if scaled:
                sums *= tf.slice(query_scale, [start], [tiles.rows])[:, tf.newaxis]
            sums += tf.slice(bias, [other_start], [tiles.columns])
        return sums

    return finish


def _all_tiles(left, right, layout: Layout, other: Layout, tiles: Tiles, k: int, finish):
    """Arg-max over all tiles: flat cell of the reference's layout, and value, per query cell."""
    count = -(-layout.strips * layout.length // tiles.rows)
    bands = -(-other.starts // tiles.advance)
    channels = tf.shape(left)[1]
    far = layout.pitch * tiles.columns + other.pitch  # one row down on both sides

    def best_of_tile(block, start, other_start):
        cells = tf.slice(right, [other_start, 0], [tiles.columns, channels])
        products = tf.matmul(block, cells, transpose_b=True)
        sums = _shifted_sum(tf.reshape(products, (-1, LANES)), tiles, k, far)
        sums = finish(tf.reshape(sums, (tiles.rows, tiles.columns)), start, other_start)
        return _first_maximum(tf.reshape(sums, (tiles.rows, -1, tiles.block)), tiles)

    def against_all(start):
        block = tf.slice(left, [start, 0], [tiles.cells, channels])

        def body(band, index, value):
            other_start = band // bands * other.length + band % bands * tiles.advance
            found, new = best_of_tile(block, start, other_start)
            found += other_start
            take = (new > value) | ((new == value) & _earlier(other, found, index))
            return band + 1, tf.where(take, found, index), tf.where(take, new, value)

        none = tf.zeros([tiles.rows], tf.int32), tf.fill([tiles.rows], 4 * NEVER)
        return tf.while_loop(
            lambda band, *_: band < other.strips * bands,
            body,
            (tf.constant(0), *none),
            parallel_iterations=1,
        )[1:]

    def body(i, indices, values):
        index, value = against_all(i * tiles.rows)
        return i + 1, indices.write(i, index), values.write(i, value)

    arrays = tf.TensorArray(tf.int32, count), tf.TensorArray(tf.float32, count)
    _, indices, values = tf.while_loop(
        lambda i, *_: i < count, body, (tf.constant(0), *arrays), parallel_iterations=1
    )
    return tf.reshape(indices.stack(), (-1,)), tf.reshape(values.stack(), (-1,))


def _shifted_sum(lines: tf.Tensor, tiles: Tiles, k: int, far: tf.Tensor) -> tf.Tensor:
    """Diagonal sums of products given as lines of `LANES` floats."""
    size = tiles.rows * tiles.columns // LANES
    for shift, left in ((tiles.columns + 1, (k - 1) * far), (far, 0)):
        length = size + left // LANES
        parts = [lines[d * shift // LANES : d * shift // LANES + length] for d in range(k)]
        lines = tf.add_n(parts) if k > 1 else parts[0]
    return lines


def _first_maximum(sums: tf.Tensor, tiles: Tiles) -> tuple[tf.Tensor, tf.Tensor]:
    """Arg-max over `(rows, blocks, block)`, by blocks first: TensorFlow's maximum is several
    times faster than its arg-max."""
    best = tf.reduce_max(sums, axis=2)[:, : tiles.blocks]
    block = tf.argmax(best, axis=1, output_type=tf.int32)
    within = tf.gather(sums, block, batch_dims=1)
    index = block * tiles.block + tf.argmax(within, axis=1, output_type=tf.int32)
    return index, tf.reduce_max(best, axis=1)


def _earlier(layout: Layout, one: tf.Tensor, two: tf.Tensor) -> tf.Tensor:
    """Whether cell `one` comes before `two` in the map, by rows."""
    row, col = tiling.place_of(layout, one)
    other_row, other_col = tiling.place_of(layout, two)
    return (row < other_row) | ((row == other_row) & (col < other_col))
