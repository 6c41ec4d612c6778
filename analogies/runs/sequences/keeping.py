"""What it takes to go on with a moving picture: its frames and what the next depends on.

job.json           what the frames depend on
frames/NAME.png    finished; of a folder as output they lie there at once
rows.jsonl         a line for each, for the record
state_I.npz        after frame I of the order in which they are made: number, B', tracks
anchors/N.png, anchors/N-frame.png
behind/N.png       carried from the key frame behind, colors and worth
shots/I-J.npz      frames I to J, made elsewhere, which wait for those before them
"""

import contextlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from analogies import images
from analogies.errors import InputError
from analogies.files import check_writable, is_temporary, prepare_folder, write_atomically
from analogies.options.kinds import OptionError
from analogies.runs.checkpoints.resuming import check_same
from analogies.runs.sequences.destination import MovingDestination
from analogies.synthesis.sequence.carrying import Anchor, Frame, Tracks
from analogies.synthesis.sequence.joining import Behind
from analogies.synthesis.sequence.loop import Made, Memory

KEPT = 2  # states; should the last be damaged, the other is there
OURS = ("job.json", "rows.jsonl")


class Left(NamedTuple):
    """What a frame has left to those after it.

    Attributes:
        place: in the order in which they are made.
        number: of the frame.
        memory: makes it, of the frame that was read again; None where frames are made by
            themselves.
    """

    place: int
    number: int
    memory: Callable[[Frame], Memory] | None = None


class Keeper:
    """The work folder of a run.

    Args:
        folder: of this run alone.
        to: where the frames go.
        made_from: what they depend on.
    """

    def __init__(self, folder: Path, to: MovingDestination, made_from: Mapping[str, Any]) -> None:
        self.folder, self._made_from = folder, made_from
        self._own = folder == to.work  # no other run's
        self.frames = to.result if to.kind == "folder" else folder / "frames"
        self.rows: list[dict[str, Any]] = []
        self._written: set[int] = set()
        self._states: list[int] = []

    def check(self, resume: bool) -> bool:
        """See whether there is a run to go on with; whether there is.

        Args:
            resume: whether that is wanted.

        Raises:
            InputError: there is one and nobody asked for it, or it is of another job.
        """
        job = self.folder / "job.json"
        check_writable(job)
        if not job.exists():
            return False
        if not resume:
            raise OptionError(
                "resume",
                "was not given, and a run that was not finished left its frames: "
                f"it goes on with it, or remove this folder. Received: {str(self.folder)!r}",
            )
        try:
            was = json.loads(job.read_bytes())
        except (OSError, ValueError):
            return False
        check_same(job, was, self._made_from)
        return True

    def prepare(self) -> None:
        """Make the folders and say whose they are."""
        prepare_folder(self.folder / "job.json")
        prepare_folder(self.frames / "frame.png")
        write_atomically(self.folder / "job.json", json.dumps(self._made_from).encode())
        rows = "".join(json.dumps(row) + "\n" for row in self.rows)
        write_atomically(self.folder / "rows.jsonl", rows.encode())

    def file(self, name: str) -> Path:
        """Of a frame."""
        return self.frames / f"{name}.png"

    def note(self, row: dict[str, Any]) -> None:
        """Keep what the record says of a frame from which nobody goes on.

        Raises:
            InputError: the folder takes no more.
        """
        self.rows.append(row)
        self._append(json.dumps(row) + "\n")

    def add(self, index: int, made: Made, row: dict[str, Any]) -> None:
        """Keep what the next frame depends on, after the frame was written.

        Raises:
            InputError: the folder takes no more.
        """
        arrays: dict[str, Any] = {"number": np.int64(made.number)}
        if made.memory is not None:
            memory = made.memory
            for number, anchor in memory.anchors.items():
                self._write_anchor(number, anchor)
            arrays |= {"picture": memory.picture, **memory.tracks._asdict()}
        stream = io.BytesIO()
        np.savez(stream, **arrays)
        self.note(row)
        write_atomically(self._state(index), stream.getvalue())
        self._states.append(index)
        with contextlib.suppress(OSError):
            for old in self._states[:-KEPT]:
                self._state(old).unlink(missing_ok=True)
        del self._states[:-KEPT]
        if made.memory is not None:
            self._forget(set(made.memory.anchors))

    def last(self) -> Left | None:
        """What the last frame with a sound state has left, or None."""
        for path in sorted(self.folder.glob("state_*.npz"), reverse=True):
            try:
                index = int(path.stem.removeprefix("state_"))
                self._read_rows(index + 1)
                with np.load(path, allow_pickle=False) as arrays:
                    number = int(arrays["number"])
                    self._states = [index]
                    if "anchor" not in arrays:
                        return Left(index, number)
                    tracks = Tracks(arrays["anchor"], arrays["places"], arrays["age"])
                    picture = arrays["picture"]
                anchors = {int(n): self._read_anchor(int(n)) for n in np.unique(tracks.anchor)}
            except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
                continue
            self._written = set(anchors)
            memory = partial(Memory, picture=picture, tracks=tracks, anchors=anchors)
            return Left(index, number, memory)
        return None

    def write_behind(self, number: int, found: Behind) -> None:
        """Keep what was carried from the key frame behind."""
        images.write(self._behind(number), found.picture, found.worth, quick=True)

    def read_behind(self, number: int) -> Behind | None:
        """What was kept of it, or None."""
        pixels = _read(self._behind(number))
        if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4:
            return None
        return Behind(pixels[..., :3], pixels[..., 3])

    def forget_behind(self, number: int) -> None:
        """It was used."""
        with contextlib.suppress(OSError):
            self._behind(number).unlink(missing_ok=True)

    def shot(self, numbers: range) -> Path:
        """Of frames that were made elsewhere."""
        return self.folder / "shots" / f"{numbers[0]:06}-{numbers[-1]:06}.npz"

    def remove(self) -> None:
        """All of it: the result is written."""
        for name in ("frames", "anchors", "behind", "shots"):
            if self.folder / name != self.frames or self.frames.parent == self.folder:
                shutil.rmtree(self.folder / name, ignore_errors=True)
        with contextlib.suppress(OSError):
            for path in (*map(self.folder.joinpath, OURS), *self.folder.glob("state_*.npz")):
                path.unlink(missing_ok=True)
            if self._own:  # a run that was killed may have begun a file
                for path in filter(is_temporary, self.folder.iterdir()):
                    path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _state(self, index: int) -> Path:
        return self.folder / f"state_{index:08}.npz"

    def _behind(self, number: int) -> Path:
        return self.folder / "behind" / f"{number:06}.png"

    def _append(self, line: str) -> None:
        try:
            with open(self.folder / "rows.jsonl", "a") as stream:
                stream.write(line)
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror}") from None

    def _read_rows(self, count: int) -> None:
        self.rows = []
        with contextlib.suppress(OSError, ValueError):
            lines = (self.folder / "rows.jsonl").read_text().splitlines()[:count]
            self.rows = [json.loads(line) for line in lines]

    def _anchor_files(self, number: int) -> tuple[Path, Path]:
        folder = self.folder / "anchors"
        return folder / f"{number:06}-frame.png", folder / f"{number:06}.png"

    def _write_anchor(self, number: int, anchor: Anchor) -> None:
        if number in self._written:
            return
        for path, picture in zip(self._anchor_files(number), anchor, strict=True):
            images.write(path, picture, quick=True)
        self._written.add(number)

    def _read_anchor(self, number: int) -> Anchor:
        found = [_read(path) for path in self._anchor_files(number)]
        if found[0] is None or found[1] is None:
            raise ValueError(f"anchor {number} is damaged")
        return Anchor(found[0], found[1])

    def _forget(self, used: set[int]) -> None:
        """Remove anchors to which nothing leads; those of the state before are kept a while."""
        for number in sorted(self._written - used)[:-KEPT]:
            for path in self._anchor_files(number):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            self._written.discard(number)


def _read(path: Path) -> np.ndarray | None:
    try:
        with Image.open(path) as image:
            return np.asarray(image)
    except (OSError, ValueError, SyntaxError):
        return None
