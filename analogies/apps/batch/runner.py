"""Many analogies in one process: check them all, skip what is finished, render, sum up.

What was compiled for one analogy serves the next; a failure ends only its own row.
"""

import contextlib
import csv
import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from absl import logging

from analogies.apps.batch import rows
from analogies.apps.usage import PROGRAM
from analogies.apps.wording import INTERRUPTED as SIGNALLED
from analogies.apps.wording import MACHINE, Ending, failure
from analogies.errors import InputError
from analogies.files import check_writable, expanded, write_atomically
from analogies.options import presets
from analogies.options.kinds import check
from analogies.options.table import Options, kinds
from analogies.runs import job as jobs
from analogies.runs.job import Job
from analogies.runs.machine.signals import Interrupted, signals_ignored
from analogies.runs.record import digest

COLUMNS = ("out", "status", "seconds", "message")
STATUSES = ("done", "skipped", "failed", "interrupted", "waiting")
DONE, SKIPPED, FAILED, INTERRUPTED, WAITING = STATUSES
Make = Callable[[Job], Ending]


@dataclass
class Entry:
    """A row of the list and what became of it.

    Attributes:
        row: the row.
        job: checked, without its pictures; None where it cannot be made.
        status: "waiting", "done", "skipped", "failed" or "interrupted".
        seconds: that making it took.
        message: why it failed.
        code: exit code of this row.
    """

    row: rows.Row
    job: Job | None = None
    status: str = WAITING
    seconds: float | None = None
    message: str = ""
    code: int = 0

    def fail(self, error: Exception) -> None:
        """Note a failure and tell it in one line."""
        self.end(failure(error))

    def end(self, said: Ending) -> None:
        """Note what became of the row, and tell it in one line."""
        self.message, self.code, _ = said
        if self.code > SIGNALLED:
            self.status = INTERRUPTED
        else:
            self.status = FAILED if self.code else DONE
        if self.status == DONE:
            self.message = ""
            logging.info("%s", said.message)
            return
        _complain(f"line {self.row.line}, {self.row.out}: {said.message}")


def run(path: str, given: Mapping[str, Any], make: Make) -> int:
    """Make the analogies of a list.

    Args:
        path: of the list.
        given: options of the command line; a row's own win.
        make: runs a checked job; returns the last line and an exit code.

    Returns:
        0 where every result is there; else the largest exit code of a row, 1 where the machine
        could not and 2 where something given cannot be used; 128 plus the signal's number when
        interrupted.

    Raises:
        InputError: the list or its summary cannot be used at all.
    """
    path = expanded(path)
    entries = [Entry(row) for row in rows.read(path)]
    summary = summary_path(path)
    check_writable(summary)
    _check_all(entries, given)
    _check_apart(entries, {Path(path).resolve(): "the list", summary.resolve(): "its summary"})
    _skip_finished(entries)
    stopped = 0
    try:
        for number, entry in enumerate(entries, 1):
            if entry.job is not None and entry.status == WAITING:
                logging.info("%d of %d: %s", number, len(entries), entry.row.out)
                _render(entry, make)
                _write_summary(summary, entries)
    except Interrupted as interrupt:
        stopped = interrupt.exit_code
    _remove_folders(entries)
    with signals_ignored():
        lost = _write_summary(summary, entries)
    counts = {status: sum(entry.status == status for entry in entries) for status in STATUSES}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    if lost:
        logging.info("%s", told)
        _complain(lost)
    else:
        logging.info("%s; %s", told, summary)
    return stopped or max(bool(lost) * MACHINE, *(entry.code for entry in entries))


def summary_path(path: str) -> Path:
    """Where it is told what became of the rows of a list.

    >>> summary_path("pictures/list.csv").name
    'list.summary.csv'
    """
    return Path(path).with_suffix(".summary.csv")


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


def _complain(line: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody listens
        sys.stderr.write(f"{PROGRAM}: error: {line}\n")


def _check_all(entries: Sequence[Entry], given: Mapping[str, Any]) -> None:
    """Plan every row and tell what is wrong with each."""
    for entry in entries:
        try:
            entry.job = _plan(entry.row, given)
        except InputError as error:
            entry.fail(error)


def _plan(row: rows.Row, given: Mapping[str, Any]) -> Job:
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
    return jobs.check(
        paths["a"],
        paths["a_prime"],
        paths["b"],
        row.pictures["out"],
        Options.parse(options),
        remark=remark,
    )


def _remove_folders(entries: Sequence[Entry]) -> None:
    """Remove the folder around those of the rows' checkpoints, if nothing is left to go on with."""
    for entry in entries:
        if entry.job is not None and entry.job.options.checkpoint is not None:
            with contextlib.suppress(OSError):
                Path(entry.job.options.checkpoint).parent.rmdir()


def _outputs(job: Job) -> list[Path]:
    return job.destination.files(job.options) if job.destination else []


def _check_apart(entries: Sequence[Entry], taken: Mapping[Path, str]) -> None:
    """No row writes what another writes or reads."""
    planned = [(entry, entry.job) for entry in entries if entry.job is not None]
    used = dict(taken)
    for entry, job in planned:
        used |= {
            path.resolve(): f"a picture of line {entry.row.line}" for path in job.inputs.values()
        }
    for entry, job in planned:
        outputs = [path.resolve() for path in _outputs(job)]
        clash = next((path for path in outputs if path in used), None)
        if clash is not None:
            problem = f"its output is {used[clash]}. Received: {str(clash)!r}"
            entry.fail(InputError(problem))
        used |= dict.fromkeys(outputs, f"an output of line {entry.row.line}, too")


def _skip_finished(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry.job is not None and entry.status == WAITING and is_finished(entry.job):
            entry.status = SKIPPED


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
