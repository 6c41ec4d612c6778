"""Guides in the network's matching: channels beside those of pictures, never part of a loss.

A guide of weight 1 counts as the pixels of the pictures do: two classes, or black and white, are as
far apart as black and white. Their vectors have one length (`GuideMaps.of_one_length`), so that
distance and correlation tell the same.
"""

import math
from collections.abc import Sequence

import tensorflow as tf

from analogies.synthesis.controls import FULL
from analogies.synthesis.references import References

Maps = tuple[list[tf.Tensor], tf.Tensor]


def guide_maps(references: References) -> Maps | None:
    """The guides' maps side by side, at full size: of A of each pair, and of B; None without any.

    float32 `(h, w, c)`; for each guide the squared distance of two classes, or of black and white,
    is its weight.
    """
    sources: list[list] = [[] for _ in references.arrays]
    targets = []
    for guide in references.controls.guides:
        of_a, of_b = guide.of_one_length()
        channels = of_b.shape[-1] if guide.classes else of_b.shape[-1] / 2.0
        factor = math.sqrt(guide.weight / channels) / FULL
        targets.append(of_b * factor)
        for maps, values in zip(sources, of_a, strict=True):
            maps.append(values * factor)
    return ([_joined(maps) for maps in sources], _joined(targets)) if targets else None


def _joined(maps: Sequence) -> tf.Tensor:
    return tf.concat([tf.convert_to_tensor(x, tf.float32) for x in maps], -1)
