"""Where the frames of a moving picture go: a folder, a clip or an animation."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from math import gcd
from pathlib import Path

import numpy as np

from analogies import images
from analogies.errors import InputError
from analogies.files import check_writable, expanded
from analogies.images.frames.animation import ANIMATION_SUFFIXES, write_animation
from analogies.images.frames.clip import Clip, Sound, is_written, write_clip
from analogies.images.frames.source import Frames

USUAL_RATE = Fraction(25)  # frames a second, of a folder, which says nothing
SMALLEST_RATE = 100  # frames a second, of an animation whose frames last differently


@dataclass(frozen=True)
class MovingDestination:
    """What is written.

    Attributes:
        result: the folder or file.
        kind: "folder", "clip" or "animation".
    """

    result: Path
    kind: str

    @property
    def record(self) -> Path:
        """Where the run record goes."""
        return (
            self.result.with_name(self.result.name + ".json")
            if self.kind == "folder"
            else (self.result.with_suffix(".json"))
        )

    @property
    def work(self) -> Path:
        """The folder for what it takes to go on, where none is asked for."""
        return self.result.with_name(self.result.name + ".frames")


def named(out: str | os.PathLike, frames: Frames) -> MovingDestination:
    """What the name of an output stands for.

    Raises:
        InputError: it names a picture, something that is not written, or what the frames are in.
    """
    name = expanded(out)
    if name == "-":
        raise InputError("the output must have a name; a pipe takes no frames. Received: '-'")
    path = Path(name)
    suffix = path.suffix.lower()
    if name.endswith(os.sep) or os.path.isdir(name) or (not suffix and name):
        found = MovingDestination(path, "folder")
        check_writable(path / "frame.png")
    elif is_written(suffix):
        found = MovingDestination(path, "clip")
    elif suffix in ANIMATION_SUFFIXES:
        found = MovingDestination(path, "animation")
    else:
        raise InputError(
            "B has many frames: the output is a folder (out/), a clip (.mp4, .webm, .mov, .mkv) or "
            "an animation (.gif, .apng, .webp); --frame N makes one picture of one of them. "
            f"Received: {name!r}"
        )
    if found.kind != "folder":
        check_writable(path)
    if os.path.realpath(path) == os.path.realpath(frames.path):
        raise InputError(f"the output would overwrite B. Received: {name!r}")
    check_writable(found.record)
    return found


def assemble(
    to: MovingDestination, files: Sequence[Path], numbers: Sequence[int], step: int, frames: Frames
) -> None:
    """Write the clip or animation of frames that are there; a folder has them already.

    Args:
        to: where.
        files: of the frames, PNG, in the order in which they are shown.
        numbers: of the frames, where they come from.
        step: to the next frame.
        frames: where they come from.

    Raises:
        InputError: it cannot be written.
    """
    if to.kind == "folder" or not files:
        return
    if to.kind == "animation":
        kept = durations(frames, numbers, step, 10 if to.result.suffix.lower() == ".gif" else 1)
        write_animation(to.result, _read(files), kept, frames.loop)
        return
    rate, repeats = _steady(frames, numbers, step)
    sound = None
    if isinstance(frames, Clip) and frames.sound:
        start, seconds = numbers[0] / frames.rate, len(files) / rate
        sound = Sound(frames.path, float(start), float(seconds))
    shown = (
        frame for frame, times in zip(_read(files), repeats, strict=True) for _ in range(times)
    )
    write_clip(to.result, shown, rate, sound)


def durations(frames: Frames, numbers: Sequence[int], step: int, unit: int = 1) -> list[int]:
    """ms that each frame is shown for, multiples of `unit` that do not drift."""
    own: Sequence[Fraction]
    if frames.durations is not None:
        own = [Fraction(sum(frames.durations[at : at + step])) for at in numbers]
    else:
        own = [1000 * step / (frames.rate or USUAL_RATE)] * len(numbers)
    ends = [round(end / unit) * unit for end in accumulate(own, initial=Fraction(0))]
    return [max(unit, after - before) for before, after in pairwise(ends)]


def _steady(frames: Frames, numbers: Sequence[int], step: int) -> tuple[Fraction, list[int]]:
    """A rate, and how often each frame is shown at it."""
    if frames.durations is None:
        return (frames.rate or USUAL_RATE) / step, [1] * len(numbers)
    own = durations(frames, numbers, step)
    unit = max(gcd(*own), 1000 // SMALLEST_RATE)
    return Fraction(1000, unit), [max(1, round(ms / unit)) for ms in own]


def _read(files: Iterable[Path]) -> Iterable[np.ndarray]:
    """The frames as they were written, uint8 `(h, w, 3)` or `(h, w, 4)`."""
    from PIL import Image

    for file in files:
        with Image.open(file) as image:
            yield np.asarray(image)


def write_frame(
    path: Path, picture: np.ndarray, alpha: np.ndarray | None, quick: bool = False
) -> None:
    """Write a frame as PNG; quickly where it is of use for a while only."""
    images.write(path, picture, alpha, quick)
