"""The list of a batch: a table (CSV) with one analogy per row.

Its header names the columns. `a`, `a_prime`, `b` and `out` are pictures, every other column is an
option, with or without its dashes. Paths start from the folder of the list. An empty cell leaves
the option to the command line.
"""

import csv
import difflib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analogies.errors import InputError
from analogies.files import check_readable, reason
from analogies.options.kinds import Kind, OptionError, shorten
from analogies.options.presets import DEFAULT, PRESETS
from analogies.options.table import kinds

PICTURES = ("a", "a_prime", "b")
FOR_ALL = ("device", "quiet", "verbose", "pair")  # of the process, or more than a cell holds
_WORDS = ("auto", "noise", "b")  # values of `init` that are no paths
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True)
class Row:
    """One analogy as the list gives it.

    Attributes:
        line: in the file, from 1.
        out: as written.
        pictures: {"a", "a_prime", "b" as far as given, "out": path from the working directory}.
        options: {name: value} of the cells that are not empty.
        problem: what is wrong with the row itself, or empty.
    """

    line: int
    out: str
    pictures: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def read(path: str) -> list[Row]:
    """The rows of a list.

    Raises:
        InputError: it cannot be read, or its header is not one; of a single row, `Row.problem`
            tells.
    """
    try:
        text = check_readable(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"--batch: the list must be UTF-8 text. Received: {path!r}") from None
    except InputError as error:
        raise InputError(f"--batch: {error}") from None
    head = text.split("\n", 1)[0]
    comma = next((mark for mark in ",;\t" if mark in head), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=comma, skipinitialspace=True)
    try:
        columns = _columns(next(reader, []))
        rows = [_row(reader.line_num, columns, cells, path) for cells in reader if any(cells)]
    except csv.Error as error:
        raise InputError(
            f"--batch: line {reader.line_num} is no row of a table: {reason(error)}. "
            f"Received: {path!r}"
        ) from None
    if not rows:
        raise InputError(f"--batch: the list has no rows below its header. Received: {path!r}")
    return rows


def sources(row: Row, preset: Any) -> dict[str, str]:
    """Paths of a, a_prime and b; a preset with fewer pictures fills the empty cells.

    Raises:
        InputError: a picture is missing.
    """
    known = PRESETS.get(preset, PRESETS[DEFAULT])
    found = {}
    for slots in known.pictures.values():
        given = next((row.pictures[slot] for slot in slots if slot in row.pictures), None)
        if given is None:
            raise InputError(f"the cell {slots[0]} is empty")
        found.update({slot: row.pictures.get(slot, given) for slot in slots})
    return found


def _columns(header: list[str]) -> list[str]:
    """The names of the columns: pictures and options.

    Raises:
        InputError: one is unknown, double or missing.
    """
    names = [cell.strip().lower().removeprefix("--").replace("-", "_") for cell in header]
    while names and not names[-1]:  # spreadsheets leave empty columns at the end
        names.pop()
    options = [name for name in kinds() if name not in FOR_ALL]
    for name in names:
        if name in FOR_ALL:
            raise InputError(f"--batch: {name} goes on the command line, for all rows")
        if name not in (*PICTURES, "out", *options):
            close = difflib.get_close_matches(name, ["out", *PICTURES, *options], n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise InputError(f"--batch: no column has this name.{hint} Received: {name!r}")
        if names.count(name) > 1:
            raise InputError(f"--batch: the column {name} is there twice")
    for name in ("a", "out"):
        if name not in names:
            raise InputError(
                f"--batch: the header has no column {name}. Received: {shorten(','.join(header))}"
            )
    return names


def _row(line: int, columns: list[str], cells: list[str], path: str) -> Row:
    filled = {
        name: cell.strip() for name, cell in zip(columns, cells, strict=False) if cell.strip()
    }
    out = filled.get("out", "")
    if any(cell.strip() for cell in cells[len(columns) :]):
        return Row(line, out, problem="the row has more cells than the header")
    if not out:
        return Row(line, out, problem="the cell out is empty")
    folder = Path(path).parent
    pictures = {
        name: os.path.join(folder, filled[name]) for name in (*PICTURES, "out") if name in filled
    }
    known = kinds()
    try:
        options = {
            name: _value(name, cell, known[name], folder)
            for name, cell in filled.items()
            if name in known
        }
    except OptionError as error:
        return Row(line, out, pictures, problem=f"{error.name} {error.problem}")
    return Row(line, out, pictures, options)


def _value(name: str, cell: str, kind: Kind, folder: Path) -> Any:
    """What a cell says, for `Options` to check."""
    if kind.type == "flag":
        word = cell.lower()
        if word not in _TRUE + _FALSE:
            raise OptionError(name, f"must be yes or no. Received: {shorten(cell)}")
        return word in _TRUE
    if kind.type == "text" and not (name == "init" and cell in _WORDS):
        return os.path.join(folder, cell)
    return cell
