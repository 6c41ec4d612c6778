"""Checkpoints of a learning run: one file, an `.npz` of plain arrays and a JSON text."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.files import check_readable, reason, write_atomically

NAME = "learning.npz"
FORMAT = 1
_TEXT, _CHECKSUM = "text", "checksum"


@dataclass(frozen=True)
class Kept:
    """A learning run at a step.

    Attributes:
        made_from: {what the network depends on: its value}.
        state: of the trainer, arrays by name.
        best: weights of the best network so far, `{"0": ..., "1": ...}`, empty where it is the
            last.
        found: the rest, as JSON can hold it.
    """

    made_from: Mapping[str, Any]
    state: Mapping[str, np.ndarray]
    best: Mapping[str, np.ndarray]
    found: Mapping[str, Any]


def write(folder: Path, kept: Kept) -> None:
    """Write a checkpoint over the one before; the file appears whole or not at all.

    Raises:
        InputError: it cannot be written; the one before is untouched.
    """
    arrays = {f"state/{name}": value for name, value in kept.state.items()}
    arrays |= {f"best/{name}": value for name, value in kept.best.items()}
    text = json.dumps({"format": FORMAT, "made_from": kept.made_from, "found": kept.found})
    arrays[_TEXT] = np.frombuffer(text.encode(), np.uint8)
    arrays[_CHECKSUM] = np.frombuffer(_checksum(arrays), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]  # NumPy's hints forget **arrays
    write_atomically(folder / NAME, stream.getvalue())


def read(folder: Path) -> Kept | None:
    """The checkpoint of a folder; None where there is none.

    Raises:
        InputError: it is damaged.
    """
    path = folder / NAME
    if not path.exists():
        return None
    check_readable(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if arrays.pop(_CHECKSUM).tobytes() != _checksum(arrays):
            raise ValueError("its checksum is not that of its content")
        text = json.loads(arrays.pop(_TEXT).tobytes())
        if text["format"] != FORMAT:
            raise ValueError(f"it is of format {text['format']}, not {FORMAT}")
        parts = {
            part: {k.removeprefix(part): v for k, v in arrays.items() if k.startswith(part)}
            for part in ("state/", "best/")
        }
        return Kept(text["made_from"], parts["state/"], parts["best/"], text["found"])
    except Exception as error:  # damaged archives make NumPy and zipfile raise many kinds
        raise InputError(
            f"the checkpoint is damaged: {reason(error)}; without it the learning starts anew. "
            f"Received: {str(path)!r}"
        ) from None


def _checksum(arrays: Mapping[str, np.ndarray]) -> bytes:
    """SHA-256 of names, types, shapes and values."""
    known = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        known.update(f"{name} {array.dtype.str} {array.shape};".encode())
        known.update(np.ascontiguousarray(array).tobytes())
    return known.digest()
