"""The coarse-to-fine loop: the whole way from A, A' and B to B'.

At each level of the pyramid B' is first put together from matched patches of A' a few times
(match, vote), then optimized in passes: match once, vote the features of A' into targets, and
minimize with the matches held. The image of a level starts the next. This is the scheme of
Wexler et al. (2007) with the neural features of Li & Wand (2016).

`synthesize` is a generator; whoever wants to show, save or stop a run takes its records.
"""

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from analogies import tracing
from analogies.errors import InputError
from analogies.images.resampling import resize
from analogies.matching import NearestNeighborField
from analogies.matching import regrid as carried_field
from analogies.matching.patches import on_stride
from analogies.optimizers import result as reasons
from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.joint import references as reference_set
from analogies.synthesis.joint.method import Scene, stages_for
from analogies.synthesis.joint.pieces import fitting
from analogies.synthesis.layerwise import jitter
from analogies.synthesis.state import Carried, on_device

CHUNK_SECONDS = 1.0  # how long a run may not answer a signal, about
FIRST_CHUNK = 2  # evaluations; later chunks are sized by the time of the one before
BLOCK = 3  # patches, side of the squares a start without any guide is laid out in


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
        size: `(height, width)` of B' at this level, px.
        pixels: B' on the device, `(h, w, 3)`, padded to whole cells; `image` cuts and fetches it.
        cell: side in px of a cell of the grid on which patches are matched.
        method: how they were, "exact" or "patchmatch".
        field: the matches of this pass.
        match_score: mean similarity of the matches, in [-1, 1].
        changed_matches: share of matches other than in the match before, of the same level.
        matches_from: {pair or copy: share of the matches that lie in it}, where there are several.
        phases: {what: seconds} when "done"; tracing graphs, whatever for, is part of "build".
        notes: what a person should know about how the run was set up.
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
    size: tuple[int, int]
    pixels: tf.Tensor = dataclasses.field(repr=False)
    cell: int = 1
    method: str = "exact"
    terms: dict[str, float] = dataclasses.field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    gradient_norm: float | None = None
    step_length: float | None = None
    field: NearestNeighborField | None = None
    match_score: float | None = None
    changed_matches: float | None = None
    matches_from: dict[str, float] = dataclasses.field(default_factory=dict)
    phases: dict[str, float] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    carried: Carried | None = dataclasses.field(default=None, repr=False)

    def image(self) -> np.ndarray:
        """B' at this level, float32 `(height, width, 3)` in [0, 255], fetched from the device."""
        height, width = self.size
        return np.clip(self.pixels[:height, :width].numpy(), 0.0, 255.0)


def synthesize(
    a: np.ndarray,
    a_prime: np.ndarray,
    b: np.ndarray,
    options: Options,
    *,
    init: np.ndarray | None = None,
    carried: Carried | None = None,
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
    run = _Run([(a, a_prime), *pairs], b, options, init, carried)
    yield from run.records()


class _Run:
    """The state of one synthesis."""

    def __init__(self, pairs, b, options: Options, init, carried: Carried | None) -> None:
        for number, (a, a_prime) in enumerate(pairs, 1):
            if a.shape != a_prime.shape:
                which = f" of pair {number}" if number > 1 else ""
                raise InputError(
                    f"A and A'{which} must have the same size. "
                    f"Received: {_size(a)} and {_size(a_prime)} px"
                )
        if options.match_mode == "layer" and options.init == "auto":
            options = replace(options, init="noise")  # no field of pixels to start from
        self.options, self.init = options, init
        self.carried = carried and on_device(carried)
        self.jitter: jitter.Jitter | None = None  # of the pass
        self.started = time.monotonic() - (carried.seconds if carried else 0.0)
        self.clock = _Clock(carried.phases if carried else {})
        self.traced = False
        transfer = options.transfer
        if transfer == "auto":
            same = all(np.array_equal(a, a_prime) for a, a_prime in pairs)
            transfer = "picture" if same else "residual"
        with self.clock.phase("build"):
            self.stages = self.stages_of_all = stages_for(options, transfer)
            self.a_prime, self.b = (tf.convert_to_tensor(x, tf.float32) for x in (pairs[0][1], b))
            self.references = reference_set.References(pairs, options.rotations, options.rescales)
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
            smallest_side=self.stages.smallest_side,
            cell_pairs=self.stages.cell_pairs,
            size_pairs=sizes[1:],
            model=options.model if options.match_mode == "joint" else "exact",
            copies=pyramid.count_copies(options),
        )
        self.progress = self._first_progress()

    def _first_progress(self) -> Progress:
        """Where the run stands before anything is done in it."""
        levels, carried = self.pyramid.levels, self.carried
        level = carried.level if carried else 0
        return Progress(
            kind="chunk",
            level=level,
            levels=len(levels),
            iteration=max(0, carried.iteration - 1) if carried else 0,
            iterations=self.options.iters,
            evaluations=carried.evaluations if carried else 0,
            evaluations_planned=len(levels) * self.options.iters * self.options.evaluations,
            loss=carried.loss if carried else float("nan"),
            losses=(),
            seconds=0.0,
            size=levels[level].size_b,
            pixels=carried.image if carried else tf.zeros((1, 1, 3)),
            notes=self.pyramid.notes,
        )

    def records(self) -> Iterator[Progress]:
        for index, level in enumerate(self.pyramid.levels):
            if self._is_done(index):
                continue
            self.progress = replace(
                self.progress,
                level=index,
                iteration=0,
                size=level.size_b,
                cell=level.cell,
                method=level.method,
            )
            cell = tf.constant(level.cell)
            largest = max([level.size_a, *filter(None, level.size_pairs)], key=math.prod)
            self.stages = fitting(self.stages_of_all, largest, level.size_b, self.options)
            with self.clock.phase("features"):
                scene = self.references.set_scene(self.stages, self.b, level)
            if self.carried is None or self.carried.level < index:
                yield from self._put_together(level, scene, cell)
            while not self._is_done(index):
                yield from self._pass(scene, cell)
        yield self._update(kind="done", phases=self.clock.seconds)

    def _is_done(self, level: int) -> bool:
        """Whether all passes of a level are behind the run."""
        done = (self.carried.level, self.carried.iteration) if self.carried else (-1, 0)
        return (level, self.options.iters) <= done

    def _given(self) -> bool:
        """Whether B' at this level is a picture that was given, to be left as it is."""
        return self.progress.level == 0 and self.init is not None

    def _start(self, level: pyramid.Level, scene: Scene) -> tf.Tensor:
        """B' at the start of a level, padded."""
        if self.carried is not None:
            height, width = self.pyramid.levels[self.carried.level].size_b
            image = self.carried.image[:height, :width]
        elif self.init is not None:
            image = tf.convert_to_tensor(self.init, tf.float32)
        elif self.options.init == "b":
            image = self.b
        elif self.options.init == "noise":
            random = np.random.default_rng(self.options.seed)
            image = tf.constant(random.uniform(0, 255, (*level.size_b, 3)), tf.float32)
        elif self.options.analogy_w == 0:
            matches = self._scatter(scene)
            return self.stages.run("place", matches, scene, tf.constant(level.cell), scene.base)
        else:
            return scene.base
        image = tf.clip_by_value(resize(image, level.size_b, "cubic"), 0.0, 255.0)
        if not self._given():
            image = self.stages.first(image, self.a_prime)
        return self.stages.pad(image, level.cell)

    def _scatter(self, scene: Scene) -> NearestNeighborField:
        """A random field for a start without a guide: squares of A' at random places."""
        random = np.random.default_rng(self.options.seed)
        k = self.options.patch_size
        query = scene.guide.shape[:2]
        places = np.indices((query[0] - k + 1, query[1] - k + 1))
        blocks = places // (BLOCK * k)
        shape = blocks.max(axis=(1, 2)) + 1
        box = self.references.boxes(scene, random, shape)

        def spread(values) -> np.ndarray:
            """Values of the blocks at their places."""
            return np.broadcast_to(values, shape)[blocks[0], blocks[1]]

        found = []
        for axis, extent in enumerate(box[1:]):
            corners = spread(random.integers(0, extent - k + 1, shape))
            found.append((corners + places[axis] % (BLOCK * k)) % spread(extent - k + 1))
        found[0] = found[0] + spread(box[0])
        rows, cols = (on_stride(tf.constant(x, tf.int32), self.options.patch_stride) for x in found)
        return NearestNeighborField(rows, cols, tf.ones(rows.shape))

    def _matches_count(self) -> bool:
        """Whether B' is put together from matches; not where only content or style is."""
        joint = self.options.match_mode == "joint"
        return joint and (self.options.analogy_w > 0 or self.options.mrf_w > 0)

    def _put_together(self, level: pyramid.Level, scene: Scene, cell) -> Iterator[Progress]:
        """Start a level: match and vote a few times."""
        index = self.progress.level
        usage = self.stages.carry(self.carried.usage if self.carried else None)
        grown = self._grown(level)
        self.carried = Carried(index, self._start(level, scene), usage=usage, start=grown)
        idle = self._given() or not self._matches_count()
        rounds = 0 if idle else pyramid.rounds(self.options.votes, index)
        yield self._show(between_passes=rounds == 0)
        fresh = self.init is None and self.options.init == "auto" and self.options.analogy_w > 0
        for count in range(rounds):
            coherence = 0.0 if index == 0 and fresh and count == 0 else 1.0
            carried = self._match(scene, cell, coherence)
            with self.clock.phase("matching"):
                image = self.stages.run("place", carried.matches, scene, cell, carried.image)
            self.carried = carried._replace(image=image)
            yield self._show(between_passes=count == rounds - 1)

    def _pass(self, scene: Scene, cell) -> Iterator[Progress]:
        """Match once, then minimize with the matches held."""
        assert self.carried is not None
        before, iteration = self.carried.matches, self.carried.iteration
        self.progress = replace(self.progress, iteration=iteration)
        self._shake()
        carried = self._match(scene, cell, 1.0)
        with self.clock.phase("matching"):
            targets = self.stages.targets(carried.matches, scene, cell, carried.image)
        fresh = iteration == 0 and not self._given() and self._matches_count()
        yield from self._minimize(targets.start if fresh else carried.image, targets)
        self.carried = carried._replace(image=self.progress.pixels, iteration=iteration + 1)
        yield self._finish_pass(targets, before)

    def _shake(self) -> None:
        """Change B' at random for a pass, where that is asked for."""
        assert self.carried is not None
        index, iteration = self.carried.level, self.carried.iteration
        level = self.pyramid.levels[index]
        self.jitter = jitter.draw(self.options, level.size_b, level.scale, index, iteration)
        if self.jitter:
            self.carried = self.carried._replace(image=self.jitter.apply(self.carried.image))

    def _match(self, scene: Scene, cell, coherence: float) -> Carried:
        """Match B' as it is carried, and carry the matches."""
        carried = self.carried
        assert carried is not None
        with self.clock.phase("matching"):
            start = self._near()
            if start is not None:
                self.progress = replace(self.progress, method="patchmatch")
            matches, usage = self.stages.find(
                carried.image, scene, cell, coherence, carried.usage, start
            )
            shown = self.stages.shown(matches)
            score = float(tf.reduce_mean(shown.scores)) if shown else None  # waits for the device
        self.carried = carried._replace(matches=matches, usage=usage, match_score=score)
        return self.carried

    def _grown(self, level: pyramid.Level) -> NearestNeighborField | None:
        """The matches of the level before, for PatchMatch to start from."""
        matches = self.carried.matches if self.carried else None
        if level.method == "exact" or self.references.several:
            return None
        if not isinstance(matches, NearestNeighborField):
            return None
        before, options = self.pyramid.levels[self.progress.level - 1], self.options
        k, stride = options.patch_size, options.patch_stride
        return carried_field.grow(matches, before, level, self.stages.multiple, k, stride)

    def _near(self) -> NearestNeighborField | None:
        """What PatchMatch starts from, nothing included; None where matching is exact."""
        carried, level = self.carried, self.pyramid.levels[self.progress.level]
        assert carried is not None
        if self.options.match_mode == "layer":
            return None
        matches: Any = carried.start if carried.matches is None else carried.matches
        if level.method == "exact" and not (level.refined and matches is not None):
            return None
        return carried_field.nothing() if matches is None else matches

    def _minimize(self, image, targets) -> Iterator[Progress]:
        """Minimize in chunks of about a second; self.progress holds B'."""
        state = self.stages.begin(image)
        left, chunk = self.options.evaluations, FIRST_CHUNK
        while left > 0:
            started = time.monotonic()
            with self.clock.phase("optimizing"):
                result = self.stages.run("descend", state, targets, tf.constant(min(chunk, left)))
                losses = tuple(result.history.numpy().tolist())
                moved = tf.math.reduce_euclidean_norm(result.x - state.x)
                moved = float(moved) / max(int(result.nit), 1) / float(tf.size(state.x)) ** 0.5
            state, used = result.state, int(result.nfev)
            left -= max(used, 1)
            yield self._update(
                kind="chunk",
                pixels=self.jitter.undo(result.x) if self.jitter else result.x,
                evaluations=self.progress.evaluations + used,
                loss=float(result.fun),
                losses=losses,
                gradient_norm=float(result.state.gradient_norm),
                step_length=moved,
            )
            if int(result.reason) not in (reasons.ITERATIONS, reasons.EVALUATIONS):
                break
            seconds = time.monotonic() - started
            if self.traced or seconds < CHUNK_SECONDS:  # the very first one is mostly tracing
                chunk = max(1, round(max(used, 1) * CHUNK_SECONDS / seconds))
            self.traced = True

    def _finish_pass(self, targets, before: Any) -> Progress:
        """Record what a pass has come to; `before` are the matches before its own."""
        carried = self.carried
        assert carried is not None
        with self.clock.phase("optimizing"):
            image = self.jitter.apply(carried.image) if self.jitter else carried.image
            energies = self.stages.run("energies", image, targets)
        parts = tuple(
            Part(name, layer, self.stages.losses[name].weight, float(value))
            for name, layers in energies.items()
            for layer, value in layers.items()
        )
        terms = dict.fromkeys(energies, 0.0)
        for part in parts:
            terms[part.term] += part.weight * part.energy
        return self._show(
            between_passes=True,
            kind="pass",
            terms=terms,
            parts=parts,
            field=self.stages.shown(carried.matches),
            match_score=carried.match_score,
            changed_matches=_changed(*map(self.stages.shown, (before, carried.matches))),
            matches_from=self.references.shares(self.stages.shown(carried.matches)),
        )

    def _show(self, between_passes: bool, kind: str = "chunk", **changes) -> Progress:
        """A record of B' as it is carried."""
        assert self.carried is not None
        if between_passes:
            self.carried = self.carried._replace(
                evaluations=self.progress.evaluations,
                loss=self.progress.loss,
                seconds=time.monotonic() - self.started,
                phases=dict(self.clock.seconds),
            )
            changes["carried"] = self.carried
        return self._update(kind=kind, pixels=self.carried.image, losses=(), **changes)

    def _update(self, **changes) -> Progress:
        seconds = time.monotonic() - self.started
        self.progress = replace(self.progress, **{"carried": None, "seconds": seconds, **changes})
        return self.progress


class _Clock:
    """Seconds spent per phase; tracing, whatever it is needed for, belongs to "build"."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self.seconds = dict(seconds)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started, before = time.monotonic(), tracing.seconds()
        yield
        traced = tracing.seconds() - before
        self._add("build", traced)
        self._add(name, time.monotonic() - started - traced)

    def _add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds


def _changed(before: NearestNeighborField | None, now: NearestNeighborField | None) -> float | None:
    """Share of matches that are others than before."""
    if before is None or now is None:
        return None
    moved = (before.rows != now.rows) | (before.cols != now.cols)
    return float(tf.reduce_mean(tf.cast(moved, tf.float32)))


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
