"""The result of a run and its record, written where they were asked for or else elsewhere."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from analogies import images
from analogies.files import reason
from analogies.runs import record
from analogies.runs.outcome import Kept, Outcome
from analogies.runs.telling import tell

_NAMES = 100  # that are tried in a folder


def save(outcome: Outcome) -> Kept:
    """Write the result and its record; raises nothing, for the picture is worth more than a place.

    What cannot be written where it was asked for is written as PNG beside that, in the working
    folder, or in the one for temporary files, under a name that is free there.
    """
    to = outcome.job.destination
    if to is None:
        return Kept()
    started = time.monotonic()
    try:
        images.write(to.result, outcome.picture, outcome.alpha)
        kept = Kept(to.result)
    except Exception as error:
        place = elsewhere(
            to.result, lambda free: images.write(free, outcome.picture, outcome.alpha)
        )
        kept = Kept(place, reason(error))
    outcome.seconds["save"] = time.monotonic() - started
    if kept.path is not None:
        _write_record(outcome, kept.path)
    return kept


def elsewhere(path: Path, write: Callable[[Path], None]) -> Path | None:
    """Write a picture somewhere, as PNG; returns where, or None where no folder takes it."""
    for place in _places(path):
        with contextlib.suppress(Exception):
            free = next(name for name in _names(place / path.stem) if not os.path.lexists(name))
            write(free)
            return free
    return None


def _places(path: Path) -> Iterator[Path]:
    """Folders, from the one that was asked for to the one where things get lost."""
    yield path.parent
    with contextlib.suppress(OSError):
        yield Path.cwd()
    with contextlib.suppress(OSError):
        yield Path(tempfile.gettempdir())


def _names(stem: Path) -> Iterator[Path]:
    """The names that a rescued picture may get."""
    yield stem.with_name(f"{stem.name}.png")
    for number in range(1, _NAMES):
        yield stem.with_name(f"{stem.name}-{number}.png")


def _write_record(outcome: Outcome, path: Path) -> None:
    """Write the record beside the picture."""
    machine = outcome.machine.description
    try:
        described = record.describe(outcome.job, outcome.log, machine, outcome.seconds, path.name)
        record.write(path.with_suffix(".json"), described)
    except Exception as error:
        tell([f"the record of the run: {reason(error)}"])
        with contextlib.suppress(OSError):  # one of an earlier run would tell of this one
            path.with_suffix(".json").unlink()
