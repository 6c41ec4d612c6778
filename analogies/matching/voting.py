"""Voting: each matched patch is pasted where its query patch lies; overlaps are averaged."""

from collections.abc import Sequence

import tensorflow as tf

from analogies.matching.field import NearestNeighborField
from analogies.matching.patches import box_sum


@tf.autograph.experimental.do_not_convert
def vote(
    field: NearestNeighborField,
    values: tf.Tensor,
    patch_size: int,
    shape: Sequence[int] | tf.Tensor,
    *,
    scale: int = 1,
    weights: tf.Tensor | None = None,
    window: tf.Tensor | None = None,
    query_stride: int = 1,
    threshold: float | None = None,
) -> tf.Tensor:
    """Average the overlapping matched patches of `values` into a map of the query's size.

    Cell p of the result is the weighted mean, over every query patch that covers p, of the cell
    of `values` that the patch's match has at the same place:

        result[p] = sum_t w(t) * values[match(t) + p - t] / sum_t w(t),   t <= p < t + k

    the voting of Simakov et al. 2008 and the patch "vote" of Barnes et al. 2009.

    Args:
        field: matches of shape `(m, n)`.
        values: float `(scale * h2, scale * w2, c)`, a map over the reference.
        patch_size: k, the patch size the field was matched with, in the field's cells.
        shape: `(h, w)` of the query, in the field's cells.
        scale: how many cells of `values` one cell of the field is wide, a positive integer: a
            field found on a coarse grid votes `scale * k` wide patches of a finer map.
        weights: optional float `(m, n)`, the weight of each query patch; not negative. Default 1.
        window: optional float `(k, k)`, the weight of each place in a patch; not negative. Default
            1; a window that falls off from the middle blurs less where matches disagree.
        query_stride: the step between query patches, in the field's cells.
        threshold: matches with a lower score do not count (CNNMRF's confidence threshold).

    Returns:
        float32 `(scale * h, scale * w, c)`; cells covered by no patch (or only by patches of
        weight 0) are 0.
    """
    k = patch_size
    height, width = shape[0], shape[1]
    values = tf.cast(values, tf.float32)
    channels = tf.shape(values)[-1]
    columns = tf.shape(values)[1] // scale
    cells = _depth_cells(values, scale)  # (h2 * w2, scale * scale * c)
    if weights is None:
        weights = tf.ones_like(field.scores)
    weights = tf.cast(weights, tf.float32)
    if threshold is not None:
        weights = tf.where(field.scores >= threshold, weights, 0.0)
    weights = weights[..., tf.newaxis]
    if window is None:
        window = tf.ones((k, k))
    window = tf.cast(window, tf.float32)

    def paste(place, total, covered):  # one place of the patches onto all they were matched for
        dy, dx = place // k, place % k
        found = tf.gather(cells, (field.rows + dy) * columns + field.cols + dx)
        weight = weights * window[dy, dx]
        spread = _Placement(height, width, k, dy, dx, query_stride)
        total = tf.ensure_shape(total + spread(found * weight), total.shape)
        return place + 1, total, tf.ensure_shape(covered + spread(weight), covered.shape)

    nothing = tf.zeros((height, width, tf.shape(cells)[-1])), tf.zeros((height, width, 1))
    # A loop in the graph: unrolled, its k * k copies take longer to trace than to run.
    _, total, covered = tf.while_loop(lambda place, *_: place < k * k, paste, (0, *nothing))
    mean = tf.math.divide_no_nan(total, covered)
    mean = tf.reshape(mean, (height, width, scale, scale, channels))
    mean = tf.transpose(mean, (0, 2, 1, 3, 4))  # (h, scale, w, scale, c)
    return tf.reshape(mean, (height * scale, width * scale, channels))


@tf.autograph.experimental.do_not_convert
def middles(
    field: NearestNeighborField, patch_size: int, size: tf.Tensor | int, shape: Sequence | tf.Tensor
) -> NearestNeighborField:
    """The field that the middles of matched patches make, as a field of smaller patches.

    Voting it costs `(patch_size / size)^2` times less, and is the same wherever a window gives next
    to nothing to the places left out. Towards the border, where no patch has its middle, the
    nearest patch stands in with other cells of its own.

    Args:
        field: of query stride 1.
        patch_size: k, that it was matched with.
        size: of the middles, at most k and odd or even as that is.
        shape: `(h, w)` of the query in cells.

    Returns:
        a field of shape `(h - size + 1, w - size + 1)`; scores are those of the patches.
    """
    margin = (patch_size - size) // 2
    at, own = [], []
    for axis in (0, 1):
        place = tf.range(shape[axis] - size + 1)
        at.append(tf.clip_by_value(place - margin, 0, shape[axis] - patch_size))
        own.append(place - at[-1])
    rows, cols, scores = (tf.gather(tf.gather(x, at[0]), at[1], axis=1) for x in field)
    return NearestNeighborField(rows + own[0][:, tf.newaxis], cols + own[1], scores)


def _depth_cells(values: tf.Tensor, scale: int) -> tf.Tensor:
    """`(scale * h, scale * w, c)` -> `(h * w, scale * scale * c)`, a row for each coarse cell."""
    size = tf.shape(values)
    height, width, channels = size[0] // scale, size[1] // scale, size[2]
    blocks = tf.reshape(values, (height, scale, width, scale, channels))
    blocks = tf.transpose(blocks, (0, 2, 1, 3, 4))  # (h, w, scale, scale, c)
    return tf.reshape(blocks, (height * width, scale * scale * channels))


class _Placement:
    """Spreads `(m, n, c)` onto `(h, w, c)`: what a patch at [y, x] has to [y + dy, x + dx]."""

    def __init__(self, height, width, k, dy, dx, stride):
        self.sides, self.k, self.stride = (height, width), k, stride
        self.offsets = dy, dx

    def __call__(self, found: tf.Tensor) -> tf.Tensor:
        beyond = [(at, self.k - 1 - at) for at in self.offsets]
        return tf.pad(_all_places(found, self.sides, self.k, self.stride), [*beyond, (0, 0)])


def _all_places(found: tf.Tensor, sides: tuple, k: int, stride: int) -> tf.Tensor:
    """Values `(m, n, c)` of the patches on a stride as `(h - k + 1, w - k + 1, c)`, else 0."""
    if stride == 1:
        return found
    for axis, side in enumerate(sides):
        place, count = tf.range(side - k + 1), tf.shape(found)[axis]
        on, last = place % stride == 0, (side - k) // stride
        owner = tf.where(on, place // stride, count - 1)
        on |= (place == side - k) & (count > last + 1)  # the last patch, off the stride
        found = tf.gather(found, tf.minimum(owner, count - 1), axis=axis)
        on = tf.cast(on, tf.float32)
        found *= on[:, tf.newaxis, tf.newaxis] if axis == 0 else on[:, tf.newaxis]
    return found


@tf.autograph.experimental.do_not_convert
def coverage(
    field: NearestNeighborField,
    patch_size: int,
    shape: Sequence[int] | tf.Tensor,
    *,
    query_stride: int = 1,
    threshold: float | None = None,
) -> tf.Tensor:
    """How many patches that count lie on each cell of the query; arguments as for `vote`.

    Returns:
        float32 `(h, w, 1)`; where it is 0 nothing was voted.
    """
    counts = tf.ones_like(field.scores)
    if threshold is not None:
        counts = tf.cast(field.scores >= threshold, tf.float32)
    places = _all_places(counts[..., tf.newaxis], (shape[0], shape[1]), patch_size, query_stride)
    edge = [patch_size - 1] * 2
    return box_sum(tf.pad(places[..., 0], [edge, edge]), patch_size)[..., tf.newaxis]
