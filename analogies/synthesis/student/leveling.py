"""A trained network's colors and contrast brought to those of what it learned from.

    B' <- (B' - mean) * gain + mean of the examples' B', gain = deviation of these / deviation

Where a B has many B', what a step compares are small samples of each, and what is nearest to
samples that differ by chance is a little less than either: contrast comes out some percent low.
"""

from collections.abc import Sequence

import keras
import numpy as np

from analogies.synthesis.student import network, using
from analogies.synthesis.student.crops import Example

MOST = 1.25  # gain, and one over that the least: what has learned nothing has no contrast


def level(model: keras.Model, call: using.Call, examples: Sequence[Example], seed: int) -> None:
    """Change the last layer of a network without a rule so that colors and contrast fit.

    Args:
        model: of `network.build`, with noise.
        call: the same, of `using.compiled`.
        examples: what it learned from.
        seed: of the noise; each example has another.
    """
    chance = network.chance_of(model)
    made = [
        using.make(call, x.before[np.newaxis], chance, seed + n)[0] for n, x in enumerate(examples)
    ]
    ours, theirs = _flat(made), _flat([x.after for x in examples])
    gain = (theirs.std(0) + 1e-3) / (ours.std(0) + 1e-3)
    gain = np.clip(gain, 1 / MOST, MOST)
    offset = theirs.mean(0) - gain * ours.mean(0)
    kernel, bias = model.get_layer(network.CHANGE).get_weights()
    # The layer's values are of [-1, 1]: B' = 127.5 * (value + 1).
    bias = gain * bias + gain - 1.0 + offset / 127.5
    model.get_layer(network.CHANGE).set_weights([kernel * gain, bias])


def _flat(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """All pixels of some pictures, float64 `(n, 3)`."""
    return np.concatenate([x.reshape(-1, 3) for x in pictures]).astype(np.float64)
