"""`match`: the public door to the matchers."""

import functools
from collections.abc import Callable, Sequence

import tensorflow as tf
from absl import logging

from analogies.matching import exact, patches, patchmatch
from analogies.matching.field import NearestNeighborField
from analogies.tracing import Traced

METHODS = ("exact", "patchmatch", "auto")
EXACT_LIMIT = 2e11  # pairs of cells times (channels + 200) that `auto` matches exactly


@tf.autograph.experimental.do_not_convert
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
        method: `"exact"`; `"patchmatch"`, approximate and for large maps many times faster; or
            `"auto"`, exact where that takes about a second at most (which, stands in the log).
        score: `"correlation"` (normalized cross-correlation, [-1, 1]; patches of zero norm
            score 0) or `"distance"` (minus half the squared Euclidean distance).
        reference_bias: `(h2 - k + 1, w2 - k + 1)` float, added to the score of each reference
            patch before the arg-max and contained in the scores returned.
        query_stride, reference_stride: steps between the patches looked at, cells; the last patch
            of a row and of a column is always among them.
        tile_bytes: about how much memory a matcher's largest arrays may take together.
        initial: a field to start PatchMatch from, of any size (a coarser level's, say) and the
            same query stride; both maps are taken to have grown alike.
        sweeps: rounds of propagation and random search. No score falls from one to the next. On
            features of pictures, 256 by 256 cells of 64 channels, 4 sweeps reach about 0.983 of the
            mean correlation that exact matching finds, and so do 2 from a coarser field.
        seed: of PatchMatch; equal seeds give equal fields.

    Returns:
        NearestNeighborField; with a query stride of 1 of shape `(h - k + 1, w - k + 1)`.
        Where several reference patches score alike, exact matching returns the first by rows.

    Raises:
        ValueError: for unknown names and for maps smaller than a patch.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).standard_normal((8, 8, 4), np.float32)
    >>> field = match(noise[2:7, 3:8], noise)
    >>> int(field.rows[0, 0]), int(field.cols[0, 0])
    (2, 3)
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}. Received: method={method!r}")
    if score not in patches.SCORES:
        raise ValueError(f"score must be one of {patches.SCORES}. Received: score={score!r}")
    query, reference = tf.cast(query, tf.float32), tf.cast(reference, tf.float32)
    _check_sizes(query, reference, patch_size)
    tile_bytes = min(tile_bytes, 2**31 - 1)
    strides = query_stride, reference_stride
    bias = () if reference_bias is None else (tf.cast(reference_bias, tf.float32),)

    def exactly() -> NearestNeighborField:
        run = _exact(patch_size, score, strides, bool(bias))
        return NearestNeighborField(*run(query, reference, tf.constant(tile_bytes), *bias))

    def approximately() -> NearestNeighborField:
        start = () if initial is None else (initial.rows, initial.cols)
        run = _patchmatch(patch_size, score, strides, bool(bias), bool(start))
        numbers = (tf.convert_to_tensor(x) for x in (tile_bytes, sweeps, seed))
        return NearestNeighborField(*run(query, reference, *numbers, *bias, *start))

    if method == "auto" and query.shape.is_fully_defined() and reference.shape.is_fully_defined():
        few = bool(_is_affordable(query.shape, reference.shape))
        method = "exact" if few else "patchmatch"
        logging.info("Matching %s in %s: %s.", query.shape, reference.shape, method)
    if method == "auto":
        few = _is_affordable(tf.unstack(tf.shape(query)), tf.unstack(tf.shape(reference)))
        return NearestNeighborField(*tf.cond(few, exactly, approximately))
    return exactly() if method == "exact" else approximately()


def _is_affordable(shape: Sequence, other_shape: Sequence) -> tf.Tensor | bool:
    """Whether exact matching costs about a second or less.

    A pair of cells costs about (channels + 200) / 200 ns on two cores.
    """
    height, width, channels, other_height, other_width = (
        tf.cast(side, tf.float32) for side in (*shape, *other_shape[:2])
    )
    pairs = height * width * other_height * other_width
    limit = EXACT_LIMIT * (30 if tf.config.list_logical_devices("GPU") else 1)
    return pairs * (channels + 200.0) <= limit


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

    def run(query, reference, tile_bytes, *bias):  # with a default calls would be slow to bind
        scoring = patches.prepare(query, reference, k, score, bias[0] if biased else None)
        return exact.best_places(query, reference, scoring, k, strides, not biased, tile_bytes)

    signature = [_MAP, _MAP, _NUMBER, *[_PLANE] * biased]
    return Traced(run, signature).concrete()


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
    return Traced(run, signature).concrete()
