"""Named convolution kernels out of `.npz` files: `block1_conv1/kernel`, `/bias` and so on.

Beside the layers there may be `preprocess`, a 1x1 convolution of RGB in [0, 1] that stands before
the first layer, and 1x1 lifts `<layer>_to_vgg19` from a narrow network to full width.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.features import hdf5
from analogies.features.networks import NETWORKS, layer_table


def is_npz(path: Path) -> bool:
    """By content, so that a wrong suffix does no harm: a zip archive with arrays in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except Exception:  # no zip archive, or one so damaged that it can tell nothing
        with open(path, "rb") as file:
            head = file.read(4)
        return head == b"PK\x03\x04" or (path.suffix.lower() == ".npz" and head != b"\x89HDF")


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays by name; Python objects are refused, never unpickled."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except Exception as error:
        raise _unreadable(path, error) from error


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes from the headers, without the numbers."""
    try:
        shapes = {}
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    version = np.lib.format.read_magic(member)
                    read = np.lib.format.read_array_header_1_0
                    if version != (1, 0):
                        read = np.lib.format.read_array_header_2_0
                    shapes[name.removesuffix(".npy")] = read(member)[0]
        return shapes
    except Exception as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        "The weight file cannot be read as .npz; it is truncated or damaged "
        f"({one_line(error)}). Received: {str(path)!r}"
    )


def split_layers(content: Mapping[str, Any], path: Path) -> tuple[dict[str, Any], Any]:
    """Named arrays, or their shapes, to {layer: (kernel, bias)} and the `preprocess` pair or None.

    Kernels (out, in, 3, 3), as PyTorch and Caffe have them, become (3, 3, in, out).
    """
    pairs = {
        key.removesuffix("/kernel"): (kernel, content[key.removesuffix("kernel") + "bias"])
        for key, kernel in content.items()
        if key.endswith("/kernel") and key.removesuffix("kernel") + "bias" in content
    }
    preprocess = pairs.pop("preprocess", None)
    every = {info.name for network in NETWORKS for info in layer_table(network)}
    layers = {name: (_hwio(pair[0]), pair[1]) for name, pair in pairs.items() if name in every}
    if not layers:
        found = ", ".join(list(content)[:6]) or "nothing"
        raise InputError(
            "The .npz holds no VGG layers; expected arrays like block1_conv1/kernel and "
            f"block1_conv1/bias, found {found}. Received: {str(path)!r}"
        )
    return dict(sorted(layers.items())), preprocess


def _hwio(kernel: Any) -> Any:
    if isinstance(kernel, np.ndarray):
        return hdf5.hwio(kernel)
    return tuple(kernel[i] for i in (2, 3, 1, 0)) if hdf5.is_channels_first(kernel) else kernel


def load_lifts(path: str | Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The 1x1 lifts to full width that an `.npz` of a narrow network may carry beside its layers.

    Layer name -> (matrix (in, out), bias (out,)), from `<layer>_to_vgg19/kernel` and `/bias`;
    empty for other files.
    """
    path = Path(path)
    if not is_npz(path):
        return {}
    arrays = read_arrays(path)
    suffix = "_to_vgg19/kernel"
    names = [key.removesuffix(suffix) for key in arrays if key.endswith(suffix)]
    return {n: (arrays[n + suffix][0, 0], arrays[f"{n}_to_vgg19/bias"]) for n in names}


def fold(
    preprocess: tuple[np.ndarray, np.ndarray], kernel: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One convolution of RGB in [0, 255] for the 1x1 `preprocess` of RGB in [0, 1] and the first.

    Exact, because reflection pads before and after a 1x1 convolution alike.
    """
    mix, offset = preprocess[0][0, 0].astype(float) / 255.0, preprocess[1].astype(float)
    folded = np.einsum("cd,ijdo->ijco", mix, kernel.astype(float))
    return folded, bias + np.einsum("d,ijdo->o", offset, kernel.astype(float))


def one_line(error: Exception) -> str:
    """The message of an error, fit to stand inside another."""
    return " ".join(str(error).split())[:300] or type(error).__name__
