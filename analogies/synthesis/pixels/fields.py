"""Fields that are kept: which patch of A' each patch of B' is, and how they are voted.

A field of a run makes of any map of A' (its normals, heights, roughness) the map of B' that goes
with it. The file is an `.npz` of

    version   1
    down, right   uint16 (h, w): how far below and to the right of its own place the middle of
                  the matched patch lies in A', px, modulo 65536
    size_a    uint16 (2,): height and width of A' as given
    size      uint16 (2,): the same as it was searched, which --a-scale-mode may have changed
    patch     uint8: side of the patches that are voted, px
    focus     float64: px, of the Gaussian window of the votes; 0: all count alike
    tile      uint8 (2,): whether B' goes on at its other side, in rows and in columns
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.files import check_readable, reason, write_atomically
from analogies.images.scaling import scaled
from analogies.images.sizes import LARGEST_AREA
from analogies.matching.pixels.guides import PATCH_SIZES

VERSION = 1
LARGEST_FOCUS = 100.0  # px
_SHAPES: dict[str, tuple[str, tuple[int | None, ...]]] = {
    "version": ("uint16", ()),
    "down": ("uint16", (None, None)),
    "right": ("uint16", (None, None)),
    "size_a": ("uint16", (2,)),
    "size": ("uint16", (2,)),
    "patch": ("uint8", ()),
    "focus": ("float64", ()),
    "tile": ("uint8", (2,)),
}
Size = tuple[int, int]


@dataclass(frozen=True)
class SavedField:
    """The patches of a run.

    Attributes:
        rows, cols: int32 `(h, w)`, middles of the patches in A' as it was searched.
        size_a: `(height, width)` of A' as given, px.
        size: the same as it was searched.
        patch_size: of the votes, px.
        focus: px, of their Gaussian window; 0: all count alike.
        tile: whether B' goes on at its other side, in rows and in columns.
    """

    rows: np.ndarray
    cols: np.ndarray
    size_a: Size
    size: Size
    patch_size: int
    focus: float
    tile: tuple[bool, bool]

    def save(self, path: str | Path) -> None:
        """Write the file; it appears whole or not at all."""
        own = np.indices(self.rows.shape)
        stream = io.BytesIO()
        np.savez_compressed(
            stream,
            version=np.uint16(VERSION),
            down=(self.rows - own[0]).astype(np.uint16),
            right=(self.cols - own[1]).astype(np.uint16),
            size_a=np.array(self.size_a, np.uint16),
            size=np.array(self.size, np.uint16),
            patch=np.uint8(self.patch_size),
            focus=np.float64(self.focus),
            tile=np.array(self.tile, np.uint8),
        )
        write_atomically(path, stream.getvalue())

    def applied(self, values: np.ndarray, nearest: bool = False) -> np.ndarray:
        """The map of B' that goes with a map of A'.

        Args:
            values: uint8, uint16 or float32 `(hA, wA, c)`, as large as A' was given.
            nearest: take each pixel from the middle of its own patch, instead of the votes of all
                patches over it: numbers that A' does not have are not made.

        Returns:
            `(h, w, c)` of the same dtype.

        Raises:
            InputError: the map is not as large as A'.
        """
        from analogies.matching.pixels import focused_vote, vote

        if values.shape[:2] != self.size_a:
            (height, width), (h, w) = self.size_a, values.shape[:2]
            raise InputError(
                f"the map must be as large as A' of the run that made the field, {width}x{height} "
                f"px. Received: {w}x{h} px"
            )
        if nearest and self.size == self.size_a:
            return np.ascontiguousarray(values[self.rows, self.cols])
        source = scaled(values.astype(np.float32), self.size)
        if nearest:
            return _as(source[self.rows, self.cols], values.dtype)
        field = self.rows, self.cols
        if self.focus:
            voted = focused_vote(source, field, self.patch_size, self.focus, self.tile)
        else:
            voted = vote(source, *field, self.patch_size, self.tile)
        return _as(voted, values.dtype)


def _as(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Numbers in a map's own kind, rounded where that is of integers."""
    if dtype.kind == "f":
        return values.astype(dtype)
    return np.rint(np.clip(values, 0, np.iinfo(dtype).max)).astype(dtype)


def load(path: str | Path) -> SavedField:
    """A field from its file, of which nothing is believed.

    Raises:
        InputError: it is no such file, or damaged, or of another version, or of fields that lie
            outside of their A'.
    """
    check_readable(path)
    try:
        arrays = _arrays(path)
    except InputError:
        raise
    except Exception as error:  # damaged archives make several libraries raise many kinds
        raise InputError(
            f"this is no field that --save-field wrote ({reason(error)}). Received: {str(path)!r}"
        ) from None
    found = _field(arrays)
    radius = found.patch_size // 2
    for places, side in zip((found.rows, found.cols), found.size, strict=True):
        if places.min() < radius or places.max() >= side - radius:
            raise InputError(f"the field lies outside of its A'. Received: {str(path)!r}")
    return found


def _arrays(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a file, whose sizes are looked at before anything is unpacked."""
    told = f"Received: {str(path)!r}"
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        version = _array(archive, entries["version"]) if "version" in entries else None
        if version is None or version.shape or version.dtype != np.uint16:
            raise InputError(f"this is no field that --save-field wrote. {told}")
        if version != VERSION:
            raise InputError(
                f"this field is of version {int(version)}, and {VERSION} is read here; save it "
                f"again. {told}"
            )
        if set(entries) != set(_SHAPES):
            raise InputError(f"the field is not as --save-field writes it. {told}")
        largest = 2 * LARGEST_AREA + 4096
        if any(entry.file_size > largest for entry in entries.values()):
            raise InputError(f"the field is larger than any picture. {told}")
        arrays = {name: _array(archive, entry) for name, entry in entries.items()}
    for name, (dtype, shape) in _SHAPES.items():
        array = arrays[name]
        fits = array.ndim == len(shape) and all(
            wanted in (None, side) for wanted, side in zip(shape, array.shape, strict=True)
        )
        if array.dtype.name != dtype or not fits or not array.size:
            raise InputError(
                f"{name!r} of the field is not {dtype} of the shape it has. Received: "
                f"{array.dtype} of shape {array.shape}"
            )
    return arrays


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(entry) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def _field(arrays: dict[str, Any]) -> SavedField:
    """The field that checked arrays stand for.

    Raises:
        InputError: for numbers out of range.
    """
    if arrays["down"].shape != arrays["right"].shape:
        raise InputError("the rows and columns of the field are of two sizes")
    own = np.indices(arrays["down"].shape).astype(np.uint16)
    patch, focus = int(arrays["patch"]), float(arrays["focus"])
    size, size_a = (tuple(map(int, arrays[name])) for name in ("size", "size_a"))
    areas = [height * width for height, width in (size, size_a, arrays["down"].shape)]
    if patch not in PATCH_SIZES or not 0 <= focus <= LARGEST_FOCUS or max(areas) > LARGEST_AREA:
        raise InputError("the patches or sizes of the field are out of range")
    if min(areas) == 0 or arrays["tile"].max() > 1:
        raise InputError("the sizes or the tiling of the field are out of range")
    return SavedField(
        rows=(arrays["down"] + own[0]).astype(np.int32),
        cols=(arrays["right"] + own[1]).astype(np.int32),
        size_a=(size_a[0], size_a[1]),
        size=(size[0], size[1]),
        patch_size=patch,
        focus=focus,
        tile=(bool(arrays["tile"][0]), bool(arrays["tile"][1])),
    )
