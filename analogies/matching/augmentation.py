"""Rotated and scaled copies of a reference, matched as one reference set (Li & Wand 2016).

Copies of the pictures are made first (`augmented`), then their feature maps are put below one
another (`stack`): one map with a bias that keeps patches off the seams and off what a rotation
left empty. Matches of the stacked map tell which copy they come from (`copy_of`).
"""

import math
from typing import NamedTuple

import tensorflow as tf

from analogies.images.resampling import resize
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
        `(2 R + 1) (2 S + 1)` copies. Unlike CNNMRF's they are interpolated cubically and not
        cropped to the inscribed box: beyond the picture they show its mirror image, and `inside`
        tells what is picture.

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
    if (angle, factor) == (0.0, 1.0):
        return Copy(angle, factor, pixels, tf.ones_like(pixels[..., :1]))
    size = tf.cast(tf.shape(pixels)[:2], tf.float32)
    target = tf.cast(tf.round(size * factor), tf.int32)
    if angle == 0.0:
        found = resize(pixels, target, "cubic")
        inside = tf.ones_like(found[..., :1])
    else:
        # From twice as many pixels, as bilinear interpolation of the picture itself blurs it.
        fine = resize(pixels, tf.shape(pixels)[:2] * 2, "cubic")
        found = _turned(fine, angle, factor / 2, target, "REFLECT")
        inside = _turned(tf.ones_like(fine[..., :1]), angle, factor / 2, target, "CONSTANT")
        inside = tf.cast(inside > 0.999, tf.float32)
    found = tf.clip_by_value(found, tf.reduce_min(pixels), tf.reduce_max(pixels))
    return Copy(angle, factor, found, inside)


def _turned(pixels, angle: float, factor: float, target: tf.Tensor, beyond: str) -> tf.Tensor:
    """A picture turned about its middle and scaled, bilinear, at the size `target`."""
    size = tf.cast(tf.shape(pixels)[:2], tf.float32)
    cos, sin = math.cos(angle) / factor, math.sin(angle) / factor
    center = (size - 1) / 2
    middle = (tf.cast(target, tf.float32) - 1) / 2
    # Where the output pixel (x, y) comes from: a turn about the middles of both pictures.
    shift_x = center[1] - cos * middle[1] + sin * middle[0]
    shift_y = center[0] - sin * middle[1] - cos * middle[0]
    transform = tf.stack([cos, -sin, shift_x, sin, cos, shift_y, 0.0, 0.0])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels[tf.newaxis],
        transforms=transform[tf.newaxis],
        output_shape=target,
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode=beyond,
    )[0]


def stack(maps: list[tf.Tensor], insides: list[tf.Tensor], patch_size: int) -> ReferenceSet:
    """Put the feature maps of copies below one another.

    Args:
        maps: float `(h_i, w_i, c)`.
        insides: float `(h_i, w_i, 1)`, 1 where a cell may be used (`Copy.inside`, brought to the
            maps' size with minimum pooling or the like).
        patch_size: k.
    """
    heights = [int(cells.shape[0]) for cells in maps]
    tops = [sum(heights[:index]) for index in range(len(heights))]
    return ReferenceSet(
        below_one_another([tf.cast(cells, tf.float32) for cells in maps]),
        whole_patches(insides, patch_size),
        tf.constant(tops, tf.int32),
    )


def whole_patches(insides: list[tf.Tensor], patch_size: int) -> tf.Tensor:
    """The bias of maps below one another: 0 where a whole patch may be used, `OFF` elsewhere.

    Args:
        insides: float `(h_i, w_i, 1)`, 1 where a cell may be used; sides of at least `patch_size`.
        patch_size: k.

    Returns:
        float32 `(sum of h_i - k + 1, widest - k + 1)`.
    """
    usable = []
    for inside in insides:
        whole = -tf.nn.max_pool2d(-inside[tf.newaxis], patch_size, 1, "VALID")[0]
        usable.append(tf.pad(whole, [[0, patch_size - 1], [0, patch_size - 1], [0, 0]]))
    allowed = below_one_another(usable)[..., 0] > 0.5
    allowed = allowed[: 1 - patch_size or None, : 1 - patch_size or None]
    return tf.where(allowed, 0.0, OFF)


def below_one_another(maps: list[tf.Tensor]) -> tf.Tensor:
    """Maps `(h_i, w_i, c)` as one, `(sum of h_i, widest, c)`; what is empty is 0."""
    widest = max(int(cells.shape[1]) for cells in maps)
    wide = [tf.pad(cells, [[0, 0], [0, widest - cells.shape[1]], [0, 0]]) for cells in maps]
    return tf.concat(wide, axis=0)


def copy_of(field: NearestNeighborField, references: ReferenceSet) -> tf.Tensor:
    """Which copy each match comes from: int32, of the field's shape."""
    flat = tf.reshape(field.rows, (-1,))
    index = tf.searchsorted(references.tops, flat, side="right") - 1
    return tf.reshape(index, tf.shape(field.rows))
