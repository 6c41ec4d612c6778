"""The pyramid of `pyramid.plan` for sizes that are known only when a graph runs.

`pyramid.plan` says what is computed and why; a test holds the two together.
"""

from typing import NamedTuple

import tensorflow as tf

from analogies.options.table import LARGEST_SIDE, SMALLEST_SIDE, Options
from analogies.synthesis.pyramid import CELLS, COARSE_SHARE, scale_factors


class Plan(NamedTuple):
    """Sizes of the levels that are large enough, coarse to fine; int32."""

    size_a: tf.Tensor  # (levels, 2), height and width
    size_b: tf.Tensor  # (levels, 2)
    cell: tf.Tensor  # (levels,)


def plan(
    size_a: tf.Tensor,
    size_b: tf.Tensor,
    options: Options,
    *,
    smallest_side: int,
    cell_pairs: float,
    share: tf.Tensor | float = 1.0,
) -> Plan:
    """Sizes of all levels of the network.

    Args:
        size_a, size_b: int32 `(2,)`, height and width of A and B as given.
        options: says the size of the result and the levels.
        smallest_side: of A and B' in px at any level.
        cell_pairs: pairs of cells of A and B that are compared at most.
        share: size of the finest level as a fraction of the result, float64.

    Raises:
        tf.errors.InvalidArgumentError: when run, where no level is large enough.
    """
    full_a, size_out = (_times(size, share) for size in full_sizes(size_a, size_b, options))
    scales = tf.constant(scale_factors(options.scales, options.min_scale), tf.float64)
    a, b = (_times(size, scales[:, tf.newaxis]) for size in (full_a, size_out))  # (levels, 2)
    pairs = cell_pairs * tf.where(scales == 1.0, tf.ones_like(scales), COARSE_SHARE)
    cell = _cells(a, b, options.patch_size, pairs)
    valid = (tf.reduce_min(tf.minimum(a, b), axis=1) >= smallest_side) & (cell > 0)
    message = (
        f"A and the result must be at least {max(smallest_side, options.patch_size)} px high and "
        "wide. Received: heights and widths"
    )
    check = tf.debugging.Assert(tf.reduce_any(valid), [message, full_a, size_out])
    with tf.control_dependencies([check]):
        return Plan(*(tf.boolean_mask(x, valid) for x in (a, b, cell)))


def full_sizes(
    size_a: tf.Tensor, size_b: tf.Tensor, options: Options
) -> tuple[tf.Tensor, tf.Tensor]:
    """Sizes of A and of the result at the finest level, int32 `(2,)`; see `plan`."""
    size_out = result_size(size_b, options)
    return _size_of_a(size_a, size_b, size_out, options), size_out


def result_size(size_b: tf.Tensor, options: Options) -> tf.Tensor:
    """Height and width of the result, int32 `(2,)`: B's, or as the options say."""
    height, width = tf.unstack(size_b)
    if options.width and options.height:
        size = tf.constant([options.height, options.width])
    elif options.width:
        size = tf.stack([_share(height, options.width, width), options.width])
    elif options.height:
        size = tf.stack([options.height, _share(width, options.height, height)])
    else:
        size = size_b
    check = tf.debugging.Assert(
        tf.reduce_all((size >= SMALLEST_SIDE) & (size <= LARGEST_SIDE)),
        [f"the result must be {SMALLEST_SIDE} to {LARGEST_SIDE} px high and wide. Received:", size],
    )
    with tf.control_dependencies([check]):
        return tf.identity(size)


def _share(side: tf.Tensor, new: int, old: tf.Tensor) -> tf.Tensor:
    product = tf.cast(side, tf.float64) * new
    return tf.maximum(tf.cast(tf.round(product / tf.cast(old, tf.float64)), tf.int32), 1)


def _size_of_a(size_a, size_b, size_out, options: Options) -> tf.Tensor:
    factor, mode = tf.constant(options.a_scale, tf.float64), options.a_scale_mode
    ratios = tf.cast(size_out, tf.float64) / tf.cast(size_b, tf.float64)
    ratio = tf.sqrt(ratios[0] * ratios[1])
    if mode == "match":
        size_a = size_out
    elif mode == "ratio":
        factor *= ratio
    elif mode == "auto":
        shares = tf.cast(size_out, tf.float64) / tf.cast(size_a, tf.float64)
        least = tf.maximum(ratio, tf.sqrt(shares[0] * shares[1]))
        factor *= tf.minimum(tf.ones_like(ratio), least)
    return _times(size_a, factor)


def _times(size: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    scaled = tf.round(tf.cast(size, tf.float64) * scale)  # half to even, as Python's
    return tf.maximum(tf.cast(scaled, tf.int32), 1)


def _cells(a: tf.Tensor, b: tf.Tensor, patch_size: int, cell_pairs: tf.Tensor) -> tf.Tensor:
    """Side of a cell at each level, int32 `(levels,)`; 0 where no patch fits."""
    shortest = tf.reduce_min(tf.minimum(a, b), axis=1)
    area = tf.reduce_prod(tf.cast(tf.concat([a, b], 1), tf.float64), axis=1)
    chosen = tf.zeros_like(shortest)
    done = tf.zeros_like(shortest, tf.bool)
    for cell in CELLS:
        fits = shortest // cell >= patch_size
        chosen = tf.where(fits & ~done, cell, chosen)
        done |= fits & (area / cell**4 <= cell_pairs)
    return chosen
