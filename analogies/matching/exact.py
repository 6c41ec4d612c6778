"""Exact nearest patches: a patch score is a diagonal sum of one matrix product.

With C[x, y] = query[x] . reference[y] the product of patches at p and q is the sum of
C[p + o, q + o] over the k by k offsets o: k^2 times fewer multiplications than comparing the
patches themselves, and 2 (k - 1) additions because the sum is separable.

Query cells come in chunks. Patches that begin in one and end in the next are summed with the next.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from analogies.matching import tiling
from analogies.matching.patches import Scoring, extract_all, on_stride, positions
from analogies.matching.tiling import LANES, Layout, Tiles

AT_ONCE = 3  # largest patches of which all products are added at once; else by rows first
NEVER = -1e30  # a score that no patch has


class Piece(NamedTuple):
    """Some of the patches that a chunk of query cells completes.

    Attributes:
        first: the first, counted from the chunk's first cell.
        size: of the slices that are added, lines and `LANES`.
        parts: the slices: whether of this chunk's products or of the last one's, and their starts.
    """

    first: tf.Tensor
    size: tf.Tensor
    parts: list[tuple[bool, tf.Tensor]]


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
    most_cells = tf.maximum(tile_bytes // 16, 1)  # products of two tiles and two sums, float32
    if not tf.config.list_logical_devices("GPU"):
        most_cells = tf.minimum(most_cells, tiling.CACHE_CELLS)
    tiles = tiling.plan(layout, other, k, tf.cast(most_cells, tf.int32))

    per_cell = tf.zeros(other_shape[:2])
    if scoring.name == "distance" and plain_bias:  # summed over a patch this is its bias
        per_cell = -0.5 * tf.reduce_sum(tf.square(reference), axis=-1)
    from_query = tiling.cells_of(layout, shape, tiles.cells)
    from_reference = tiling.cells_of(other, other_shape, tiles.columns)
    left = _laid(query, tf.ones(shape[:2]), 0.0, from_query)
    right = _laid(reference, per_cell, NEVER, from_reference)
    finish = _finisher(scoring, plain_bias, from_query, from_reference, tiles, shape, other_shape)
    # Indices are int64 from here: arithmetic on int32 leaves a GPU and comes back.
    places = tf.cast(from_reference, tf.int64)
    found = _all_tiles(left, right, layout, other, tiles, k, finish, places)
    index, value = tf.cast(found[0][tiles.lag :], tf.int32), found[1][tiles.lag :]

    rows, cols = tf.range(shape[0] - k + 1), tf.range(shape[1] - k + 1)
    at = tiling.cell_of(layout, rows[:, tf.newaxis], cols)
    index, value = tf.gather(index, at), tf.gather(value, at)
    if plain_bias and scoring.name == "correlation":
        value *= scoring.query_scale
    row, col = index // other_shape[1], index % other_shape[1]
    return row * (other_shape[1] - k + 1) + col, value + scoring.query_bias


def _laid(cells: tf.Tensor, channel: tf.Tensor, empty: float, index: tf.Tensor) -> tf.Tensor:
    """The cells of a map at the places `index` with one more channel, `empty` in the padding.

    What else the padding holds does not matter: no patch of the query touches it, and products
    with padding of the reference are lost in those with `empty`.
    """
    last = tf.gather(tf.concat([[empty], tf.reshape(channel, (-1,))], axis=0), index + 1)
    flat = tf.reshape(cells, (-1, tf.shape(cells)[2]))
    return tf.concat([tf.gather(flat, tf.maximum(index, 0)), last[:, tf.newaxis]], axis=1)


def _finisher(
    scoring, plain_bias, from_query, from_reference, tiles: Tiles, shape, other_shape
) -> Callable:
    """What makes, for a tile's width of the reference, what turns products into scores."""

    def spread(values, index, size, empty):
        """Values of patches at the cells where they start."""
        beyond = [[0, size[axis] - tf.shape(values)[axis]] for axis in range(2)]
        values = tf.pad(values, beyond, constant_values=empty)
        return tf.gather(tf.concat([[empty], tf.reshape(values, (-1,))], axis=0), index + 1)

    scaled = scoring.name == "correlation"
    if scaled:
        scales = spread(scoring.scale, from_reference, other_shape, 1.0)
    if not plain_bias:
        query_scales = spread(scoring.query_scale, from_query, shape, 0.0)
        biases = spread(scoring.bias, from_reference, other_shape, 0.0)

    def against(other_start: tf.Tensor):
        part = [other_start], [tiles.columns]
        scale = tf.slice(scales, *part) if scaled else None
        bias = None if plain_bias else tf.slice(biases, *part)

        def finish(sums: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
            if scaled:
                sums *= scale
            if not plain_bias:
                if scaled:
                    first = tf.maximum(start, 0)  # before the first patch anything will do
                    sums *= tf.slice(query_scales, [first], tf.shape(sums)[:1])[:, tf.newaxis]
                sums += bias
            return sums

        return finish

    return against


def _all_tiles(left, right, layout: Layout, other: Layout, tiles: Tiles, k: int, finish, places):
    """Arg-max over all tiles: flat index in the reference, and value, per query cell."""
    bands = -(-other.starts // tiles.advance)
    size = tf.stack([tiles.columns, tf.shape(left)[1]])
    pieces = _pieces(layout, other, tiles, k)

    def body(band, index, value):
        start = band // bands * other.length + band % bands * tiles.advance
        cells = tf.slice(right, tf.stack([start, 0]), size)
        found, new = _sweep(left, cells, tiles, k, pieces, finish(start))
        found = tf.gather(tf.slice(places, [start], [tiles.columns]), found)
        take = (new > value) | ((new == value) & (found < index))
        return band + 1, tf.where(take, found, index), tf.where(take, new, value)

    size_of_all = [tiles.chunks * tiles.rows]
    none = tf.zeros(size_of_all, tf.int64), tf.fill(size_of_all, 4 * NEVER)
    return tf.while_loop(
        lambda band, *_: band < other.strips * bands,
        body,
        (tf.constant(0), *none),
        parallel_iterations=1,
    )[1:]


def _sweep(left, cells, tiles: Tiles, k: int, pieces: list[Piece], finish):
    """Arg-max over one tile's width of reference cells, for chunk after chunk of query cells.

    The products of a chunk are kept for the next one, which completes patches that begin in them:
    so each is made once, but for a few at the end of a chunk.
    """
    channels = tf.shape(left)[1]
    row = (tiles.columns + 1) // LANES  # lines from a product to the next along both rows
    width = 1 if k <= AT_ONCE else k
    lines = tiles.cells * tiles.columns // LANES - (width - 1) * row
    length, row_shape = tf.stack([lines, LANES]), tf.stack([-1, tiles.columns])
    starts = [tf.stack([d * row, 0]) for d in range(width)]
    block_size = tf.stack([tiles.cells, channels])
    blocked = tf.stack([-1, tiles.columns // tiles.block, tiles.block])
    inside = tf.stack([-1, tiles.blocks])

    def body(i, carried, indices, values):
        block = tf.slice(left, [i * tiles.rows, 0], block_size)
        sums = tf.reshape(tf.matmul(block, cells, transpose_b=True), (-1, LANES))
        if width > 1:
            sums = _sum([tf.slice(sums, start, length) for start in starts])
        sums.set_shape((None, LANES))
        found = []
        for piece in pieces:
            parts = [tf.slice(sums if new else carried, at, piece.size) for new, at in piece.parts]
            scores = finish(tf.reshape(_sum(parts), row_shape), i * tiles.rows + piece.first)
            found.append(_first_maximum(tf.reshape(scores, blocked), inside))
        value, block, within = (tf.concat(parts, 0) for parts in zip(*found, strict=True))
        index = block * tf.cast(tiles.block, tf.int64) + within
        return i + 1, sums, indices.write(i, index), values.write(i, value)

    arrays = [tf.TensorArray(kind, tiles.chunks) for kind in (tf.int64, tf.float32)]
    nothing = tf.zeros(length)  # what it seems to begin is before the first patch
    _, _, indices, values = tf.while_loop(
        lambda i, *_: i < tiles.chunks,
        body,
        (tf.constant(0), nothing, *arrays),
        parallel_iterations=1,
    )
    return tf.reshape(indices.stack(), (-1,)), tf.reshape(values.stack(), (-1,))


def _pieces(layout: Layout, other: Layout, tiles: Tiles, k: int) -> list[Piece]:
    """The patches that a chunk completes, by how many of their rows lie in the chunk before.

    Row `d` of a patch begins `d` pitches after the patch.
    """
    newest, d = tf.range(k)[:, tf.newaxis, tf.newaxis], tf.range(k)[:, tf.newaxis]
    lags = tiling.lag(layout, newest)
    first = d * layout.pitch - lags + tf.where(d >= newest, 0, tiles.rows)
    width = k if k <= AT_ONCE else 1
    at = first * tiles.columns + d * other.pitch + tf.range(width) * (tiles.columns + 1)
    # One operation makes all the starts: one for each would take longer to trace than to run.
    starts = tf.unstack(tf.reshape(tf.stack([at // LANES, tf.zeros_like(at)], -1), (-1, 2)))
    flat = lags[:, 0, 0]
    sizes = tf.concat([[tiles.rows - tiles.lag], flat[1:] - flat[:-1]], 0) * tiles.columns // LANES
    sizes = tf.unstack(tf.stack([sizes, tf.fill([k], LANES)], -1))
    pieces = []
    for number, (begin, size) in enumerate(zip(tf.unstack(flat), sizes, strict=True)):
        own = starts[number * k * width : (number + 1) * k * width]
        parts = [(part // width >= number, start) for part, start in enumerate(own)]
        pieces.append(Piece(-begin, size, parts))
    return pieces[::-1]


def _sum(parts: list[tf.Tensor]) -> tf.Tensor:
    return tf.add_n(parts) if len(parts) > 1 else parts[0]


def _first_maximum(scores: tf.Tensor, inside: tf.Tensor) -> list[tf.Tensor]:
    """Maximum over `(rows, blocks, block)`, its block and its place there, by blocks first:
    TensorFlow's maximum is several times faster than its arg-max."""
    best = tf.slice(tf.reduce_max(scores, axis=2), [0, 0], inside)
    block = tf.argmax(best, axis=1)
    within = tf.gather(scores, block, batch_dims=1)
    return [tf.reduce_max(best, axis=1), block, tf.argmax(within, axis=1)]
