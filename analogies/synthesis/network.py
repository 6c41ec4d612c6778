"""What the network of a run sees of single pictures."""

from functools import partial

import tensorflow as tf

from analogies.features import FeatureModel
from analogies.features.networks import layer_info
from analogies.options.table import Options
from analogies.tracing import Traced

IMAGE = tf.TensorSpec((None, None, 3), tf.float32)


class Network:
    """The feature model of some options, for single pictures.

    Args:
        options: say which network, layers and weights.
        model: the network with the layers of the options; made where it is not given.

    Attributes:
        layers: that anything looks at.
        strides, channels: {layer: px}, {layer: number}.
        strength: factor of all maps, where there is one.
    """

    def __init__(self, options: Options, model: FeatureModel | None = None) -> None:
        used = [name for layers in options.layers().values() for name in layers]
        self.layers = tuple(dict.fromkeys(used))
        made = partial(
            FeatureModel,
            options.features,
            self.layers,
            options.vgg_weights,
            options.pool_mode,
            thin_maps=False,
            precision=options.precision,
        )
        self.model = model or made()
        self._model_of_b = made(wrap=options.tiled) if any(options.tiled) else self.model
        self.strength: float | None = None
        table = {name: layer_info(self.model.network, name) for name in self.layers}
        self.strides = {name: info.stride for name, info in table.items()}
        self.channels = {name: info.channels for name, info in table.items()}
        self._maps = Traced(partial(self._one_image, self.model), [IMAGE])
        self._maps_of_b = self._maps
        if self._model_of_b is not self.model:
            self._maps_of_b = Traced(partial(self._one_image, self._model_of_b), [IMAGE])

    def features(self, image) -> dict[str, tf.Tensor]:
        """`{layer: (h, w, c)}` of one image `(H, W, 3)`."""
        return self._maps(image)

    def features_of_b(self, image) -> dict[str, tf.Tensor]:
        """The same of B or B', which may tile."""
        return self._maps_of_b(image)

    def _one_image(self, model, image) -> dict[str, tf.Tensor]:
        batch = model(tf.expand_dims(image, 0))  # an index would have a slow gradient
        maps = {name: tf.squeeze(maps, 0) for name, maps in batch.items()}
        if self.strength is None:
            return maps
        return {name: values * self.strength for name, values in maps.items()}
