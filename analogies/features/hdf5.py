"""Convolution kernels out of the HDF5 layouts that VGG weights come in.

Imports NumPy and h5py only, because untrusted files are parsed by this module running as a
program of its own: a damaged HDF5 file can make h5py loop for minutes or crash, and a child
process can be stopped.

Layouts:
    keras-h5: Keras 1 and 2, `model.save_weights("….h5")`; attribute `layer_names`, a group per
        layer with attribute `weight_names`.
    keras-weights-h5: Keras 3, `model.save_weights("….weights.h5")`; groups
        `layers/conv2d_N/vars` in the order of the layers, without their names.
    keras: Keras 3, `model.save("….keras")`; a zip archive of which `model.weights.h5`, as above,
        is read, and nothing that says how to make a model.
    image-analogies: attribute `nb_layers`, groups `layer_K` with `nb_params` and `param_P`;
        kernels (out, in, rows, columns), rotated by 180 degrees as Theano wants them.

Kernels (out, in, rows, columns) are transposed in all of them. Theano's, which its convolution
runs over backward, are rotated by 180 degrees: those of the layout image-analogies, of files whose
attribute `backend` is theano, and, where Keras 1 left no such attribute, of files with th_kernels
in their names and of kernels (out, in, rows, columns) in files without tf_kernels in theirs.
"""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

# A kernel and its bias, in file order; the name is None where the layout has none.
Entry = tuple[str | None, Any, Any]
KERAS_MEMBER = "model.weights.h5"
_LARGEST = 2 * 2**30  # bytes of that member; VGG19 with its top takes 575 million


class LayoutError(Exception):
    """The file is HDF5, or claims to be, but holds no weights in a known layout."""


def read(path: str | Path, shapes_only: bool = False) -> tuple[str, list[Entry]]:
    """The layout of a file and its convolutions, kernels as (3, 3, in, out).

    Args:
        path: an HDF5 file that can be trusted not to hang h5py.
        shapes_only: read no data; kernels and biases are then lists of sizes.

    Raises:
        LayoutError: saying what was found instead.
    """
    import h5py

    try:
        with open(path, "rb") as raw:
            zipped = raw.read(4) == b"PK\x03\x04"
        source = _member(path) if zipped else path
        # A lock protects from nothing here, and there are file systems without any.
        with h5py.File(source, "r", locking=False) as file:
            layout, entries = _convolutions(file)
            for _, *pair in entries:
                for dataset in pair:
                    _check_own(dataset, file)
            layout = "keras" if zipped else layout
            if shapes_only:
                return layout, [(n, _hwio_shape(k.shape), list(b.shape)) for n, k, b in entries]
            turned = layout == "image-analogies" or _is_theanos(file, Path(path).name, entries)
            return layout, [(n, _hwio(np.asarray(k), turned), np.asarray(b)) for n, k, b in entries]
    except LayoutError:
        raise
    except Exception as error:
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "already open for write" in detail:
            raise LayoutError(
                "another program is writing it, or was stopped while it did; wait until it has "
                "ended, or take the mark off by h5clear -s"
            ) from error
        raise LayoutError(f"it cannot be read as HDF5 ({detail})") from error


def read_safely(
    path: str | Path, shapes_only: bool = False, seconds: float = 30.0
) -> tuple[str, list[Entry]]:
    """`read` in a child process that is stopped after `seconds`; for files from outside."""
    command = [sys.executable, "-P", __file__, "shapes" if shapes_only else "arrays", str(path)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise LayoutError(f"reading it did not end within {seconds:g} s; it is damaged") from None
    if child.returncode == 3:
        raise LayoutError(child.stderr.decode(errors="replace").strip())
    if child.returncode != 0:
        raise LayoutError(f"reading it crashed (exit {child.returncode}); it is damaged")
    head, _, body = child.stdout.partition(b"\n")
    layout, entries = json.loads(head)
    if shapes_only:
        return layout, [(name, kernel, bias) for name, kernel, bias in entries]
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        return layout, [
            (name, arrays[f"kernel{i}"], arrays[f"bias{i}"])
            for i, (name, _, _) in enumerate(entries)
        ]


def main(arguments: list[str]) -> int:
    """Child process: one line of JSON, then an .npz with the arrays, on standard output."""
    mode, path = arguments
    try:
        layout, entries = read(path, shapes_only=mode == "shapes")
    except LayoutError as error:
        sys.stderr.write(str(error))
        return 3
    shapes = [(n, list(np.shape(k)), list(np.shape(b))) for n, k, b in entries]
    out = sys.stdout.buffer
    if mode == "shapes":
        out.write(json.dumps([layout, entries]).encode() + b"\n")
        return 0
    out.write(json.dumps([layout, shapes]).encode() + b"\n")
    arrays = {f"kernel{i}": kernel for i, (_, kernel, _) in enumerate(entries)}
    arrays |= {f"bias{i}": bias for i, (_, _, bias) in enumerate(entries)}
    memory = io.BytesIO()
    np.savez(memory, **arrays)
    out.write(memory.getbuffer())
    return 0


def _convolutions(file: Any) -> tuple[str, list[Entry]]:
    """Layout and (name, kernel dataset, bias dataset) of each convolution, in file order."""
    if "model_weights" in file and "layer_names" in file["model_weights"].attrs:
        file = file["model_weights"]
    if "layer_names" in file.attrs:
        layout, entries = "keras-h5", _keras_legacy(file)
    elif "nb_layers" in file.attrs:
        layout, entries = "image-analogies", _image_analogies(file)
    else:
        layout, entries = "keras-weights-h5", _keras_3(file)
    if not entries:
        found = ", ".join(list(file)[:6]) or "nothing"
        raise LayoutError(f"it holds no convolutions in a known layout, but {found}")
    return layout, entries


def _keras_legacy(file: Any) -> list[Entry]:
    entries: list[Entry] = []
    for name in _strings(file.attrs["layer_names"]):
        group = file[name]
        arrays = [group[w] for w in _strings(group.attrs.get("weight_names", []))]
        if len(arrays) == 2 and arrays[0].ndim == 4:
            entries.append((name, *arrays))
    return entries


def _image_analogies(file: Any) -> list[Entry]:
    entries: list[Entry] = []
    for index in range(int(file.attrs["nb_layers"])):
        group = file[f"layer_{index}"]
        arrays = [group[f"param_{p}"] for p in range(int(group.attrs["nb_params"]))]
        if len(arrays) == 2 and arrays[0].ndim == 4:
            entries.append((None, *arrays))
    return entries


def _keras_3(file: Any) -> list[Entry]:
    found: list[str] = []
    file.visit(lambda path: found.append(path) if path.endswith("/vars/0") else None)
    paths = [path.removesuffix("/0") for path in found if file[path].ndim == 4]
    paths.sort(key=_natural_order)
    return [(_block_name(path), file[path]["0"], file[path]["1"]) for path in paths]


def _block_name(path: str) -> str | None:
    match = re.search(r"block\d+_conv\d+", path)
    return match[0] if match else None


def _natural_order(path: str) -> list[tuple[str, int]]:
    """conv2d before conv2d_2 before conv2d_10."""
    parts = re.findall(r"([^/]*?)(?:_(\d+))?(?:/|$)", path)
    return [(text, int(number or 0)) for text, number in parts]


def _strings(values: Any) -> list[str]:
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values]


def _member(path: str | Path) -> io.BytesIO:
    """The HDF5 file within a Keras model; no other member is looked at, none written anywhere."""
    with zipfile.ZipFile(path) as archive:
        try:
            size = archive.getinfo(KERAS_MEMBER).file_size
        except KeyError:
            raise LayoutError(f"it is a zip archive without {KERAS_MEMBER}") from None
        if size > _LARGEST:
            raise LayoutError(f"its {KERAS_MEMBER} is said to have {size} bytes")
        return io.BytesIO(archive.read(KERAS_MEMBER))


def _check_own(dataset: Any, file: Any) -> None:
    """Refuse numbers that HDF5 would take out of another file."""
    foreign = dataset.file.filename != file.filename
    if foreign or dataset.external or dataset.is_virtual:
        raise LayoutError("its numbers lie in another file, which is not followed")


def _is_theanos(file: Any, name: str, entries: list[Entry]) -> bool:
    root = file.get("model_weights", file)
    backend = file.attrs.get("backend", root.attrs.get("backend"))
    if backend is not None:
        return _strings([backend]) == ["theano"]
    if "layer_names" not in root.attrs:
        return False
    if "th_kernels" in name or "tf_kernels" in name:
        return "th_kernels" in name
    return all(is_channels_first(kernel.shape) for _, kernel, _ in entries)


def is_channels_first(shape: Any) -> bool:
    """Whether a kernel of this shape is (out, in, 3, 3) and not (3, 3, in, out)."""
    return len(shape) == 4 and tuple(shape[2:]) == (3, 3) and tuple(shape[:2]) != (3, 3)


def hwio(kernel: np.ndarray) -> np.ndarray:
    """The kernel as (3, 3, in, out)."""
    return kernel.transpose(2, 3, 1, 0) if is_channels_first(kernel.shape) else kernel


def _hwio(kernel: np.ndarray, turned: bool) -> np.ndarray:
    kernel = hwio(kernel)
    return np.ascontiguousarray(kernel[::-1, ::-1] if turned else kernel)


def _hwio_shape(shape: Any) -> list[int]:
    return [shape[i] for i in ((2, 3, 1, 0) if is_channels_first(shape) else range(len(shape)))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
