"""`Distiller`: student, lifts, teacher and augmentation as one Keras model for `fit`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
from keras import ops

from analogies.features.networks import layer_info, layer_table
from analogies.features.vgg import FeatureModel
from distillation import losses
from distillation.teachers import Teacher

# The student sees (RGB - CENTER) / SPREAD while it is trained; folded into its first kernel after.
CENTER, SPREAD = 128.0, 64.0


@dataclass(frozen=True)
class Recipe:
    """Weights of the loss terms, and the sharpness of the match distributions.

    Attributes:
        regression: weight of the lifted regression.
        divergence: weight of the divergence of match distributions.
        shortfall: weight of the expected loss of matches.
        temperature: of the teacher's correlations in the softmax.
        dormancy: weight of the push that wakes dead channels (see `losses.dormancy`).
        layers: weight of each layer.
    """

    regression: float = 1.0
    divergence: float = 0.5
    shortfall: float = 0.0
    temperature: float = 0.03
    dormancy: float = 0.1
    layers: Mapping[str, float] = field(
        default_factory=lambda: {
            "block1_conv1": 0.3,
            "block2_conv1": 0.5,
            "block3_conv1": 1.5,
            "block4_conv1": 1.0,
            "block5_conv1": 0.4,
        }
    )


class Rectifier:
    """ReLU that remembers what it was given last, of which ReLU itself shows half."""

    def __init__(self):
        self.given = None

    def __call__(self, x):
        """`max(x, 0)`, any shape."""
        self.given = x
        return ops.relu(x)


class Distiller(keras.Model):
    """Losses of the student on a batch of uint8 crops, with everything but `fit` inside.

    Only the student and the 1x1 lifts are trained. `terms` are running means per layer and kind.
    """

    def __init__(self, teacher: Teacher, recipe: Recipe, patches_per_side: int = 7, seed: int = 0):
        super().__init__(name="distiller")
        self.recipe, self.teacher = recipe, teacher
        self.names = teacher.layers
        self.per_side = patches_per_side
        self.student = FeatureModel("slim", self.names, weights="random")
        self.student.trainable = True
        self.rectifiers = []
        for layer in self.student.layers:
            if isinstance(layer, keras.layers.Conv2D):
                layer.activation = Rectifier()
                self.rectifiers.append(layer.activation)
        self.teacher_models = teacher.models
        for model in self.teacher_models:
            model.trainable = False
        self.lifts, self.sharpness = [], []
        for name in self.names:
            wide, narrow = layer_info("vgg19", name).channels, layer_info("slim", name).channels
            lift = keras.layers.Dense(wide, name=f"{name}_lift")
            lift.build((None, None, None, narrow))
            self.lifts.append(lift)
            self.sharpness.append(
                self.add_weight(shape=(), initializer="zeros", name=f"{name}_sharpness")
            )
        self.seeds = keras.random.SeedGenerator(seed)
        kinds = ("regression", "divergence", "shortfall")
        self.terms = {
            (n, k): keras.metrics.Mean(name=f"{n}_{k}") for n in self.names for k in kinds
        }
        self.dormant = keras.metrics.Mean(name="dormancy")
        self.trackers = [*self.terms.values(), self.dormant]
        self.built = True

    def call(self, crops, training=False):
        """uint8 (n, s, s, 3) to {"layer/kind": loss, "dormancy": loss}."""
        images = ops.cast(crops, "float32")
        if training:
            images = augment(images, self.seeds)
        narrow = self.student((images - CENTER) / SPREAD)
        out = {"dormancy": sum(losses.dormancy(r.given) for r in self.rectifiers)}
        wide = self.teacher(images)
        for index, name in enumerate(self.names):
            target, map_ = ops.stop_gradient(wide[name]), narrow[name]
            stride = max(1, (target.shape[1] - 2) // self.per_side)
            ours, theirs = losses.similarities(map_, stride), losses.similarities(target, stride)
            sharp = ops.exp(self.sharpness[index])
            heat = self.recipe.temperature
            out[f"{name}/regression"] = losses.regression(self.lifts[index](map_), target)
            out[f"{name}/divergence"] = losses.divergence(ours, theirs, sharp, heat)
            out[f"{name}/shortfall"] = losses.shortfall(ours, theirs, sharp, heat)
        return out

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The weighted sum of all terms."""
        self.dormant.update_state(y_pred["dormancy"])
        total = self.recipe.dormancy * y_pred["dormancy"]
        for (name, kind), mean in self.terms.items():
            value = y_pred[f"{name}/{kind}"]
            mean.update_state(value)
            total += self.recipe.layers[name] * getattr(self.recipe, kind) * value
        return total

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """The running means so far."""
        return self.get_metrics_result()


def augment(images, seeds):
    """Colors, contrast and noise changed picture by picture; (n, h, w, 3) stays in [0, 255].

    A third of the pictures stay as they are, so that the student is best on natural ones.
    """
    n = images.shape[0] or ops.shape(images)[0]

    def uniform(low, high, channels=1):
        return keras.random.uniform((n, 1, 1, channels), low, high, seed=seeds)

    mean = ops.mean(images, axis=(1, 2), keepdims=True)
    grey = ops.mean(images, axis=-1, keepdims=True)
    changed = grey + (images - grey) * uniform(0.0, 1.6)
    changed = mean + (changed - mean) * uniform(0.5, 1.4) * uniform(0.85, 1.15, 3)
    changed = changed + uniform(-35.0, 35.0) + uniform(-20.0, 20.0, 3)
    noise = keras.random.normal(ops.shape(images), seed=seeds)
    changed = changed + noise * ops.relu(uniform(-40.0, 20.0))
    choice = uniform(0.0, 1.0)
    changed = ops.where(choice < 0.9, changed, 255.0 - changed)
    return ops.clip(ops.where(choice < 0.35, images, changed), 0.0, 255.0)


def export_arrays(
    student: FeatureModel, pictures: Sequence[np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernels and biases for RGB in [0, 255], every layer's mean square 1 over `pictures`.

    A ReLU network may be scaled layer by layer: with W' = W r_before / r and b' = b / r the
    maps are divided by their root mean square r and nothing else changes.

    Args:
        student: a trained slim network that reads (RGB - CENTER) / SPREAD.
        pictures: uint8 (H, W, 3) each.
    """
    held = {layer.name for layer in student.layers}
    rows = [row.name for row in layer_table("slim") if row.name in held]
    probe = keras.Model(student.inputs[0], [student.get_layer(name).output for name in rows])
    energy, cells = np.zeros(len(rows)), np.zeros(len(rows))
    for picture in pictures:
        batch = (picture[None].astype("float32") - CENTER) / SPREAD
        for index, value in enumerate(probe(batch)):
            value = ops.convert_to_numpy(value)
            energy[index] += np.square(value, dtype=np.float64).sum()
            cells[index] += value.size
    rms = np.sqrt(energy / cells)
    arrays = {}
    for index, name in enumerate(rows):
        layer = student.get_layer(name)
        kernel = ops.convert_to_numpy(layer.kernel).astype(np.float64)
        bias = ops.convert_to_numpy(layer.bias).astype(np.float64)
        if index == 0:
            kernel = kernel / SPREAD
            bias = bias - CENTER * kernel.sum((0, 1, 2))
        else:
            kernel = kernel * rms[index - 1]
        arrays[name] = (kernel / rms[index], bias / rms[index])
    return arrays


def write_weights(path: str | Path, arrays: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """A `.weights.h5` that Keras and `FeatureModel` load, its numbers in float16."""
    import h5py

    with h5py.File(path, "w") as file:
        for index, (kernel, bias) in enumerate(arrays.values()):
            group = file.create_group(f"layers/conv2d{f'_{index}' if index else ''}/vars")
            group["0"], group["1"] = kernel.astype(np.float16), bias.astype(np.float16)
