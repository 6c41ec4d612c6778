"""The nearest-neighbor field: which reference patch each query patch was matched with."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import tensorflow as tf


class NearestNeighborField(NamedTuple):
    """For each query patch the place of its match in the reference and the match's score.

    All three have shape `(m, n)`, `m = ceil((h - k) / s) + 1` and `n = ceil((w - k) / s) + 1` for a
    query of `h` by `w` cells, patches of `k` by `k` cells and a query stride `s`. Entry `[i, j]`
    belongs to the patch with top-left cell `[min(i * s, h - k), min(j * s, w - k)]`: the last patch
    of a row and of a column is always among them. A tuple of tensors, so it passes through
    `tf.function`, `tf.while_loop` and `tf.nest`.

    Attributes:
        rows: int32, row of the matched patch's top-left cell in the reference map.
        cols: int32, its column.
        scores: float32, larger is better; see `match` for the two scores.
    """

    rows: "tf.Tensor"
    cols: "tf.Tensor"
    scores: "tf.Tensor"
