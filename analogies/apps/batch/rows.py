"""The list of a batch: a table (CSV) with one analogy per row.

Its header names the columns. `a`, `a_prime`, `b` and `out` are pictures, every other column is an
option, with or without its dashes. Paths start from the folder of the list. An empty cell leaves
the option to the command line. A guide is one cell, `A_MAP; B_MAP; WEIGHT; MASK`, of which the last
two may be left out; further ones have the columns `guide2`, `guide3` and so on.
"""

import codecs
import csv
import difflib
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from analogies.errors import InputError
from analogies.files import check_readable, expanded, reason
from analogies.options.kinds import Kind, OptionError, shorten
from analogies.options.presets import DEFAULT, PRESETS
from analogies.options.table import kinds

PICTURES = ("a", "a_prime", "b")
FOR_ALL = ("device", "quiet", "verbose", "pair")  # of the process, or more than a cell holds
_GUIDE = re.compile(r"guide([2-9]|[1-9]\d+)?")
_WORDS = ("auto", "noise", "b")  # values of `init` that are no paths
_MARKS = {  # of what people save instead, by its first bytes
    b"PK\x03\x04": "a spreadsheet (or another ZIP archive)",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of old Excel",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "compressed",
}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Table(NamedTuple):
    """The text of a list.

    Attributes:
        text: with the header in its first line.
        separator: of the cells.
        lines_before: of the file that are not in it.
    """

    text: str
    separator: str
    lines_before: int = 0


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
        file = check_readable(path)
        table = decode(file.read_bytes())
    except (InputError, OSError) as error:
        problem = error if isinstance(error, InputError) else f"cannot be read: {reason(error)}"
        received = "" if "Received" in str(problem) else f" Received: {path!r}"
        raise InputError(f"--batch: {problem}{received}") from None
    path = str(file)
    reader = csv.reader(
        io.StringIO(table.text, newline=""), delimiter=table.separator, skipinitialspace=True
    )
    before = table.lines_before
    try:
        columns = _columns(next(reader, []))
        rows = [
            _row(before + reader.line_num, columns, cells, path) for cells in reader if any(cells)
        ]
    except csv.Error as error:
        line = before + reader.line_num
        raise InputError(
            f"--batch: line {line} is no row of a table: {reason(error)}. Received: {path!r}"
        ) from None
    if not rows:
        raise InputError(f"--batch: the list has no rows below its header. Received: {path!r}")
    return rows


def decode(data: bytes) -> Table:
    """The text of a list as spreadsheets write them: UTF-8 or UTF-16, with any of three separators.

    Raises:
        InputError: it is no such text; the error says how to make it one.
    """
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            raise InputError(f"the list is {name}, not a text: save it as CSV, in UTF-8.")
    try:
        text = data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"the list must be UTF-8 text, and line {line} is not: save it as 'CSV UTF-8', or "
            "convert it, from Windows' code page with iconv -f cp1252 -t utf-8."
        ) from None
    if "\0" in text:
        raise InputError("the list must be UTF-8 text, and has bytes in it that are none.")
    head, _, rest = text.partition("\n")
    named = re.fullmatch(r"\s*\"?sep=(.)\"?[\s,;]*", head, re.IGNORECASE)
    if named:  # Excel's way of telling
        return Table(rest, named[1], 1)
    head = (text.splitlines() or [""])[0]
    return Table(text, next((mark for mark in ",;\t" if mark in head), ","))


def _encoding(data: bytes) -> str:
    """The encoding of a text by its mark, or, of UTF-16 without one, by its zeros."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = data[:64]
    if len(head) >= 4 and not any(head[1::2]):
        return "utf-16-le"
    if len(head) >= 4 and not any(head[::2]):
        return "utf-16-be"
    return "utf-8-sig"


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
    if "b" in row.pictures:
        found["b"] = row.pictures["b"]
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
        if name not in (*PICTURES, "out", *options) and not _GUIDE.fullmatch(name):
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
    known = kinds()
    pictures: dict[str, str] = {}
    try:
        pictures |= {
            name: _path(folder, filled[name]) for name in (*PICTURES, "out") if name in filled
        }
        options = {
            name: _value(name, cell, known[name], folder)
            for name, cell in filled.items()
            if name in known and name != "guide"
        }
        guides = [
            _guide(cell, folder)
            for name, cell in sorted(filled.items(), key=lambda item: _number(item[0]))
            if _GUIDE.fullmatch(name)
        ]
        if guides:
            options["guide"] = guides
    except OptionError as error:
        return Row(line, out, pictures, problem=f"{error.name} {error.problem}")
    except InputError as error:
        return Row(line, out, pictures, problem=str(error))
    return Row(line, out, pictures, options)


def _value(name: str, cell: str, kind: Kind, folder: Path) -> Any:
    """What a cell says, for `Options` to check."""
    if kind.type == "flag":
        word = cell.lower()
        if word not in _TRUE + _FALSE:
            raise OptionError(name, f"must be yes or no. Received: {shorten(cell)}")
        return word in _TRUE
    if kind.type == "text" and not (name == "init" and cell in _WORDS):
        return _path(folder, cell)
    return cell


def _number(name: str) -> int:
    """Of the column of a guide; 0 of others."""
    found = _GUIDE.fullmatch(name)
    return int(found[1] or 1) if found else 0


def _guide(cell: str, folder: Path) -> list[Any]:
    """The guide of a cell, as `Options` takes it.

    Raises:
        OptionError: there are fewer or more parts.
    """
    parts = [part.strip() for part in cell.split(";")]
    if not 2 <= len(parts) <= 4 or not all(parts[:2]):
        raise OptionError("guide", f"must be A_MAP; B_MAP; WEIGHT; MASK. Received: {shorten(cell)}")
    maps = [part if part.startswith("#") else _path(folder, part) for part in parts[:2]]
    weight = parts[2] or None if len(parts) > 2 else None
    mask = _path(folder, parts[3]) if len(parts) > 3 and parts[3] else None
    return [maps[:1], maps[1], weight, mask]


def _path(folder: Path, cell: str) -> str:
    """A path of a list, which starts from its folder; an address of a store is one already."""
    return cell if is_address(cell) else os.path.join(folder, expanded(cell))


def is_address(path: str | os.PathLike) -> bool:
    """Whether this is the address of something in a store, and no path.

    >>> is_address("s3://pictures/a.png"), is_address("C:/a.png")
    (True, False)
    """
    return re.match(r"[a-z][a-z0-9+.-]+://", os.fspath(path)) is not None
