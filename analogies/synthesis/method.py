"""What a level does: the contract between the loop and the ways to make B' at a level."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from analogies.synthesis.controls import KeptPart
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import Part, References
from analogies.synthesis.state import Matches, State

if TYPE_CHECKING:
    from analogies.matching.field import NearestNeighborField
    from analogies.optimizers import OptimizeResult
    from analogies.synthesis.costs import LevelCost
    from analogies.synthesis.pixels.fields import SavedField

Image = Any  # a tensor of the network's levels, an array of those of pixels


class Change(Protocol):
    """A change of B' for the time of a pass that can be taken back."""

    def apply(self, image: Image) -> Image:
        """The changed image."""

    def undo(self, image: Image) -> Image:
        """The image without the change."""


class Unchanged:
    """No change."""

    def apply(self, image: Image) -> Image:
        """The image itself."""
        return image

    undo = apply


class Before(NamedTuple):
    """What comes before a level: the state of the run, and the level that it is of."""

    state: State
    level: Level


class HandedOn(NamedTuple):
    """What a level takes over from the one before it, beside its image; see `State`."""

    start: Matches | None = None
    guide: np.ndarray | None = None


@dataclass(frozen=True)
class Given:
    """What a run starts from.

    Attributes:
        kind: "auto", "b" or "noise".
        image: a picture, float32 `(h, w, 3)` in [0, 255], any size, that comes before the kind.
        seed: of noise and of random places.
    """

    kind: str
    image: np.ndarray | None
    seed: int


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
        kept: what of B' is put back after every step, at the level's size; None: nothing, or the
            method does that.
    """

    index: int
    level: Level
    method: "Method"
    setting: Setting
    given: bool
    kept: KeptPart | None = None

    def restored(self, image: Image) -> Image:
        """B', with what stays of it in its place."""
        if self.kept is None:
            return image
        import tensorflow as tf

        height, width = self.kept.made.shape
        found = np.array(image)  # padded
        made = self.kept.made[..., np.newaxis]
        found[:height, :width] = np.where(made, found[:height, :width], self.kept.known)
        return tf.convert_to_tensor(found)

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

    The loop calls, per level, `set` and `first` or `next`; per round `match` and `place`; per pass
    `match`, `targets`, `descend` as often as `evaluations` allow, and `energies`. A state goes in
    and a state comes out; whatever a method has to remember is in it or in the `Setting`, so that a
    run can be taken up between any two passes.

    A method that minimizes nothing has no `evaluations`: its passes end with what `targets` holds,
    and `energies` are what its search minimized. So it is with pixels of A', which are all done in
    rounds and need nothing of a network.

    Attributes:
        puts_together: whether B' is put together from matches before it is minimized.
        weights: {term: its weight in the loss}.
        passes: per level.
        evaluations: of the loss at most, per pass.
    """

    puts_together: bool
    weights: Mapping[str, float]
    passes: int
    evaluations: int

    def set(self, references: References, level: Level, before: Before | None) -> Setting:
        """What the level needs of the pictures, given at their full sizes, and of what was made."""

    def first(self, work: Work, references: References, given: Given) -> Image:
        """B' at the start of the coarsest level, padded as the method works on it."""

    def next(self, work: Work, references: References, before: Before) -> Image:
        """B' at the start of a finer level, padded, from the level before."""

    def hand_on(self, work: Work, references: References, before: Before) -> HandedOn:
        """What the level takes over from the one before it."""

    def rounds(self, work: Work) -> int:
        """How often the level is matched and put together before its passes."""

    def cost(self, level: Level, index: int) -> "LevelCost":
        """About how long the steps of the level take."""

    def change(self, work: Work, iteration: int) -> Change:
        """What is done to B' for the time of a pass."""

    def match(self, state: State, work: Work) -> State:
        """Match `state.image`: the state with its matches."""

    def place(self, state: State, work: Work) -> State:
        """The state with B' put together from the matches."""

    def targets(self, state: State, work: Work) -> Any:
        """What a pass minimizes towards; its `start` is B' put together, where that counts."""

    def begin(self, image: Image) -> Any:
        """A minimization that starts at `image`."""

    def descend(self, minimization: Any, targets: Any, evaluations: int) -> "OptimizeResult":
        """Some evaluations more."""

    def energies(self, image: Image, targets: Any) -> dict[str, dict[str, Any]]:
        """{term: {layer: scalar}} without the weights; the layer of pixels is ""."""

    def shown(self, matches: Any) -> "NearestNeighborField | None":
        """The field that stands for a pass."""

    def patches(self, state: State, work: Work) -> "SavedField | None":
        """The field that the result was voted from, where it is to be kept."""
