"""One row in a worker: unpacked, run, packed. Knows nothing of Ray.

The pictures lie in a folder of the worker while they are used, under the names they have where
they come from; whatever is said of them afterwards names those again.
"""

import contextlib
import hashlib
import importlib
import json
import os
import shutil
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analogies.apps.batch.rows import is_address
from analogies.apps.wording import Ending, ending, failure
from analogies.apps.workers import stores
from analogies.apps.workers.folders import own_folder
from analogies.apps.workers.parcels import Hello, Parcel, Result, Setup, program
from analogies.errors import InputError
from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs.machine import free_memory
from analogies.runs.machine.free_memory import Room
from analogies.runs.machine.signals import Interrupted
from analogies.runs.memory_check import TooLargeError

if TYPE_CHECKING:
    from analogies.runs.outcome import Outcome

KEPT = 512 << 20  # bytes of pictures that a worker keeps for rows to come
Fetch = Callable[[str], bytes]


class Worker:
    """Makes one row after the other."""

    def __init__(self, setup: Setup) -> None:
        if not setup.gpu:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # before TensorFlow looks
        if hasattr(os, "sched_setaffinity"):
            with contextlib.suppress(OSError):
                os.sched_setaffinity(0, _own_cores(setup))
        module, _, name = setup.run.partition(":")
        self._run = getattr(importlib.import_module(module), name)
        self._gpu = setup.gpu
        self._folder = own_folder("analogies-worker-", setup.folder)
        self._files: OrderedDict[str, int] = OrderedDict()  # {folder: bytes}, used last at the end
        self._asked = _Asked()

    def hello(self, node: str = "") -> Hello:
        """What is to be known of this worker before it gets a row."""
        room = free_memory.available()
        return Hello(
            program(), socket.gethostname(), node, os.getpid(), room.size if room else None
        )

    def stop(self, number: int) -> None:
        """Have the row in work end with its picture so far, as a signal would; from any thread."""
        self._asked.number = number

    def close(self) -> None:
        """Remove what lies about."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def make(self, parcel: Parcel, fetch: Fetch) -> Result:
        """Make one row.

        Args:
            parcel: the row.
            fetch: gives the bytes for a SHA-256 of `parcel.contents`.

        Returns:
            what came of it, whatever that is: nothing is raised.
        """
        started = time.monotonic()
        place = self._folder / "out"
        shutil.rmtree(place, ignore_errors=True)
        names: dict[str, str] = {}
        room = _room(parcel)
        said: dict[str, Any] = {}
        try:
            place.mkdir(parents=True)
            local = self._unpacked(parcel, fetch, names, place)
            if parcel.shot is not None:
                told, said["files"] = Ending("", 0), self._shot(local, parcel)
            else:
                outcome = self._made(local, parcel, room)
                told = ending(outcome)
                said["notes"] = outcome.notes
                said["short"] = isinstance(outcome.ended, MemoryError)
                said |= _packed(parcel, outcome, place, names)
        except (Exception, KeyboardInterrupt) as error:
            told = failure(error)
            said["short"] = isinstance(error, MemoryError | TooLargeError)
        self._asked.number = 0
        seconds = time.monotonic() - started
        message = _named(told.message, names)
        said["notes"] = tuple(_named(note, names) for note in said.get("notes", ()))
        return Result(message, told.code, room=room.size if room else 0, seconds=seconds, **said)

    def _made(self, options: "_Local", parcel: Parcel, room: Room | None) -> "Outcome":
        job = jobs.check(
            options.pictures["a"],
            options.pictures["a_prime"],
            options.pictures["b"],
            options.out,
            Options.parse(options.options),
            remark=parcel.remark,
            room=None if self._gpu else room,
        )
        return self._run(jobs.with_pictures(job), [self._asked])

    def _shot(self, local: "_Local", parcel: Parcel) -> dict[str, bytes]:
        """The frames of a shot, as a file.

        Raises:
            InputError: motion is found by something else here.
        """
        from analogies.matching.flow import engine
        from analogies.runs.sequences.makers import maker_by
        from analogies.runs.sequences.shots import made_apart
        from analogies.synthesis.sequence.carrying import Frame

        assert parcel.shot is not None
        if parcel.shot["flow"] != engine():
            raise InputError(
                f"{socket.gethostname()} finds motion by {engine()} and not by "
                f"{parcel.shot['flow']}, as where the program was started"
            )
        shown, first = (np.load(local.pictures[name]) for name in ("b", "first"))
        maker, alone = maker_by(first, local.pictures, Options.parse(local.options))
        coherence = parcel.shot["coherence"]
        frames = map(Frame, range(*parcel.shot["numbers"]), shown)
        alone = alone or coherence == 0
        return {parcel.out: made_apart(frames, maker, alone, coherence, self._asked)}

    def _unpacked(
        self, parcel: Parcel, fetch: Fetch, names: dict[str, str], place: Path
    ) -> "_Local":
        """The row with paths of this machine; `names` gets {path here: path there}."""
        here: dict[str, str] = {}
        for path, key in parcel.contents.items():
            here[path] = self._put(key, os.path.basename(path), partial(fetch, key))
        for address in filter(is_address, _texts([parcel.pictures, parcel.options])):
            if address not in here:
                key = hashlib.sha256(f"{address} {stores.stamp(address)}".encode()).hexdigest()
                name = address.rpartition("/")[2]
                here[address] = self._put(key, name, partial(stores.read, address))
        out = str(place / _name(parcel.out))
        names |= {path: there for there, path in here.items()}
        names[os.path.splitext(out)[0]] = os.path.splitext(parcel.out)[0]
        options = _replaced(dict(parcel.options), here)
        if options.get("logdir"):
            options["logdir"] = str(place / "logs")
        pictures = {name: here[path] for name, path in parcel.pictures.items()}
        return _Local(options, pictures, out)

    def _put(self, key: str, name: str, fetch: Callable[[], bytes]) -> str:
        """The path of a file of this name and content, which is fetched if it is not there."""
        folder = self._folder / "in" / key
        path = folder / name
        if not path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            data = fetch()
            path.write_bytes(data)
            self._files[str(folder)] = len(data)
        self._files[str(folder)] = self._files.pop(str(folder), 0)
        while len(self._files) > 8 and sum(self._files.values()) > KEPT:
            oldest, _ = self._files.popitem(last=False)
            shutil.rmtree(oldest, ignore_errors=True)
        return str(path)


@dataclass(frozen=True)
class _Local:
    """A row with the paths of this machine."""

    options: dict[str, Any]
    pictures: dict[str, str]
    out: str


@dataclass
class _Asked:
    """A listener that ends the run when that is asked for."""

    number: int = 0

    def __call__(self, record: Any) -> None:
        if self.number:
            raise Interrupted(self.number)


def _own_cores(setup: Setup) -> set[int]:
    """Cores for one of the workers of a machine, others than those of its neighbors."""
    there = sorted(os.sched_getaffinity(0))
    first = setup.place * setup.cores
    return {there[(first + index) % len(there)] for index in range(min(setup.cores, len(there)))}


def _room(parcel: Parcel) -> Room | None:
    """What the run may take: its share, or less where there is less."""
    free = free_memory.available()
    if parcel.room is None:
        return free
    share = Room(parcel.room, "that are its share of the worker's machine")
    return share if free is None else min(share, free)


def _packed(
    parcel: Parcel, outcome: "Outcome", place: Path, names: Mapping[str, str]
) -> dict[str, Any]:
    """The files of a run, with the names of whoever sent the row; those for a store are there."""
    kept = outcome.kept
    found = {path.name: path.read_bytes() for path in sorted(place.iterdir()) if path.is_file()}
    if kept.path is not None and kept.path.parent != place:  # there was no room for it
        found[kept.path.name] = kept.path.read_bytes()
    logs = place / "logs"
    events = {str(path.relative_to(logs)): path.read_bytes() for path in _files(logs)}
    record = outcome.job.destination.record.name if outcome.job.destination else ""
    if record in found:
        found[record] = _described(found[record], names, parcel)
    if is_address(parcel.out):
        folder = parcel.out.rpartition("/")[0]
        for name in sorted(found, key=lambda name: name == record):  # the record last
            stores.write(f"{folder}/{name}", found[name])
        found = {}
    return {"files": found, "logs": events}


def _described(data: bytes, names: Mapping[str, str], parcel: Parcel) -> bytes:
    """The record of a run as it would be where the row came from."""
    record = _replaced(json.loads(data), names)
    record["notes"] = [_named(note, names) for note in record["notes"]]
    if parcel.options.get("logdir"):
        record["options"]["logdir"] = parcel.options["logdir"]
    options = Options.parse(record["options"])
    record["options_sha256"] = options.fingerprint()
    for given in record["inputs"].values():
        if is_address(given["file"] or ""):
            given["stamp"] = stores.stamp(given["file"])
    return (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode(
        "utf-8", "backslashreplace"
    )


def _named(text: str, names: Mapping[str, str]) -> str:
    """A text with the paths of whoever sent the row."""
    for path in sorted(names, key=len, reverse=True):
        text = text.replace(path, names[path])
    return text


def _replaced(value: Any, paths: Mapping[str, str]) -> Any:
    """Plain data with other paths."""
    if isinstance(value, Mapping):
        return {name: _replaced(each, paths) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(each, paths) for each in value]
    return paths.get(value, value) if isinstance(value, str) else value


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return _texts(list(value.values()))
    if isinstance(value, list | tuple):
        return [text for each in value for text in _texts(each)]
    return [value] if isinstance(value, str) else []


def _name(out: str) -> str:
    return out.rpartition("/")[2] if is_address(out) else os.path.basename(out)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
