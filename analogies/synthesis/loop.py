"""The coarse-to-fine loop: the whole way from A, A' and B to B'.

At each level of the pyramid B' is first put together from matched patches of A' a few times
(match, vote), then optimized in passes: match once, vote the features of A' into targets, and
minimize with the matches held. The image of a level starts the next. This is the scheme of
Wexler et al. (2007) with the neural features of Li & Wand (2016). Fine levels are put together from
the pixels of A', guided by what the network made.

`synthesize` is a generator; whoever wants to show, save or stop a run takes its records.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.options.table import Options
from analogies.synthesis.choice import plan
from analogies.synthesis.controls import NONE, Controls, KeptPart
from analogies.synthesis.heap import give_back
from analogies.synthesis.method import Before, Given, Image, Work
from analogies.synthesis.progress import Clock, Progress, changed, parts_of, terms_of
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import References, shares
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
    controls: Controls = NONE,
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
        controls: guides, and what may be sampled and made.

    Yields:
        Progress; the last one is "done" and holds the result. To stop early, stop iterating.

    Raises:
        InputError: the pictures are too small for the options, or A and A' differ in size.
    """
    state = carried
    copies = options.rotations, options.rescales
    run = _Run(References([(a, a_prime), *pairs], b, *copies, controls), options)
    run.begin(init, state)
    for index, level in enumerate(run.levels):
        if state is not None and state.level > index:
            continue
        work = run.work(index, state)
        if state is not None and state.level == index:
            state = state if level.made_by == "pixels" else on_device(state)
        else:
            state = yield from run.put_together(work, state)
        while state.iteration < work.method.passes:
            state = yield from run.passed(work, state)
    assert state is not None
    yield run.done(state)


class _Run:
    """What does not change while a run goes on, and its steps from state to state.

    Args:
        references: all pictures.
        options: see `synthesize`.
    """

    def __init__(self, references: References, options: Options) -> None:
        _check_sizes(references.arrays)
        self.references, self.options = references, options
        self.traced = False

    def begin(self, init: np.ndarray | None, state: State | None) -> None:
        """Decide who makes what; from the beginning, or from a state."""
        self.given = Given(self.options.init, init, self.options.seed)
        self.clock = Clock(state)
        with self.clock.phase("build"):
            self.plan = plan(self.options, self.references)
        self.levels = self.plan.levels
        methods = (self.plan.methods[level.made_by] for level in self.levels)
        self.costs = [
            method.cost(level, i)
            for i, (method, level) in enumerate(zip(methods, self.levels, strict=True))
        ]
        self.planned = sum(cost.total for cost in self.costs)

    def work(self, index: int, state: State | None) -> Work:
        """What a level is worked with."""
        level = self.levels[index]
        method = self.plan.method(level, self.options)
        before = None if state is None else Before(state, self.levels[state.level])
        if before is not None and before.level.made_by != level.made_by:
            give_back()
        with self.clock.phase("features"):
            setting = method.set(self.references, level, before)
        given = index == 0 and self.given.image is not None
        return Work(index, level, method, setting, given, self._kept(level))

    def _kept(self, level: Level) -> KeptPart | None:
        """What of B' the loop puts back at a level; pixels do it themselves."""
        kept = self.references.controls.kept
        if kept is None or level.made_by == "pixels":
            return None
        return kept.at(level.size_b)

    def put_together(self, work: Work, state: State | None) -> Generator[Progress, None, State]:
        """Start a level: match and vote a few times."""
        state = self._started(work, state)
        rounds = work.method.rounds(work)
        yield self._record(work, state, between=rounds == 0)
        for count in range(rounds):
            state = self._round(work, state)
            yield self._record(work, state, between=count == rounds - 1)
        return state

    def _started(self, work: Work, state: State | None) -> State:
        """B' as a level starts with it."""
        if state is None:
            image = work.restored(work.method.first(work, self.references, self.given))
            return State(work.index, image, matched_by=work.level.method)
        before = Before(state, self.levels[state.level])
        handed = work.method.hand_on(work, self.references, before)
        return State(
            work.index,
            work.restored(work.method.next(work, self.references, before)),
            matched_by=work.level.method,
            start=handed.start,
            guide=handed.guide,
            evaluations=state.evaluations,
            loss=state.loss,
        )

    def _round(self, work: Work, state: State) -> State:
        """Match, and put B' together."""
        with self.clock.phase(_phase(work)):
            state = work.method.match(state, work)
            state = work.method.place(state, work)
        return state._replace(rounds=state.rounds + 1, image=work.restored(state.image))

    def passed(self, work: Work, state: State) -> Generator[Progress, None, State]:
        """Match once, minimize with the matches held, record."""
        method, before = work.method, state.matches
        change = method.change(work, state.iteration)
        state = state._replace(image=change.apply(state.image))
        with self.clock.phase(_phase(work)):
            state = method.match(state, work)
            targets = method.targets(state, work)
        start = targets.start if work.fresh and state.iteration == 0 else state.image
        start = work.restored(start) if work.fresh else start
        state = state._replace(image=change.undo(start))
        before_pass = state.evaluations
        for result, moved in self._minimized(work, start, targets):
            state = state._replace(
                image=work.restored(change.undo(result.x)),
                evaluations=state.evaluations + int(result.nfev),
                loss=float(result.fun),
            )
            yield self._record(
                work,
                state,
                used=state.evaluations - before_pass,
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
            patches=method.patches(state, work),
            matches_from=shares(shown, work.setting.parts, work.level.cell),
        )
        return state

    def _minimized(self, work: Work, image: Image, targets: Any) -> Iterator[tuple[Any, float]]:
        """The results of minimizing in chunks of about a second, and how far each moved B'."""
        method = work.method
        left, chunk = method.evaluations, FIRST_CHUNK
        if not left:
            return
        import tensorflow as tf

        from analogies.optimizers import result as reasons

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
        record = self._progress(state, kind="done")
        return replace(record, iteration=state.iteration - 1, phases=self.clock.phases)

    def _record(
        self, work: Work, state: State, between: bool = False, used: int = 0, **changes: Any
    ) -> Progress:
        """A record of B' as it is; `between` passes a run can go on from it.

        Args:
            used: evaluations of a pass that has begun.
        """
        if between:
            changes["carried"] = self.clock.stamped(state)
        before = sum(cost.total for cost in self.costs[: work.index])
        done = before + self.costs[work.index].done(state.rounds, state.iteration, used)
        return self._progress(state, **{"kind": "chunk", "work_done": done, **changes})

    def _progress(self, state: State, kind: str, **changes: Any) -> Progress:
        levels, level = self.levels, self.levels[state.level]
        method = self.plan.methods[level.made_by]
        planned = sum(
            self.plan.methods[x.made_by].passes * self.plan.methods[x.made_by].evaluations
            for x in levels
        )
        defaults = {
            "losses": (),
            "iteration": state.iteration - (kind == "pass"),
            "seconds": self.clock.seconds(),
            "work_done": self.planned,
        }
        return Progress(
            kind=kind,
            level=state.level,
            levels=len(levels),
            iterations=method.passes,
            evaluations=state.evaluations,
            evaluations_planned=planned,
            work_planned=self.planned,
            loss=state.loss,
            size=level.size_b,
            pixels=state.image,
            cell=level.cell,
            method=state.matched_by,
            notes=self.plan.notes,
            decisions=self.plan.decisions,
            **{**defaults, **changes},
        )


def _phase(work: Work) -> str:
    """What searching at a level counts to."""
    return "pixels" if work.level.made_by == "pixels" else "matching"


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
