"""The network's levels within one graph, coarse to fine, for any sizes.

The steps are those of the eager loop (`joint.steps`); only the loops are the graph's instead of
Python's. Matches are exact. What goes before and after is `synthesis.served`.
"""

from collections.abc import Sequence

import tensorflow as tf

from analogies.images.resampling import resize
from analogies.matching import NearestNeighborField
from analogies.matching.patches import on_stride
from analogies.options.table import Options
from analogies.synthesis import graph_pyramid
from analogies.synthesis.descent import begin
from analogies.synthesis.joint.steps import JointSteps, Scene
from analogies.synthesis.served.asked import Asked
from analogies.synthesis.starts import BLOCK

_IMAGE_SHAPE = tf.TensorShape([None, None, 3])


class GraphLoop:
    """What the network makes of an analogy, as functions that can be traced.

    Args:
        options: of the analogy.
        ways: the steps for residuals, for pictures, or for either, in this order.
    """

    def __init__(self, options: Options, ways: Sequence[JointSteps]) -> None:
        self._options, self._ways, self._steps = options, ways, ways[0]

    def whole(self, asked: Asked) -> tuple[tf.Tensor, tf.Tensor]:
        """B' at a share of its size, float32 `(h, w, 3)` in [0, 255], and the last loss."""
        plan = self._plan(asked)

        def level(index, image, size, _):
            scene, image, usage = self._put_together(index, image, size, plan, asked)
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
        return image[: size[0], : size[1]], loss

    def first_pass(self, asked: Asked) -> dict[str, tf.Tensor]:
        """The first steps on the coarsest level.

        Returns:
            `sizes` of B' by level; `features` of A' at the first layer matched; `rows` and `cols`
            of the first match; `loss`, the first.
        """
        plan, steps = self._plan(asked), self._steps
        index, cell = tf.constant(0), plan.cell[0]
        scene = self._scene(asked, plan, index)
        start = self._start(scene, asked.pictures[2], plan.size_b[0], cell, asked.seed)
        unused = steps.unused(scene)
        matches, _ = self._search(start, unused, scene, cell, self._first_coherence())
        nothing = tf.zeros((1, 1, 3)), tf.constant([1, 1])
        _, image, usage = self._put_together(index, *nothing, plan, asked)
        targets, _ = self._aim(image, usage, scene, cell)
        start = targets.start if self._matched() else image
        loss, _ = steps.objective.loss_and_gradient(start, targets)
        a_prime = steps.pad(resize(asked.pictures[1], plan.size_a[0]), cell)
        return {
            "sizes": plan.size_b,
            "features": steps.objective.network.features(a_prime)[steps.matched[0]],
            "rows": matches.rows,
            "cols": matches.cols,
            "loss": loss,
        }

    def _plan(self, asked: Asked) -> graph_pyramid.Plan:
        sizes = (tf.shape(asked.pictures[0])[:2], tf.shape(asked.pictures[2])[:2])
        limits = {name: getattr(self._steps, name) for name in ("smallest_side", "cell_pairs")}
        return graph_pyramid.plan(*sizes, self._options, **limits, share=asked.share)

    def _scene(self, asked: Asked, plan: graph_pyramid.Plan, index: tf.Tensor) -> Scene:
        sizes = plan.size_a[index], plan.size_b[index], plan.cell[index]
        made = [lambda way=way: way.set_scene(*asked.pictures, *sizes) for way in self._ways]
        return made[0]() if len(made) == 1 else tf.cond(asked.residual, *made)

    def _put_together(self, index, image, size, plan, asked: Asked):
        """The scene of a level, and B' after matching and voting a few times, with its usage."""
        scene, cell, first = (
            self._scene(asked, plan, index),
            plan.cell[index],
            tf.equal(index, 0),
        )

        def grown():
            larger = resize(image[: size[0], : size[1]], plan.size_b[index], "cubic")
            return self._steps.pad(tf.clip_by_value(larger, 0.0, 255.0), cell)

        def started():
            return self._start(scene, asked.pictures[2], plan.size_b[index], cell, asked.seed)

        image = tf.cond(first, started, grown)

        def vote(round_, image, usage):
            guided = first & tf.equal(round_, 0)
            coherence = tf.where(guided, self._first_coherence(), 1.0)
            matches, usage = self._search(image, usage, scene, cell, coherence)
            return round_ + 1, self._steps.place(matches, scene, cell, image), usage

        votes = self._options.votes  # as in `pyramid.rounds`
        rounds = tf.minimum(votes, tf.maximum(1, votes - index))
        image, usage = _repeat(vote, rounds, image, self._steps.unused(scene))
        return scene, image, usage

    def _optimize(self, image, usage, scene: Scene, cell) -> tuple[tf.Tensor, tf.Tensor]:
        """B' after the passes of a level, and its last loss."""

        def run_pass(iteration, image, usage, _):
            targets, usage = self._aim(image, usage, scene, cell)
            fresh = tf.equal(iteration, 0) & self._matched()
            start = tf.where(fresh, targets.start, image)
            state = begin(start, self._steps.objective.memory)
            evaluations = tf.constant(self._options.evaluations)
            result = self._steps.descend(state, targets, evaluations)
            return iteration + 1, result.x, usage, result.fun

        image, _, loss = _repeat(run_pass, self._options.iters, image, usage, tf.constant(0.0))
        return image, loss

    def _search(self, image, usage, scene: Scene, cell, coherence):
        """Matches, and how much they use each patch of A'."""
        matches = self._steps.search(image, scene, cell, coherence, usage)
        return matches, self._steps.usage(matches, scene)

    def _aim(self, image, usage, scene: Scene, cell):
        """Targets of a pass, and the usage of its matches."""
        matches, usage = self._search(image, usage, scene, cell, 1.0)
        return self._steps.aim(matches, scene, cell, image), usage

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
            return self._steps.place(matches, scene, cell, scene.base)
        if options.init == "noise":
            shape = tf.concat([size, [3]], 0)
            image = tf.random.stateless_uniform(shape, seeds, 0.0, 255.0)
        else:
            image = tf.clip_by_value(resize(b, size, "cubic"), 0.0, 255.0)
        return self._steps.pad(image, cell)


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
