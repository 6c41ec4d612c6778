"""What a pass minimizes: the losses of B' towards targets, and their gradient."""

from typing import Any, NamedTuple

import tensorflow as tf

from analogies.losses import (
    AnalogyLoss,
    ContentLoss,
    GramLoss,
    MRFLoss,
    StartLoss,
    TotalVariationLoss,
)
from analogies.options.table import Options
from analogies.synthesis.descent import FTOL
from analogies.synthesis.joint.views import Maps, Seen
from analogies.synthesis.memory import PAIRS
from analogies.synthesis.network import Network


class Targets(NamedTuple):
    """What one pass minimizes towards."""

    maps: Maps  # {layer: voted map of A'}
    content: Maps
    style: Maps
    start: tf.Tensor  # (h2, w2, 3)
    explained: tf.Tensor
    variance: tf.Tensor


class Objective:
    """The losses of some options, on the features of their network.

    Args:
        options: say which losses there are.
        network: that they look at.
    """

    ftol = FTOL  # of a pass
    memory = PAIRS  # of L-BFGS
    in_one_graph = False  # what is composed of steps runs eagerly

    def __init__(self, options: Options, network: Network) -> None:
        self.network, self.losses = network, losses_of(options)

    def look(self, image) -> Seen:
        """What the network sees of an image `(H, W, 3)`."""
        return Seen(image, self.network.features(image), self.network.strides)

    def look_at_b(self, image) -> Seen:
        """What it sees of B or of B', which may tile."""
        return Seen(image, self.network.features_of_b(image), self.network.strides)

    def by_channels(self, function, values, own) -> tf.Tensor:
        """`function(values, own)` of maps with as many channels; `own` may be None."""
        return function(values, own)

    def terms(self, image, targets: Targets) -> dict[str, tf.Tensor]:
        """Weighted loss terms by name, scalars."""
        energies = self.energies(image, targets)
        return {
            name: self.losses[name].weight * tf.add_n(list(layers.values()))
            for name, layers in energies.items()
        }

    def energies(self, image, targets: Targets) -> dict[str, dict[str, tf.Tensor]]:
        """Losses without their weights, `{term: {layer: scalar}}`; the layer of pixels is "".

        A term is its loss's weight times the sum over the layers.
        """
        maps = self.network.features_of_b(image)
        others = {"content": targets.content, "style": targets.style}
        voted: dict[str, tf.Tensor] = {}  # what analogy and coherence have in common
        result = {}
        for name, loss in self.losses.items():
            if name == "smoothness":
                result[name] = {"": loss(image) / loss.weight}
            elif name == "start":
                value = loss(image, targets.start, targets.variance, targets.explained)
                result[name] = {"": value / loss.weight}
            else:
                wanted, found = others.get(name, targets.maps), {} if name in others else voted
                missing = [layer for layer in loss.feature_layers if layer not in found]
                found |= {layer: loss.energy(maps[layer], wanted[layer]) for layer in missing}
                result[name] = {layer: found[layer] for layer in loss.feature_layers}
        return result

    def loss_and_gradient(self, image, targets: Targets) -> tuple[tf.Tensor, tf.Tensor]:
        """Sum of the terms and its gradient `(h2, w2, 3)`."""
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.add_n(list(self.terms(image, targets).values()))
        return loss, tape.gradient(loss, image)


def losses_of(options: Options) -> dict:
    """The loss layers that have a weight, by the name of their term."""
    losses: dict[str, Any] = {
        "analogy": AnalogyLoss(options.analogy_layers, options.analogy_w),
        "mrf": MRFLoss(options.mrf_layers, options.mrf_w),
        "content": ContentLoss(options.content_layers, options.b_content_w),
        "style": GramLoss(options.nstyle_layers, options.nstyle_w),
        "smoothness": TotalVariationLoss(options.tv_w),
        "start": StartLoss(options.analogy_w),
    }
    return {name: loss for name, loss in losses.items() if loss.weight > 0}
