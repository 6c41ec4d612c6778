"""One field of matches for all layers: what a level does by default."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from analogies.matching import NearestNeighborField, regrid
from analogies.optimizers import OptimizeResult
from analogies.optimizers.result import State as MinimizerState
from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.descent import begin
from analogies.synthesis.joint.references import set_several
from analogies.synthesis.joint.steps import JointSteps
from analogies.synthesis.method import Change, Setting, Unchanged, Work
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import References
from analogies.synthesis.starts import scattered
from analogies.synthesis.state import Matches, State


class JointMethod:
    """A `Method` of one field for all layers.

    Args:
        steps: what it does on the device; whole pictures or pieces are their matter.
        options: of the run.
    """

    def __init__(self, steps: JointSteps, options: Options) -> None:
        self.steps, self.options = steps, options
        self.evaluations = options.evaluations
        self.smallest_side, self.cell_pairs = steps.smallest_side, steps.cell_pairs
        self.puts_together = options.analogy_w > 0 or options.mrf_w > 0
        self.weights: Mapping[str, float] = {
            name: loss.weight for name, loss in steps.objective.losses.items()
        }

    def set(self, references: References, b: tf.Tensor, level: Level) -> Setting:
        """The scene of a level; see `Method.set`."""
        if references.several:
            return set_several(self.steps, references, b, level)
        sizes = tf.constant(level.size_a), tf.constant(level.size_b)
        scene = self.steps.set_scene(*references.pairs[0], b, *sizes, tf.constant(level.cell))
        return Setting(scene)

    def pad(self, image: tf.Tensor, level: Level) -> tf.Tensor:
        """An image extended to whole cells."""
        return self.steps.pad(image, level.cell)

    def first(self, work: Work, references: References, seed: int) -> tf.Tensor:
        """What A explains of B'; without an analogy, squares of A' at random places."""
        scene, options = work.scene, self.options
        if options.analogy_w > 0:
            return scene.base
        query, reference = scene.guide.shape[:2], scene.reference.shape[:2]
        places = scattered(work, query, reference, options.patch_size, options.patch_stride, seed)
        return self.steps.place(places, scene, tf.constant(work.level.cell), scene.base)

    def tint(self, image: tf.Tensor, a_prime: tf.Tensor) -> tf.Tensor:
        """The start as it is: matches bring the colors of A'."""
        return image

    def carry(self, state: State, before: Level, now: Level, several: bool) -> Matches | None:
        """The field on the next level's grid, for PatchMatch to start from."""
        if now.method == "exact" or several or not isinstance(state.matches, NearestNeighborField):
            return None
        k, stride = self.options.patch_size, self.options.patch_stride
        return regrid.grow(state.matches, before, now, self.steps.multiple, k, stride)

    def rounds(self, index: int) -> int:
        """See `pyramid.rounds`."""
        return pyramid.rounds(self.options.votes, index) if self.puts_together else 0

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

    def place(self, state: State, work: Work) -> tf.Tensor:
        """B' put together from the matches."""
        cell = tf.constant(work.level.cell)
        return self.steps.place(state.matches, work.scene, cell, state.image)

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
