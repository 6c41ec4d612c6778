"""How long a level takes, in 1e-6 s on two cores: for the time left, and for what to expect.

Measured; what counts for the time left is how the parts compare. Plain Python.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.pixels.kinds import ALIKE, FILL, GUIDES, STYLE, TEXTURE, UNLIKE, Kind
from analogies.synthesis.pixels.memory import joint_channels
from analogies.synthesis.pixels.planning import pixel_rounds, refined
from analogies.synthesis.pyramid import Level

JOINT_SCENE, JOINT_SCENE_LEAST = 4.0, 3.5e5  # per px, the mean of A's and B's, and at least
LAYER_SCENE, LAYER_SCENE_LEAST = 2.5, 1e5  # the same; both to set a level up
EXACT = 8e-3  # of a match, per pair of cells
PATCHMATCH = 24.0  # of a match, per cell of B'
LOOKING = 0.6  # of either, per px of B'
JOINT_EVALUATION = 2.1  # per px of B'
LAYER_MATCHING, LAYER_EVALUATION = 6.5, 1.9
GUIDED = 1.3  # times as much, with the channels of a network's picture
OF_CHANNELS = 0.5  # of the time of a round goes with the channels that are compared
FAR_SIDE, FARTHER = 1024, 0.2  # px, from which a side of A' twice as long costs so much more
FEW, FEW_SEARCHED = 2e4, 0.8  # px of B', up to which later rounds cost nearly as much as the first


class RoundCost(NamedTuple):
    """What searching and putting together takes, per px of B'.

    Attributes:
        first: round of a level.
        second: one, as a share of the first: most patches rest by then.
        next: of the one before.
        small: the last one, with small patches, as a share of the first.
    """

    first: float
    second: float
    next: float
    small: float


ROUND_COSTS = {
    STYLE.name: RoundCost(8.3, 0.65, 0.9, 0.7),
    ALIKE.name: RoundCost(6.2, 0.5, 0.85, 0.55),
    UNLIKE.name: RoundCost(6.0, 0.52, 0.85, 0.55),
    TEXTURE.name: RoundCost(4.7, 0.75, 0.85, 0.55),
    FILL.name: RoundCost(6.2, 0.5, 0.85, 0.7),
    GUIDES.name: RoundCost(6.2, 0.5, 0.85, 0.55),
}


class LevelCost(NamedTuple):
    """What the steps of a level take.

    Attributes:
        rounds: of searching and putting together, one after the other.
        matching: of a pass.
        evaluation: of the loss.
        passes: how many.
        evaluations: of each, at most.
        start: of the level, before anything is searched.
    """

    rounds: Sequence[float]
    matching: float = 0.0
    evaluation: float = 0.0
    passes: int = 1
    evaluations: int = 0
    start: float = 0.0

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
        return self.start + sum(self.rounds[:rounds]) + self.matching * begun + one * passes + part


def joint_cost(options: Options, level: Level, index: int) -> LevelCost:
    """Of a level with one field for all layers."""
    together = options.analogy_w > 0 or options.mrf_w > 0
    rounds = pyramid.rounds(options.votes, index) if together else 0
    area = math.prod(level.size_b)
    cells = area / level.cell**2
    cells_a = _area_a(level) / level.cell**2
    exact, patchmatch = (
        EXACT * cells * cells_a + LOOKING * area,
        PATCHMATCH * cells + LOOKING * area,
    )
    first = exact if level.method == "exact" else patchmatch
    matching = patchmatch if level.refined else first
    return LevelCost(
        (first, *[matching] * (rounds - 1))[:rounds],
        matching,
        JOINT_EVALUATION * area,
        options.iters,
        options.evaluations,
        _scene(level, JOINT_SCENE, JOINT_SCENE_LEAST),
    )


def layer_cost(options: Options, level: Level) -> LevelCost:
    """Of a level with a field per layer."""
    area = math.prod(level.size_b)
    matching, evaluation = LAYER_MATCHING * area, LAYER_EVALUATION * area
    scene = _scene(level, LAYER_SCENE, LAYER_SCENE_LEAST)
    return LevelCost((), matching, evaluation, options.iters, options.evaluations, scene)


def _scene(level: Level, each: float, least: float) -> float:
    """To set a level of the network up."""
    return least + each * (_area_a(level) + math.prod(level.size_b)) / 2


def _area_a(level: Level) -> int:
    """Of all pairs, px."""
    return sum(map(math.prod, [level.size_a, *filter(None, level.size_pairs)]))


def pixel_cost(
    options: Options, kind: Kind, level: Level, guided: bool = False, given: int = 0
) -> LevelCost:
    """Of a level put together from pixels of A'.

    Args:
        guided: by a network's picture too.
        given: channels of the guides that a person gives.
    """
    area_b, cost = math.prod(level.size_b), ROUND_COSTS[kind.name]
    farther = math.log2(max(math.sqrt(math.prod(level.size_a)) / FAR_SIDE, 1.0))
    first = cost.first * (1.0 + FARTHER * farther) * area_b
    first *= GUIDED if guided and kind != TEXTURE else 1.0
    more = joint_channels(kind, guided, given) / joint_channels(kind, guided) - 1.0
    first *= 1.0 + OF_CHANNELS * more
    second, following = (FEW_SEARCHED, 1.0) if area_b <= FEW else (cost.second, cost.next)
    later = pixel_rounds(options, kind, level) - 1
    rounds = [first, *(first * second * following**number for number in range(later))]
    if refined(options, kind, level):
        rounds.append(first * cost.small)
    return LevelCost(rounds)
