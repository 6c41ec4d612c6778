"""The networks as tables: which layers there are, how wide, how coarse and how far they see.

Plain Python, so that options can be checked before TensorFlow is imported.

References:
    Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition"
    (arXiv 1409.1556), table 1, columns D (VGG16) and E (VGG19).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from analogies.errors import InputError

# Blocks of (convolutions, filters). Every convolution is 3x3 with bias and ReLU; a 2x2 pooling
# stands between two blocks. "slim" is VGG19 at a quarter of the width, cut at block5_conv1.
NETWORKS: dict[str, tuple[tuple[int, int], ...]] = {
    "slim": ((2, 16), (2, 32), (4, 64), (4, 128), (1, 128)),
    "vgg16": ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    "vgg19": ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
}

_KERAS_NAME = re.compile(r"block([1-9]\d*)_conv([1-9]\d*)")
_PAPER_NAME = re.compile(r"(?:conv|relu)([1-9]\d*)_([1-9]\d*)")


@dataclass(frozen=True)
class LayerInfo:
    """One convolution (with its ReLU) of a network.

    Attributes:
        name: Keras name, such as `block3_conv1`.
        channels: width of the output.
        stride: pixels of the image per cell of the output.
        receptive_field: side in pixels of the square of the image that one cell sees.
        inputs: channels of the map the convolution reads.
    """

    name: str
    channels: int
    stride: int
    receptive_field: int
    inputs: int

    @property
    def reach(self) -> int:
        """Pixels that a cell sees beyond the `stride` of its own, on each side."""
        return (self.receptive_field - self.stride) // 2


def canonical_layer(name: str) -> str:
    """Keras name of a layer: `conv3_1` and `relu3_1` become `block3_conv1`.

    Raises:
        InputError: when the name is of neither form.
    """
    text = str(name).strip().lower()
    match = _KERAS_NAME.fullmatch(text) or _PAPER_NAME.fullmatch(text)
    if match is None:
        raise InputError(
            "A layer is named like block3_conv1, conv3_1 or relu3_1 "
            f"(block 3, convolution 1). Received: {name!r}"
        )
    return f"block{match[1]}_conv{match[2]}"


def check_network(network: str) -> str:
    """`network` itself, when it is one of `NETWORKS`; else an `InputError`."""
    if network not in NETWORKS:
        raise InputError(f"The networks are {', '.join(NETWORKS)}. Received: {network!r}")
    return network


def layer_table(network: str) -> tuple[LayerInfo, ...]:
    """All convolutions of a network, from the image upwards.

    Raises:
        InputError: when there is no such network.
    """
    table = []
    inputs, stride, field = 3, 1, 1
    for block, (convolutions, filters) in enumerate(NETWORKS[check_network(network)], start=1):
        for index in range(1, convolutions + 1):
            field += 2 * stride
            name = f"block{block}_conv{index}"
            table.append(LayerInfo(name, filters, stride, field, inputs))
            inputs = filters
        field += stride  # the 2x2 pooling
        stride *= 2
    return tuple(table)


def layer_info(network: str, layer: str) -> LayerInfo:
    """The row of one layer, by any of its names.

    Raises:
        InputError: when the network does not have the layer.
    """
    (name,) = check_layers(network, (layer,))
    return next(info for info in layer_table(network) if info.name == name)


def check_layers(network: str, layers: Iterable[str]) -> tuple[str, ...]:
    """Keras names of `layers`, in the order given.

    Raises:
        InputError: when a layer is not one of the network, listing those that are.
    """
    if isinstance(layers, str):
        layers = (layers,)
    known = [info.name for info in layer_table(network)]
    names = tuple(canonical_layer(layer) for layer in layers)
    for given, name in zip(layers, names, strict=True):
        if name not in known:
            raise InputError(
                f"{network} has no layer {name}; it has {', '.join(known)}. Received: {given!r}"
            )
    return names
