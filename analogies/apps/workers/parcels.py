"""What travels between the program and its workers: rows one way, results the other."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from analogies.runs.machine.versions import versions

PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Parcel:
    """A row on its way to a worker.

    Attributes:
        options: as `Options.as_dict` gives them, with the paths of whoever sends.
        pictures: {"a", "a_prime", "b": path of the sender, or address of a store}.
        out: where the result goes, for the sender or in a store.
        contents: {path of the sender, of a picture or weight file: SHA-256 of its bytes}.
        room: bytes of memory that the run may take, or None: what the worker finds.
        remark: on how the options were chosen, or "".
        shot: of a moving picture, {"numbers": start, stop and step, "coherence", "flow": what finds
            motion}; its frames are in `pictures` then, as arrays, "b", and the first of all,
            "first". Else None.
    """

    options: Mapping[str, Any]
    pictures: Mapping[str, str]
    out: str
    contents: Mapping[str, str] = field(default_factory=dict)
    room: int | None = None
    remark: str = ""
    shot: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Result:
    """What came of it.

    Attributes:
        message: one line.
        code: exit code.
        files: {name: bytes} of the picture, its record and those of its passes; those in a store
            are not among them.
        logs: {path within the folder: bytes} for TensorBoard.
        notes: what a person may not expect.
        short: it ended for want of memory.
        room: bytes of memory that there were.
        seconds: that it took.
    """

    message: str
    code: int
    files: Mapping[str, bytes] = field(default_factory=dict)
    logs: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    short: bool = False
    room: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Program:
    """What must be the same wherever rows of one list are made.

    Attributes:
        versions: {what: version}.
        source: digest of the program's files.
        weights: digest of the weights that come with it.
    """

    versions: Mapping[str, str]
    source: str
    weights: str

    def differs(self, other: "Program") -> str:
        """What is not the same, naming both, or ""."""
        told = [
            f"{name} {self.versions.get(name)} and not {version}"
            for name, version in other.versions.items()
            if self.versions.get(name) != version and name != "python"
        ]
        if not told and self.source != other.source:
            told.append(f"a program of other files, {self.source[:8]} and not {other.source[:8]}")
        if self.weights != other.weights:
            told.append(f"other weights, {self.weights[:8]} and not {other.weights[:8]}")
        return ", ".join(told)


@dataclass(frozen=True)
class Hello:
    """What a worker says of itself.

    Attributes:
        program: that it runs.
        host: name of its machine.
        node: of the cluster.
        process: its number there.
        room: bytes of memory that are free, or None where that cannot be told.
    """

    program: Program
    host: str
    node: str
    process: int
    room: int | None


@dataclass(frozen=True)
class Setup:
    """What a worker is told when it begins.

    Attributes:
        cores: that it may use.
        place: its number among the workers of its machine.
        gpu: it has one.
        folder: in which it may make one of its own; None: that for temporary files.
        run: "module:function" that makes a job's picture.
    """

    cores: int
    place: int = 0
    gpu: bool = False
    folder: str | None = None
    run: str = "analogies.runs.run:run"


@dataclass(frozen=True)
class Node:
    """A machine of the cluster.

    Attributes:
        id: of Ray.
        host: its name.
        cores, gpus: that Ray may give away there.
    """

    id: str
    host: str
    cores: int
    gpus: int


@dataclass(frozen=True)
class Lost:
    """A worker is no more.

    Attributes:
        why: one line.
        memory: it was ended for want of memory.
    """

    why: str
    memory: bool = False


class StoreFullError(Exception):
    """The store of the cluster does not take what is put there."""


@lru_cache(maxsize=1)
def program() -> Program:
    """What runs here."""
    source = sorted(PACKAGE.rglob("*.py"))
    folders = PACKAGE / "weights", PACKAGE.parent / "weights"
    weights = next((sorted(folder.glob("*.h5")) for folder in folders if folder.is_dir()), [])
    return Program(versions(), _digest(source), _digest(weights))


def _digest(files: list[Path]) -> str:
    found = hashlib.sha256()
    for path in files:
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()
