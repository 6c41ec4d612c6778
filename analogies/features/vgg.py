"""`FeatureModel`: the first layers of a VGG network as a Keras functional model."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import keras

from analogies.errors import InputError
from analogies.features import weights as weight_files
from analogies.features.networks import (
    NETWORKS,
    LayerInfo,
    check_layers,
    check_network,
    layer_table,
)
from analogies.features.preprocessing import (
    CaffePreprocessing,
    ReflectionPadding,
    WrapPadding,
)

POOLINGS = ("max", "avg")


class FeatureModel(keras.Model):
    """Feature maps of RGB pictures at chosen layers of VGG16, VGG19 or the slim network.

    Called with a float batch `(n, h, w, 3)` in [0, 255] it returns a dict
    `{layer as given: (n, h', w', c)}`, non-negative float32, `h' = h // stride` of the layer.
    Sizes may change from call to call. The network ends at the last layer asked for.

    Slim networks and `.npz` files pad by reflection; VGG16 and VGG19 from Keras or
    image-analogies pad with zeros, as they were trained.

    Args:
        name: "slim", "vgg16" or "vgg19"; None takes what the weight file holds (slim without one).
        layers: names like "block3_conv1", "conv3_1" or "relu3_1"; always after the ReLU.
        weights: path of a weight file (see `weights.inspect`); None is the embedded file for
            slim and Keras' download for the others; "random" draws He-normal numbers.
        pooling: "max" or "avg", the 2x2 pooling between blocks.
        thin_maps: whether pictures may be so small that a map is one cell high or wide. Without
            them the model traces faster.
        precision: "float32", or "bfloat16": convolutions take and give bfloat16 and sum in
            float32. Weights and the maps returned are float32 either way.
        wrap: whether rows and columns of the pictures go on at their other side, as those of
            pictures that tile do; then the maps roll with the picture, by whole strides.

    Raises:
        InputError: unknown network, layer or pooling; a weight file that cannot be used, holds
            another network or ends below a layer asked for.

    Example:
        >>> model = FeatureModel("slim", layers=("conv1_1", "conv2_1"), weights="random")
        >>> {k: v.shape for k, v in model(keras.ops.zeros((1, 32, 48, 3))).items()}
        {'conv1_1': TensorShape([1, 32, 48, 16]), 'conv2_1': TensorShape([1, 16, 24, 32])}
    """

    def __init__(
        self,
        name: str | None = "slim",
        layers: Sequence[str] = ("block3_conv1", "block4_conv1"),
        weights: str | Path | None = None,
        pooling: str = "max",
        thin_maps: bool = True,
        precision: str = "float32",
        wrap: tuple[bool, bool] = (False, False),
    ):
        layers = (layers,) if isinstance(layers, str) else tuple(layers)
        if pooling not in POOLINGS:
            raise InputError(f"Pooling is {' or '.join(POOLINGS)}. Received: {pooling!r}")
        if not layers:
            raise InputError("At least one layer must be asked for. Received: none")
        if name is not None:
            check_layers(check_network(name), layers)
        found = None if weights == "random" else _load(name, weights)
        network = found.info.network if found else (name or "slim")
        names = check_layers(network, layers)
        if found:
            _check_held(found.info, names, weights)
        padding = found.padding if found else ("reflect" if network == "slim" else "zero")
        caffe = found.caffe if found else network != "slim"
        policy = "mixed_bfloat16" if precision == "bfloat16" else precision
        pad = None
        if padding == "reflect":
            pad = partial(ReflectionPadding, thin_maps, dtype=policy)
        if any(wrap):
            pad = partial(WrapPadding, wrap, padding, dtype=policy)
        images, maps = _build(_cut(network, names), pad, caffe, pooling, policy)
        outputs = {given: maps[name] for given, name in zip(layers, names, strict=True)}
        super().__init__(inputs=images, outputs=outputs, name=network)
        self.network, self.padding, self.pooling = network, padding, pooling
        self.trainable = False
        if found:
            for layer in self._convolutions():
                kernel, bias = found.arrays[layer.name]
                layer.kernel.assign(kernel)
                layer.bias.assign(bias)

    def _convolutions(self) -> list[keras.layers.Conv2D]:
        return [layer for layer in self.layers if isinstance(layer, keras.layers.Conv2D)]


def _load(name: str | None, weights: str | Path | None) -> weight_files.Weights:
    if weights is None:
        return weight_files.load_default(name or "slim")
    return weight_files.load(weights, name)


def _check_held(info: weight_files.WeightsInfo, names: Sequence[str], path: object) -> None:
    missing = [name for name in names if name not in info.layers]
    if missing:
        raise InputError(
            f"The weight file ends below {', '.join(missing)}; it holds {', '.join(info.layers)}. "
            f"Received: {str(path)!r}"
        )


def _cut(network: str, names: Sequence[str]) -> list[LayerInfo]:
    """The layers up to the last one used."""
    table = layer_table(network)
    last = max(index for index, row in enumerate(table) if row.name in names)
    return list(table[: last + 1])


def _build(
    table: Sequence[LayerInfo], pad: Callable | None, caffe: bool, pooling: str, policy: str
) -> tuple[keras.KerasTensor, dict[str, keras.KerasTensor]]:
    """Symbolic input and the output of each convolution in `table`."""
    pool = keras.layers.MaxPooling2D if pooling == "max" else keras.layers.AveragePooling2D
    fixed = {"dtype": policy, "data_format": "channels_last"}
    images = keras.Input((None, None, 3), dtype="float32", name="images")
    x = CaffePreprocessing(name="caffe_preprocessing")(images) if caffe else images
    maps: dict[str, keras.KerasTensor] = {}
    for before, row in zip([None, *table], table, strict=False):
        if before is not None and before.stride != row.stride:
            block = before.name.split("_")[0]
            x = pool(2, 2, padding="valid", name=f"{block}_pool", **fixed)(x)
        if pad:
            x = pad(name=f"{row.name}_pad")(x)
        x = keras.layers.Conv2D(
            row.channels,
            3,
            padding="valid" if pad else "same",
            activation="relu",
            kernel_initializer="he_normal",
            name=row.name,
            **fixed,
        )(x)
        maps[row.name] = x if policy == "float32" else keras.ops.cast(x, "float32")
    return images, maps


__all__ = ["NETWORKS", "FeatureModel"]
