"""Weight files: which network they hold, and their numbers, checked.

Reads `.npz` of named arrays, Keras' `.h5`, `.weights.h5` and `.keras` and image-analogies' `.h5`,
and says of others what they are; knows where the embedded file lies and has Keras' own fetched.
NumPy and h5py only. Nothing in a weight file is ever run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.features import download, hdf5, npz, signatures
from analogies.features.networks import NETWORKS, canonical_layer, check_network, layer_table
from analogies.files import reason

# A file that says neither by names nor by shapes which network it is, is taken for this one.
_PREFERENCE = ("slim", "vgg19", "vgg16")


@dataclass(frozen=True)
class WeightsInfo:
    """What a weight file holds.

    Attributes:
        format: "npz", "keras-h5", "keras-weights-h5", "keras" or "image-analogies".
        network: a name in `networks.NETWORKS`.
        layers: Keras names of the convolutions it holds, from the image upwards, without gaps.
    """

    format: str
    network: str
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Weights:
    """The numbers of a weight file, ready for `FeatureModel`.

    Attributes:
        info: what the file is.
        arrays: layer name -> (kernel (3, 3, in, out), bias (out,)), float32, finite.
        padding: "reflect" or "zero": how the network was trained to see its borders.
        caffe: whether the first convolution reads BGR with the ImageNet mean subtracted;
            otherwise it reads RGB in [0, 255].
    """

    info: WeightsInfo
    arrays: Mapping[str, tuple[np.ndarray, np.ndarray]]
    padding: str
    caffe: bool


def inspect(path: str | Path, network: str | None = None) -> WeightsInfo:
    """What a weight file holds, from names and shapes alone.

    Args:
        path: the file.
        network: the network it must hold; None infers it.

    Raises:
        InputError: no such file, unreadable, another layout, wrong shapes, another network.
    """
    path = _existing(path)
    if npz.is_npz(path):
        shapes, _ = npz.split_layers(npz.read_shapes(path), path)
        layout, entries = "npz", [(n, k, b) for n, (k, b) in shapes.items()]
    else:
        layout, entries = _read_hdf5(path, shapes_only=True)
    return _identify(path, layout, entries, network)


def load(path: str | Path, network: str | None = None, trusted: bool = False) -> Weights:
    """The numbers of a weight file.

    Args:
        path: the file.
        network: the network it must hold; None infers it.
        trusted: the file is our own or its hash was checked; parsed without a child process.

    Raises:
        InputError: as `inspect`, and for values that are not finite.
    """
    path = _existing(path)
    preprocess = None
    if npz.is_npz(path):
        arrays, preprocess = npz.split_layers(npz.read_arrays(path), path)
        layout, entries = "npz", [(n, k, b) for n, (k, b) in arrays.items()]
    else:
        layout, entries = _read_hdf5(path, shapes_only=False, trusted=trusted)
    shapes = [(name, np.shape(kernel), np.shape(bias)) for name, kernel, bias in entries]
    info = _identify(path, layout, shapes, network)
    named = _named(info, entries)
    for name, pair in named.items():
        _check_finite(path, name, pair)
    if preprocess is not None:
        first = info.layers[0]
        named[first] = npz.fold(preprocess, *named[first])
    reflect = layout == "npz" or info.network == "slim"
    final = {n: (k.astype(np.float32), b.astype(np.float32)) for n, (k, b) in named.items()}
    return Weights(info, final, "reflect" if reflect else "zero", caffe=not reflect)


def load_default(network: str) -> Weights:
    """The weights of a network when no file is given: embedded, or Keras' download.

    Raises:
        InputError: when they are not there and cannot be fetched.
    """
    if check_network(network) == "slim":
        return load(embedded_path(), network, trusted=True)
    return load(download.fetch(network), network, trusted=True)


def embedded_path() -> Path:
    """Where `slim.weights.h5` lies: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    places = [package / "weights" / "slim.weights.h5", package.parent / "weights/slim.weights.h5"]
    for place in places:
        if place.is_file():
            return place
    raise InputError(
        "The embedded weights slim.weights.h5 are missing from this installation; install it "
        f"again or give a weight file. Received: neither {places[0]} nor {places[1]}"
    )


def _existing(path: str | Path) -> Path:
    """The path of a file that can be opened and may hold weights."""
    try:
        place = Path(path).expanduser()
        if place.is_dir():
            raise InputError(f"The weight file is a folder. Received: {str(path)!r}")
        if not place.is_file():
            raise InputError(f"There is no weight file of this name. Received: {str(path)!r}")
        refusal = signatures.refusal(place)
    except RuntimeError:
        raise InputError(
            f"{Path(path).parts[0]} stands for no folder here: there is no such user, or no home "
            f"directory; write the path out. Received: {str(path)!r}"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"The weight file cannot be opened: {reason(error)}. Received: {str(path)!r}"
        ) from None
    if refusal:
        raise InputError(f"The weight file cannot be read: {refusal}. Received: {str(path)!r}")
    return place


def _read_hdf5(path: Path, shapes_only: bool, trusted: bool = False) -> tuple[str, list[Any]]:
    try:
        return (hdf5.read if trusted else hdf5.read_safely)(path, shapes_only)
    except hdf5.LayoutError as error:
        raise InputError(
            f"The weight file cannot be read: {npz.one_line(error)}. Known are Keras .h5, "
            ".weights.h5 and .keras, image-analogies' .h5 and .npz with block1_conv1/kernel and so "
            f"on. Received: {str(path)!r}"
        ) from error


def _identify(path: Path, layout: str, entries: Sequence[Any], network: str | None) -> WeightsInfo:
    """Network and layers from the shapes; raises where they fit none, or not the one asked for."""
    if network is not None:
        check_network(network)
    entries = [(_layer_name(name), kernel, bias) for name, kernel, bias in entries]
    fitting = [name for name in _PREFERENCE if _misfit(name, entries) is None]
    if network in fitting:
        fitting = [network]
    if not fitting:
        reason = _misfit(network or _closest(entries), entries)
        raise InputError(
            f"The weight file does not hold {network or 'any of ' + ', '.join(NETWORKS)}: "
            f"{reason}. Received: {str(path)!r}"
        )
    if network is not None and network != fitting[0]:
        raise InputError(
            f"The weight file holds {fitting[0]}, but {network} was asked for "
            f"({_misfit(network, entries)}). Received: {str(path)!r}"
        )
    table = layer_table(fitting[0])
    return WeightsInfo(layout, fitting[0], tuple(row.name for row in table[: len(entries)]))


def _layer_name(name: str | None) -> str | None:
    """Keras name of a VGG layer; None for names like conv2d_3, which then go by their order."""
    try:
        return canonical_layer(name) if name else None
    except InputError:
        return None


def _closest(entries: Sequence[Any]) -> str:
    """The network whose first convolution has the width found, for the wording of an error."""
    return "slim" if entries and tuple(entries[0][1])[-1:] == (16,) else "vgg19"


def _misfit(network: str, entries: Sequence[Any]) -> str | None:
    """Why these layers are not the first ones of `network`; None when they are.

    Entries are (name or None, kernel shape, bias shape) in order.
    """
    table = layer_table(network)
    if len(entries) > len(table):
        return f"{network} has {len(table)} convolutions, the file {len(entries)}"
    for row, (name, kernel, bias) in zip(table, entries, strict=False):
        if name is not None and name != row.name:
            return f"where {network} has {row.name} the file has {name}"
        expected = (3, 3, row.inputs, row.channels)
        if tuple(kernel) != expected:
            return f"{row.name} of {network} has a kernel {expected}, the file {tuple(kernel)}"
        if tuple(bias) != (row.channels,):
            return f"{row.name} of {network} has a bias {(row.channels,)}, the file {tuple(bias)}"
    return None


def _named(info: WeightsInfo, entries: Sequence[Any]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    pairs = ((np.asarray(kernel), np.asarray(bias)) for _, kernel, bias in entries)
    return dict(zip(info.layers, pairs, strict=True))


def _check_finite(path: Path, name: str, pair: Sequence[np.ndarray]) -> None:
    for array in pair:
        if array.dtype.kind not in "fiu":
            raise InputError(f"{name} holds {array.dtype}, not numbers. Received: {str(path)!r}")
        if not np.isfinite(array).all():
            count = int(np.size(array) - np.isfinite(array).sum())
            raise InputError(
                f"{name} holds {count} values that are NaN or infinite. Received: {str(path)!r}"
            )
