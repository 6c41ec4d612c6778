"""How well a network does on what was held out."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from analogies.synthesis.student import network, using
from analogies.synthesis.student.crops import Held, Split
from analogies.synthesis.student.sizes import Chance
from analogies.synthesis.student.training import Trainer

LARGEST = 256  # px, side of the part of a held-out picture that is looked at
MOST = 6  # pictures


class Score(NamedTuple):
    """Of a network, on held-out pictures; smaller is better.

    Attributes:
        loss: what it was trained for.
        share: of the loss of a picture in one color, the mean of A' (of B as it is, where a loss
            is the teacher).
    """

    loss: float
    share: float


class Judge:
    """Scores a network.

    Args:
        parts: what was held out, at most `MOST` of which are looked at, and the rest.
        trainer: whose losses count.

    Attributes:
        shown: what a sample is made of.
    """

    def __init__(self, parts: Split, trainer: Trainer) -> None:
        self._held = [_cut(x) for x in parts.held[:MOST]]
        whole = slice(None), slice(None)
        self.shown = parts.held[0] if parts.held else Held(parts.shown[0], whole)
        self._trainer = trainer
        self._trivial = [self._loss(*self._trivially(x)) for x in self._held]

    def __call__(self, call: using.Call) -> Score | None:
        """The score; None where nothing was held out."""
        if not self._held:
            return None
        chance, losses = network.chance_of(self._trainer.model), []
        for held in self._held:
            made = using.make(call, held.example.before[np.newaxis], chance)[0]
            losses.append(self._loss(made, held))
        return Score(float(np.mean(losses)), float(np.sum(losses) / max(sum(self._trivial), 1e-9)))

    def _trivially(self, held: Held) -> tuple[np.ndarray, Held]:
        before, after = (x.astype(np.float32) for x in held.example)
        if self._trainer.recipe.gram:
            return before, held
        return np.broadcast_to(after.mean((0, 1)), after.shape), held

    def _loss(self, b_prime: np.ndarray, held: Held) -> float:
        parts = (b_prime, *held.example)
        made, before, after = (tf.constant(x[held.part][np.newaxis], tf.float32) for x in parts)
        terms = self._trainer.terms(made, before, after, tf.constant([0, 0]))
        wanted = ["sliced", "patches"] if self._trainer.recipe.noise else list(terms)
        return float(sum(terms[name] for name in wanted))


def _cut(held: Held) -> Held:
    """A held-out part no larger than is looked at."""
    part = tuple(
        slice(*s.indices(side)[:2])
        for s, side in zip(held.part, held.example.before.shape, strict=False)
    )
    part = tuple(slice(s.start, min(s.stop, s.start + LARGEST)) for s in part)
    return Held(held.example, part)  # type: ignore[arg-type]


def sample(call: Callable, held: Held, chance: Chance) -> np.ndarray:
    """B, what the network makes of it and what is wanted side by side, uint8 `(h, 3 w, 3)`."""
    before, after = (x[:LARGEST, :LARGEST] for x in held.example)
    made = using.make(call, before[np.newaxis], chance)[0]
    return np.hstack([before, np.rint(made).astype(np.uint8), after])
