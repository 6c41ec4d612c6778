"""Making pictures by a network, as the command does it: one, several, a folder or a list."""

import argparse
import contextlib
import csv
import io
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from absl import logging

from analogies import images
from analogies.apps.batch.rows import decode
from analogies.apps.fast import frames, picture
from analogies.apps.fast.beside import with_those_beside
from analogies.apps.usage import PROGRAM
from analogies.apps.wording import DONE, Ending, failure
from analogies.errors import InputError
from analogies.files import check_readable, check_writable, expanded, prepare_folder
from analogies.runs import destination
from analogies.runs.learning.fast_analogy import FastAnalogy
from analogies.runs.learning.lesson import SUFFIXES
from analogies.runs.telling import loudness, tell


class Task(NamedTuple):
    """A picture to make: B, and where it goes."""

    b: Path
    out: Path


def make(paths: argparse.Namespace, given: Mapping[str, Any]) -> Ending:
    """Make the pictures, or the frames of a moving one, that the arguments ask for.

    Args:
        paths: of `words.understood`.
        given: options that were given beside the network.

    Returns:
        the last line; with several pictures the largest exit code of one.

    Raises:
        InputError: the network or a name cannot be used; no file was written.
    """
    net = Path(expanded(paths.with_net))
    if paths.batch is None and frames.wanted(paths.b, paths.out, given):
        return frames.make(net, paths.b[0], paths.out, given)
    frames.check_still(given)
    tasks = _listed(paths.batch) if paths.batch is not None else _named(paths.b, paths.out)
    check_readable(net)
    _check(tasks, net)
    fast = picture.opened(net, given.get("device", "auto"))
    fast.options = with_those_beside(fast.options, given)
    with loudness(fast.options):
        if len(tasks) == 1:
            return _made(fast, tasks[0])
        return _all_made(fast, tasks)


def _all_made(fast: FastAnalogy, tasks: Sequence[Task]) -> Ending:
    """Make several; what is wrong with one ends only that one."""
    code, count = DONE, 0
    for task in tasks:
        try:
            logging.info("%s", _made(fast, task).message)
            count += 1
        except Exception as error:
            said = failure(error)
            code = max(code, said.code)
            with contextlib.suppress(OSError, ValueError, AttributeError):
                sys.stderr.write(f"{PROGRAM}: error: {task.out}: {said.message}\n")
    told = f"{count} of {len(tasks)} pictures were made"
    return Ending(told, code)


def _made(fast: FastAnalogy, task: Task) -> Ending:
    """Make one picture and write it."""
    made = picture.make(fast, fast.options, task.b)
    tell(f"{task.b} {note}" for note in made.notes)
    images.write(task.out, made.pixels, made.alpha)
    height, width = made.pixels.shape[:2]
    return Ending(f"{task.out}, {width}x{height} px, {1000 * made.seconds:.0f} ms", DONE)


def _named(b: Sequence[str], out: str) -> list[Task]:
    """The pictures that are named: one and its file, or several and a folder."""
    found = []
    for name in map(expanded, b):
        place = Path(name)
        if place.is_dir():
            inside = sorted(x for x in place.iterdir() if x.suffix.lower() in SUFFIXES)
            if not inside:
                raise InputError(f"B: there are no pictures in this folder. Received: {name!r}")
            found += inside
        else:
            found.append(place)
    whole = expanded(out)
    many = len(found) > 1 or any(os.path.isdir(expanded(name)) for name in b)
    if not many and not os.path.isdir(whole) and not whole.endswith(os.sep):
        return [Task(found[0], destination.named(whole).result)]
    folder = Path(whole)
    if images.is_result_file(whole) or folder.is_file():
        raise InputError(f"several pictures go to a folder, not to a file. Received: {out!r}")
    return [Task(path, folder / _as_result(path)) for path in found]


def _as_result(path: Path) -> str:
    """The name of B' in its folder: that of B, as PNG where its kind is not written."""
    try:
        written = images.is_result_file(path)
    except InputError:
        written = False
    return path.name if written else path.stem + ".png"


def _listed(path: str) -> list[Task]:
    """The pictures of a list with the columns b and out.

    Raises:
        InputError: it is none.
    """
    file = check_readable(path)
    try:
        table = decode(file.read_bytes())
    except InputError as error:
        raise InputError(f"--batch: {error} Received: {path!r}") from None
    reader = csv.DictReader(io.StringIO(table.text, newline=""), delimiter=table.separator)
    columns = [name.strip().lower() for name in reader.fieldnames or ()]
    if sorted(columns) != ["b", "out"]:
        raise InputError(
            f"--batch: with --with a list has the columns b and out. Received: {','.join(columns)}"
        )
    reader.fieldnames = columns
    folder, tasks = file.parent, []
    for row in reader:
        b, out = (str(row[name] or "").strip() for name in ("b", "out"))
        if not b or not out or None in row:
            raise InputError(
                f"--batch: line {reader.line_num} has not two names. Received: {path!r}"
            )
        result = destination.named(os.path.join(folder, expanded(out))).result
        tasks.append(Task(folder / expanded(b), result))
    if not tasks:
        raise InputError(f"--batch: the list has no rows below its header. Received: {path!r}")
    return tasks


def _check(tasks: Sequence[Task], net: Path) -> None:
    """Every picture is there, and none overwrites an input or another."""
    inputs = {os.path.realpath(x.b) for x in tasks} | {os.path.realpath(net)}
    seen: set[str] = set()
    for task in tasks:
        images.inspect(task.b)
        check_writable(task.out)
        real = os.path.realpath(task.out)
        if real in inputs:
            raise InputError(f"the output would overwrite an input. Received: {str(task.out)!r}")
        if real in seen:
            raise InputError(f"two pictures would go to one file. Received: {str(task.out)!r}")
        seen.add(real)
    for folder in {task.out.parent for task in tasks}:
        prepare_folder(folder / "picture")
