"""`match`: the public door to the matchers."""

import functools
from collections.abc import Callable

import tensorflow as tf

from analogies.matching import exact, patches, patchmatch
from analogies.matching.field import NearestNeighborField

METHODS = ("exact", "patchmatch")


def match(
    query: tf.Tensor,
    reference: tf.Tensor,
    patch_size: int = 3,
    method: str = "exact",
    *,
    score: str = "correlation",
    reference_bias: tf.Tensor | None = None,
    query_stride: int = 1,
    reference_stride: int = 1,
    tile_bytes: int = 256 << 20,
    initial: NearestNeighborField | None = None,
    sweeps: int = 4,
    seed: int = 0,
) -> NearestNeighborField:
    """Find for each patch of `query` its best patch in `reference`.

    Args:
        query: float `(h, w, c)`.
        reference: float `(h2, w2, c)`.
        patch_size: k, side of a patch in cells.
        method: `"exact"` or `"patchmatch"`.
        score: `"correlation"` (normalized cross-correlation, [-1, 1]; patches of zero norm
            score 0) or `"distance"` (minus half the squared Euclidean distance).
        reference_bias: `(h2 - k + 1, w2 - k + 1)` float, added to the score of each reference
            patch before the arg-max and contained in the scores returned.
        query_stride, reference_stride: steps between the patches looked at, cells.
        tile_bytes: about how much memory the exact matcher's largest arrays may take.
        initial: a field to start PatchMatch from, of any size.
        sweeps: of PatchMatch.
        seed: of PatchMatch.

    Returns:
        NearestNeighborField of shape `((h - k) // query_stride + 1, (w - k) // query_stride + 1)`.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}. Received: method={method!r}")
    if score not in patches.SCORES:
        raise ValueError(f"score must be one of {patches.SCORES}. Received: score={score!r}")
    query, reference = tf.cast(query, tf.float32), tf.cast(reference, tf.float32)
    _check_sizes(query, reference, patch_size)
    strides = query_stride, reference_stride
    bias = () if reference_bias is None else (tf.cast(reference_bias, tf.float32),)
    if method == "exact":
        run = _exact(patch_size, score, strides, bool(bias))
        return NearestNeighborField(*run(query, reference, tf.constant(tile_bytes), *bias))
    start = () if initial is None else (initial.rows, initial.cols)
    run = _patchmatch(patch_size, score, strides, bool(bias), bool(start))
    return NearestNeighborField(
        *run(
            query, reference, *map(tf.convert_to_tensor, (tile_bytes, sweeps, seed)), *bias, *start
        )
    )


def _check_sizes(query: tf.Tensor, reference: tf.Tensor, patch_size: int) -> None:
    """What can be known of the shapes before running."""
    for name, cells in (("query", query), ("reference", reference)):
        sides = cells.shape[:2].as_list() if cells.shape.rank == 3 else [0, 0]
        if any(side is not None and side < patch_size for side in sides):
            raise ValueError(
                f"{name} must be (rows, columns, channels) with sides of at least "
                f"patch_size={patch_size} cells. Received: shape {tuple(cells.shape)}"
            )
    if query.shape[2] != reference.shape[2] and None not in (query.shape[2], reference.shape[2]):
        raise ValueError(
            "query and reference must have as many channels. Received: "
            f"{query.shape[2]} and {reference.shape[2]}"
        )


_MAP, _PLANE = tf.TensorSpec((None, None, None)), tf.TensorSpec((None, None))
_INDEX, _NUMBER = tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((), tf.int32)


@functools.cache
def _exact(k: int, score: str, strides: tuple[int, int], biased: bool) -> Callable:
    """The exact matcher as a graph of dynamic shapes: traced once for each kind of call."""

    def run(query, reference, tile_bytes, reference_bias=None):
        scoring = patches.prepare(query, reference, k, score, reference_bias)
        plain = reference_bias is None
        return exact.best_places(query, reference, scoring, k, strides, plain, tile_bytes)

    signature = [_MAP, _MAP, _NUMBER, *[_PLANE] * biased]
    return tf.function(run, input_signature=signature).get_concrete_function()


@functools.cache
def _patchmatch(
    k: int, score: str, strides: tuple[int, int], biased: bool, started: bool
) -> Callable:
    """PatchMatch, likewise."""

    def run(query, reference, tile_bytes, sweeps, seed, *rest):
        scoring = patches.prepare(query, reference, k, score, rest[0] if biased else None)
        initial = rest[-2:] if started else None
        return patchmatch.search(
            query, reference, scoring, k, *strides, initial, sweeps, seed, tile_bytes
        )

    signature = [_MAP, _MAP, _NUMBER, _NUMBER, _NUMBER]
    signature += [_PLANE] * biased + [_INDEX, _INDEX] * started
    return tf.function(run, input_signature=signature).get_concrete_function()
