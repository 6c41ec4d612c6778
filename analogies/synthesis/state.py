"""Where a run stands: what a round and a pass take and give back."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

    from analogies.matching.field import NearestNeighborField

    Matches = NearestNeighborField | dict[str, NearestNeighborField]
else:  # nothing heavy is imported for a name
    Matches = Any


class State(NamedTuple):
    """All that the rest of a run depends on.

    Whatever else a pass is to know of the passes before it belongs here: a run that starts from
    this alone ends with the same bytes as the run that it was taken from.

    Attributes:
        level: the level being worked on, 0 is the coarsest.
        image: B' at this level, float32 `(h, w, 3)` in [0, 255], padded to whole cells.
        iteration: passes of this level that are done.
        matches: the last matches of this level, a field or one per layer; None before the first.
        matched_by: how they were found, "exact" or "patchmatch".
        match_score: their mean score.
        usage: how much they use each patch of A'; None before the first, or where nobody asks.
        start: where matching starts from before there are matches of this level, if anywhere.
        rounds: of matching and putting together that are done at this level.
        guide: what the network made, float32 `(h', w', 3)` in [0, 255], for the levels of pixels.
        evaluations: of the loss so far, in the whole run.
        loss: the last one; NaN before the first.
        seconds: since the start of the run.
        phases: {what: seconds} so far.
    """

    level: int
    image: "tf.Tensor"
    iteration: int = 0
    matches: "Matches | None" = None
    matched_by: str = "exact"
    match_score: float | None = None
    usage: "tf.Tensor | None" = None
    start: "Matches | None" = None
    rounds: int = 0
    guide: np.ndarray | None = None
    evaluations: int = 0
    loss: float = float("nan")
    seconds: float = 0.0
    phases: dict[str, float] = {}  # noqa: RUF012 (never changed in place)


def on_device(state: State) -> State:
    """The same with TensorFlow tensors for NumPy arrays, as a run that was saved brings them."""
    import tensorflow as tf

    def moved(value: Any) -> Any:
        return tf.convert_to_tensor(value) if isinstance(value, np.ndarray) else value

    return tf.nest.map_structure(moved, state)
