"""Records of a run for whoever listens, made from its state."""

import dataclasses
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from analogies import tracing
from analogies.matching import NearestNeighborField
from analogies.synthesis.state import State

if TYPE_CHECKING:
    import tensorflow as tf

    from analogies.synthesis.pixels.fields import SavedField


class Part(NamedTuple):
    """What one layer adds to the loss: `weight * energy`."""

    term: str
    layer: str  # "" for losses on the pixels
    weight: float
    energy: float


@dataclass(frozen=True)
class Progress:
    """What happened last.

    Attributes:
        kind: "chunk" (a part of a pass, or the start of a level), "pass" (all of one) or "done".
        level: 0 is the coarsest.
        levels: number of levels.
        iteration: pass within the level, from 0.
        iterations: passes per level.
        evaluations: of the loss so far, in the whole run.
        evaluations_planned: the most there will be.
        loss: last value, unit-free; NaN before the first.
        losses: values of this chunk's iterates; none at the start of a level.
        terms: {name: weighted value}, for a "pass".
        parts: the terms by layer, for a "pass".
        gradient_norm: largest element of the projected gradient, per level of a pixel.
        step_length: how far an iteration of the last chunk moved the pixels, root mean square.
        seconds: since the start of the run.
        work_done, work_planned: so far and in all, weighed by pixels and by what is done to them;
            about 1e-6 s on two cores each.
        size: `(height, width)` of B' at this level, px.
        pixels: B' on the device, `(h, w, 3)`, padded to whole cells; `image` cuts and fetches it.
        cell: side in px of a cell of the grid on which patches are matched.
        method: how they were, "exact" or "patchmatch"; "pixels" where the level is put together
            from pixels of A'.
        field: the matches of this pass.
        patches: of the last pass, what `--save-field` keeps; else None.
        match_score: mean similarity of the matches, in [-1, 1].
        changed_matches: share of matches other than in the match before, of the same level.
        matches_from: {pair or copy: share of the matches that lie in it}, where there are several.
        phases: {what: seconds} when "done"; tracing graphs, whatever for, is part of "build".
        notes: what a person should know about how the run was set up.
        decisions: what was decided by looking at the pictures, and by which figures.
        carried: what the run can go on from, where it stands between two passes; else None.
    """

    kind: str
    level: int
    levels: int
    iteration: int
    iterations: int
    evaluations: int
    evaluations_planned: int
    loss: float
    losses: tuple[float, ...]
    seconds: float
    work_done: float
    work_planned: float
    size: tuple[int, int]
    pixels: "tf.Tensor | np.ndarray" = dataclasses.field(repr=False)
    cell: int = 1
    method: str = "exact"
    terms: dict[str, float] = dataclasses.field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    gradient_norm: float | None = None
    step_length: float | None = None
    field: NearestNeighborField | None = None
    patches: "SavedField | None" = dataclasses.field(default=None, repr=False)
    match_score: float | None = None
    changed_matches: float | None = None
    matches_from: dict[str, float] = dataclasses.field(default_factory=dict)
    phases: dict[str, float] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    carried: State | None = dataclasses.field(default=None, repr=False)

    def image(self) -> np.ndarray:
        """B' at this level, float32 `(height, width, 3)` in [0, 255], fetched from the device."""
        height, width = self.size
        return np.clip(np.asarray(self.pixels[:height, :width]), 0.0, 255.0)


class Clock:
    """Seconds of a run, in all and by phase; tracing, whatever for, belongs to "build".

    Args:
        state: of a run that goes on, whose seconds count too.
    """

    def __init__(self, state: State | None) -> None:
        self._started = time.monotonic() - (state.seconds if state else 0.0)
        self.phases = dict(state.phases if state else {})

    def seconds(self) -> float:
        """Since the start of the run."""
        return time.monotonic() - self._started

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count what is done within to a phase."""
        started, before = time.monotonic(), tracing.seconds()
        yield
        traced = tracing.seconds() - before
        self._add("build", traced)
        self._add(name, time.monotonic() - started - traced)

    def stamped(self, state: State) -> State:
        """The state with the times that a run which goes on from it counts from."""
        return state._replace(seconds=self.seconds(), phases=dict(self.phases))

    def _add(self, name: str, seconds: float) -> None:
        self.phases[name] = self.phases.get(name, 0.0) + seconds


def parts_of(
    energies: Mapping[str, Mapping[str, Any]], weights: Mapping[str, float]
) -> tuple[Part, ...]:
    """The parts of a loss from its energies."""
    return tuple(
        Part(name, layer, weights[name], float(value))
        for name, layers in energies.items()
        for layer, value in layers.items()
    )


def terms_of(parts: tuple[Part, ...]) -> dict[str, float]:
    """{term: weighted value}."""
    terms = dict.fromkeys((part.term for part in parts), 0.0)
    for part in parts:
        terms[part.term] += part.weight * part.energy
    return terms


def changed(before: NearestNeighborField | None, now: NearestNeighborField | None) -> float | None:
    """Share of matches that are others than before."""
    if before is None or now is None:
        return None
    rows, cols = (np.asarray(x) != np.asarray(y) for x, y in zip(before[:2], now[:2], strict=True))
    return float(np.float32(np.mean(rows | cols)))
