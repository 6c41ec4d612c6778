"""Maps as long rows of cells, so that all shifts of a patch sum fall on aligned memory.

A product of query cells and reference cells is a matrix C of M rows and R columns. Patch offsets
(dy, dx) move both at once, so in memory they are shifts by

    dx * (R + 1) + dy * (query_pitch * R + reference_pitch)

floats. With R + 1 and query_pitch - reference_pitch multiples of 16 every shift is a whole number
of 64-byte lines: TensorFlow then takes shifted slices without copying, and adds them at once.

The query is swept in tiles one after the other, each of which completes the patches that begin up
to k - 1 rows before it with the products of the tile before. Tiles therefore start at multiples
of 16 query cells, and reach so far beyond the next one's start that a patch may take each of its
rows from one of the two as whole lines.
"""

from typing import NamedTuple

import tensorflow as tf

LANES = 16  # floats in an aligned line
STRIP = 96  # a map is cut into strips of about this many columns
ROWS = 640  # query cells that a tile should have at least
CACHE_CELLS = 7_000_000  # products in a tile, on a CPU; a few millions more or less run alike
BLOCKS = tuple(range(49, 256, 2))  # columns of C that a first maximum is taken over


class Layout(NamedTuple):
    """A map as strips of columns, one after the other, each by rows.

    Attributes:
        strips: number of strips.
        valid: patch positions in a row of a strip.
        used: cells of the map in a row of a strip, `valid + k - 1`.
        pitch: cells in a row of a strip, patches' overlap and padding included.
        length: cells of a strip.
        starts: cells of a strip at which a patch may start, from its first.
    """

    strips: tf.Tensor
    valid: tf.Tensor
    used: tf.Tensor
    pitch: tf.Tensor
    length: tf.Tensor
    starts: tf.Tensor


class Tiles(NamedTuple):
    """Sizes of a tile of products.

    Attributes:
        rows: query cells from one tile to the next.
        cells: query cells of a tile (M), the rows and what patches reach beyond them.
        chunks: tiles that the query is swept in.
        lag: query cells from the first patch that a tile completes to the tile.
        advance: reference positions from one tile to the next.
        columns: reference cells of a tile (R).
        block: divides R.
        blocks: blocks of positions whose patches lie inside the tile; they cover `advance`.
    """

    rows: tf.Tensor
    cells: tf.Tensor
    chunks: tf.Tensor
    lag: tf.Tensor
    advance: tf.Tensor
    columns: tf.Tensor
    block: tf.Tensor
    blocks: tf.Tensor


def lay_out(query_shape: tf.Tensor, other_shape: tf.Tensor, k: int) -> tuple[Layout, Layout]:
    """Layouts of query and reference with congruent pitches.

    A reference strip has a column and a row more than its map: every window that is not a patch
    touches them.
    """
    guard = int(k > 1)
    widths = []
    for shape in (query_shape, other_shape):
        positions = shape[1] - k + 1
        strips = tf.maximum((positions + STRIP // 2) // STRIP, 1) if k > 1 else tf.constant(1)
        valid = _ceil_div(positions, strips)
        widths.append((_ceil_div(positions, valid), valid, valid + k - 1))
    pitch, other = widths[0][2], widths[1][2] + guard
    if k > 1:
        widen, widen_other = (other - pitch) % LANES, (pitch - other) % LANES
        narrow = widen <= widen_other
        pitch = tf.where(narrow, pitch + widen, pitch)
        other = tf.where(narrow, other, other + widen_other)
    made = [
        Layout(
            strips,
            valid,
            used,
            row,
            length=(shape[0] + extra) * row,
            starts=(shape[0] - k + 1) * row,
        )
        for (strips, valid, used), shape, row, extra in (
            (widths[0], query_shape, pitch, 0),
            (widths[1], other_shape, other, guard),
        )
    ]
    return made[0], made[1]


def cells_of(layout: Layout, shape: tf.Tensor, more: tf.Tensor) -> tf.Tensor:
    """For every cell of a layout its flat index in a map of `shape`, or -1 for padding; and -1
    for so many more cells."""
    rows, along = tf.range(layout.length // layout.pitch)[:, tf.newaxis], tf.range(layout.pitch)
    cols = (tf.range(layout.strips) * layout.valid)[:, tf.newaxis, tf.newaxis] + along
    inside = (rows < shape[0]) & (cols < shape[1]) & (along < layout.used)
    index = tf.where(inside, rows * shape[1] + cols, -1)
    return tf.pad(tf.reshape(index, (-1,)), [[0, more]], constant_values=-1)


def cell_of(layout: Layout, rows: tf.Tensor, cols: tf.Tensor) -> tf.Tensor:
    """The cell at which the patch at a row and column of the map starts."""
    strip = cols // layout.valid
    return strip * layout.length + rows * layout.pitch + cols - strip * layout.valid


def lag(query: Layout, rows: tf.Tensor | int) -> tf.Tensor:
    """Query cells in so many rows of a strip, down to whole lines of products."""
    return rows * query.pitch // LANES * LANES


def plan(query: Layout, other: Layout, k: int, most_cells: tf.Tensor) -> Tiles:
    """Sizes of the tiles: of about `most_cells` products, evenly shared.

    Wide in the reference, where tiles overlap, and with few query cells, where they do not; but
    with so many that all patches which a tile completes begin in it or in the one before, and that
    a matrix product is fast.
    """
    behind, halo = lag(query, k - 1), (k - 1) * (other.pitch + 1)
    total, least = query.strips * query.length, behind + LANES
    rows = tf.minimum(tf.maximum(ROWS, least), _up(total, LANES))
    advance = tf.clip_by_value(most_cells // rows - halo, LANES, other.starts)
    advance = _ceil_div(other.starts, _ceil_div(other.starts, advance))
    columns, block = _columns(advance, halo)
    rows = tf.clip_by_value(most_cells // columns, tf.minimum(least, total), total)
    rows = tf.maximum(_up(_ceil_div(total, _ceil_div(total, rows)), LANES), least)
    beyond_line = tf.reduce_max(tf.range(k) * query.pitch % LANES)
    beyond_row = _ceil_div((k - 1) * (other.pitch + columns + 1), columns)
    return Tiles(
        rows=rows,
        cells=rows + _up(beyond_line + beyond_row, LANES) if k > 1 else rows,
        chunks=_ceil_div(total, rows),
        lag=behind,
        advance=advance,
        columns=columns,
        block=block,
        blocks=(columns - halo) // block,
    )


def _columns(advance: tf.Tensor, halo: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The least R that is -1 modulo `LANES` and has a divisor fit for a block, and that."""
    least = advance + halo + (LANES - 1 - advance - halo) % LANES
    columns = least + LANES * tf.range(128)[:, tf.newaxis]
    blocks = tf.constant(BLOCKS)
    fits = (columns % blocks == 0) & ((columns - halo) // blocks * blocks >= advance)
    first = tf.argmax(tf.reduce_any(fits, axis=1), output_type=tf.int32)
    chosen = tf.argmax(tf.gather(fits, first), output_type=tf.int32)
    return columns[first, 0], tf.gather(blocks, chosen)


def _ceil_div(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return -(-a // b)


def _up(a: tf.Tensor, multiple: int) -> tf.Tensor:
    return _ceil_div(a, multiple) * multiple
