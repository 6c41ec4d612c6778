"""Rotated and scaled copies of a reference, matched as one reference set (Li & Wand 2016).

Copies of the pictures are made first (`augmented`), then their feature maps are put below one
another (`stack`): one map with a bias that keeps patches off the seams and off what a rotation
left empty. Matches of the stacked map tell which copy they come from (`copy_of`).
"""

import math
from typing import NamedTuple

import tensorflow as tf

from analogies.matching.field import NearestNeighborField

ANGLE = math.pi / 24  # between rotated copies, as CNNMRF's
FACTOR = 1.05  # between scaled copies, as CNNMRF's
OFF = -1e30  # bias of places that hold no whole patch of a copy


class Copy(NamedTuple):
    """A changed copy of a picture.

    Attributes:
        angle: radians, counterclockwise.
        factor: scale.
        pixels: float32 `(h, w, c)`.
        inside: float32 `(h, w, 1)`, 1 where the copy shows the picture and 0 outside of it.
    """

    angle: float
    factor: float
    pixels: tf.Tensor
    inside: tf.Tensor


class ReferenceSet(NamedTuple):
    """Copies below one another.

    Attributes:
        cells: float32 `(rows of all copies, widest, c)`.
        bias: float32, for `match(..., reference_bias=...)`.
        tops: int32 `(copies,)`, the first row of each copy.
    """

    cells: tf.Tensor
    bias: tf.Tensor
    tops: tf.Tensor


def augmented(pixels: tf.Tensor, rotations: int = 0, rescales: int = 0) -> list[Copy]:
    """The picture itself, then its copies turned by r * pi / 24 and scaled by 1.05 ** s.

    Args:
        pixels: float `(h, w, c)`.
        rotations: R; r goes from -R to R.
        rescales: S; s goes from -S to S.

    Returns:
        `(2 R + 1) (2 S + 1)` copies, bilinear. Unlike CNNMRF's they are not cropped to the
        inscribed box; `inside` tells what is picture.

    Raises:
        ValueError: for negative numbers.
    """
    if rotations < 0 or rescales < 0:
        raise ValueError(
            "rotations and rescales must not be negative. "
            f"Received: rotations={rotations}, rescales={rescales}"
        )
    changes = [
        (r * ANGLE, FACTOR**s)
        for r in range(-rotations, rotations + 1)
        for s in range(-rescales, rescales + 1)
    ]
    changes.sort(key=lambda change: (change != (0.0, 1.0), change))
    return [_changed(tf.cast(pixels, tf.float32), *change) for change in changes]


def _changed(pixels: tf.Tensor, angle: float, factor: float) -> Copy:
    size = tf.cast(tf.shape(pixels)[:2], tf.float32)
    target = tf.cast(tf.round(size * factor), tf.int32)
    whole = tf.concat([pixels, tf.ones_like(pixels[..., :1])], axis=-1)
    if (angle, factor) == (0.0, 1.0):
        return Copy(angle, factor, pixels, whole[..., -1:])
    cos, sin = math.cos(angle) / factor, math.sin(angle) / factor
    center = (size - 1) / 2
    middle = (tf.cast(target, tf.float32) - 1) / 2
    # Where the output pixel (x, y) comes from: a turn about the middles of both pictures.
    shift_x = center[1] - cos * middle[1] + sin * middle[0]
    shift_y = center[0] - sin * middle[1] - cos * middle[0]
    transform = tf.stack([cos, -sin, shift_x, sin, cos, shift_y, 0.0, 0.0])
    found = tf.raw_ops.ImageProjectiveTransformV3(
        images=whole[tf.newaxis],
        transforms=transform[tf.newaxis],
        output_shape=target,
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )[0]
    return Copy(angle, factor, found[..., :-1], tf.cast(found[..., -1:] > 0.999, tf.float32))


def stack(maps: list[tf.Tensor], insides: list[tf.Tensor], patch_size: int) -> ReferenceSet:
    """Put the feature maps of copies below one another.

    Args:
        maps: float `(h_i, w_i, c)`.
        insides: float `(h_i, w_i, 1)`, 1 where a cell may be used (`Copy.inside`, brought to the
            maps' size with minimum pooling or the like).
        patch_size: k.
    """
    widest = max(int(cells.shape[1]) for cells in maps)

    def widened(cells: tf.Tensor) -> tf.Tensor:
        return tf.pad(cells, [[0, 0], [0, widest - cells.shape[1]], [0, 0]])

    usable = []
    for inside in insides:
        whole = -tf.nn.max_pool2d(-inside[tf.newaxis], patch_size, 1, "VALID")[0]
        usable.append(tf.pad(whole, [[0, patch_size - 1], [0, patch_size - 1], [0, 0]]))
    allowed = tf.concat([widened(part) for part in usable], axis=0)[..., 0] > 0.5
    allowed = allowed[: 1 - patch_size or None, : 1 - patch_size or None]
    heights = [int(cells.shape[0]) for cells in maps]
    tops = [sum(heights[:index]) for index in range(len(heights))]
    return ReferenceSet(
        tf.concat([widened(tf.cast(cells, tf.float32)) for cells in maps], axis=0),
        tf.where(allowed, 0.0, OFF),
        tf.constant(tops, tf.int32),
    )


def copy_of(field: NearestNeighborField, references: ReferenceSet) -> tf.Tensor:
    """Which copy each match comes from: int32, of the field's shape."""
    flat = tf.reshape(field.rows, (-1,))
    index = tf.searchsorted(references.tops, flat, side="right") - 1
    return tf.reshape(index, tf.shape(field.rows))
