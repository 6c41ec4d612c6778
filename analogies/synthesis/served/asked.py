"""What is asked of an export."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from analogies.synthesis.pixels.kinds import ALIKE, STYLE, TEXTURE, UNLIKE

KINDS = (STYLE, ALIKE, UNLIKE, TEXTURE)  # by number; the others need what a request has not

Pictures = Sequence[tf.Tensor]  # A, A' and B, (h, w, 3) in [0, 255], A and A' of one size


class Asked(NamedTuple):
    """A request.

    Attributes:
        pictures: A, A' and B.
        seed: int32 scalar, of random starts.
        residual: bool scalar, whether a residual is carried over and not the picture; it counts
            where there are steps for both.
        share: float64 scalar, size of what the network makes as a fraction of the result.
    """

    pictures: Pictures
    seed: tf.Tensor
    residual: tf.Tensor
    share: tf.Tensor
