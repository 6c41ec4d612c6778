"""Appearance and time on the example pictures, of which no right answer is known.

Each result is made by a process of its own, from start to file. An earlier commit is checked out
beside the project and makes the same results in turn, so that both meet the same machine; it is
asked through the Python functions, whose names have never changed.
"""

import contextlib
import dataclasses
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import gallery
from analogies.errors import InputError
from benchmarks import appearance
from benchmarks.run import ROOT, timed

NAMES = ("landscape", "style", "texture", "desert", "emblem")
SHEETS = {sheet.name: sheet for sheet in gallery.SHEETS if sheet.name in NAMES}
A_PRIME, B = ("A'", "Style", "Example"), ("B", "Content")  # captions
COLUMNS = ("coherence", "completeness", "repetition", "structure", "seconds", "cpu")
PROGRAM = """
import json, sys
import analogies
from PIL import Image
function, given, options, out = json.loads(sys.argv[1])
Image.fromarray(getattr(analogies, function)(*given, **options)).save(out)
"""


def known(names: list[str] | None) -> list[str]:
    """The examples that are asked for; all for None.

    Raises:
        InputError: one is not there.
    """
    unknown = [name for name in names or () if name not in NAMES]
    if unknown:
        raise InputError(f"there are the examples {', '.join(NAMES)}. Received: {unknown[0]!r}")
    return list(names or NAMES)


def measure_all(
    names: list[str], setting: dict[str, Any], against: str | None, folder: str | None
) -> list[dict[str, Any]]:
    """Print a row per example, and one more for the earlier commit.

    Args:
        names: of the examples, out of `NAMES`; each a sheet of the gallery.
        setting: options of the program besides those of the sheet.
        against: a commit, as Git takes it; None for today's program alone.
        folder: where to keep the results.

    Returns:
        the rows: "example", "commit" and `COLUMNS`; seconds are wall time, "cpu" those of all
        cores; "structure" is None where there is no B.

    Raises:
        InputError: there is no such commit, or a program failed; with what it said.
    """
    rows = []
    with tempfile.TemporaryDirectory() as place, checkout(against) as earlier:
        programs = {"today": ROOT, **({str(against): earlier} if earlier else {})}
        print(f"{'example':12}{'commit':12}" + "".join(f"{name:>14}" for name in COLUMNS))
        for name in names:
            for commit, root in programs.items():
                out = Path(folder or place).absolute() / f"{name}-{commit.replace('/', '-')}.png"
                out.parent.mkdir(parents=True, exist_ok=True)
                found = measure(SHEETS[name], setting, out, root)
                rows.append({"example": name, "commit": commit, **found})
                print(format_row(rows[-1]), flush=True)
    return rows


def measure(
    sheet: gallery.Sheet, setting: dict[str, Any], out: Path, root: Path
) -> dict[str, float | None]:
    """Make one result with the program in ``root`` and judge it: {name of `COLUMNS`: value}."""
    given = {caption: gallery.EXAMPLES / file for caption, file in sheet.given.items()}
    options = {**sheet.options, **setting}
    asked = json.dumps([sheet.function, [str(path) for path in given.values()], options, str(out)])
    with tempfile.TemporaryFile("w+") as said:
        code, usage = timed([sys.executable, "-c", PROGRAM, asked], said, root=root)
        said.seek(0)
        if code:
            last = said.read().strip().splitlines()[-1:]
            raise InputError(f"{sheet.name} failed in {root}: {' '.join(last)}")
    pictures = {caption: _pixels(path) for caption, path in given.items()}
    a_prime = next(pictures[caption] for caption in A_PRIME if caption in pictures)
    b = next((pictures[caption] for caption in B if caption in pictures), None)
    found = dataclasses.asdict(appearance.judge(_pixels(out), a_prime, b))
    return {**found, "seconds": usage["wall"], "cpu": usage["user"] + usage["system"]}


@contextlib.contextmanager
def checkout(commit: str | None) -> Iterator[Path | None]:
    """A folder with the project as it was at ``commit``, removed at the end; None for None.

    Raises:
        InputError: there is no such commit, or the project is no Git repository.
    """
    if commit is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "project")
        _git("worktree", "add", "--detach", "--quiet", str(folder), commit)
        try:
            yield folder
        finally:
            _git("worktree", "remove", "--force", str(folder))


def format_row(row: dict[str, Any]) -> str:
    """One line of the table; empty where there is no figure."""
    cells = ("" if row[name] is None else f"{row[name]:.3f}" for name in COLUMNS)
    return f"{row['example']:12}{row['commit'][:11]:12}" + "".join(f"{cell:>14}" for cell in cells)


def _git(*arguments: str) -> None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise InputError("comparing with a commit needs Git, which is not installed") from None
    if answer.returncode:
        raise InputError(f"Git cannot give this commit. Received: {answer.stderr.strip()}")


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))
