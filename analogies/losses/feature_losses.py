"""Losses that compare feature maps with targets, as Keras layers."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from analogies.losses.energies import gram_matrix, relative_squared_error

Maps = Mapping[str, tf.Tensor]


class _FeatureLoss(keras.layers.Layer):
    """A weight, the layers it looks at, and the sum over them; subclasses say what is summed."""

    def __init__(self, layers: Sequence[str], weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.feature_layers = tuple(layers)
        self.weight = float(weight)

    def call(self, maps: Maps, targets: Maps) -> tf.Tensor:
        """`weight * sum over layers of the energy`, a float32 scalar.

        Args:
            maps: {layer: float32 (h, w, c)} of B'; layers that are not this loss's are ignored.
            targets: {layer: target}, from `target` of this class.
        """
        energies = [self.energy(maps[name], targets[name]) for name in self.feature_layers]
        return self.weight * tf.add_n(energies)

    def energy(self, x: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        """Unweighted loss of one layer, a scalar; 0 where the map is the target."""
        return relative_squared_error(x, target)

    def get_config(self) -> dict[str, Any]:
        """What makes the same layer again."""
        own = {"layers": list(self.feature_layers), "weight": self.weight}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="analogies")
class AnalogyLoss(_FeatureLoss):
    """B' looks like A' where B looks like A.

        E = weight * sum_l mean((F_l(B') - T_l)^2) / mean(T_l^2)

    with T_l the map F_l(A') voted through the nearest-neighbor field from B to A. This is the
    analogy loss of Wentz's neural image analogies with the sum of squares made relative.

    Args:
        layers: names of the feature layers l.
        weight: of this loss, at least 0.

    Example:
        >>> loss = AnalogyLoss(["block3_conv1"], weight=2.0)
        >>> ones = {"block3_conv1": tf.ones((4, 5, 8))}
        >>> float(loss({"block3_conv1": tf.zeros((4, 5, 8))}, ones))
        2.0
    """


@keras.saving.register_keras_serializable(package="analogies")
class MRFLoss(_FeatureLoss):
    """Every patch of B' occurs in A': a Markov random field on feature maps.

        E = weight * sum_l mean((F_l(B') - V_l)^2) / mean(V_l^2)

    with V_l the map F_l(A') voted through the field from B' to A'. Li & Wand (2016), equation 2,
    sum |P_i(F(B')) - P_NN(i)(F(A'))|^2 over patches; with the matches held its gradient is that
    of the squared distance to the vote V, which is what CNNMRF computes. Their sum over
    overlapping patches counts inner cells k^2 times; here every cell counts once.

    Args:
        layers: names of the feature layers l.
        weight: of this loss, at least 0.
    """


@keras.saving.register_keras_serializable(package="analogies")
class ContentLoss(_FeatureLoss):
    """B' shows what B shows: `E = weight * sum_l mean((F_l(B') - F_l(B))^2) / mean(F_l(B)^2)`.

    Gatys et al. (2015), equation 1, made relative.

    Args:
        layers: names of the feature layers l.
        weight: of this loss, at least 0.
    """


@keras.saving.register_keras_serializable(package="analogies")
class GramLoss(_FeatureLoss):
    """B' has the style of A', as second moments of its features, wherever they are.

        E = weight * sum_l sum((G_l(B') - G_l(A'))^2) / sum(G_l(A')^2)

    Gatys et al. (2015), equations 3 to 5, with Gram matrices per cell and the error relative.
    The targets of `call` are Gram matrices `(c, c)`, see `energies.gram_matrix`.

    Args:
        layers: names of the feature layers l.
        weight: of this loss, at least 0.
    """

    def energy(self, x: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
        """Relative squared error of the Gram matrix of x `(h, w, c)`."""
        return relative_squared_error(gram_matrix(x), target)
