"""Checkpoints of a learning run: one file, an `.npz` of plain arrays and a JSON text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.files import check_readable, reason, write_atomically
from analogies.runs.checkpoints.archives import packed, unpacked

NAME = "learning.npz"
FORMAT = 1


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
    content = {"format": FORMAT, "made_from": kept.made_from, "found": kept.found}
    write_atomically(folder / NAME, packed(content, arrays))


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
        content, arrays = unpacked(path, FORMAT)
        parts = {
            part: {k.removeprefix(part): v for k, v in arrays.items() if k.startswith(part)}
            for part in ("state/", "best/")
        }
        return Kept(content["made_from"], parts["state/"], parts["best/"], content["found"])
    except Exception as error:  # damaged archives make NumPy and zipfile raise many kinds
        raise InputError(
            f"the checkpoint is damaged: {reason(error)}; without it the learning starts anew. "
            f"Received: {str(path)!r}"
        ) from None
