"""Losses on the pixels of B' themselves, as Keras layers."""

from typing import Any

import keras
import tensorflow as tf

from analogies.losses.energies import mean_square, total_variation

MOST_TRUST = 100.0  # in a prediction, however exact: other weights must keep their say


@keras.saving.register_keras_serializable(package="analogies")
class TotalVariationLoss(keras.layers.Layer):
    """B' is smooth: `E = weight * mean(((dx^2 + dy^2) / 255^2)^power)`.

    Args:
        weight: of this loss, at least 0.
        power: 1.25 as in image-analogies; 1 is CNNMRF's.
    """

    def __init__(self, weight: float = 1.0, power: float = 1.25, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.weight, self.power = float(weight), float(power)

    def call(self, image: tf.Tensor) -> tf.Tensor:
        """Float32 scalar for an image `(h, w, 3)` in [0, 255]."""
        return self.weight * total_variation(image, self.power)

    def get_config(self) -> dict[str, Any]:
        """What makes the same layer again."""
        return {**super().get_config(), "weight": self.weight, "power": self.power}


@keras.saving.register_keras_serializable(package="analogies")
class StartLoss(keras.layers.Layer):
    """B' stays near the image it started from as far as that one can be trusted.

        E = weight * mean((B' - S)^2) / variance * explained / (1 - explained)

    S is the start: what A predicts of the pixels, plus voted residuals (see
    `analogies.synthesis.joint.pixel_rule`). The last factor is the signal-to-noise ratio of the
    prediction on held-out pixels: it lets features decide where A tells little about the pixels
    of A', and holds B' to the prediction where A tells everything. The ratio counts up to
    `MOST_TRUST`.

    Args:
        weight: of this loss, at least 0.
    """

    def __init__(self, weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.weight = float(weight)

    def call(
        self, image: tf.Tensor, start: tf.Tensor, variance: tf.Tensor, explained: tf.Tensor
    ) -> tf.Tensor:
        """Float32 scalar.

        Args:
            image, start: `(h, w, 3)` in [0, 255].
            variance: of the pixels of A', scalar.
            explained: R^2 of the prediction, scalar in [0, 1).
        """
        error = mean_square(image - start)
        trust = tf.minimum(explained / (1.0 - explained), MOST_TRUST)
        return self.weight * trust * error / tf.maximum(variance, 1.0)

    def get_config(self) -> dict[str, Any]:
        """What makes the same layer again."""
        return {**super().get_config(), "weight": self.weight}
