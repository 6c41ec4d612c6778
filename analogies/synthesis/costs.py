"""How long a level takes, in 1e-6 s on two cores: for the time left, and for what to expect.

Measured; what counts for the time left is how the parts compare. Plain Python.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.pixels.kinds import Kind
from analogies.synthesis.pyramid import Level

JOINT_MATCHING, JOINT_EVALUATION = 2.2, 0.36  # per px of B'
LAYER_MATCHING, LAYER_EVALUATION = 15.0, 0.4
SWEEP = 0.65  # per px and sweep of a first round of pixels
FAR_SWEEP = 0.55  # more where A' lies in memory, and not in the processor's cache
CACHE = 1.3e5  # px of A' that the cache holds, about
RESTING = 0.7  # of the patches of a round are searched in the next
REFINING = 0.5  # of a first round, for the last one with small patches
SPEED_ROUNDS = {"fast": 0.5, "balanced": 1.0, "best": 1.5}  # by speed, of those of a kind


class LevelCost(NamedTuple):
    """What the steps of a level take.

    Attributes:
        rounds: of searching and putting together, one after the other.
        matching: of a pass.
        evaluation: of the loss.
        passes: how many.
        evaluations: of each, at most.
    """

    rounds: Sequence[float]
    matching: float = 0.0
    evaluation: float = 0.0
    passes: int = 1
    evaluations: int = 0

    @property
    def total(self) -> float:
        """All of them."""
        return self.done(len(self.rounds), self.passes)

    def done(self, rounds: int, passes: int, evaluations: int = 0) -> float:
        """What so many steps take; `evaluations` are those of a pass that has begun."""
        begun = passes + min(evaluations, 1)
        one = self.evaluation * self.evaluations
        part = min(self.evaluation * evaluations, one)
        rounds = len(self.rounds) if begun else rounds  # where a picture was given there are none
        return sum(self.rounds[:rounds]) + self.matching * begun + one * passes + part


def joint_cost(options: Options, level: Level, index: int) -> LevelCost:
    """Of a level with one field for all layers."""
    together = options.analogy_w > 0 or options.mrf_w > 0
    rounds = pyramid.rounds(options.votes, index) if together else 0
    area = math.prod(level.size_b)
    matching, evaluation = JOINT_MATCHING * area, JOINT_EVALUATION * area
    return LevelCost((matching,) * rounds, matching, evaluation, options.iters, options.evaluations)


def layer_cost(options: Options, level: Level) -> LevelCost:
    """Of a level with a field per layer."""
    area = math.prod(level.size_b)
    matching, evaluation = LAYER_MATCHING * area, LAYER_EVALUATION * area
    return LevelCost((), matching, evaluation, options.iters, options.evaluations)


def pixel_rounds(options: Options, kind: Kind) -> int:
    """Rounds of a level of pixels, less that with small patches."""
    return max(2, round(kind.rounds * SPEED_ROUNDS[options.speed]))


def pixel_cost(kind: Kind, level: Level, rounds: int, refined: bool) -> LevelCost:
    """Of a level put together from pixels of A'.

    Args:
        kind: of the job.
        level: its sizes.
        rounds: less that with small patches.
        refined: whether there is that.
    """
    area_a, area_b = math.prod(level.size_a), math.prod(level.size_b)
    far = 1.0 - min(1.0, CACHE / area_a)
    first = (SWEEP + FAR_SWEEP * far) * kind.sweeps * area_b
    last = [REFINING * first] * refined
    return LevelCost([first * RESTING**number for number in range(rounds)] + last)
