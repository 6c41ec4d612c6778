"""What `--batch` names: a table, or pictures of a folder that all get the same A and A'."""

import contextlib
import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analogies import images
from analogies.apps.batch import rows
from analogies.errors import InputError
from analogies.files import check_writable, expanded

SUMMARY = ".summary.csv"
# Of files in a folder those that are meant; a pattern may name others.
PICTURES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif"),
    *(".heic", ".heif", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".jp2"),
)


@dataclass(frozen=True)
class Listing:
    """Analogies to make.

    Attributes:
        rows: one for each.
        summary: where it is told what became of them.
        taken: {file that no row may write: what it is}.
    """

    rows: list[rows.Row]
    summary: Path
    taken: Mapping[Path, str] = field(default_factory=dict)


def listing(
    name: str, a: str | None = None, a_prime: str | None = None, out: str | None = None
) -> Listing:
    """The rows of a table; or, with an A, one for each picture of a folder or pattern.

    Args:
        name: of the table, the folder, or a pattern such as `photos/*.jpg`.
        a, a_prime: pictures for all rows, where `name` is no table.
        out: folder of the results, then.

    Raises:
        InputError: nothing is there, or what goes with it is missing.
    """
    many = os.path.isdir(expanded(name)) or (glob.has_magic(name) and not os.path.exists(name))
    if not many:
        beside = [word for word, value in (("--a", a), ("--a-prime", a_prime)) if value]
        if beside or out:
            words = f"{' and '.join(beside)} go" if beside else f"{out!r} goes"
            raise InputError(
                f"--batch: {words} with a folder or a quoted pattern of pictures, not with a "
                f"table, which has columns for it. Received: {name!r}"
            )
        return _of_table(expanded(name))
    if a is None and a_prime is None:
        raise InputError(
            f"--batch: a folder or pattern needs --a A --a-prime A' for its pictures (with a "
            f"preset of one picture, --a alone). Received: {name!r}"
        )
    if out is None:
        raise InputError(
            f"--batch: name the folder for the results behind the options. Received: {name!r}"
        )
    return _of_pictures(name, {"a": a, "a_prime": a_prime}, expanded(out))


def _of_table(path: str) -> Listing:
    summary = Path(path).with_suffix(SUMMARY)
    taken = {Path(path).resolve(): "the list", summary.resolve(): "its summary"}
    return Listing(rows.read(path), summary, taken)


def _of_pictures(name: str, pair: Mapping[str, str | None], out: str) -> Listing:
    """A row for each picture; the results keep their names, and their folders below the pattern."""
    given = {slot: _named(path) for slot, path in pair.items() if path is not None}
    start, found = _found(expanded(name))
    own = {os.path.realpath(os.path.join(start, path)) for path in found}
    if os.path.realpath(out) in {os.path.dirname(path) for path in own}:
        raise InputError(f"the results would be among the pictures. Received: {out!r}")
    summary = Path(out) / f"batch{SUMMARY}"
    check_writable(summary)
    listed = [
        rows.Row(
            number,
            result,
            {**given, "b": os.path.join(start, path), "out": os.path.join(out, result)},
        )
        for number, (path, result) in enumerate(zip(found, _results(found), strict=True), 1)
    ]
    return Listing(listed, summary, {summary.resolve(): "the summary"})


def _named(path: str) -> str:
    return path if rows.is_address(path) else expanded(path)


def _found(name: str) -> tuple[str, list[str]]:
    """The folder where a pattern begins to be one, and the pictures' paths from there, in order.

    Raises:
        InputError: there are none.
    """
    if os.path.isdir(name):
        start, pattern = name, "*"
    else:
        parts = Path(name).parts
        plain = next(index for index, part in enumerate(parts) if glob.has_magic(part))
        start, pattern = os.path.join("", *parts[:plain]), os.path.join(*parts[plain:])
    names = glob.glob(pattern, root_dir=start or None, recursive=True)
    if pattern == "*":
        names = [path for path in names if Path(path).suffix.lower() in PICTURES]
    files = [path for path in names if os.path.isfile(os.path.join(start, path))]
    if not files:
        where = "in this folder" if os.path.isdir(name) else "whose names fit this pattern"
        raise InputError(f"--batch: there are no pictures {where}. Received: {name!r}")
    return start, sorted(files, key=natural)


def natural(name: str) -> tuple:
    """A key by which numbers in names are ordered as numbers.

    >>> sorted(["b10.png", "b9.png", "B1.png"], key=natural)
    ['B1.png', 'b9.png', 'b10.png']
    """
    words = re.split(r"(\d+)", name.lower())
    return tuple((int(word), "") if word.isdecimal() else (-1, word) for word in words), name


def _results(names: Iterable[str]) -> list[str]:
    """The names of the results: that of the picture, as PNG where it is of a kind not written.

    Two pictures of one name without suffix would share a record: theirs keep the suffix within.
    """
    names = list(names)
    stems = [os.path.splitext(name)[0].lower() for name in names]
    count = Counter(stems)
    return [
        f"{name}.png" if count[stem] > 1 else _result(name)
        for name, stem in zip(names, stems, strict=True)
    ]


def _result(name: str) -> str:
    with contextlib.suppress(InputError):  # a picture, but of a kind that is not written
        if images.is_result_file(name):
            return name
    return f"{os.path.splitext(name)[0]}.png"
