"""Random shifts and colors of a pass: `--jitter` and `--color-jitter` of image-analogies.

B' is changed before a pass and changed back after it, while what it is compared with stays: grids
of the network's pooling fall elsewhere in each pass, and the optimizer leaves its rut.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from analogies.options.table import Options


@dataclass(frozen=True)
class Jitter:
    """A change of a picture that can be taken back.

    Attributes:
        shift: rows and columns, px, around the border.
        noise: added to the colors, float32 `(h, w, 3)` or 0.
    """

    shift: tuple[int, int] = (0, 0)
    noise: np.ndarray | float = 0.0

    def apply(self, image: tf.Tensor) -> tf.Tensor:
        """The changed image."""
        return tf.roll(image + self.noise, self.shift, (0, 1))

    def undo(self, image: tf.Tensor) -> tf.Tensor:
        """The image without the change."""
        return tf.roll(image, [-step for step in self.shift], (0, 1)) - self.noise


def draw(
    options: Options, size: tuple[int, int], scale: float, level: int, iteration: int
) -> Jitter | None:
    """The change of one pass, which depends on the seed and the pass alone; None for none.

    Args:
        options: `jitter`, px at full size, and `color_jitter`, levels; each the largest change.
        size: `(height, width)` of B' at this level.
        scale: of the level, in (0, 1].
        level, iteration: of the pass.
    """
    if options.match_mode != "layer" or not (options.jitter or options.color_jitter):
        return None
    random = np.random.default_rng([options.seed, level, iteration])
    farthest = int(options.jitter * scale)
    rows, columns = random.integers(-farthest, farthest + 1, 2).tolist()
    strength = options.color_jitter
    noise = random.uniform(-strength, strength, (*size, 3)).astype(np.float32)
    return Jitter((rows, columns), noise if strength else 0.0)
