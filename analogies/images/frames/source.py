"""Frames read lazily from a folder, an animation or a clip."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from analogies import images
from analogies.errors import InputError
from analogies.files import check_readable, expanded
from analogies.images.frames.clip import CLIP_SUFFIXES, Clip, open_clip
from analogies.images.opening import Opened, opened
from analogies.images.pictures import Picture, decode

STILLS = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".ppm", ".jp2", ".avif")
USUAL_MS = 100  # that a frame of an animation is shown for where it says nothing or 0, as browsers


class Frames(Protocol):
    """Frames that can be read."""

    @property
    def path(self) -> Path:
        """Where they come from."""

    @property
    def size(self) -> tuple[int, int]:
        """`(height, width)` px of the first."""

    @property
    def count(self) -> int:
        """How many there are, as far as the file says."""

    @property
    def rate(self) -> Fraction | None:
        """Frames a second, or None where that is not known."""

    @property
    def durations(self) -> tuple[int, ...] | None:
        """Ms that each is shown for, or None where there is a rate or nothing."""

    @property
    def loop(self) -> int | None:
        """How often an animation is shown, 0: for ever; None where it does not say."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person may want to know of how they are read."""

    def read(self, numbers: range) -> Iterator[Picture]:
        """The frames of these numbers, ascending; fewer where the file ends before."""

    def name(self, number: int) -> str:
        """What the file of a frame is called in a folder, without suffix."""


def is_moving(path: str | os.PathLike) -> bool:
    """Whether a path is a folder or is called as clips are."""
    name = expanded(path)
    return os.path.isdir(name) or Path(name).suffix.lower() in CLIP_SUFFIXES


def open_frames(path: str | os.PathLike) -> Frames:
    """The frames of a folder, an animation or a clip.

    Raises:
        InputError: nothing is there, or no frames; a clip needs ffmpeg.
    """
    name = expanded(path)
    if os.path.isdir(name):
        return _folder(Path(name))
    check_readable(name)
    if Path(name).suffix.lower() in CLIP_SUFFIXES:
        return open_clip(Path(name))
    return _animation(Path(name))


@dataclass(frozen=True)
class _Folder:
    path: Path
    files: tuple[Path, ...]
    size: tuple[int, int]
    rate: Fraction | None = None
    durations: tuple[int, ...] | None = None
    loop: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.files)

    def read(self, numbers: range) -> Iterator[Picture]:
        for number in numbers:
            file = self.files[number]
            picture = images.read(file)
            if picture.size != self.size:
                raise InputError(
                    "the frames of a folder must have one size, that of the first is "
                    f"{_told(self.size)} px. Received: {str(file)!r} of {_told(picture.size)} px"
                )
            yield picture

    def name(self, number: int) -> str:
        return self.files[number].stem


def _folder(path: Path) -> Frames:
    try:
        found = [x for x in path.iterdir() if x.suffix.lower() in STILLS and x.is_file()]
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}. Received: {str(path)!r}") from None
    files = sorted((x for x in found if not x.name.startswith(".")), key=_in_order)
    if not files:
        raise InputError(f"there are no pictures in this folder. Received: {str(path)!r}")
    called = Counter(file.stem for file in files)
    stem, times = called.most_common(1)[0]
    if times > 1:
        raise InputError(
            f"{times} files are called {stem!r}, which is one frame. Received: {str(path)!r}"
        )
    header = images.inspect(files[0])
    return _Folder(path, tuple(files), (header.height, header.width))


def _in_order(path: Path) -> list[tuple[int, int, str]]:
    """Numbers in names count as numbers: 9.png comes before 10.png."""
    parts = re.split(r"(\d+)", path.name)
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts]


@dataclass(frozen=True)
class _Animation:
    path: Path
    size: tuple[int, int]
    count: int
    durations: tuple[int, ...] | None
    loop: int | None
    rate: Fraction | None = None
    notes: tuple[str, ...] = ()

    def read(self, numbers: range) -> Iterator[Picture]:
        with opened(self.path) as found:
            for number in numbers:
                found.image.seek(number)
                yield decode(Opened(found.image.copy()))

    def name(self, number: int) -> str:
        return f"{number:06}"


def _animation(path: Path) -> Frames:
    with opened(path) as found:
        image = found.image
        count = int(getattr(image, "n_frames", 1))
        durations = []
        for number in range(count):
            image.seek(number)
            image.load()  # WebP and APNG say it then
            durations.append(int(image.info.get("duration", 0) or 0) or USUAL_MS)
        loop = image.info.get("loop")
    size = images.inspect(path)
    return _Animation(path, (size.height, size.width), count, tuple(durations), loop)


def _told(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"


__all__ = ["Clip", "Frames", "is_moving", "open_frames"]
