"""What a trained network makes of a picture of any size, in pieces where it is large."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from analogies.synthesis.student.sizes import CELL, HALO, NOISE, Chance

PIECE = 768  # px, side of what is made at once, at most

Call = Callable[..., Any]


def compiled(model: keras.Model) -> Call:
    """A network as a function of `(n, h, w, 3)` and what it takes beside; of any size."""
    specs = [tf.TensorSpec(given.shape, given.dtype) for given in model.inputs]

    @tf.function(input_signature=specs, autograph=False)
    def call(*inputs: tf.Tensor) -> tf.Tensor:
        return model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)

    return call


def make(
    call: Call,
    pictures: np.ndarray,
    chance: Chance,
    seed: int = 0,
    piece: int = PIECE,
    told: Callable[[float], None] | None = None,
) -> np.ndarray:
    """B' of some pictures of one size.

    The pictures are mirrored at their edges, as they are for the rule, by as much as a pixel of
    B' sees (`HALO`), so a piece that is cut out with that much around it comes out as in the
    whole, but for rounding. Noise and textures are those of the place in the picture.

    Args:
        call: of `compiled`.
        pictures: `(n, h, w, 3)` in [0, 255].
        chance: what the network takes beside, see `network.chance_of`.
        seed: of that, alike for all pictures.
        piece: side in px of the largest part that is made at once, without what is seen around it.
        told: called with the share that is done, in (0, 1], after each of these parts; what it
            raises ends the making.

    Returns:
        float32 `(n, h, w, 3)` in [0, 255].
    """
    count, height, width, _ = pictures.shape
    rest = -height % CELL, -width % CELL
    edges = ((0, 0), (HALO, HALO + rest[0]), (HALO, HALO + rest[1]), (0, 0))
    padded = np.pad(np.asarray(pictures, np.float32), edges, "symmetric")
    fields = [
        (field.numpy(), padded.shape[1] // field.shape[0])
        for field in chance_fields(padded.shape[1:3], chance, seed)
    ]
    side = max(CELL, piece // CELL * CELL)
    found = np.empty((count, height + rest[0], width + rest[1], 3), np.float32)
    corners = [(y, x) for y in range(0, height, side) for x in range(0, width, side)]
    for done, (top, left) in enumerate(corners, 1):
        core = np.s_[:, top : top + side, left : left + side]
        rows, columns = found[core].shape[1:3]
        window = np.s_[:, top : top + rows + 2 * HALO, left : left + columns + 2 * HALO]
        given = [tf.constant(padded[window])]
        for field, cell in fields:
            cells = tuple(slice(s.start // cell, s.stop // cell) for s in window[1:])
            part = np.broadcast_to(field[cells], (count, *field[cells].shape))
            given.append(tf.constant(part))
        found[core] = call(*given).numpy()[:, HALO:-HALO, HALO:-HALO]
        if told is not None:
            told(done / len(corners))
    return np.clip(found[:, :height, :width], 0.0, 255.0)


def noise_field(size: tuple[int, int] | tf.Tensor, seed: int) -> tf.Tensor:
    """Noise for a picture of a size in px, float32 `(h / CELL, w / CELL, NOISE)`."""
    shape = (size[0] // CELL, size[1] // CELL, NOISE)
    return tf.random.stateless_normal(shape, tf.constant([seed, 1]))


def places_field(size: tuple[int, int] | tf.Tensor, period: int, seed: int) -> tf.Tensor:
    """Places in textures of a period for a picture of a size in px, int32 `(h, w)`.

    They count the pixels of a texture row by row; where the first one lies is decided by chance.
    """
    start = tf.random.stateless_uniform((2,), tf.constant([seed, 2]), 0, period, tf.int32)
    rows, columns = ((start[i] + tf.range(size[i])) % period for i in range(2))
    return rows[:, tf.newaxis] * period + columns


def chance_fields(size: tuple[int, int] | tf.Tensor, chance: Chance, seed: int) -> list[tf.Tensor]:
    """What a network takes beside a picture of a size in px, in the order in which it takes it."""
    found = [noise_field(size, seed)] if chance.noise else []
    return [*found, places_field(size, chance.period, seed)] if chance.period else found


def whole(call: Call, pictures: tf.Tensor, chance: Chance, seed: int) -> tf.Tensor:
    """What `make` does, at once and in a graph.

    Args:
        pictures: float32 `(n, h, w, 3)` in [0, 255].

    Returns:
        float32 `(n, h, w, 3)` in [0, 255].
    """
    count, height, width = (pictures.shape[i] or tf.shape(pictures)[i] for i in range(3))
    padded = tf.gather(tf.gather(pictures, _mirrored(height), axis=1), _mirrored(width), axis=2)
    given = [padded]
    for field in _fields_of(height, width, chance, seed):
        given.append(tf.repeat(field[tf.newaxis], count, axis=0))
    found = call(*given)[:, HALO : HALO + height, HALO : HALO + width]
    return tf.clip_by_value(found, 0.0, 255.0)


def _fields_of(
    height: int | tf.Tensor, width: int | tf.Tensor, chance: Chance, seed: int
) -> list[tf.Tensor]:
    """What is taken beside a padded picture; of a size that is known, as numbers."""
    sides = [side + -side % CELL + 2 * HALO for side in (height, width)]
    if any(isinstance(side, tf.Tensor) for side in sides):
        return chance_fields((sides[0], sides[1]), chance, seed)
    with tf.init_scope():
        values = [x.numpy() for x in chance_fields((sides[0], sides[1]), chance, seed)]
    return [tf.constant(x) for x in values]


def _mirrored(side: int | tf.Tensor) -> tf.Tensor:
    """Places of the rows of a padded picture in the picture, as `np.pad` mirrors it."""
    places = tf.range(-HALO, side + -side % CELL + HALO) % (2 * side)
    return tf.minimum(places, 2 * side - 1 - places)
