"""What a level starts from."""

import numpy as np
import tensorflow as tf

from analogies.images.resampling import resize
from analogies.matching import NearestNeighborField
from analogies.matching.patches import on_stride
from analogies.synthesis.method import Work
from analogies.synthesis.references import References, boxes

BLOCK = 3  # patches, side of the squares a start without any guide is laid out in


def first_image(
    work: Work, references: References, b: tf.Tensor, init: np.ndarray | None, kind: str, seed: int
) -> tf.Tensor:
    """B' at the start of the coarsest level, padded.

    Args:
        work: at that level.
        references: of the run.
        b: `(h, w, 3)` in [0, 255], any size.
        init: a picture to start from, the same.
        kind: where there is none, "b", "noise" or "auto".
        seed: of noise and random places.
    """
    if init is not None:
        image = fitted(tf.convert_to_tensor(init, tf.float32), work)
    elif kind == "auto":
        return work.method.first(work, references, seed)
    else:
        image = noise(work, seed) if kind == "noise" else b
        image = work.method.tint(fitted(image, work), references.pairs[0][1])
    return work.method.pad(image, work.level)


def next_image(
    image: tf.Tensor, size: tuple[int, int], work: Work, a_prime: tf.Tensor
) -> tf.Tensor:
    """B' at the start of a finer level, padded.

    Args:
        image: of the level before, padded.
        size: `(height, width)` of B' there, px.
        work: at the level to be started.
        a_prime: at full size.
    """
    image = fitted(image[: size[0], : size[1]], work)
    return work.method.pad(work.method.tint(image, a_prime), work.level)


def noise(work: Work, seed: int) -> tf.Tensor:
    """Uniform noise of the level's size, `(h, w, 3)` in [0, 255]."""
    random = np.random.default_rng(seed)
    return tf.constant(random.uniform(0, 255, (*work.level.size_b, 3)), tf.float32)


def scattered(
    work: Work, query: tuple[int, int], reference: tuple[int, int], k: int, stride: int, seed: int
) -> NearestNeighborField:
    """A random field for a start without a guide: squares of the reference at random places.

    Args:
        work: at the level.
        query, reference: rows and columns of their maps, in cells.
        k: side of a patch, in cells.
        stride: of patches, in cells.
        seed: of the places.
    """
    random = np.random.default_rng(seed)
    places = np.indices((query[0] - k + 1, query[1] - k + 1))
    blocks = places // (BLOCK * k)
    shape = blocks.max(axis=(1, 2)) + 1
    top, *extents = boxes(work.setting.parts, work.level.cell, reference, random, shape)

    def spread(values) -> np.ndarray:
        """Values of the blocks at their places."""
        return np.broadcast_to(values, shape)[blocks[0], blocks[1]]

    found = []
    for axis, extent in enumerate(extents):
        corners = spread(random.integers(0, extent - k + 1, shape))
        found.append((corners + places[axis] % (BLOCK * k)) % spread(extent - k + 1))
    found[0] = found[0] + spread(top)
    rows, cols = (on_stride(tf.constant(x, tf.int32), stride) for x in found)
    return NearestNeighborField(rows, cols, tf.ones(rows.shape))


def fitted(image: tf.Tensor, work: Work) -> tf.Tensor:
    """An image brought to the level's size."""
    return tf.clip_by_value(resize(image, work.level.size_b, "cubic"), 0.0, 255.0)
