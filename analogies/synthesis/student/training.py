"""Training a network on crops, step by step, from a state that can be kept."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from analogies.features.vgg import FeatureModel
from analogies.losses import distances
from analogies.synthesis.student import network
from analogies.synthesis.student.crops import Crops, inner
from analogies.synthesis.student.sizes import CELL, NOISE, Chance

LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1")
CONTENT_LAYER = "block4_conv1"
STYLE_LAYERS = (*LAYERS, CONTENT_LAYER)
SECOND_MOMENT = 0.99  # Adam's decay of it; the batches are few


@dataclass(frozen=True)
class Recipe:
    """What a network is trained for.

    Attributes:
        name: for the person.
        pixels, features, sliced, patches: weights of the distances to A', see `losses.distances`.
        guide: of B's values, in [-1, 1], beside features of mean square 1.
        fades: the share of the training after which pixels and features count no more; 0: they
            always do. They show early what belongs where, but what is nearest to one of many B'
            is the mean of all, which is soft.
        crops: of a step, at most.
        steady: weight of the distance of what is made of a crop and of the same a few px further,
            which should differ by that alone: else a network of cells makes a grid of them, which
            stays where it is while a picture moves.
        kept: weight of the mean square of what is changed of the start, as of values in [-1, 1].
        coarse: weight of the distance of brightness, as means of `COARSE` px squares.
        gram, content, smooth: weights of the losses of style, where there is no B' to look at.
        noise: whether the network takes noise.
        rate: of learning, at its highest.
    """

    name: str
    pixels: float = 0.0
    features: float = 0.0
    sliced: float = 0.0
    patches: float = 0.0
    guide: float = 3.0
    fades: float = 0.0
    crops: int = 4
    steady: float = 0.0
    kept: float = 0.0
    coarse: float = 0.0
    gram: float = 0.0
    content: float = 0.0
    smooth: float = 0.0
    noise: bool = False
    rate: float = 2e-3

    @property
    def layers(self) -> tuple[str, ...]:
        """Of the feature model, none where it is not asked."""
        if self.gram or self.content:
            return STYLE_LAYERS
        return LAYERS if self.features or self.sliced else ()


# Chosen on planted pictures, by what they gain and by how their textures come out.
RECIPES = {
    "one": Recipe("B' follows from B", pixels=1.0),
    "many": Recipe(
        "a B has many B'",
        pixels=0.3,
        features=0.2,
        sliced=1.0,
        patches=2.0,
        guide=10.0,
        fades=0.4,
        crops=2,
        noise=True,
        rate=3e-3,
    ),
    "labels": Recipe(
        "labels have textures",
        sliced=1.0,
        patches=2.0,
        guide=10.0,
        crops=2,
        kept=100.0,
        noise=True,
        rate=1e-3,
    ),
    "tones": Recipe(
        "style of a teacher, from tones that have textures",
        coarse=3.0,
        sliced=0.5,
        patches=0.5,
        guide=5.0,
        kept=30.0,
        rate=2e-3,
    ),
    "style": Recipe(
        "style of a teacher", pixels=0.5, features=0.3, sliced=0.5, steady=10.0, rate=3e-3
    ),
    "loss of tones": Recipe(
        "a loss is the teacher, from tones that have textures",
        gram=10.0,
        content=1.0,
        smooth=0.05,
        kept=30.0,
        rate=2e-3,
    ),
    "loss": Recipe(
        "a loss is the teacher", gram=10.0, content=1.0, smooth=0.05, steady=50.0, rate=2e-3
    ),
}


class Trainer:
    """A network on its way.

    Args:
        model: of `network.build`.
        recipe: what it is trained for.
        batches: what it is trained on.
        steps: of the whole training, for the rate of learning; may be set later, see `steps`.
        seed: of noise and directions.
        style: float32 `(h, w, 3)` in [0, 255], for a recipe with a loss of style.
        features: the feature model, that of `recipe.layers`.

    Attributes:
        step: how many are done.
        steps: of the whole training.
    """

    def __init__(
        self,
        model: keras.Model,
        recipe: Recipe,
        batches: Crops,
        steps: int,
        seed: int = 0,
        style: np.ndarray | None = None,
        features: FeatureModel | None = None,
    ) -> None:
        self.model, self.recipe, self.batches = model, recipe, batches
        self.step, self.steps, self.seed = 0, steps, seed
        self._chance = network.chance_of(model)
        outputs = [model.output, model.get_layer(network.CHANGE).output]
        self._both = keras.Model(model.inputs, outputs)
        self._features = features
        self._grams: dict[str, tf.Tensor] = {}
        if recipe.gram and features is not None and style is not None:
            maps = features(tf.constant(style[np.newaxis], tf.float32))
            self._grams = {name: distances.gram_matrices(maps[name])[0] for name in STYLE_LAYERS}
        self._optimizer = keras.optimizers.Adam(recipe.rate, beta_2=SECOND_MOMENT)
        self._optimizer.build(model.trainable_variables)
        self._function = tf.function(self._one_step, autograph=False, reduce_retracing=True)

    def rate(self, step: int) -> float:
        """Of learning: up within the first steps, and then down as a cosine.

        The first steps do not depend on how many there will be, for that is found by them.
        """
        warm = min(1.0, (step + 1) / WARM)
        return self.recipe.rate * warm * (0.02 + 0.49 * (1 + math.cos(math.pi * self.done(step))))

    def done(self, step: int) -> float:
        """Which share of the training a step comes after, 0 for the first ones, see `rate`."""
        return min(1.0, max(0, step - FIRST) / max(1, self.steps - FIRST))

    def advance(self) -> dict[str, tf.Tensor]:
        """Take one step; returns the weighted terms of its loss, scalars."""
        before, after = self.batches.batch(self.step)
        self._optimizer.learning_rate.assign(self.rate(self.step))
        seed, share = tf.constant([self.seed % 2**31, self.step]), tf.constant(self.done(self.step))
        shift = tf.constant(self.batches.shift(self.step))
        terms = self._function(tf.constant(before), tf.constant(after), seed, share, shift)
        self.step += 1
        return terms

    def state(self) -> dict[str, np.ndarray]:
        """What the next step depends on, arrays by name."""
        found = {"step": np.array(self.step), "steps": np.array(self.steps)}
        for group, variables in self._groups().items():
            for number, variable in enumerate(variables):
                found[f"{group}/{number}"] = variable.numpy()
        return found

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state.

        Raises:
            ValueError: it is none of this network.
        """
        for group, variables in self._groups().items():
            for number, variable in enumerate(variables):
                value = state.get(f"{group}/{number}")
                if value is None or value.shape != tuple(variable.shape):
                    raise ValueError("it is of another network")
                variable.assign(value)
        self.step, self.steps = int(state["step"]), int(state["steps"])

    def _groups(self) -> dict[str, Sequence[Any]]:
        return {"model": self.model.variables, "optimizer": self._optimizer.variables}

    def _one_step(
        self,
        before: tf.Tensor,
        after: tf.Tensor,
        seed: tf.Tensor,
        done: tf.Tensor,
        shift: tf.Tensor,
    ) -> dict[str, Any]:
        before, after = tf.cast(before, tf.float32), tf.cast(after, tf.float32)
        values = [variable.value for variable in self.model.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            beside = _chances(before, self._chance, seed)
            inputs = [before, *beside] if beside else before
            made, change = self._both(inputs, training=True)
            made = inner(made)
            terms = self.terms(made, inner(before), inner(after), seed, done)
            if self.recipe.kept:
                terms["kept"] = self.recipe.kept * tf.reduce_mean(tf.square(inner(change)))
            if self.recipe.steady:
                terms["steady"] = self.recipe.steady * trembling(made, shift)
            loss = tf.add_n(list(terms.values()))
        self._optimizer.apply(tape.gradient(loss, values), self.model.trainable_variables)
        return terms

    def terms(
        self,
        made: tf.Tensor,
        before: tf.Tensor,
        after: tf.Tensor,
        seed: tf.Tensor,
        done: tf.Tensor | float = 0.0,
    ) -> dict[str, tf.Tensor]:
        """The weighted terms of the loss of a batch, {name: scalar}.

        Args:
            made: B' `(n, h, w, 3)` in [0, 255].
            before, after: B and the B' that is wanted, of the same shape.
            seed: int32 `(2,)`.
            done: share of the training, float32 scalar in [0, 1].
        """
        recipe, found = self.recipe, {}
        early = _fading(done / recipe.fades) if recipe.fades else 1.0
        if recipe.pixels:
            found["pixels"] = early * recipe.pixels * distances.pixel_distance(made, after)
        if recipe.coarse:
            grays = [tf.reduce_mean(x, -1, keepdims=True) for x in (made, after)]
            means = [tf.nn.avg_pool2d(x, COARSE, COARSE, "VALID") for x in grays]
            found["coarse"] = recipe.coarse * distances.pixel_distance(*means)
        if self._features is None:
            return found
        maps = self._features(made)
        if recipe.features or recipe.sliced:
            wanted = self._features(after)
            if recipe.features:
                apart = distances.feature_distance(maps, wanted)
                found["features"] = early * recipe.features * apart
            guide = recipe.guide * (before / 127.5 - 1.0)
            ours, theirs = _with_colors(made, maps), _with_colors(after, wanted)
            sliced = distances.sliced_distance(ours, theirs, guide, seed)
            found["sliced"] = recipe.sliced * sliced
            if recipe.patches:
                patches = distances.patch_distance(made, after, guide, seed)
                found["patches"] = recipe.patches * patches
        if recipe.gram:
            found["style"] = recipe.gram * distances.gram_distance(maps, self._grams)
            content = self._features(before)[CONTENT_LAYER]
            energy = tf.reduce_mean(tf.square(content)) + 1e-9
            apart = tf.reduce_mean(tf.square(maps[CONTENT_LAYER] - content)) / energy
            found["content"] = recipe.content * apart
            found["smooth"] = recipe.smooth * _roughness(made)
        return found


COARSE = 8
COLORS = ((1, 1 / 40), (4, 1 / 20))  # px that are averaged, and what makes them as large as maps
FIRST = 20  # steps, before it is settled how many there will be
WARM = 50  # steps, in which the rate of learning rises


def _fading(done: tf.Tensor | float) -> tf.Tensor:
    """From 1 at 0 to 0 at 1 and after, as a quarter of a cosine."""
    return tf.maximum(0.0, tf.cos(math.pi / 2 * tf.minimum(1.0, done)))


def trembling(made: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """Distance of the halves of a batch where they show the same.

    Args:
        made: `(2 n, h, w, 3)` in [0, 255], of crops of `Crops` with `twice`.
        shift: int32 `(2,)`, rows and columns that the second half lies further.
    """
    one, other = tf.split(made, 2)
    height, width = one.shape[1] - CELL, one.shape[2] - CELL
    moved = tf.slice(one, [0, shift[0], shift[1], 0], [-1, height, width, -1])
    return distances.pixel_distance(moved, other[:, :height, :width])


def _chances(like: tf.Tensor, chance: Chance, seed: tf.Tensor) -> list[tf.Tensor]:
    """What a network takes beside a batch of pictures, another for each of them."""
    count, height, width = (tf.shape(like)[i] for i in range(3))
    found = []
    if chance.noise:
        shape = (count, height // CELL, width // CELL, NOISE)
        found.append(tf.random.stateless_normal(shape, seed))
    if chance.period:
        period = chance.period
        starts = tf.random.stateless_uniform((2, count, 1), seed, 0, period, tf.int32)
        rows, columns = ((starts[i] + tf.range((height, width)[i])) % period for i in range(2))
        found.append(rows[:, :, tf.newaxis] * period + columns[:, tf.newaxis])
    return found


def _with_colors(picture: tf.Tensor, maps: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Maps of a feature model, and the colors themselves, fine and averaged."""
    colors = {f"colors{n}": tf.nn.avg_pool2d(picture, n, n, "VALID") * w for n, w in COLORS}
    return {**maps, **colors}


def _roughness(made: tf.Tensor) -> tf.Tensor:
    """Mean squared difference of neighboring pixels, as of values in [-1, 1]."""
    rows = tf.reduce_mean(tf.square((made[:, 1:] - made[:, :-1]) / 127.5))
    columns = tf.reduce_mean(tf.square((made[:, :, 1:] - made[:, :, :-1]) / 127.5))
    return rows + columns
