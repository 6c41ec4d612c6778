"""Many analogies: check them all, skip what is finished, render, sum up.

Who renders is a `Way`: this process, in which what was compiled for one analogy serves the next,
or workers elsewhere. A failure ends only its own row.
"""

import contextlib
import csv
import io
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from absl import logging

from analogies.apps.batch import rows
from analogies.apps.batch.entries import (
    INTERRUPTED,
    SKIPPED,
    STATUSES,
    WAITING,
    Entry,
    complain,
)
from analogies.apps.batch.lists import Listing
from analogies.apps.wording import INTERRUPTED as SIGNALLED
from analogies.apps.wording import MACHINE, Ending, failure
from analogies.errors import InputError
from analogies.files import check_writable, write_atomically
from analogies.options import presets
from analogies.options.kinds import check
from analogies.options.table import Options, kinds
from analogies.runs import job as jobs
from analogies.runs.job import Job
from analogies.runs.machine.free_memory import Room
from analogies.runs.machine.signals import Interrupted, signals_ignored
from analogies.runs.record import digest

COLUMNS = ("out", "status", "seconds", "message")
Make = Callable[[Job], Ending]


class Way(Protocol):
    """How the analogies of a list are made."""

    def plan(self, row: rows.Row, given: Mapping[str, Any]) -> Job:
        """Check a row; raises InputError on what is wrong with it."""

    def is_finished(self, entry: Entry) -> bool:
        """Whether the result of a checked row is there, see `is_finished`."""

    def render(self, entries: Sequence[Entry], changed: Callable[[], object]) -> None:
        """Make what waits, noting what became of it, and call `changed` whenever that is more.

        Raises:
            Interrupted: a signal came; what had not begun still waits.
        """


class InTurn:
    """One analogy after the other in this process.

    Args:
        make: runs a checked job; returns the last line and an exit code.
    """

    def __init__(self, make: Make) -> None:
        self._make = make

    def plan(self, row: rows.Row, given: Mapping[str, Any]) -> Job:
        """Check a row."""
        out = row.pictures.get("out", "")
        if rows.is_address(out):
            raise InputError(f"only --workers write to the address of a store. Received: {out!r}")
        return plan(row, given)

    def is_finished(self, entry: Entry) -> bool:
        """Whether the result is there."""
        return entry.job is not None and is_finished(entry.job)

    def render(self, entries: Sequence[Entry], changed: Callable[[], object]) -> None:
        """Make what waits."""
        for number, entry in enumerate(entries, 1):
            if entry.waits:
                logging.info("%d of %d: %s", number, len(entries), entry.row.out)
                _render(entry, self._make)
                changed()


def run(listed: Listing, given: Mapping[str, Any], way: Way) -> int:
    """Make the analogies of a list.

    Args:
        listed: the list.
        given: options of the command line; a row's own win.
        way: how they are made.

    Returns:
        0 where every result is there; else the largest exit code of a row, 1 where the machine
        could not and 2 where something given cannot be used; 128 plus the signal's number when
        interrupted.

    Raises:
        InputError: the list or its summary cannot be used at all.
    """
    entries = [Entry(row) for row in listed.rows]
    check_writable(listed.summary)
    _check_all(entries, given, way)
    _check_apart(entries, listed.taken)
    for entry in entries:
        if entry.waits and way.is_finished(entry):
            entry.status = SKIPPED
    stopped = 0
    try:
        way.render(entries, lambda: _write_summary(listed.summary, entries))
    except Interrupted as interrupt:
        stopped = interrupt.exit_code
    except Exception as error:  # of the machinery: what is there is told
        stopped = _gave_up(error)
    _remove_folders(entries)
    with signals_ignored():
        lost = _write_summary(listed.summary, entries)
    counts = {status: sum(entry.status == status for entry in entries) for status in STATUSES}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    if lost:
        logging.info("%s", told)
        complain(lost)
    else:
        logging.info("%s; %s", told, listed.summary)
    return stopped or max(bool(lost) * MACHINE, *(entry.code for entry in entries))


def _gave_up(error: Exception) -> int:
    """Tell why no more rows are made; returns the exit code."""
    said = failure(error)
    complain(said.message)
    return said.code


def is_finished(job: Job) -> bool:
    """Whether the result is there, made of these pictures with these options."""
    to = job.destination
    if to is None:
        return False
    try:
        record = json.loads(to.record.read_text())
        if not to.result.is_file() or not record["complete"]:
            return False
        files = {name: given for name, given in record["inputs"].items() if given["file"]}
        made_of = {name: given["sha256"] for name, given in files.items()}
        agrees = record["options_sha256"] == job.options.fingerprint()
        weights = job.options.vgg_weights
        if weights and Path(weights).stat().st_mtime > to.result.stat().st_mtime:
            return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # no record of a run
        return False
    return agrees and made_of == {name: digest(path) for name, path in job.inputs.items()}


def _check_all(entries: Sequence[Entry], given: Mapping[str, Any], way: Way) -> None:
    """Plan every row and tell what is wrong with each."""
    for entry in entries:
        try:
            entry.job = way.plan(entry.row, given)
        except InputError as error:
            entry.fail(error)


class Chosen(NamedTuple):
    """A row with its options.

    Attributes:
        paths: of a, a_prime and b.
        options: as given, not yet checked together.
        remark: on how they were chosen, or "".
    """

    paths: Mapping[str, str]
    options: dict[str, Any]
    remark: str


def chosen(row: rows.Row, given: Mapping[str, Any]) -> Chosen:
    """The pictures and options of a row.

    Raises:
        InputError: something is wrong with the row itself.
    """
    if row.problem:
        raise InputError(row.problem)
    options = {**given, **row.options}
    guides = check("guide", options.get("guide", ()), kinds()["guide"])
    name = options.get("preset")
    paths = presets.with_target(name, rows.sources(row, name), guides)
    options, remark = presets.choose(options, **paths)
    if options.get("checkpoint"):  # a folder belongs to one run
        own = "_".join(Path(row.out).with_suffix("").parts).strip(os.sep + "_")
        options["checkpoint"] = os.path.join(options["checkpoint"], own)
    return Chosen(paths, options, remark)


def plan(row: rows.Row, given: Mapping[str, Any], room: Room | None = None) -> Job:
    """A row's job, checked; `room` as `jobs.check` takes it.

    Raises:
        InputError: something in it cannot be used.
    """
    paths, options, remark = chosen(row, given)
    return jobs.check(
        paths["a"],
        paths["a_prime"],
        paths["b"],
        row.pictures["out"],
        Options.parse(options),
        remark=remark,
        room=room,
    )


def _remove_folders(entries: Sequence[Entry]) -> None:
    """Remove the folder around those of the rows' checkpoints, if nothing is left to go on with."""
    for entry in entries:
        if entry.job is not None and entry.job.options.checkpoint is not None:
            with contextlib.suppress(OSError):
                Path(entry.job.options.checkpoint).parent.rmdir()


def _outputs(entry: Entry, job: Job) -> list[Path]:
    """All files of a row; what it writes to a store stands for itself."""
    if job.destination is None:
        return [Path(entry.row.pictures["out"])]
    return job.destination.files(job.options)


def _check_apart(entries: Sequence[Entry], taken: Mapping[Path, str]) -> None:
    """No row writes what another writes or reads."""
    planned = [(entry, entry.job) for entry in entries if entry.job is not None]
    used = dict(taken)
    for entry, job in planned:
        used |= {
            path.resolve(): f"a picture of line {entry.row.line}" for path in job.inputs.values()
        }
    for entry, job in planned:
        outputs = [path.resolve() for path in _outputs(entry, job)]
        clash = next((path for path in outputs if path in used), None)
        if clash is not None:
            problem = f"its output is {used[clash]}. Received: {str(clash)!r}"
            entry.fail(InputError(problem))
        used |= dict.fromkeys(outputs, f"an output of line {entry.row.line}, too")


def _render(entry: Entry, make: Make) -> None:
    """Make one analogy; an interruption is noted and goes on upwards."""
    assert entry.job is not None
    started = time.monotonic()
    try:
        said = make(entry.job)
        entry.end(said)
        if entry.status == INTERRUPTED or said.late:
            raise Interrupted(said.late or entry.code - SIGNALLED)
    except Interrupted:
        if entry.status == WAITING:  # else its picture is there
            entry.status = INTERRUPTED
        raise
    except Exception as error:  # the other rows shall not suffer
        entry.fail(error)
    finally:
        entry.seconds = time.monotonic() - started


def _write_summary(path: Path, entries: Sequence[Entry]) -> str:
    """Write what became of the rows; returns why that failed, or ""."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        seconds = "" if entry.seconds is None else f"{entry.seconds:.2f}"
        writer.writerow([entry.row.out, entry.status, seconds, entry.message])
    try:
        write_atomically(path, text.getvalue().encode("utf-8", "surrogateescape"))
    except InputError as error:  # told at the end; the rows count
        return f"the summary {error}"
    return ""
