"""The coarse-to-fine loop: the whole way from A, A' and B to B'.

At each level of the pyramid B' is first put together from matched patches of A' a few times
(match, vote), then optimized in passes: match once, vote the features of A' into targets, and
minimize with the matches held. The image of a level starts the next. This is the scheme of
Wexler et al. (2007) with the neural features of Li & Wand (2016).

`synthesize` is a generator; whoever wants to show, save or stop a run takes its records.
"""

import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from analogies.errors import InputError
from analogies.optimizers import result as reasons
from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.choice import fitting, method_for, transfer_for
from analogies.synthesis.method import Work
from analogies.synthesis.progress import Clock, Progress, changed, parts_of, terms_of
from analogies.synthesis.references import References, shares
from analogies.synthesis.starts import first_image, next_image
from analogies.synthesis.state import State, on_device

CHUNK_SECONDS = 1.0  # how long a run may not answer a signal, about
FIRST_CHUNK = 2  # evaluations; later chunks are sized by the time of the one before


def synthesize(
    a: np.ndarray,
    a_prime: np.ndarray,
    b: np.ndarray,
    options: Options,
    *,
    init: np.ndarray | None = None,
    carried: State | None = None,
    pairs: Sequence[tuple[np.ndarray, np.ndarray]] = (),
) -> Iterator[Progress]:
    """Make B' such that A is to A' as B is to B'.

    Args:
        a, a_prime: float32 `(h, w, 3)` in [0, 255], one size.
        b: float32 `(h2, w2, 3)` in [0, 255].
        options: see `Options`; `width` and `height` give the size of B'.
        init: image to start from, any size, float32 `(h3, w3, 3)` in [0, 255].
        carried: of a record of an earlier run of the same arguments, to go on from there; only
            the records after it are yielded, and the result is the same to the byte. Its tensors
            may be NumPy arrays.
        pairs: further pairs of A and A', as these; all are one reference.

    Yields:
        Progress; the last one is "done" and holds the result. To stop early, stop iterating.

    Raises:
        InputError: the pictures are too small for the options, or A and A' differ in size.
    """
    state = on_device(carried) if carried else None
    run = _Run([(a, a_prime), *pairs], b, options, init, Clock(state))
    for index in range(len(run.pyramid.levels)):
        if state is not None and (index, options.iters) <= (state.level, state.iteration):
            continue  # all its passes are behind the run
        work = run.level(index)
        if state is None or state.level < index:
            state = yield from run.put_together(work, state)
        while state.iteration < options.iters:
            state = yield from run.passed(work, state)
    assert state is not None
    yield run.done(state)


class _Run:
    """What does not change while a run goes on, and its steps from state to state.

    Args:
        pairs: of A and A', the first one's size decides about levels.
        b: see `synthesize`.
        options: see there.
        init: see there.
        clock: counts the run's seconds.
    """

    def __init__(self, pairs, b, options: Options, init: np.ndarray | None, clock: Clock) -> None:
        _check_sizes(pairs)
        self.options, self.init, self.clock = options, init, clock
        self.traced = False
        with clock.phase("build"):
            self.method = method_for(options, transfer_for(options, pairs))
            self.b = tf.convert_to_tensor(b, tf.float32)
            self.references = References(pairs, options.rotations, options.rescales)
        sizes = [a.shape[:2] for a, _ in pairs]
        self.pyramid = pyramid.plan(
            sizes[0],
            b.shape[:2],
            pyramid.result_size(b.shape[:2], options),
            scales=options.scales,
            min_scale=options.min_scale,
            patch_size=options.patch_size,
            a_scale_mode=options.a_scale_mode,
            a_scale=options.a_scale,
            smallest_side=self.method.smallest_side,
            cell_pairs=self.method.cell_pairs,
            size_pairs=sizes[1:],
            model=options.model if options.match_mode == "joint" else "exact",
            copies=pyramid.count_copies(options),
        )

    def level(self, index: int) -> Work:
        """What a level is worked with."""
        level = self.pyramid.levels[index]
        largest = max([level.size_a, *filter(None, level.size_pairs)], key=math.prod)
        method = fitting(self.method, largest, level.size_b, self.options)
        with self.clock.phase("features"):
            setting = method.set(self.references, self.b, level)
        return Work(index, level, method, setting, index == 0 and self.init is not None)

    def put_together(self, work: Work, before: State | None) -> Generator[Progress, None, State]:
        """Start a level: match and vote a few times."""
        state = self._started(work, before)
        rounds = 0 if work.given else work.method.rounds(work.index)
        yield self._record(work, state, between=rounds == 0)
        for count in range(rounds):
            state = self._round(work, state)
            yield self._record(work, state, between=count == rounds - 1)
        return state

    def _started(self, work: Work, before: State | None) -> State:
        """B' as a level starts with it."""
        if before is None:
            options = self.options
            given = self.references, self.b, self.init, options.init, options.seed
            return State(work.index, first_image(work, *given), matched_by=work.level.method)
        last, a_prime = self.pyramid.levels[before.level], self.references.pairs[0][1]
        return State(
            work.index,
            next_image(before.image, last.size_b, work, a_prime),
            matched_by=work.level.method,
            start=work.method.carry(before, last, work.level, self.references.several),
            evaluations=before.evaluations,
            loss=before.loss,
        )

    def _round(self, work: Work, state: State) -> State:
        """Match, and put B' together."""
        with self.clock.phase("matching"):
            state = work.method.match(state, work)
            return state._replace(image=work.method.place(state, work))

    def passed(self, work: Work, state: State) -> Generator[Progress, None, State]:
        """Match once, minimize with the matches held, record."""
        method, before = work.method, state.matches
        change = method.change(work, state.iteration)
        state = state._replace(image=change.apply(state.image))
        with self.clock.phase("matching"):
            state = method.match(state, work)
            targets = method.targets(state, work)
        start = targets.start if work.fresh and state.iteration == 0 else state.image
        state = state._replace(image=change.undo(start))
        for result, moved in self._minimized(work, start, targets):
            state = state._replace(
                image=change.undo(result.x),
                evaluations=state.evaluations + int(result.nfev),
                loss=float(result.fun),
            )
            yield self._record(
                work,
                state,
                losses=tuple(result.history.numpy().tolist()),
                gradient_norm=float(result.state.gradient_norm),
                step_length=moved,
            )
        with self.clock.phase("optimizing"):
            energies = method.energies(change.apply(state.image), targets)
            parts = parts_of(energies, method.weights)
        shown = method.shown(state.matches)
        state = state._replace(iteration=state.iteration + 1)
        yield self._record(
            work,
            state,
            between=True,
            kind="pass",
            terms=terms_of(parts),
            parts=parts,
            field=shown,
            match_score=state.match_score,
            changed_matches=changed(method.shown(before), shown),
            matches_from=shares(shown, work.setting.parts, work.level.cell),
        )
        return state

    def _minimized(self, work: Work, image: tf.Tensor, targets: Any) -> Iterator[tuple[Any, float]]:
        """The results of minimizing in chunks of about a second, and how far each moved B'."""
        method = work.method
        left, chunk = method.evaluations, FIRST_CHUNK
        minimization = method.begin(image)
        while left > 0:
            started = time.monotonic()
            with self.clock.phase("optimizing"):
                result = method.descend(minimization, targets, min(chunk, left))
                moved = tf.math.reduce_euclidean_norm(result.x - minimization.x)
                moved = float(moved) / max(int(result.nit), 1) / float(tf.size(result.x)) ** 0.5
            minimization, used = result.state, max(int(result.nfev), 1)
            left -= used
            yield result, moved
            if int(result.reason) not in (reasons.ITERATIONS, reasons.EVALUATIONS):
                break
            seconds = time.monotonic() - started
            if self.traced or seconds < CHUNK_SECONDS:  # the very first one is mostly tracing
                chunk = max(1, round(used * CHUNK_SECONDS / seconds))
            self.traced = True

    def done(self, state: State) -> Progress:
        """The last record of a run."""
        level = self.pyramid.levels[state.level]
        record = self._progress(level, state, kind="done")
        return replace(record, iteration=state.iteration - 1, phases=self.clock.phases)

    def _record(self, work: Work, state: State, between: bool = False, **changes: Any) -> Progress:
        """A record of B' as it is; `between` passes a run can go on from it."""
        if between:
            changes["carried"] = self.clock.stamped(state)
        return self._progress(work.level, state, **{"kind": "chunk", **changes})

    def _progress(self, level: pyramid.Level, state: State, kind: str, **changes: Any) -> Progress:
        options, levels = self.options, len(self.pyramid.levels)
        defaults = {
            "losses": (),
            "iteration": state.iteration - (kind == "pass"),
            "seconds": self.clock.seconds(),
        }
        return Progress(
            kind=kind,
            level=state.level,
            levels=levels,
            iterations=options.iters,
            evaluations=state.evaluations,
            evaluations_planned=levels * options.iters * options.evaluations,
            loss=state.loss,
            size=level.size_b,
            pixels=state.image,
            cell=level.cell,
            method=state.matched_by,
            notes=self.pyramid.notes,
            **{**defaults, **changes},
        )


def _check_sizes(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> None:
    for number, (a, a_prime) in enumerate(pairs, 1):
        if a.shape != a_prime.shape:
            which = f" of pair {number}" if number > 1 else ""
            raise InputError(
                f"A and A'{which} must have the same size. "
                f"Received: {_size(a)} and {_size(a_prime)} px"
            )


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
