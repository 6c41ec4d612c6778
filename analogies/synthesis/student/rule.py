"""The smooth rule that a network starts from, as weights of its layers."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from analogies.synthesis.joint import pixel_rule
from analogies.synthesis.student.crops import TURNS, Turn, turned
from analogies.synthesis.student.network import RuleWeights

TURNED = 1.1  # times the error of a rule, at most, where it holds
SLIGHT = 0.002  # of the variance of A', which is no error

Pair = tuple[np.ndarray, np.ndarray]


def weights_of(pairs: Sequence[Pair], elsewhere: np.ndarray) -> RuleWeights:
    """The rule of some pairs.

    Args:
        pairs: of A and A', float32 `(h, w, 3)` in [0, 255], the two of a pair of one size.
        elsewhere: the same, pictures that it will be applied to.
    """
    constant = [(tf.constant(a), tf.constant(a_prime)) for a, a_prime in pairs]
    found = pixel_rule.fit(constant, tf.constant(elsewhere))
    weights = found.weights.numpy()
    count, side = len(pixel_rule.KNOTS), pixel_rule.FILTER
    curves = weights[1 : 1 + 3 * count].reshape(count, 3, 3)
    kernel = weights[1 + 3 * count :].reshape(side, side, 3, 3)
    bent = bool(np.any(curves))
    return RuleWeights(
        pixel_rule.KNOTS.astype(np.float32) if bent else None,
        curves if bent else None,
        kernel if np.any(kernel) else None,
        weights[0],
    )


def turns_of(pairs: Sequence[Pair]) -> tuple[Turn, ...]:
    """The turns under which A and A' stay an example: the rule of these pairs holds for them.

    A relief that is lit from the left is none when it is turned, a sharpened picture is.

    Args:
        pairs: of A and A', float32 `(h, w, 3)` in [0, 255].
    """
    constant = [(tf.constant(a), tf.constant(a_prime)) for a, a_prime in pairs]
    found = pixel_rule.fit(constant, constant[0][0])

    def error(turn: Turn) -> float:
        apart = [
            found.of(tf.constant(turned(a, turn).copy())).numpy() - turned(a_prime, turn)
            for a, a_prime in pairs
        ]
        return float(np.mean([np.square(x).mean() for x in apart]))

    slight = SLIGHT * float(np.mean([a_prime.var((0, 1)).mean() for _, a_prime in pairs]))
    most = TURNED * error(TURNS[0]) + slight
    return tuple(turn for turn in TURNS if error(turn) <= most)
