"""Checkpoints as files: an `.npz` of plain arrays and a JSON text, with a checksum over both.

    DIR/checkpoint_{level}_{iteration}.npz    after so many passes of a level; 0: before the first

Numbers come back to the last bit. Nothing in such a file is ever unpickled or run.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.files import check_readable, reason, write_atomically
from analogies.matching.field import NearestNeighborField
from analogies.runs.checkpoints.archives import packed, unpacked
from analogies.synthesis.state import State

FORMAT = 1
# The kinds of named tuples that a checkpoint may hold.
_TUPLES: dict[str, Any] = {kind.__name__: kind for kind in (State, NearestNeighborField)}
_NAME = re.compile(r"checkpoint_(\d+)_(\d+)\.npz")


@dataclass(frozen=True)
class Saved:
    """A checkpoint.

    Attributes:
        made_from: {what the result depends on: its value}, texts and plain numbers.
        carried: what the run goes on from, its tensors as NumPy arrays.
        rows: of the finished passes, for the run record.
        extras: what the monitors want to know of themselves, as JSON can hold it.
    """

    made_from: Mapping[str, Any]
    carried: State
    rows: list[dict[str, Any]]
    extras: Mapping[str, Any]


def path_of(folder: Path, carried: State) -> Path:
    """Where a checkpoint goes."""
    return folder / f"checkpoint_{carried.level}_{carried.iteration}.npz"


def files_in(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the one that is furthest on last."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for path in folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match:
                found.append((int(match[1]), int(match[2]), path))
    return [path for *_, path in sorted(found)]


def write(folder: Path, saved: Saved) -> Path:
    """Write a checkpoint; the file appears whole or not at all, and outlasts a power cut.

    Raises:
        InputError: it cannot be written; those before it are untouched.
    """
    arrays: dict[str, np.ndarray] = {}
    content = {
        "format": FORMAT,
        "made_from": saved.made_from,
        "carried": _encode(saved.carried, arrays),
        "rows": saved.rows,
        "extras": saved.extras,
    }
    path = path_of(folder, saved.carried)
    write_atomically(path, packed(content, arrays))
    return path


def read(path: Path) -> Saved:
    """Read a checkpoint.

    Raises:
        InputError: it is none, or damaged.
    """
    check_readable(path)
    try:
        content, arrays = unpacked(path, FORMAT)
        carried = _decode(content["carried"], arrays)
        if not isinstance(carried, State):
            raise TypeError("it holds no state of a run")
        return Saved(content["made_from"], carried, content["rows"], content["extras"])
    except Exception as error:  # damaged archives make NumPy and zipfile raise many kinds
        raise InputError(
            f"the checkpoint is damaged: {reason(error)}. Received: {str(path)!r}"
        ) from None


def _encode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A value as JSON can hold it; its arrays and tensors go to `arrays`."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {"map": {name: _encode(item, arrays) for name, item in value.items()}}
    if hasattr(value, "_asdict"):
        fields = {name: _encode(item, arrays) for name, item in value._asdict().items()}
        return {"tuple": type(value).__name__, "fields": fields}
    if isinstance(value, tuple | list):
        return [_encode(item, arrays) for item in value]
    name = f"array{len(arrays)}"
    arrays[name] = np.asarray(value)
    return {"array": name}


def _decode(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The value that `_encode` was given, tensors as arrays and lists as tuples."""
    if isinstance(value, list):
        return tuple(_decode(item, arrays) for item in value)
    if not isinstance(value, dict):
        return value
    if "map" in value:
        return {name: _decode(item, arrays) for name, item in value["map"].items()}
    if "tuple" in value:
        fields = {name: _decode(item, arrays) for name, item in value["fields"].items()}
        return _TUPLES[value["tuple"]](**fields)
    return arrays[value["array"]]
