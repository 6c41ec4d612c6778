"""One field of matches for all layers: what a level of the network does by default."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from analogies.images.resampling import resize
from analogies.matching import NearestNeighborField, regrid
from analogies.optimizers import OptimizeResult
from analogies.optimizers.result import State as MinimizerState
from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.costs import LevelCost, joint_cost
from analogies.synthesis.descent import begin
from analogies.synthesis.guides import guide_maps
from analogies.synthesis.joint.references import set_several
from analogies.synthesis.joint.steps import JointSteps
from analogies.synthesis.method import (
    Before,
    Change,
    Given,
    HandedOn,
    Setting,
    Unchanged,
    Work,
)
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import References
from analogies.synthesis.starts import enlarged, given_image, scattered
from analogies.synthesis.state import State


class JointMethod:
    """A `Method` of one field for all layers.

    Args:
        steps: what it does on the device; whole pictures or pieces are their matter.
        options: of the run.
    """

    def __init__(self, steps: JointSteps, options: Options) -> None:
        self.steps, self.options = steps, options
        self.passes, self.evaluations = options.iters, options.evaluations
        self.puts_together = options.analogy_w > 0 or options.mrf_w > 0
        self.weights: Mapping[str, float] = {
            name: loss.weight for name, loss in steps.objective.losses.items()
        }

    def set(self, references: References, level: Level, before: Before | None) -> Setting:
        """The scene of a level; see `Method.set`."""
        if references.several:
            return set_several(self.steps, references, level)
        sizes = tf.constant(level.size_a), tf.constant(level.size_b)
        pictures = *references.pairs[0], references.b
        scene = self.steps.set_scene(*pictures, *sizes, tf.constant(level.cell))
        maps = guide_maps(references)
        if maps is None:
            return Setting(scene)
        grids = (resize(maps[0][0], level.size_a), resize(maps[1], level.size_b))
        return Setting(self.steps.guided(scene, *grids, tf.constant(level.cell)))

    def first(self, work: Work, references: References, given: Given) -> tf.Tensor:
        """What A explains of B'; without an analogy, squares of A' at random places."""
        scene, options, cell, steps = work.scene, self.options, work.level.cell, self.steps
        image = given_image(work, references, given, tf.identity)
        if image is not None:
            return self.steps.pad(image, cell)
        if options.analogy_w > 0:
            return scene.base
        query, reference = scene.guide.shape[:2], scene.reference.shape[:2]
        patches = options.patch_size, options.patch_stride, given.seed
        places = scattered(work, query, reference, *patches, steps.margins)
        return self.steps.place(places, scene, tf.constant(cell), scene.base)

    def next(self, work: Work, references: References, before: Before) -> tf.Tensor:
        """The level before, enlarged: matches bring the colors of A'."""
        return self.steps.pad(enlarged(work, before, tf.identity), work.level.cell)

    def hand_on(self, work: Work, references: References, before: Before) -> HandedOn:
        """The field on the next level's grid, for PatchMatch to start from."""
        now = work.level
        matches: Any = before.state.matches
        alone = not references.several and isinstance(matches, NearestNeighborField)
        if now.method == "exact" or not alone or any(now.wrap):
            return HandedOn()
        k, stride = self.options.patch_size, self.options.patch_stride
        grown = regrid.grow(matches, before.level, now, self.steps.multiple, k, stride)
        return HandedOn(grown)

    def rounds(self, work: Work) -> int:
        """See `pyramid.rounds`."""
        together = self.puts_together and not work.given
        return pyramid.rounds(self.options.votes, work.index) if together else 0

    def cost(self, level: Level, index: int) -> LevelCost:
        """See `Method.cost`."""
        return joint_cost(self.options, level, index)

    def change(self, work: Work, iteration: int) -> Change:
        """None."""
        return Unchanged()

    def match(self, state: State, work: Work) -> State:
        """Match B and B' in A and A', the very first time by B alone where B' shows nothing yet."""
        steps, scene = self.steps, work.scene
        if not steps.voted():
            return state._replace(matches=None, usage=None, match_score=None)
        usage = steps.unused(scene) if state.usage is None else state.usage
        start = _near(state, work.level)
        near = () if start is None else (start,)
        if self._shows_nothing(state, work):
            matches = steps.search_guide(scene, usage, *near)
        else:
            cell = tf.constant(work.level.cell)
            matches = steps.search(state.image, scene, cell, 1.0, usage, *near)
        return state._replace(
            matches=matches,
            matched_by=work.level.method if start is None else "patchmatch",
            match_score=float(tf.reduce_mean(matches.scores)),  # waits for the device
            usage=steps.usage(matches, scene),
        )

    def place(self, state: State, work: Work) -> State:
        """B' put together from the matches."""
        cell = tf.constant(work.level.cell)
        image = self.steps.place(state.matches, work.scene, cell, state.image)
        return state._replace(image=image)

    def targets(self, state: State, work: Work) -> Any:
        """Voted maps, or where nothing is matched all else there is."""
        if state.matches is None:
            return self.steps.unmatched(work.scene)
        cell = tf.constant(work.level.cell)
        return self.steps.aim(state.matches, work.scene, cell, state.image)

    def begin(self, image: tf.Tensor) -> MinimizerState:
        """A minimization that starts at `image`."""
        return begin(image, self.steps.objective.memory)

    def descend(
        self, minimization: MinimizerState, targets: Any, evaluations: int
    ) -> OptimizeResult:
        """Some evaluations more."""
        return self.steps.descend(minimization, targets, tf.constant(evaluations))

    def energies(self, image: tf.Tensor, targets: Any) -> dict[str, dict[str, tf.Tensor]]:
        """Losses without their weights."""
        return self.steps.energies(image, targets)

    def shown(self, matches: Any) -> NearestNeighborField | None:
        """The field itself."""
        return matches

    def patches(self, state: State, work: Work) -> None:
        """None: a map of A' has no part in what a network makes."""

    def _shows_nothing(self, state: State, work: Work) -> bool:
        """Whether B' is only what a run begins with, and there are rounds to follow."""
        options = self.options
        begun = state.level == 0 and state.matches is None and not work.given
        return begun and options.init == "auto" and options.analogy_w > 0 and options.votes > 0


def _near(state: State, level: Level) -> NearestNeighborField | None:
    """What PatchMatch starts from, nothing included; None where matching is exact."""
    matches: Any = state.start if state.matches is None else state.matches
    if level.method == "exact" and not (level.refined and matches is not None):
        return None
    return regrid.nothing() if matches is None else matches
