"""What a pass minimizes: the losses of B' towards targets, their gradient, and the minimization."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from analogies.features import FeatureModel
from analogies.features.networks import layer_info
from analogies.losses import (
    AnalogyLoss,
    ContentLoss,
    GramLoss,
    MRFLoss,
    StartLoss,
    TotalVariationLoss,
)
from analogies.optimizers import OptimizeResult, minimize
from analogies.optimizers.lbfgsb import start as start_minimizing
from analogies.optimizers.result import State
from analogies.options.table import Options
from analogies.synthesis.memory import PAIRS
from analogies.tracing import Traced

Maps = Mapping[str, tf.Tensor]
BOUNDS = (0.0, 255.0)
FTOL = 1e-5  # relative; a pass that gains less per iteration has stalled
GTOL = 1e-8  # relative to the gradient at its start
IMAGE = tf.TensorSpec((None, None, 3), tf.float32)


class Targets(NamedTuple):
    """What one pass minimizes towards."""

    maps: Maps  # {layer: voted map of A'}
    content: Maps
    style: Maps
    start: tf.Tensor  # (h2, w2, 3)
    explained: tf.Tensor
    variance: tf.Tensor


class Objective(tf.Module):
    """The losses of some options, on the features of their network.

    Args:
        options: say which losses there are, network, layers and weights.
        model: the network with the layers of the options; made where it is not given.
    """

    ftol = FTOL  # of a pass

    def __init__(self, options: Options, model: FeatureModel | None = None) -> None:
        super().__init__()
        self.options, self.memory = options, PAIRS
        self.losses = _losses(options)
        used = [name for layers in options.layers().values() for name in layers]
        self.layers = tuple(dict.fromkeys(used))
        self.model = model or FeatureModel(
            options.features,
            self.layers,
            options.vgg_weights,
            options.pool_mode,
            thin_maps=False,
            precision=options.precision,
        )
        table = {name: layer_info(self.model.network, name) for name in self.layers}
        self.strides = {name: info.stride for name, info in table.items()}
        self.channels = {name: info.channels for name, info in table.items()}
        self._maps = Traced(self._one_image, [IMAGE])

    def features(self, image) -> dict[str, tf.Tensor]:
        """`{layer: (h, w, c)}` of one image `(H, W, 3)`."""
        return self._maps(image)

    def _one_image(self, image) -> dict[str, tf.Tensor]:
        batch = self.model(tf.expand_dims(image, 0))  # an index would have a slow gradient
        return {name: tf.squeeze(maps, 0) for name, maps in batch.items()}

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
        maps = self.features(image)
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

    def begin(self, image) -> State:
        """State of a minimization that starts at `image`."""
        return start_minimizing(image, BOUNDS, memory=self.memory)

    def descend(self, state: State, targets: Targets, evaluations) -> OptimizeResult:
        """At most `evaluations` more evaluations of L-BFGS-B."""

        @tf.autograph.experimental.do_not_convert  # it is a graph's already
        def value_and_gradients(image):
            return self.loss_and_gradient(image, targets)

        return minimize(
            value_and_gradients,
            bounds=BOUNDS,
            state=state,
            memory=self.memory,
            max_iterations=evaluations,
            max_evaluations=evaluations,
            ftol=0.0,  # SciPy's tests are not made for losses of order 1
            gtol=0.0,
            rel_ftol=self.ftol,
            rel_gtol=GTOL,
        )


def _losses(options: Options) -> dict:
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
