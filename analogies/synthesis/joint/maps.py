"""One map that joins all that patches are compared by: layers and pixels, of guide and result.

Matching once in the joint map, instead of once per layer, gives one field that fits everything
together: what B shows, as in A (the guide), and what B' shows so far, as in A' (coherence).

The more channels, the longer matching takes, and most channels say what others say. So the features
of each half are projected on the directions in which the reference differs most (principal
components, as Hertzmann et al. 2001 and Lefebvre & Hoppe 2006 do with neighborhoods).
"""

from collections.abc import Mapping

import tensorflow as tf

from analogies.tracing import Traced

Maps = Mapping[str, tf.Tensor]
FLOOR = 0.1  # of a layer's typical norm: weaker cells are not raised to full strength
PIXEL_SCALE = 60.0  # the contrast of pixels that counts as much as a whole layer
FULL_PIXEL = 255.0 * 3**0.5 / PIXEL_SCALE  # how far apart black and white pixels are
COHERENCE = 8.0  # times mrf_w / analogy_w: how much B' counts beside B


def to_grid(values: tf.Tensor, shrink: tf.Tensor, grow: tf.Tensor) -> tf.Tensor:
    """Bring a map to the grid: means of `shrink`^2 cells, or each cell repeated `grow`^2 times.

    Args:
        values: float32 `(h, w, c)`; `shrink` divides h and w.
        shrink, grow: positive integers, at least one of them 1.

    Returns:
        float32 `(h * grow / shrink, w * grow / shrink, c)`.
    """
    size = tf.shape(values)
    height, width, channels = size[0] // shrink, size[1] // shrink, values.shape[-1] or size[2]
    if _known(shrink) != 1:
        blocks = tf.reshape(values, (height, shrink, width, shrink, channels))
        values = tf.reduce_mean(blocks, axis=(1, 3))
    if _known(grow) != 1:
        squares = values[:, tf.newaxis, :, tf.newaxis]
        squares = tf.broadcast_to(squares, (height, grow, width, grow, channels))
        values = tf.reshape(squares, (height * grow, width * grow, channels))
    return values


def _known(number: tf.Tensor | int) -> int | None:
    return tf.get_static_value(number) if tf.is_tensor(number) else number


def keep_uncovered(
    voted: tf.Tensor, own: tf.Tensor, counts: tf.Tensor, shrink: tf.Tensor, grow: tf.Tensor
) -> tf.Tensor:
    """A voted map with what was there before where nothing was voted.

    Args:
        voted: float32 `(h * shrink / grow, w * shrink / grow, c)`, 0 where nothing was voted.
        own: what was there before, of the same shape.
        counts: float32 `(h, w, 1)`, votes on each cell of the grid.
        shrink, grow: see `to_grid`, from the map to the grid.
    """
    covered = tf.cast(counts > 0, tf.float32)
    share = to_grid(to_grid(covered, 1, shrink), grow, 1)
    return tf.where(share > 0, tf.math.divide_no_nan(voted, share), own)


def typical_norm(values: tf.Tensor) -> tf.Tensor:
    """Root mean square over cells of the Euclidean norm of a cell's channels, scalar."""
    return tf.sqrt(tf.reduce_mean(tf.reduce_sum(tf.square(values), axis=-1)) + 1e-12)


def normalize_cells(values: tf.Tensor, norm: tf.Tensor) -> tf.Tensor:
    """Scale every cell's channel vector to about unit length.

    Distances between such cells are correlations, so a blurred patch does not match everything;
    cells far below the layer's typical `norm` (flat regions) stay small.
    """
    lengths = tf.norm(values, axis=-1, keepdims=True)
    return values / (lengths + FLOOR * norm)


def principal_axes(joint: tf.Tensor, channels: Mapping[str, int], count: int) -> Maps:
    """Directions along which the features of a joint map differ most.

    Distances between cells projected on them come near those of the cells themselves: 61 of the
    240 directions of the embedded network's maps held 89 to 99 % of the variance in paintings,
    photographs and label maps.

    Args:
        joint: float32 `(h, w, channels of all the layers + 3)`, see `join`.
        channels: {layer: how many}, in the order of the map.
        count: of directions, at most.

    Returns:
        {layer: float32 `(c, min(count, channels of all the layers))`}; below one another their
        columns are orthonormal, the strongest last.
    """
    total = sum(channels.values())
    cells = tf.reshape(joint[..., :total], (-1, total))
    cells -= tf.reduce_mean(cells, axis=0)
    scatter = tf.matmul(cells, cells, transpose_a=True) / tf.cast(tf.shape(cells)[0], tf.float32)
    axes = tf.linalg.eigh(scatter)[1][:, -min(count, total) :]
    return dict(zip(channels, tf.split(axes, list(channels.values())), strict=True))


def join(
    image: tf.Tensor,
    maps: Maps,
    norms: Maps,
    strides: Mapping[str, int],
    cell: tf.Tensor,
    axes: Maps | None = None,
) -> tf.Tensor:
    """One half of a joint map: layers and pixels of one picture, on the grid.

    Args:
        image: float32 `(h, w, 3)` in [0, 255].
        maps: {layer: float32 `(h / stride, w / stride, c)`}.
        norms: {layer: typical norm} of the layers to join.
        strides: {layer: px}.
        cell: side of a cell of the grid in px, a power of two.
        axes: {layer: float32 `(c, n)`} that the layers together are projected on.

    Returns:
        float32 `(h / cell, w / cell, channels of all the layers, or n, + 3)`.
    """
    parts = []
    for name, norm in norms.items():
        shrink, grow = tf.maximum(cell // strides[name], 1), tf.maximum(strides[name] // cell, 1)
        more = () if axes is None else (axes[name],)
        part = (_PROJECTED if more else _WHOLE)(maps[name], shrink, grow, norm, *more)
        channels = (more or (maps[name],))[0].shape[-1]
        parts.append(tf.ensure_shape(part, (None, None, channels)))
    pixels = to_grid(image / PIXEL_SCALE, cell, 1)
    if axes is not None:
        parts = [tf.add_n(parts)]
    return tf.concat([*parts, pixels], -1)


def _on_grid(
    values: tf.Tensor,
    shrink: tf.Tensor,
    grow: tf.Tensor,
    norm: tf.Tensor,
    axes: tf.Tensor | None = None,
) -> tf.Tensor:
    """What a layer adds to a joint map."""
    part = normalize_cells(to_grid(values, shrink, 1), norm)
    if axes is not None:  # before it grows, which would take as many times the memory
        size = tf.shape(part)
        flat = tf.matmul(tf.reshape(part, (-1, size[2])), axes)
        part = tf.reshape(flat, (size[0], size[1], -1))
    return to_grid(part, 1, grow)


# A trace of each for all layers.
_SPECS = [
    tf.TensorSpec((None, None, None)),
    *[tf.TensorSpec((), tf.int32)] * 2,
    tf.TensorSpec(()),
]
_WHOLE = Traced(_on_grid, _SPECS)
_PROJECTED = Traced(_on_grid, [*_SPECS, tf.TensorSpec((None, None))])
