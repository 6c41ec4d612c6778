"""Checkpoints of any kind: an `.npz` of plain arrays and a JSON text, with a checksum over both."""

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

_TEXT, _CHECKSUM = "text", "checksum"


def packed(content: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of a checkpoint.

    Args:
        content: what JSON can hold, its "format" among it.
        arrays: of any shapes and plain dtypes, under other names than "text" and "checksum".
    """
    text = np.frombuffer(json.dumps(content).encode(), np.uint8)
    held = {**arrays, _TEXT: text}
    held[_CHECKSUM] = np.frombuffer(_checksum(held), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, **held)  # type: ignore[arg-type]  # NumPy's hints forget **arrays
    return stream.getvalue()


def unpacked(path: Path, form: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Content and arrays of a checkpoint.

    Args:
        path: of its file.
        form: the "format" that can be read.

    Raises:
        ValueError: it is damaged, or of another format.
        Exception: what NumPy and zipfile raise for damaged archives, which is of many kinds.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if arrays.pop(_CHECKSUM).tobytes() != _checksum(arrays):
        raise ValueError("its checksum is not that of its content")
    content = json.loads(arrays.pop(_TEXT).tobytes())
    if content["format"] != form:
        raise ValueError(f"it is of format {content['format']}, not {form}")
    return content, arrays


def _checksum(arrays: Mapping[str, np.ndarray]) -> bytes:
    """SHA-256 of names, types, shapes and values."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()
