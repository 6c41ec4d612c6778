"""The losses of image-analogies: sums over cells and channels, one target per layer.

    E =   analogy_w / n  sum_l sum (F_l(B') - T_l)^2    T_l: F_l(A') voted through NNF(B -> A)
        + mrf_w / n      sum_l sum (F_l(B') - V_l)^2    V_l: F_l(A') voted through NNF(B' -> A')
        + b_content_w / n  sum_l sum (F_l(B') - F_l(B))^2
        + nstyle_w / n   sum_l sum (G_l(B') - G_l(A'))^2 / (4 * 3^2 * pixels^2)
        + tv_w           sum (dx^2 + dy^2)^1.25

with n the number of the term's layers: Wentz's neural image analogies (2016). T is fixed per level.
This differs from image-analogies: V is matched once per pass and held while it is minimized, not at
every evaluation.
"""

from typing import NamedTuple

import tensorflow as tf

from analogies.losses import sums
from analogies.options.table import Options
from analogies.synthesis.joint.maps import Maps
from analogies.synthesis.memory import PAIRS
from analogies.synthesis.network import Network


class Term(NamedTuple):
    """A part of the loss: `weight` times the sum over its layers."""

    weight: float
    layers: tuple[str, ...]


class Target(NamedTuple):
    """What a layer's map of B' should be.

    The loss is `sum_p weight[p] sum_c (x - mean)[p, c]^2 + spread`.
    """

    mean: tf.Tensor  # (h, w, c)
    weight: tf.Tensor  # (h, w, 1), 0 where no patch lies
    spread: tf.Tensor  # scalar


class LayerTargets(NamedTuple):
    """What one pass minimizes towards."""

    analogy: dict[str, Target]
    mrf: dict[str, Target]
    content: Maps
    style: Maps


class LayerObjective:
    """The losses of some options, on the features of their network.

    Args:
        options: say which losses there are.
        network: that they look at.
    """

    ftol = 2.2e-9  # SciPy's, which image-analogies runs with
    memory = PAIRS  # of L-BFGS

    def __init__(self, options: Options, network: Network) -> None:
        self.network, self.losses = network, _terms(options)

    def loss_and_gradient(self, image, targets: LayerTargets) -> tuple[tf.Tensor, tf.Tensor]:
        """Sum of the weighted terms and its gradient `(h, w, 3)`."""
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.add_n(list(self.terms(image, targets).values()))
        return loss, tape.gradient(loss, image)

    def terms(self, image, targets: LayerTargets) -> dict[str, tf.Tensor]:
        """Weighted loss terms by name, scalars."""
        energies = self.energies(image, targets)
        return {
            name: self.losses[name].weight * tf.add_n(list(layers.values()))
            for name, layers in energies.items()
        }

    def energies(self, image, targets: LayerTargets) -> dict[str, dict[str, tf.Tensor]]:
        """Losses without their weights, `{term: {layer: scalar}}`; the layer of pixels is ""."""
        maps = self.network.features(image)
        pixels = tf.cast(tf.size(image) // 3, tf.float32)
        result: dict[str, dict[str, tf.Tensor]] = {}
        for name, voted in (("analogy", targets.analogy), ("mrf", targets.mrf)):
            result[name] = {
                layer: sums.squared_distance(maps[layer], wanted.mean, wanted.weight)
                + wanted.spread
                for layer, wanted in voted.items()
            }
        result["content"] = {
            layer: sums.squared_distance(maps[layer], wanted)
            for layer, wanted in targets.content.items()
        }
        result["style"] = {
            layer: sums.gram_distance(maps[layer], wanted, pixels)
            for layer, wanted in targets.style.items()
        }
        if "smoothness" in self.losses:
            result["smoothness"] = {"": sums.variation_sum(image)}
        return {name: layers for name, layers in result.items() if layers}


def _terms(options: Options) -> dict[str, Term]:
    """The terms that have a weight."""
    layers = options.layers()
    weights = {
        "analogy": (options.analogy_w, layers.get("analogy_layers", ())),
        "mrf": (options.mrf_w, layers.get("mrf_layers", ())),
        "content": (options.b_content_w, layers.get("content_layers", ())),
        "style": (options.nstyle_w, layers.get("nstyle_layers", ())),
    }
    found = {name: Term(w / len(names), names) for name, (w, names) in weights.items() if names}
    return found | ({"smoothness": Term(options.tv_w, ())} if options.tv_w else {})
