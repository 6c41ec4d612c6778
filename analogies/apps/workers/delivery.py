"""Rows packed for workers, and what comes back written where it was asked for."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from analogies.apps.batch.entries import Entry
from analogies.apps.batch.rows import is_address
from analogies.apps.wording import MACHINE, Ending
from analogies.apps.workers.parcels import Parcel, Result
from analogies.files import expanded, reason, write_atomically
from analogies.runs.saving import elsewhere
from analogies.runs.telling import tell

FEW = 2  # rows that share a file, from which on it stays in the object store


class Store(Protocol):
    """Where bytes are put for all workers."""

    def put(self, data: bytes) -> Any:
        """Put bytes; they stay as long as what is returned."""


class Post:
    """What is done with rows here: files that several share are put into the store once.

    Args:
        store: for the files.
        entries: all rows that are to be made.
    """

    def __init__(self, store: Store, entries: Iterable[Entry]) -> None:
        self._store = store
        self._uses = Counter(path for entry in entries for path in _paths(entry))
        self._digests: dict[str, str] = {}
        self._objects: dict[str, Any] = {}  # {SHA-256: what stands for the bytes}

    def pack(self, entry: Entry, room: int | None) -> tuple[Parcel, dict[str, Any]]:
        """A row for a worker, and {SHA-256: what stands for the file in the store}.

        Raises:
            OSError: a file cannot be read any more.
            Exception: the store's own, where it has no room.
        """
        job = entry.job
        assert job is not None
        contents, objects = {}, {}
        for path in _paths(entry):
            key = self._digests.get(path)
            if key is None or key not in self._objects:
                data = Path(path).read_bytes()
                key = hashlib.sha256(data).hexdigest()
                found = self._objects.get(key) or self._store.put(data)
                if self._uses[path] >= FEW:
                    self._digests[path], self._objects[key] = key, found
                objects[key] = found
            else:
                objects[key] = self._objects[key]
            contents[path] = key
        options = with_homes(job.options.as_dict())
        if options["checkpoint"]:
            options["checkpoint"] = os.path.abspath(options["checkpoint"])
        pictures = {name: str(job.sources[name]) for name in ("a", "a_prime", "b")}
        parcel = Parcel(options, pictures, _out(entry), contents, room, job.remark)
        return parcel, objects

    def more(self) -> bool:
        """Whether another row may begin; those that may not are left as they are."""
        return True

    def take(self, entry: Entry, result: Result) -> None:
        """Do with a result what is to be done with it, and end the row."""
        deliver(entry, result)

    def done(self, entry: Entry) -> None:
        """A row needs its files no more; what no other needs leaves the store."""
        for path in _paths(entry):
            self._uses[path] -= 1
            if self._uses[path] <= 0:
                key = self._digests.pop(path, None)
                if key is not None and key not in self._digests.values():
                    self._objects.pop(key, None)


def deliver(entry: Entry, result: Result) -> None:
    """Write what a worker made, and note what became of the row."""
    tell(result.notes)
    said = Ending(result.message, result.code)
    problem = ""
    if result.files:
        problem = _write(entry, result.files)
    if problem:
        said = Ending(problem, max(said.code, MACHINE))
    entry.seconds = result.seconds
    job = entry.job
    if result.logs and job is not None and job.options.logdir is not None:
        try:
            for name, data in result.logs.items():
                write_atomically(Path(expanded(job.options.logdir)) / name, data)
        except Exception as error:
            tell([f"the log for TensorBoard: {reason(error)}"])
    entry.end(said)


def _write(entry: Entry, files: Mapping[str, bytes]) -> str:
    """Write pictures, and last the record; returns what is wrong with that, or ""."""
    job = entry.job
    assert job is not None
    assert job.destination is not None
    result, record = job.destination.result, job.destination.record
    order = sorted(files, key=lambda name: name == record.name)
    try:
        for name in order:
            write_atomically(result.parent / name, files[name])
    except Exception as error:
        place = result if _holds(result, files[result.name]) else _rescued(result, files)
        return f"{result}: {reason(error)}; " + (
            f"the picture is {place}" if place else "no folder takes it"
        )
    return ""


def _rescued(result: Path, files: Mapping[str, bytes]) -> Path | None:
    """Write the picture where there is a place for it; returns that."""
    written: list[Path] = []

    def write(free: Path) -> None:
        place = free.with_suffix(result.suffix)
        if place.exists():
            raise FileExistsError
        write_atomically(place, files[result.name])
        written.append(place)

    elsewhere(result, write)
    return written[0] if written else None


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def with_homes(value: Any) -> Any:
    """Options with whole paths, for another machine has other homes."""
    if isinstance(value, Mapping):
        return {name: with_homes(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [with_homes(each) for each in value]
    return expanded(value) if isinstance(value, str) and value.startswith("~/") else value


def _out(entry: Entry) -> str:
    """Where a result goes, as the worker is told it."""
    job = entry.job
    if job is None or job.destination is None:
        return entry.row.pictures["out"]
    return job.destination.prefix or str(job.destination.result)


def _paths(entry: Entry) -> list[str]:
    """The files of this machine that a row is made from."""
    job = entry.job
    if job is None:
        return []
    paths = dict.fromkeys(
        str(job.sources[name]) for name in job.inputs if not is_address(job.sources[name])
    )
    weights = job.options.vgg_weights
    if weights and not is_address(weights):
        paths[expanded(weights)] = None
    return list(paths)
