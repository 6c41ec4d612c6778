"""One field of matches per layer, as image-analogies and CNNMRF have it."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from analogies.images.colors import match_colors
from analogies.matching import NearestNeighborField
from analogies.optimizers import OptimizeResult
from analogies.optimizers.result import State as MinimizerState
from analogies.options.table import Options
from analogies.synthesis.costs import LevelCost, layer_cost
from analogies.synthesis.descent import begin
from analogies.synthesis.guides import guide_maps
from analogies.synthesis.layerwise import jitter
from analogies.synthesis.layerwise.objective import LayerTargets
from analogies.synthesis.layerwise.references import set_several
from analogies.synthesis.layerwise.steps import LayerSteps
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
from analogies.synthesis.starts import enlarged, fitted, given_image, noise
from analogies.synthesis.state import State


class LayerMethod:
    """A `Method` of one field per layer.

    Args:
        steps: what it does on the device.
        options: of the run.
    """

    puts_together = False  # there is no field of pixels to do it with

    def __init__(self, steps: LayerSteps, options: Options) -> None:
        self.steps, self.options = steps, options
        self.passes, self.evaluations = options.iters, options.evaluations
        losses = steps.objective.losses
        self.weights: Mapping[str, float] = {name: loss.weight for name, loss in losses.items()}

    def set(self, references: References, level: Level, before: Before | None) -> Setting:
        """The scene of a level; see `Method.set`."""
        if references.several:
            return set_several(self.steps, references, level)
        sizes = tf.constant(level.size_a), tf.constant(level.size_b)
        maps = guide_maps(references)
        guides = () if maps is None else (maps[0][0], maps[1])
        return Setting(self.steps.set_scene(*references.pairs[0], references.b, *sizes, *guides))

    def first(self, work: Work, references: References, given: Given) -> tf.Tensor:
        """What was given, or noise: there is no field of pixels to start from."""

        def tint(image: tf.Tensor) -> tf.Tensor:
            return self._tinted(image, references)

        image = given_image(work, references, given, tint)
        return tint(fitted(noise(work, given.seed), work)) if image is None else image

    def next(self, work: Work, references: References, before: Before) -> tf.Tensor:
        """The level before, enlarged."""
        return enlarged(work, before, lambda image: self._tinted(image, references))

    def _tinted(self, image: tf.Tensor, references: References) -> tf.Tensor:
        """In the colors of A' where A has no say: deep features say little about colors."""
        if self.options.analogy_w:
            return image
        return match_colors(image, references.pairs[0][1])

    def hand_on(self, work: Work, references: References, before: Before) -> HandedOn:
        """The fields as they are, to start PatchMatch from."""
        return HandedOn(None if self.options.randomize_mrf_nnf else before.state.matches)

    def rounds(self, work: Work) -> int:
        """None."""
        return 0

    def cost(self, level: Level, index: int) -> LevelCost:
        """See `Method.cost`."""
        return layer_cost(self.options, level)

    def change(self, work: Work, iteration: int) -> Change:
        """Jitter, where it is asked for."""
        level = work.level
        drawn = jitter.draw(self.options, level.size_b, level.scale, work.index, iteration)
        return drawn or Unchanged()

    def match(self, state: State, work: Work) -> State:
        """Match B' in A', from the fields of the match before where PatchMatch can use them."""
        before = state.start if state.matches is None else state.matches
        near = (before,) if before and self.steps.method != "exact" else ()
        fields = self.steps.match_layers(state.image, work.scene, *near)
        shown = self.shown(fields)
        score = None if shown is None else float(tf.reduce_mean(shown.scores))
        return state._replace(matches=fields, matched_by=work.level.method, match_score=score)

    def place(self, state: State, work: Work) -> State:
        """Nothing is put together: B' as it is."""
        return state

    def targets(self, state: State, work: Work) -> LayerTargets:
        """Voted maps."""
        return self.steps.aim(state.matches, work.scene)

    def begin(self, image: tf.Tensor) -> MinimizerState:
        """A minimization that starts at `image`."""
        return begin(image, self.steps.objective.memory)

    def descend(
        self, minimization: MinimizerState, targets: LayerTargets, evaluations: int
    ) -> OptimizeResult:
        """Some evaluations more."""
        return self.steps.descend(minimization, targets, tf.constant(evaluations))

    def energies(self, image: tf.Tensor, targets: LayerTargets) -> dict[str, dict[str, tf.Tensor]]:
        """Losses without their weights."""
        return self.steps.energies(image, targets)

    def shown(self, matches: Any) -> NearestNeighborField | None:
        """The field that stands for a pass: that of the first layer."""
        return next(iter((matches or {}).values()), None)

    def patches(self, state: State, work: Work) -> None:
        """None: a map of A' has no part in what a network makes."""
