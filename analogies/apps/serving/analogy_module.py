"""The whole analogy as one TensorFlow graph, for TensorFlow Serving.

The same stages as in `synthesis`, put together with loops of the graph instead of Python's: any
sizes, encoded pictures in, an encoded picture out, the network's weights inside.
"""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from analogies.apps.serving import decoding
from analogies.apps.serving import saved_models as servables
from analogies.errors import InputError
from analogies.images.colors import match_colors
from analogies.images.resampling import resize
from analogies.matching import NearestNeighborField
from analogies.matching.patches import on_stride
from analogies.options.table import Options, kinds
from analogies.synthesis import graph_pyramid as planning
from analogies.synthesis.joint.method import Scene, Stages
from analogies.synthesis.loop import BLOCK

WARMUP_SIDE = 48  # px, at least

_SEED = tf.TensorSpec(None, tf.int32, name="seed")
_IMAGE_SHAPE = tf.TensorShape([None, None, 3])


def _file(name: str) -> tf.TensorSpec:
    return tf.TensorSpec(None, tf.string, name=name)


_INPUTS = [_file("a_bytes"), _file("a_prime_bytes"), _file("b_bytes"), _SEED]


class AnalogyServable(tf.Module):
    """An image analogy for one set of options, with the functions that a server calls.

    Args:
        options: of the analogy; `seed`, `device` and the options of output files play no part.

    Raises:
        InputError: `init` is a picture, histograms of colors are asked for, the `match_mode` is not
            joint, the `precision` not float32, or an option is asked for that cannot be exported.
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        if options.init not in ("auto", "noise", "b"):
            raise InputError(f"init cannot be a picture in an export. Received: {options.init!r}")
        for name, kind in kinds().items():
            if not kind.exported and getattr(options, name):
                raise InputError(f"{name} cannot be exported. Received: {getattr(options, name)}")
        if options.match_color == "histogram":
            raise InputError("match_color histogram cannot be exported; covariance can")
        if options.model == "patchmatch":
            raise InputError("model patchmatch cannot be exported; exact and auto can")
        if options.match_mode != "joint":
            raise InputError(f"match_mode {options.match_mode} cannot be exported; joint can")
        if options.precision != "float32":
            raise InputError(f"precision {options.precision} cannot be exported; float32 can")
        self._options = options
        ways = ("residual", "picture") if options.transfer == "auto" else (options.transfer,)
        stages = [Stages(options, way) for way in ways]
        for other in stages[1:]:
            other.model = stages[0].model  # one copy of the weights
        self._ways = lambda: stages  # behind a function: layers need no saving
        self.values = [variable.value for variable in stages[0].model.variables]

    @tf.function(input_signature=_INPUTS, autograph=False)
    def analogy(self, a_bytes, a_prime_bytes, b_bytes, seed) -> dict[str, tf.Tensor]:
        """B' of PNG or JPEG files.

        Args:
            a_bytes, a_prime_bytes, b_bytes: string, one file each; A and A' of one size.
            seed: int32, one number; of random starts.

        Returns:
            `b_prime_bytes`, a PNG, string; `loss`, the last, float32.

        Raises:
            tf.errors.InvalidArgumentError: when run: no pictures, pictures that are too small, A
                and A' of two sizes.
        """
        images = self._decode(a_bytes, a_prime_bytes, b_bytes)
        plan, seed = self._plan(images), tf.reshape(seed, [-1])[0]

        def level(index, image, size, _):
            scene, image, usage = self._put_together(index, image, size, plan, images, seed)
            image, loss = self._optimize(image, usage, scene, plan.cell[index])
            return index + 1, image, plan.size_b[index], loss

        nothing = (tf.constant(0), tf.zeros((1, 1, 3)), tf.constant([1, 1]), tf.constant(0.0))
        _, image, size, loss = tf.while_loop(
            lambda index, *_: index < tf.size(plan.cell),
            level,
            nothing,
            shape_invariants=(nothing[0].shape, _IMAGE_SHAPE, nothing[2].shape, nothing[3].shape),
            parallel_iterations=1,
        )
        return {"b_prime_bytes": decoding.encode(image[: size[0], : size[1]]), "loss": loss}

    @tf.function(input_signature=_INPUTS, autograph=False)
    def first_pass(self, a_bytes, a_prime_bytes, b_bytes, seed) -> dict[str, tf.Tensor]:
        """The first steps on the coarsest level, to compare one machine or version with another.

        Returns:
            decoded pixels `a`, `a_prime` and `b`; `sizes` of B' by level; `features` of A' at the
            first layer matched; `rows` and `cols` of the first match; `loss`, the first.
        """
        images = self._decode(a_bytes, a_prime_bytes, b_bytes)
        plan, seed = self._plan(images), tf.reshape(seed, [-1])[0]
        index, cell = tf.constant(0), plan.cell[0]
        scene = self._scene(images, plan, index)
        start = self._start(scene, images[2], plan.size_b[0], cell, seed)
        matches, _ = self._search(start, self._unused(scene), scene, cell, self._first_coherence())
        nothing = tf.zeros((1, 1, 3)), tf.constant([1, 1])
        _, image, usage = self._put_together(index, *nothing, plan, images, seed)
        targets, _ = self._aim(image, usage, scene, cell)
        start = targets.start if self._matched() else image
        loss, _ = self._stages.loss_and_gradient(start, targets)
        stages = self._stages
        a_prime = stages.pad(resize(images[1], plan.size_a[0]), cell)
        return {
            **dict(zip(("a", "a_prime", "b"), images, strict=True)),
            "sizes": plan.size_b,
            "features": stages.features(a_prime)[stages.matched[0]],
            "rows": matches.rows,
            "cols": matches.cols,
            "loss": loss,
        }

    def save(self, folder: str | os.PathLike, version: int | None = None) -> Path:
        """Write a version of the servable; see `servables.save`."""
        side = max(WARMUP_SIDE, 2 * self._stages.smallest_side, 2 * self._options.patch_size)
        names = ("a_bytes", "a_prime_bytes", "b_bytes")
        inputs = {name: servables.sample_png(side, side, i) for i, name in enumerate(names)}
        warmup = [servables.Request("serving_default", inputs | {"seed": np.int32(0)})]
        signatures = {"serving_default": self.analogy, "first_pass": self.first_pass}
        return servables.save(self, folder, signatures, warmup, version)

    @property
    def _stages(self) -> Stages:
        return self._ways()[0]

    def _decode(self, *files: tf.Tensor) -> list[tf.Tensor]:
        """A, A' and B `(h, w, 3)`."""
        names = [spec.name for spec in _INPUTS[:3]]
        a, a_prime, b = (_decode_one(file, name) for file, name in zip(files, names, strict=True))
        sizes = [tf.shape(image)[:2] for image in (a, a_prime)]
        check = tf.debugging.Assert(
            tf.reduce_all(tf.equal(*sizes)),
            ["A and A' must have the same size. Received: heights and widths", *sizes],
        )
        with tf.control_dependencies([check]):
            a = tf.identity(a)
        recolored = self._options.match_color == "covariance"
        return [a, match_colors(a_prime, b) if recolored else a_prime, b]

    def _plan(self, images: list[tf.Tensor]) -> planning.Plan:
        sizes = (tf.shape(images[0])[:2], tf.shape(images[2])[:2])
        limits = {name: getattr(self._stages, name) for name in ("smallest_side", "cell_pairs")}
        return planning.plan(*sizes, self._options, **limits)

    def _scene(self, images: list[tf.Tensor], plan: planning.Plan, index: tf.Tensor) -> Scene:
        arguments = (*images, plan.size_a[index], plan.size_b[index], plan.cell[index])
        made = [lambda way=way: way.run("set_scene", *arguments) for way in self._ways()]
        if len(made) == 1:
            return made[0]()
        a, a_prime = images[:2]
        return tf.cond(tf.reduce_all(tf.equal(a, a_prime)), made[1], made[0])

    def _put_together(self, index, image, size, plan, images, seed):
        """The scene of a level, and B' after matching and voting a few times, with its usage."""
        scene, cell, first = self._scene(images, plan, index), plan.cell[index], tf.equal(index, 0)

        def grown():
            larger = resize(image[: size[0], : size[1]], plan.size_b[index], "cubic")
            return self._stages.pad(tf.clip_by_value(larger, 0.0, 255.0), cell)

        image = tf.cond(
            first, lambda: self._start(scene, images[2], plan.size_b[index], cell, seed), grown
        )

        def vote(round_, image, usage):
            guided = first & tf.equal(round_, 0)
            coherence = tf.where(guided, self._first_coherence(), 1.0)
            matches, usage = self._search(image, usage, scene, cell, coherence)
            return round_ + 1, self._stages.run("place", matches, scene, cell, image), usage

        votes = self._options.votes  # as in `pyramid.rounds`
        rounds = tf.minimum(votes, tf.maximum(1, votes - index))
        image, usage = _repeat(vote, rounds, image, self._unused(scene))
        return scene, image, usage

    def _optimize(self, image, usage, scene: Scene, cell) -> tuple[tf.Tensor, tf.Tensor]:
        """B' after the passes of a level, and its last loss."""

        def run_pass(iteration, image, usage, _):
            targets, usage = self._aim(image, usage, scene, cell)
            fresh = tf.equal(iteration, 0) & self._matched()
            start = tf.where(fresh, targets.start, image)
            state = self._stages.begin(start)
            evaluations = tf.constant(self._options.evaluations)
            result = self._stages.run("descend", state, targets, evaluations)
            return iteration + 1, result.x, usage, result.fun

        image, _, loss = _repeat(run_pass, self._options.iters, image, usage, tf.constant(0.0))
        return image, loss

    def _search(self, image, usage, scene: Scene, cell, coherence):
        """Matches, and how much they use each patch of A'."""
        matches = self._stages.run("search", image, scene, cell, coherence, usage)
        return matches, self._stages.run("usage", matches, scene)

    def _unused(self, scene: Scene) -> tf.Tensor:
        """The usage before the first match."""
        sides = tf.shape(scene.reference)[:2] - self._options.patch_size + 1
        return tf.zeros(tf.concat([sides, [1]], 0))

    def _aim(self, image, usage, scene: Scene, cell):
        """Targets of a pass, and the usage of its matches."""
        matches, usage = self._search(image, usage, scene, cell, 1.0)
        return self._stages.run("aim", matches, scene, cell, image), usage

    def _matched(self) -> bool:
        """Whether any term depends on the matches."""
        return self._options.analogy_w > 0 or self._options.mrf_w > 0

    def _first_coherence(self) -> float:
        """Weight of B' in the very first match: none where it does not show anything yet."""
        return 0.0 if self._options.init == "auto" and self._options.analogy_w > 0 else 1.0

    def _start(self, scene: Scene, b, size, cell, seed) -> tf.Tensor:
        """B' at the start of the coarsest level, padded."""
        options, seeds = self._options, tf.stack([seed, 0])
        if options.init == "auto" and options.analogy_w > 0:
            return scene.base
        if options.init == "auto":
            matches = _scatter(scene, options.patch_size, options.patch_stride, seeds)
            return self._stages.run("place", matches, scene, cell, scene.base)
        if options.init == "noise":
            shape = tf.concat([size, [3]], 0)
            image = tf.random.stateless_uniform(shape, seeds, 0.0, 255.0)
        else:
            image = tf.clip_by_value(resize(b, size, "cubic"), 0.0, 255.0)
        return self._stages.pad(image, cell)


def _decode_one(file: tf.Tensor, name: str) -> tf.Tensor:
    check = tf.debugging.Assert(
        tf.equal(tf.size(file), 1), [f"{name} must be one file. Received: shape", tf.shape(file)]
    )
    with tf.control_dependencies([check]):
        return decoding.decode(tf.reshape(file, []), name)


def _repeat(body, times: int, *values: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Run `body(i, *values)` some times, each on what it returned; without i."""

    def any_size(value: tf.Tensor) -> tf.TensorShape:
        maps = value.shape.rank == 3
        return tf.TensorShape([None, None, value.shape[2]]) if maps else value.shape

    given = (tf.constant(0), *values)
    shapes = [any_size(value) for value in given]
    _, *result = tf.while_loop(
        lambda i, *_: i < times, body, given, shape_invariants=tuple(shapes), parallel_iterations=1
    )
    return tuple(result)


def _scatter(scene: Scene, k: int, stride: int, seeds: tf.Tensor) -> NearestNeighborField:
    """A random field for a start without a guide: squares of A' at random places."""
    query, reference = tf.shape(scene.guide)[:2], tf.shape(scene.reference)[:2]
    places = tf.meshgrid(*(tf.range(query[axis] - k + 1) for axis in (0, 1)), indexing="ij")
    side = BLOCK * k
    blocks = tf.stack([place // side for place in places], -1)
    found = []
    for axis, place in enumerate(places):
        last = reference[axis] - k
        corners = tf.random.stateless_uniform(
            (query - k) // side + 1, tf.stack([seeds[0], axis]), 0, last + 1, tf.int32
        )
        found.append((tf.gather_nd(corners, blocks) + place % side) % (last + 1))
    rows, cols = (on_stride(x, stride) for x in found)
    return NearestNeighborField(rows, cols, tf.ones(tf.shape(rows)))
