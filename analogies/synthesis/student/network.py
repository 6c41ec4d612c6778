"""The network that learns an analogy: pictures in, pictures out, of layers that Keras brings.

Three fourths of the work are done on cells of 4 x 4 px: a picture's 48 numbers per cell fit into 48
channels, so nothing is lost there, and a convolution sees sixteen times as much for its price.
Around that, a few channels at the full size keep what is fine.

    seen  = conv 3x3 (picture)
    cells = conv 4x4 / 4 (seen) [+ conv 1x1 (noise)]
    cells = cells + conv 3x3 (relu (conv 3x3 (cells)))          four times
    fine  = conv 3x3 ([transposed conv 4x4 * 4 (cells), seen] [, the same of the noise])
    B'    = rule (picture) + conv 3x3 (fine)

Of label maps the rule is a texture for each label (`labels.Textures`), laid where the label is, and
`seen` sees what was laid, too:

    laid  = sum over labels (softmax (conv 1x1 (picture)) * textures (places))

A convolution of 4 x 4 px with a stride of 4 is space-to-depth and a matrix, its transpose a
matrix and a pixel shuffle. Nothing is normalized over the picture, so a piece of a picture comes
out as it does in the whole (see `sizes.HALO`), and neighboring frames alike. The rule, where there
is one, is that of `joint.pixel_rule`, and is not trained.
"""

from typing import Any, NamedTuple

import keras
import numpy as np

from analogies.synthesis.student.labels import Textures, nearest_label
from analogies.synthesis.student.sizes import BLOCKS, CELL, GRAIN, NOISE, SIZES, Chance

CHANGE = "change"  # the last convolution, whose result is added to what a network starts from


# {side of what labels are compared with: weights of its pixels}
WINDOWS = {1: np.ones((1, 1)), 3: np.outer((0.25, 0.5, 0.25), (0.25, 0.5, 0.25))}


class RuleWeights(NamedTuple):
    """A smooth rule of the picture, see `joint.pixel_rule`; all for values in [-1, 1].

    Attributes:
        knots: `(k,)`, of the curves, or None where there are none.
        curves: `(k, 3, 3)`, of knot, channel, and channel of B'.
        filter: `(9, 9, 3, 3)`, or None where there is none.
        constant: `(3,)`.
    """

    knots: np.ndarray | None
    curves: np.ndarray | None
    filter: np.ndarray | None
    constant: np.ndarray


def build(
    size: str,
    noise: bool,
    rule: RuleWeights | None = None,
    seed: int = 0,
    textures: Textures | None = None,
) -> keras.Model:
    """The network, untrained.

    Args:
        size: "small" or "large".
        noise: whether it takes noise, for analogies where a B has many B'.
        rule: what it starts from; None: from nothing.
        seed: of its first weights.
        textures: of labels, to start from instead of a rule.

    Returns:
        a functional model of the picture `(n, h, w, 3)`, float32 in [0, 255], sides multiples of
        `CELL`, of noise `(n, h / CELL, w / CELL, NOISE)`, of mean 0 and deviation 1, where there
        is any, and of places in the textures, int32 `(n, h, w)` of `using.places_field`, where
        there are any; it returns B' `(n, h, w, 3)`, values in [0, 255] not enforced.
    """
    fine, cells = SIZES[size]
    seeds = iter(range(1000 * seed, 1000 * seed + 1000))
    picture = keras.Input((None, None, 3), dtype="float32", name="picture")
    x = keras.layers.Rescaling(1 / 127.5, -1.0, name="values", dtype="float32")(picture)
    shown, start = x, []
    if textures is not None:
        places = keras.Input((None, None), dtype="int32", name="places")
        start = [_laid(x, places, textures)]
        shown = keras.layers.Concatenate(name="with_laid", dtype="float32")([x, *start])
    if rule is not None:
        start = _ruled(x, rule)
    seen = _conv(fine, 3, next(seeds), "seen", relu=True)(shown)
    deep = _conv(cells, CELL, next(seeds), "to_cells", stride=CELL)(seen)
    inputs = [picture]
    if noise:
        inputs.append(keras.Input((None, None, NOISE), dtype="float32", name="noise"))
        spread = _conv(cells, 1, next(seeds), "noise_to_cells")(inputs[1])
        deep = keras.layers.Add(name="with_noise", dtype="float32")([deep, spread])
    for number in range(1, BLOCKS + 1):
        inner = keras.layers.ReLU(name=f"block{number}_relu", dtype="float32")(deep)
        inner = _conv(cells, 3, next(seeds), f"block{number}_conv1", relu=True)(inner)
        inner = _conv(cells, 3, next(seeds), f"block{number}_conv2", scale=0.3)(inner)
        deep = keras.layers.Add(name=f"block{number}", dtype="float32")([deep, inner])
    pixels = [_shuffled(fine, next(seeds), "to_pixels", "relu")(deep), seen]
    if noise:
        pixels.append(_shuffled(GRAIN, next(seeds), "noise_to_pixels")(inputs[1]))
    both = keras.layers.Concatenate(name="with_seen", dtype="float32")(pixels)
    both = _conv(fine, 3, next(seeds), "fine", relu=True)(both)
    # Textures are laid as they are before anything is learned.
    found = _conv(3, 3, next(seeds), CHANGE, scale=0.0 if textures is not None else 0.05)(both)
    if start:
        found = keras.layers.Add(name="with_rule", dtype="float32")([found, *start])
    found = keras.layers.Rescaling(127.5, 127.5, name="b_prime", dtype="float32")(found)
    if textures is not None:
        inputs.append(places)
    model = keras.Model(inputs if len(inputs) > 1 else picture, found, name="fast_analogy")
    if rule is not None:
        _set_rule(model, rule)
    if textures is not None:
        _set_textures(model, textures)
    return model


def chance_of(model: keras.Model) -> Chance:
    """What a network of `build` takes beside pictures."""
    names = [given.name for given in model.inputs]
    period = round(model.get_layer("textures").input_dim ** 0.5) if "places" in names else 0
    return Chance("noise" in names, period)


_FIXED: dict[str, Any] = {"data_format": "channels_last", "dtype": "float32", "padding": "same"}


def _initial(seed: int, scale: float) -> keras.initializers.Initializer:
    if scale == 0:
        return keras.initializers.Zeros()
    return keras.initializers.VarianceScaling(2.0 * scale**2, "fan_in", "normal", seed=seed)


def _conv(
    channels: int,
    side: int,
    seed: int,
    name: str,
    stride: int = 1,
    relu: bool = False,
    scale: float = 1.0,
) -> keras.layers.Layer:
    return keras.layers.Conv2D(
        channels,
        side,
        strides=stride,
        activation="relu" if relu else None,
        kernel_initializer=_initial(seed, scale),
        name=name,
        **_FIXED,
    )


def _shuffled(
    channels: int, seed: int, name: str, activation: str | None = None
) -> keras.layers.Layer:
    """From cells to pixels."""
    return keras.layers.Conv2DTranspose(
        channels,
        CELL,
        strides=CELL,
        activation=activation,
        kernel_initializer=_initial(seed, 1.0),
        name=name,
        **_FIXED,
    )


def _ruled(x: keras.KerasTensor, rule: RuleWeights) -> list[keras.KerasTensor]:
    """What the parts of a rule make of a picture, to be added up; their weights come later."""
    parts = []
    frozen = {"trainable": False, **_FIXED}
    if rule.knots is not None:
        width = 3 * len(rule.knots)
        bent = keras.layers.Conv2D(width, 1, activation="relu", name="rule_knots", **frozen)(x)
        parts.append(keras.layers.Conv2D(3, 1, name="rule_curves", **frozen)(bent))
    side = 1 if rule.filter is None else rule.filter.shape[0]
    parts.append(keras.layers.Conv2D(3, side, name="rule_filter", **frozen)(x))
    return parts


def _laid(x: keras.KerasTensor, places: keras.KerasTensor, textures: Textures) -> keras.KerasTensor:
    """The texture of the label that is nearest, a mixture between labels; weights come later."""
    count, period = textures.tiles.shape[:2]
    frozen = {"trainable": False, **_FIXED}
    which = keras.layers.Conv2D(
        count, textures.blur, activation="softmax", name="labels", **frozen
    )(x)
    which = keras.layers.Conv2D(3 * count, 1, name="labels_of_colors", **frozen)(which)
    pixels = keras.layers.Embedding(
        period**2, 3 * count, trainable=False, name="textures", dtype="float32"
    )(places)
    parts = keras.layers.Multiply(name="where_labels_are", dtype="float32")([which, pixels])
    return keras.layers.Conv2D(3, 1, name="laid", **frozen)(parts)


def _set_textures(model: keras.Model, textures: Textures) -> None:
    """Give the layers of the textures their weights."""
    count = len(textures.labels)
    kernel, bias = nearest_label(textures.labels)
    around = WINDOWS[textures.blur]
    model.get_layer("labels").set_weights([np.multiply.outer(around, kernel), bias])
    spread = np.repeat(np.eye(count), 3, 1)[np.newaxis, np.newaxis]
    model.get_layer("labels_of_colors").set_weights([spread, np.zeros(3 * count)])
    # Whole gray levels, which make a small file.
    rows = np.moveaxis(textures.tiles, 0, 2).reshape(-1, 3 * count)
    model.get_layer("textures").set_weights([rows.astype(np.float32)])
    kernel = np.tile(np.eye(3), (count, 1))[np.newaxis, np.newaxis] / 127.5
    model.get_layer("laid").set_weights([kernel, -np.ones(3)])


def _set_rule(model: keras.Model, rule: RuleWeights) -> None:
    """Give the layers of the rule its weights."""
    if rule.knots is not None and rule.curves is not None:
        # Knot by knot all channels, as `curves` lists them.
        kernel = np.tile(np.eye(3), (1, len(rule.knots)))[np.newaxis, np.newaxis]
        model.get_layer("rule_knots").set_weights([kernel, -np.repeat(rule.knots, 3)])
        curves = rule.curves.reshape(1, 1, -1, 3)
        model.get_layer("rule_curves").set_weights([curves, np.zeros(3)])
    kernel = np.zeros((1, 1, 3, 3)) if rule.filter is None else rule.filter
    model.get_layer("rule_filter").set_weights([kernel, rule.constant])
