"""What a run carries from pass to pass, and can go on from."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

    from analogies.matching.field import NearestNeighborField


class Carried(NamedTuple):
    """All that the rest of a run depends on, between two passes.

    Whatever else a pass is to know of the passes before it belongs here: a run that starts from
    this alone ends with the same bytes as the run that it was taken from.

    Attributes:
        level: the level being worked on, 0 is the coarsest; it has been put together.
        image: B' at this level, float32 `(h, w, 3)` in [0, 255], padded to whole cells.
        iteration: passes of this level that are done.
        matches: the last matches of this level, or None before the first. In the match mode
            layer {layer: field}.
        usage: how much they use each patch of A', see `Stages.usage`, or None before the first. In
            the match mode layer the matches to start from.
        start: where PatchMatch starts from before there are matches of this level, if anywhere.
        match_score: their mean score.
        evaluations: of the loss so far, in the whole run.
        loss: the last one; NaN before the first.
        seconds: since the start of the run.
        phases: {what: seconds} so far.
    """

    level: int
    image: "tf.Tensor"
    iteration: int = 0
    matches: "NearestNeighborField | dict[str, NearestNeighborField] | None" = None
    usage: "tf.Tensor | dict[str, NearestNeighborField] | None" = None
    start: "NearestNeighborField | None" = None
    match_score: float | None = None
    evaluations: int = 0
    loss: float = float("nan")
    seconds: float = 0.0
    phases: dict[str, float] = {}  # noqa: RUF012 (never changed in place)


def on_device(carried: Carried) -> Carried:
    """The same with TensorFlow tensors for NumPy arrays, as a run that was saved brings them."""
    import tensorflow as tf

    def moved(value: Any) -> Any:
        return tf.convert_to_tensor(value) if isinstance(value, np.ndarray) else value

    return tf.nest.map_structure(moved, carried)
