"""What a level of the network starts from."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from analogies.images.resampling import resize
from analogies.matching import NearestNeighborField
from analogies.matching.patches import on_stride
from analogies.synthesis.method import Before, Given, Work
from analogies.synthesis.references import References, boxes

BLOCK = 3  # patches, side of the squares a start without any guide is laid out in

Tint = Callable[[tf.Tensor], tf.Tensor]


def given_image(work: Work, references: References, given: Given, tint: Tint) -> tf.Tensor | None:
    """B' at the coarsest level's size from what was given, or None where that is nothing.

    Args:
        work: at that level.
        references: of the run.
        given: a picture, left as it is; else B or noise, tinted.
        tint: brings a start to colors that the method needs.
    """
    if given.image is not None:
        return fitted(tf.convert_to_tensor(given.image, tf.float32), work)
    if given.kind == "auto":
        return None
    return tint(fitted(noise(work, given.seed) if given.kind == "noise" else references.b, work))


def enlarged(work: Work, before: Before, tint: Tint) -> tf.Tensor:
    """B' of the level before at the size of the one to be started."""
    height, width = before.level.size_b
    return tint(fitted(before.state.image[:height, :width], work))


def noise(work: Work, seed: int) -> tf.Tensor:
    """Uniform noise of the level's size, `(h, w, 3)` in [0, 255]."""
    random = np.random.default_rng(seed)
    return tf.constant(random.uniform(0, 255, (*work.level.size_b, 3)), tf.float32)


def scattered(
    work: Work,
    query: tuple[int, int],
    reference: tuple[int, int],
    k: int,
    stride: int,
    seed: int,
    margins: Sequence[int] = (0, 0),
) -> NearestNeighborField:
    """A random field for a start without a guide: squares of the reference at random places.

    Args:
        work: at the level.
        query, reference: rows and columns of their maps, in cells.
        k: side of a patch, in cells.
        stride: of patches, in cells.
        seed: of the places.
        margins: of the query, in cells, that show its other side, where its squares go on.
    """
    random = np.random.default_rng(seed)
    places = np.indices((query[0] - k + 1, query[1] - k + 1))
    blocks = places // (BLOCK * k)
    within = places - blocks * (BLOCK * k)
    for axis, margin in enumerate(margins):
        if margin:
            side = query[axis] - 2 * margin
            blocks[axis], within[axis] = _around(places[axis] - margin, side, BLOCK * k, random)
    shape = blocks.max(axis=(1, 2)) + 1
    top, *extents = boxes(work.setting.parts, work.level.cell, reference, random, shape)

    def spread(values) -> np.ndarray:
        """Values of the blocks at their places."""
        return np.broadcast_to(values, shape)[blocks[0], blocks[1]]

    found = []
    for axis, extent in enumerate(extents):
        corners = spread(random.integers(0, extent - k + 1, shape))
        found.append((corners + within[axis]) % spread(extent - k + 1))
    found[0] = found[0] + spread(top)
    rows, cols = (on_stride(tf.constant(x, tf.int32), stride) for x in found)
    return NearestNeighborField(rows, cols, tf.ones(rows.shape))


def _around(
    places: np.ndarray, side: int, square: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Squares of one side and places within them, where a side goes on at its other one.

    As many whole ones as fit about, and the first of them anywhere: where squares meet patches are
    of no one place in A', and that is not to be where B' ends.

    Args:
        places: in cells, any.
        side: cells, after which they are the same again.
        square: cells of a square, about.
        random: decides where the first one begins.
    """
    places = (places + random.integers(side)) % side
    count = max(round(side / square), 1)
    blocks = places * count // side
    return blocks, places + (-blocks * side // count)


def fitted(image: tf.Tensor, work: Work) -> tf.Tensor:
    """An image brought to the level's size."""
    return tf.clip_by_value(resize(image, work.level.size_b, "cubic", work.level.wrap), 0.0, 255.0)
