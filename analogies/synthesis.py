"""The coarse-to-fine loop: the whole way from A, A' and B to B'.

At each level of the pyramid B' is first put together from matched patches of A' a few times
(match, vote), then optimized in passes: match once, vote the features of A' into targets, and
minimize with the matches held. The image of a level starts the next. This is the scheme of
Wexler et al. (2007) with the neural features of Li & Wand (2016).

`synthesize` is a generator; whoever wants to show, save or stop a run takes its records.
"""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from analogies import pyramid
from analogies.errors import InputError
from analogies.job import result_size
from analogies.matching import NearestNeighborField
from analogies.optimizers import result as reasons
from analogies.options import Options
from analogies.resampling import resize
from analogies.stages import Scene, stages_for

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
        field: the matches of this pass.
        match_score: mean score of the matches, minus half a squared distance.
        changed_matches: share of matches other than in the match before, of the same level.
        phases: {what: seconds} when "done".
        notes: what a person should know about how the run was set up.
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
    terms: dict[str, float] = dataclasses.field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    gradient_norm: float | None = None
    step_length: float | None = None
    field: NearestNeighborField | None = None
    match_score: float | None = None
    changed_matches: float | None = None
    phases: dict[str, float] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()

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
) -> Iterator[Progress]:
    """Make B' such that A is to A' as B is to B'.

    Args:
        a, a_prime: float32 `(h, w, 3)` in [0, 255], one size.
        b: float32 `(h2, w2, 3)` in [0, 255].
        options: see `Options`; `width` and `height` give the size of B'.
        init: image to start from, any size, float32 `(h3, w3, 3)` in [0, 255].

    Yields:
        Progress; the last one is "done" and holds the result. To stop early, stop iterating.

    Raises:
        InputError: the pictures are too small for the options, or A and A' differ in size.
    """
    run = _Run(a, a_prime, b, options, init)
    yield from run.records()


class _Run:
    """The state of one synthesis."""

    def __init__(self, a, a_prime, b, options: Options, init) -> None:
        if a.shape != a_prime.shape:
            raise InputError(
                f"A and A' must have the same size. Received: {_size(a)} and {_size(a_prime)} px"
            )
        self.options, self.init = options, init
        self.started = time.monotonic()
        self.clock = _Clock()
        self.traced = False
        transfer = options.transfer
        if transfer == "auto":
            transfer = "picture" if np.array_equal(a, a_prime) else "residual"
        with self.clock.phase("build"):
            self.stages = stages_for(options, transfer)
            self.inputs = [tf.convert_to_tensor(x, tf.float32) for x in (a, a_prime, b)]
        self.pyramid = pyramid.plan(
            a.shape[:2],
            b.shape[:2],
            result_size(b.shape[:2], options),
            scales=options.scales,
            min_scale=options.min_scale,
            patch_size=options.patch_size,
            a_scale_mode=options.a_scale_mode,
            a_scale=options.a_scale,
            smallest_side=self.stages.smallest_side,
            cell_pairs=self.stages.cell_pairs,
        )
        levels = self.pyramid.levels
        self.progress = Progress(
            kind="chunk",
            level=0,
            levels=len(levels),
            iteration=0,
            iterations=options.iters,
            evaluations=0,
            evaluations_planned=len(levels) * options.iters * options.evaluations,
            loss=float("nan"),
            losses=(),
            seconds=0.0,
            size=levels[0].size_b,
            pixels=tf.zeros((1, 1, 3)),
            notes=self.pyramid.notes,
        )

    def records(self) -> Iterator[Progress]:
        image = None
        for index, level in enumerate(self.pyramid.levels):
            self.progress = replace(self.progress, level=index, size=level.size_b)
            cell = tf.constant(level.cell)
            with self.clock.phase("features"):
                sizes = tf.constant(level.size_a), tf.constant(level.size_b)
                scene = self.stages.run("set_scene", *self.inputs, *sizes, cell)
            self.usage = self.before = self.matches = None
            image = self._start(image, level, scene)
            given = index == 0 and self.init is not None
            self._update(kind="chunk", pixels=image, losses=())
            yield self.progress
            if not given:
                for _ in self._put_together(image, scene, cell, guided=index == 0):
                    yield self.progress
            image = self.progress.pixels
            for iteration in range(self.options.iters):
                self.progress = replace(self.progress, iteration=iteration)
                matches = self._match(image, scene, cell, 1.0)
                with self.clock.phase("matching"):
                    targets = self.stages.run("aim", matches, scene, cell)
                if iteration == 0 and not given and self._matches_count():
                    image = targets.start
                for _ in self._minimize(image, targets):
                    yield self.progress
                image = self.progress.pixels
                yield self._finish_pass(image, targets)
        yield self._update(kind="done", phases=self.clock.seconds)

    def _start(self, image: tf.Tensor | None, level: pyramid.Level, scene: Scene) -> tf.Tensor:
        """B' at the start of a level, padded."""
        if image is not None:
            height, width = self.pyramid.levels[self.progress.level - 1].size_b
            image = image[:height, :width]
        elif self.init is not None:
            image = tf.convert_to_tensor(self.init, tf.float32)
        elif self.options.init == "b":
            image = self.inputs[2]
        elif self.options.init == "noise":
            random = np.random.default_rng(self.options.seed)
            image = tf.constant(random.uniform(0, 255, (*level.size_b, 3)), tf.float32)
        elif self.options.analogy_w == 0:
            matches = self._scatter(scene)
            return self.stages.run("place", matches, scene, tf.constant(level.cell))
        else:
            return scene.base
        image = tf.clip_by_value(resize(image, level.size_b, "cubic"), 0.0, 255.0)
        return self.stages.pad(image, level.cell)

    def _scatter(self, scene: Scene) -> NearestNeighborField:
        """A random field for a start without a guide: squares of A' at random places."""
        random = np.random.default_rng(self.options.seed)
        k = self.options.patch_size
        query, reference = scene.guide.shape[:2], scene.reference.shape[:2]
        places = np.indices((query[0] - k + 1, query[1] - k + 1))
        blocks = places // (BLOCK * k)
        found = []
        for axis in (0, 1):
            last = reference[axis] - k
            corners = random.integers(0, last + 1, blocks.max(axis=(1, 2)) + 1)
            found.append((corners[blocks[0], blocks[1]] + places[axis] % (BLOCK * k)) % (last + 1))
        rows, cols = (tf.constant(x, tf.int32) for x in found)
        return NearestNeighborField(rows, cols, tf.zeros(rows.shape))

    def _matches_count(self) -> bool:
        """Whether anything is made of the matches; not where only content or style is."""
        return self.options.analogy_w > 0 or self.options.mrf_w > 0

    def _put_together(self, image, scene: Scene, cell, guided: bool) -> Iterator[None]:
        """Match and vote a few times; self.progress holds B'."""
        if not self._matches_count():
            return
        fresh = self.init is None and self.options.init == "auto" and self.options.analogy_w > 0
        for index in range(pyramid.rounds(self.options.votes, self.progress.level)):
            coherence = 0.0 if guided and fresh and index == 0 else 1.0
            matches = self._match(image, scene, cell, coherence)
            with self.clock.phase("matching"):
                image = self.stages.run("place", matches, scene, cell)
            self._update(kind="chunk", pixels=image, losses=())
            yield

    def _match(self, image, scene: Scene, cell, coherence: float) -> NearestNeighborField:
        with self.clock.phase("matching"):
            if self.usage is None:
                k = self.options.patch_size
                height, width = scene.reference.shape[:2]
                self.usage = tf.zeros((height - k + 1, width - k + 1, 1))
            matches = self.stages.run("search", image, scene, cell, coherence, self.usage)
            self.usage = self.stages.run("usage", matches, scene)
            self.before, self.matches = self.matches, matches
            self.match_score = float(tf.reduce_mean(matches.scores))  # waits for the device
        return matches

    def _minimize(self, image, targets) -> Iterator[None]:
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
            self._update(
                kind="chunk",
                pixels=result.x,
                evaluations=self.progress.evaluations + used,
                loss=float(result.fun),
                losses=losses,
                gradient_norm=float(result.state.gradient_norm),
                step_length=moved,
            )
            yield
            if int(result.reason) not in (reasons.ITERATIONS, reasons.EVALUATIONS):
                break
            seconds = time.monotonic() - started
            if self.traced or seconds < CHUNK_SECONDS:  # the very first one is mostly tracing
                chunk = max(1, round(max(used, 1) * CHUNK_SECONDS / seconds))
            self.traced = True

    def _finish_pass(self, image, targets) -> Progress:
        before, matches = self.before, self.matches
        with self.clock.phase("optimizing"):
            energies = self.stages.run("energies", image, targets)
        parts = tuple(
            Part(name, layer, self.stages.losses[name].weight, float(value))
            for name, layers in energies.items()
            for layer, value in layers.items()
        )
        terms = dict.fromkeys(energies, 0.0)
        for part in parts:
            terms[part.term] += part.weight * part.energy
        changed = None
        if before is not None:
            moved = (before.rows != matches.rows) | (before.cols != matches.cols)
            changed = float(tf.reduce_mean(tf.cast(moved, tf.float32)))
        return self._update(
            kind="pass",
            pixels=image,
            losses=(),
            terms=terms,
            parts=parts,
            field=matches,
            match_score=self.match_score,
            changed_matches=changed,
        )

    def _update(self, **changes) -> Progress:
        seconds = time.monotonic() - self.started
        self.progress = replace(self.progress, seconds=seconds, **changes)
        return self.progress


class _Clock:
    """Seconds spent per phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
