"""What a level does: the contract between the loop and the ways to make B' at a level."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import tensorflow as tf

from analogies.matching.field import NearestNeighborField
from analogies.optimizers import OptimizeResult
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import Part, References
from analogies.synthesis.state import Matches, State


class Change(Protocol):
    """A change of B' for the time of a pass that can be taken back."""

    def apply(self, image: tf.Tensor) -> tf.Tensor:
        """The changed image."""

    def undo(self, image: tf.Tensor) -> tf.Tensor:
        """The image without the change."""


class Unchanged:
    """No change."""

    def apply(self, image: tf.Tensor) -> tf.Tensor:
        """The image itself."""
        return image

    undo = apply


@dataclass(frozen=True)
class Setting:
    """What a method has made of the pictures for a level.

    Attributes:
        scene: all that does not change while the level is worked on; the method's own.
        parts: what lies where in the reference, where that is several pictures.
    """

    scene: Any
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Work:
    """A level, and what is worked with there.

    Attributes:
        index: of the level, 0 is the coarsest.
        level: its sizes.
        method: what is done at it.
        setting: what the method has made of the pictures for it.
        given: whether B' at this level is a picture that was given, to be left as it is.
    """

    index: int
    level: Level
    method: "Method"
    setting: Setting
    given: bool

    @property
    def scene(self) -> Any:
        """All that does not change while the level is worked on."""
        return self.setting.scene

    @property
    def fresh(self) -> bool:
        """Whether passes start from what matches put together, and not from what was given."""
        return self.method.puts_together and not self.given


class Method(Protocol):
    """A way to make B' at a level.

    The loop calls, per level, `set` and where nothing is given `first`; per round `match` and
    `place`; per pass `match`, `targets`, `descend` so often as `evaluations` allow, and `energies`.
    A state goes in and a state comes out; whatever a method has to remember is in it or in the
    `Setting`, so that a run can be taken up between any two passes.

    A method that minimizes nothing has no `evaluations`; its passes end with what `targets` puts
    together, and `energies` are what its search minimized. So a stage that makes B' of pixels of
    A' needs `set` (style and guides at the level's size), `match` (a search that starts from
    `state.start` or `state.matches`), `targets` (the vote) and `carry` (its field on the next
    level's grid), and nothing of a network.

    Attributes:
        smallest_side: px that A and B' need at any level.
        cell_pairs: pairs of cells of A and B that are compared at most, which decides the grid.
        puts_together: whether B' is put together from matches before it is minimized.
        weights: {term: its weight in the loss}.
        evaluations: of the loss at most, per pass.
    """

    smallest_side: int
    cell_pairs: float
    puts_together: bool
    weights: Mapping[str, float]
    evaluations: int

    def set(self, references: References, b: tf.Tensor, level: Level) -> Setting:
        """What the level needs of the pictures, given at their full sizes."""

    def pad(self, image: tf.Tensor, level: Level) -> tf.Tensor:
        """An image of the level's size as the method works on it."""

    def first(self, work: Work, references: References, seed: int) -> tf.Tensor:
        """B' at the coarsest level, padded, where nobody says what to start from."""

    def tint(self, image: tf.Tensor, a_prime: tf.Tensor) -> tf.Tensor:
        """A start from B or from noise in the colors that the method needs."""

    def carry(self, state: State, before: Level, now: Level, several: bool) -> Matches | None:
        """What a level's matches give the next one to start its search from.

        Args:
            several: whether the reference is more than one picture.
        """

    def rounds(self, index: int) -> int:
        """How often a level is matched and put together before its passes."""

    def change(self, work: Work, iteration: int) -> Change:
        """What is done to B' for the time of a pass."""

    def match(self, state: State, work: Work) -> State:
        """Match `state.image`: the state with its matches."""

    def place(self, state: State, work: Work) -> tf.Tensor:
        """B' put together from the matches, padded."""

    def targets(self, state: State, work: Work) -> Any:
        """What a pass minimizes towards; its `start` is B' put together, where that counts."""

    def begin(self, image: tf.Tensor) -> Any:
        """A minimization that starts at `image`."""

    def descend(self, minimization: Any, targets: Any, evaluations: int) -> OptimizeResult:
        """Some evaluations more."""

    def energies(self, image: tf.Tensor, targets: Any) -> dict[str, dict[str, tf.Tensor]]:
        """{term: {layer: scalar}} without the weights; the layer of pixels is ""."""

    def shown(self, matches: Matches | None) -> NearestNeighborField | None:
        """The field that stands for a pass."""
