"""How long a level takes, in 1e-6 s on two cores: for the time left, and for what to expect.

Measured; what counts for the time left is how the parts compare. Plain Python.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.pixels.kinds import ALIKE, TEXTURE, Kind
from analogies.synthesis.pixels.memory import joint_channels
from analogies.synthesis.pixels.planning import pixel_rounds, refined
from analogies.synthesis.pyramid import Level

SCENE, SCENE_LEAST = 2.5, 1e5  # per px, the mean of A's and B's, and at least, to set a level up
EXACT = 3.6e-3  # of a match, per pair of cells
PATCHMATCH = 13.0  # of a match, per cell of B'
LOOKING = 0.3  # of either, per px of B'
JOINT_EVALUATION = 0.5  # per px of B'
LAYER_MATCHING, LAYER_EVALUATION = 15.0, 0.4
NEAR_ROUND, FAR_ROUND = 1.8, 4.0  # per px, first of pixels; the second where A' is not cached
GUIDED = 1.3  # times as much, with the channels of a network's picture
OF_CHANNELS = 0.5  # of the time of a round goes with the channels that are compared
CACHE = 1.3e5  # px of A' that the cache holds, about
SEARCHED = 0.85  # of a round are searched in the next, at
SEARCHED_SIDE = 256  # px; on finer levels of label maps and textures less
SEARCHED_LESS, SEARCHED_LEAST = 0.14, 0.4  # when a side doubles, and at the least
REFINING, EVEN_REFINING = 0.5, 0.4  # of a first round, for the last one; more with uniformity


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
        _scene(level),
    )


def layer_cost(options: Options, level: Level) -> LevelCost:
    """Of a level with a field per layer."""
    area = math.prod(level.size_b)
    matching, evaluation = LAYER_MATCHING * area, LAYER_EVALUATION * area
    return LevelCost((), matching, evaluation, options.iters, options.evaluations, _scene(level))


def _scene(level: Level) -> float:
    """To set a level of the network up."""
    return SCENE_LEAST + SCENE * (_area_a(level) + math.prod(level.size_b)) / 2


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
    area_a, area_b = math.prod(level.size_a), math.prod(level.size_b)
    first = (NEAR_ROUND + FAR_ROUND * (1.0 - min(1.0, CACHE / area_a))) * area_b
    first *= GUIDED if guided and kind != TEXTURE else 1.0
    more = joint_channels(kind, guided, given) / joint_channels(kind, guided) - 1.0
    first *= 1.0 + OF_CHANNELS * more
    searched = SEARCHED
    if kind in (ALIKE, TEXTURE):  # a photograph to be followed leaves work to the end
        finer = max(0.0, math.log2(math.sqrt(area_b) / SEARCHED_SIDE))
        searched = max(SEARCHED_LEAST, SEARCHED - SEARCHED_LESS * finer)
    rounds = [first * searched**number for number in range(pixel_rounds(options, kind, level))]
    if refined(options, kind, level):
        rounds.append(first * (REFINING + EVEN_REFINING * (kind.refined or 0.0)))
    return LevelCost(rounds)
