"""Large pictures in overlapping pieces, exactly: what a piece's middle sees is the picture.

A cell of a layer sees the pixels up to the layer's reach beyond its own; `networks.LayerInfo.reach`
says how far. A piece is computed on a window that is that much (the halo) wider than its core, so
that the core's cells come out as in the whole picture. Where the window meets the picture's own
border it ends there, and the network pads it as it pads the picture. Cores lie on a grid that all
strides divide, and together they are the picture.

The loop over the pieces is part of the graph, one piece after the other.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import tensorflow as tf


class Tiling(NamedTuple):
    """How a picture is cut, px.

    Attributes:
        side: of a core, at most; a multiple of `align`.
        halo: at least the reach of the deepest layer used; a multiple of `align`.
        align: what divides the first row and column of every window and core.
    """

    side: int
    halo: int
    align: int


class Tile(NamedTuple):
    """One piece: rows and columns in the picture, int32 `(2,)` each, px."""

    window: tf.Tensor  # the first of the window
    core: tf.Tensor  # the first of the core
    end: tf.Tensor  # behind the core's last

    def of_window(self, values: tf.Tensor, stride: int | tf.Tensor) -> tf.Tensor:
        """The core's part of a map of the window, `(h / stride, w / stride, c)`."""
        return self._cut(values, (self.core - self.window) // stride, stride)

    def of_picture(self, values: tf.Tensor, stride: int | tf.Tensor) -> tf.Tensor:
        """The same of a map of the picture."""
        return self._cut(values, self.core // stride, stride)

    def into_window(self, values: tf.Tensor, stride: int, like: tf.Tensor) -> tf.Tensor:
        """A map of the core as part of one of the window, `like` in shape, else 0."""
        before = (self.core - self.window) // stride
        behind = tf.shape(like)[:2] - before - tf.shape(values)[:2]
        sides = tf.stack([before, behind], axis=1)
        return tf.ensure_shape(tf.pad(values, tf.pad(sides, [[0, 1], [0, 0]])), like.shape)

    def _cut(self, values: tf.Tensor, start: tf.Tensor, stride: int | tf.Tensor) -> tf.Tensor:
        size = (self.end - self.core) // stride
        cut = tf.slice(values, [start[0], start[1], 0], [size[0], size[1], -1])
        return tf.ensure_shape(cut, (None, None, values.shape[-1]))


Body = Callable[..., Any]


def sweep(image: tf.Tensor, tiling: Tiling, body: Body, carried: Any) -> Any:
    """Call `body(window, tile, carried) -> carried` for every piece of an image, in a loop.

    Args:
        image: float32 `(h, w, c)`; h and w are multiples of every stride that is looked at.
        tiling: how to cut it.
        body: traceable; the window is float32 `(h', w', c)`, of one size for all pieces.
        carried: tensors in any structure, what the first call gets.

    Returns:
        what the last call returned.
    """
    image = in_turn(image)
    size = tf.shape(image)[:2]
    shares = _ceil_div(size, _ceil_div(size, tiling.side))  # as even as can be
    core_side = _ceil_div(shares, tiling.align) * tiling.align
    grid = _ceil_div(size, core_side)
    side = tf.minimum(core_side + 2 * tiling.halo, size)

    def turn(index: tf.Tensor, carried: Any) -> tuple[tf.Tensor, Any]:
        core = tf.stack([index // grid[1], index % grid[1]]) * core_side
        window = tf.clip_by_value(core - tiling.halo, 0, size - side)
        tile = Tile(window, core, tf.minimum(core + core_side, size))
        part = tf.slice(image, tf.pad(window, [[0, 1]]), [side[0], side[1], -1])
        part = tf.ensure_shape(part, (None, None, image.shape[-1]))
        return index + 1, body(part, tile, carried)

    _, result = tf.while_loop(
        lambda index, _: index < grid[0] * grid[1],
        turn,
        (tf.constant(0), carried),
        parallel_iterations=1,
    )
    done(result)
    return result


_LAST: MutableMapping[Any, list[tf.Tensor]] = WeakKeyDictionary()


def in_turn(values: tf.Tensor) -> tf.Tensor:
    """The same values, when all that `done` was called with in this graph is computed.

    What does not depend on each other would be computed at the same time, and take its memory
    at the same time.
    """
    last = _LAST.get(tf.compat.v1.get_default_graph(), []) if tf.inside_function() else []
    with tf.control_dependencies(last):
        return tf.identity(values)


def done(result: Any) -> None:
    """What is in turn after this waits for it."""
    if tf.inside_function():
        _LAST[tf.compat.v1.get_default_graph()] = tf.nest.flatten(result)


class Sheet(NamedTuple):
    """A map that is put together from pieces."""

    cells: tf.Tensor  # (h * w, c)
    columns: tf.Tensor  # w

    @classmethod
    def blank(cls, size: tf.Tensor, channels: int) -> "Sheet":
        """All 0, for a map of int32 `size`, height and width."""
        return cls(tf.zeros((size[0] * size[1], channels)), size[1])

    def write(self, values: tf.Tensor, start: tf.Tensor) -> "Sheet":
        """Put a map's part `(h', w', c)` where it starts."""
        return self._scatter(tf.tensor_scatter_nd_update, values, start)

    def add(self, values: tf.Tensor, start: tf.Tensor) -> "Sheet":
        """Add it there."""
        return self._scatter(tf.tensor_scatter_nd_add, values, start)

    def _scatter(self, function: Callable, values: tf.Tensor, start: tf.Tensor) -> "Sheet":
        size, channels = tf.shape(values), self.cells.shape[-1]
        rows, columns = start[0] + tf.range(size[0]), start[1] + tf.range(size[1])
        places = tf.reshape(rows[:, tf.newaxis] * self.columns + columns, (-1, 1))
        cells = function(self.cells, places, tf.reshape(values, (-1, channels)))
        return Sheet(tf.ensure_shape(cells, self.cells.shape), self.columns)

    def map(self) -> tf.Tensor:
        """`(h, w, c)`."""
        shape = (-1, self.columns, self.cells.shape[-1])
        return tf.ensure_shape(tf.reshape(self.cells, shape), (None, None, shape[-1]))


def assemble(
    image: tf.Tensor,
    tiling: Tiling,
    function: Callable[[tf.Tensor], Mapping[str, tf.Tensor]],
    kinds: Mapping[str, tuple[int | tf.Tensor, int]],
) -> dict[str, tf.Tensor]:
    """The maps that a function of pictures makes, put together from pieces.

    Args:
        image: float32 `(h, w, c)`.
        tiling: its halo is what the function sees beyond a cell.
        function: of a window, returns maps by name.
        kinds: {name: (stride, channels)} of the maps that are wanted.

    Returns:
        {name: float32 `(h / stride, w / stride, channels)`}.
    """
    size = tf.shape(image)[:2]
    blank = {
        name: Sheet.blank(size // stride, channels) for name, (stride, channels) in kinds.items()
    }

    def body(window: tf.Tensor, tile: Tile, sheets: dict[str, Sheet]) -> dict[str, Sheet]:
        maps = function(window)
        return {
            name: sheet.write(
                tile.of_window(maps[name], kinds[name][0]), tile.core // kinds[name][0]
            )
            for name, sheet in sheets.items()
        }

    sheets = sweep(image, tiling, body, blank)
    return {name: sheet.map() for name, sheet in sheets.items()}


def _ceil_div(a: tf.Tensor, b: tf.Tensor | int) -> tf.Tensor:
    return -(-a // b)
