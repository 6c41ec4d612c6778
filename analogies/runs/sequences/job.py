"""A moving picture to be made, as a person gives it, checked before the work begins."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from analogies import images
from analogies.errors import InputError
from analogies.files import expanded
from analogies.images.frames import ffmpeg
from analogies.images.frames.numbers import selected
from analogies.images.frames.source import Frames, open_frames
from analogies.images.scaling import scaled
from analogies.matching.flow import engine
from analogies.options.kinds import OptionError
from analogies.options.sequences import Moving
from analogies.options.table import Options, defaults
from analogies.runs import destination as pictures
from analogies.runs import job as jobs
from analogies.runs.checkpoints.resuming import identity, made_from
from analogies.runs.inputs import spoken
from analogies.runs.machine.silence import silence
from analogies.runs.sequences.destination import MovingDestination, named
from analogies.synthesis.pyramid import result_size
from analogies.synthesis.sequence.carrying import Anchor, Frame

# Options that say something of one picture: a map of B, a part of it, what lies around it.
STILL = ("tile", "guide", "a_mask", "b_mask", "from_other", "extend", "save_field", "nearest")
ODD = 0.01  # by which the proportions of a painted frame may differ


@dataclass(frozen=True)
class MovingJob:
    """What to make of what, and where it goes.

    Attributes:
        options: of every frame.
        moving: of the whole.
        sources: {"a", "a_prime": as given}, or {"net": path}; empty with key frames.
        frames: B.
        numbers: of the frames that are made.
        keys: {number: the frame and its painting, at the result's size}.
        size: `(height, width)` of the result, px.
        destination: of the frames together; None for one picture.
        still: of one picture, else None.
        folder: for what it takes to go on.
        made_from: what the frames depend on.
        resume: whether to go on with what is there.
        remark: on how the options were chosen, or empty.
    """

    options: Options
    moving: Moving
    sources: Mapping[str, Any]
    frames: Frames
    numbers: range
    keys: Mapping[int, Anchor]
    size: tuple[int, int]
    destination: MovingDestination | None
    still: Path | None
    folder: Path | None
    made_from: Mapping[str, Any]
    resume: bool = False
    remark: str = ""

    def notes(self) -> list[str]:
        """What a person may not expect."""
        found = [self.remark, *(f"{self.frames.path} {note}" for note in self.frames.notes)]
        if self.options.output_full:
            found.append("--output-full has no effect: passes of frames are not written")
        if self.destination is not None and self.destination.kind == "clip":
            odd = any(side % 2 for side in self.size)
            if odd and self.destination.result.suffix.lower() != ".webm":
                found.append("clips have even sides: the last row or column is doubled")
        return [note for note in found if note]


def check(
    sources: Mapping[str, Any],
    b: Any,
    out: Any,
    options: Options,
    moving: Moving,
    *,
    resume: bool = False,
    remark: str = "",
) -> MovingJob:
    """A job of which all is checked that can be without making a frame.

    Args:
        sources: {"a", "a_prime"}, or {"net": path of the network that makes the frames}, or nothing
            where there are key frames.
        b: path of the clip, the folder or the animation.
        out: path of the result.
        options: of every frame.
        moving: of the whole.
        resume: go on with what is there.
        remark: on how the options were chosen, for the notes.

    Raises:
        InputError: one line on the first thing that cannot be used; no file was written.
    """
    _check_options(options, moving, sources)
    with silence():
        frames = _told_of("B", open_frames, b)
    try:
        numbers = selected(frames.count, moving.frames or ":", moving.every)
        if moving.frame is not None:
            selected(frames.count, f"{moving.frame}:")
    except InputError as error:
        raise OptionError("frames" if moving.frame is None else "frame", str(error)) from None
    size = result_size(frames.size, options)
    to = still = folder = None
    if moving.frame is None:
        to = named(out, frames)
        folder = Path(options.checkpoint) if options.checkpoint else to.work
        if to.kind == "clip":
            ffmpeg.executable()
    else:
        still = pictures.named(out).result
    _check_inputs_stay(sources, moving, frames, numbers, to, still)
    keys = _keys(frames, moving, numbers, size)
    known: dict[str, images.Picture] = {}
    if "a" in sources:
        first = next(iter(frames.read(range(numbers[0], numbers[0] + 1))), None)
        if first is None:
            raise InputError(
                f"B: frame {numbers[0]} cannot be read. Received: {str(frames.path)!r}"
            )
        job = jobs.check(
            sources["a"], sources["a_prime"], first.pixels, None, frame_options(options)
        )
        known = dict(jobs.with_pictures(job).pictures)
        known.pop("b")
    made = {
        **made_from(frame_options(options), known),
        **{f"--{name}": value for name, value in moving.as_dict().items() if name != "key"},
        **{f"--key {number}": identity(images.read(key.picture)) for number, key in keys.items()},
        "B": _fingerprint(frames),
        **_of_maker(sources),
    }
    made = json.loads(json.dumps(made))
    return MovingJob(
        options=options,
        moving=moving,
        sources=sources,
        frames=frames,
        numbers=numbers,
        keys=keys,
        size=size,
        destination=to,
        still=still,
        folder=folder,
        made_from=made,
        resume=resume,
        remark=remark,
    )


def frame_options(options: Options) -> Options:
    """The options of a frame: what concerns the whole is not for it."""
    return replace(options, checkpoint=None, resume=False, logdir=None, output_full=False)


def read_frames(
    frames: Frames, numbers: range, size: tuple[int, int]
) -> Iterator[tuple[Frame, np.ndarray | None]]:
    """Frames at the result's size, uint8, and their transparency, float32 `(h, w)`."""
    for number, picture in zip(numbers, frames.read(numbers), strict=False):
        alpha = picture.alpha
        if alpha is not None:
            alpha = scaled(alpha[..., np.newaxis], size)[..., 0]
        yield Frame(number, _shown(picture, size)), alpha


def _shown(picture: images.Picture, size: tuple[int, int]) -> np.ndarray:
    return images.to_uint8(scaled(picture.pixels, size))


def _check_options(options: Options, moving: Moving, sources: Mapping[str, Any]) -> None:
    if options.preset in ("texture", "cnnmrf-texture"):
        raise OptionError("preset", f"makes nothing of a moving B. Received: {options.preset!r}")
    if options.contrast:
        raise OptionError("contrast", "is measured on one picture and would flicker; leave it out")
    for name in STILL:
        if getattr(options, name) != defaults()[name]:
            raise OptionError(name, "is for one picture; a moving B has none for its frames")
    if options.masks_pairs:
        raise OptionError("pair", "with a mask is for one picture; a moving B has none")
    if options.fit:
        raise OptionError("fit", "may change the size from frame to frame; give --height")
    if moving.key and sources:
        raise OptionError("key", "takes the place of A and A': B OUT --key N FILE")
    if options.match_color != "off" and moving.key:
        raise OptionError("match_color", "has no A' to change where there are key frames")
    if moving.key and moving.coherence == 0:
        raise OptionError("coherence", "must be above 0 with key frames, which are carried along")


def _keys(
    frames: Frames, moving: Moving, numbers: range, size: tuple[int, int]
) -> dict[int, Anchor]:
    """The key frames at the result's size."""
    found = {}
    for word, file in sorted(moving.key, key=lambda pair: int(pair[0])):
        number = int(word)
        if number >= frames.count:
            last = frames.count - 1
            raise OptionError("key", f"must name a frame from 0 to {last}. Received: {number}")
        if moving.frame is None and number not in numbers:
            raise OptionError("key", f"names frame {number}, which --frames or --every leave out")
        with silence():
            painted = _told_of(f"--key {number}", images.read, file)
            frame = next(iter(frames.read(range(number, number + 1))), None)
        if frame is None:
            raise OptionError("key", f"names frame {number}, which cannot be read")
        (height, width), (own, far) = frame.size, painted.size
        if abs(own * width / (height * far) - 1) > ODD:
            raise OptionError(
                "key",
                f"{number}: a painted frame has the proportions of the frame, {width}x{height} px. "
                f"Received: {file!r} of {far}x{own} px",
            )
        found[number] = Anchor(_shown(frame, size), _shown(painted, size))
    return found


def _check_inputs_stay(
    sources: Mapping[str, Any],
    moving: Moving,
    frames: Frames,
    numbers: range,
    to: MovingDestination | None,
    still: Path | None,
) -> None:
    """No file that is written is one that is read."""
    given = {**{f"--key {number}": file for number, file in moving.key}, **sources}
    named = {spoken(name): file for name, file in given.items() if isinstance(file, str | Path)}
    inputs = {os.path.realpath(expanded(file)): name for name, file in named.items()}
    inputs |= {os.path.realpath(file): "B" for file in getattr(frames, "files", (frames.path,))}
    written = [still] if still is not None else []
    if to is not None:
        written += [to.result, to.record]
        if to.kind == "folder":
            written += [to.result / f"{frames.name(number)}.png" for number in numbers]
    for file in written:
        name = inputs.get(os.path.realpath(file))
        if name is not None:
            raise InputError(
                f"the output would overwrite an input ({name}). Received: {str(file)!r}"
            )


def _told_of(name: str, function: Any, source: Any) -> Any:
    try:
        return function(source)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _of_maker(sources: Mapping[str, Any]) -> dict[str, str]:
    """What frames depend on beside pictures and options: the network, or what finds the motion."""
    if "net" not in sources:
        return {"the flow": engine()}
    with open(sources["net"], "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"the network": f"a file of SHA-256 {digest[:16]}"}


def _fingerprint(frames: Frames) -> str:
    """B by what it holds; a folder by the names and bytes of its files."""
    digest = hashlib.sha256()
    files: Sequence[Path] = getattr(frames, "files", (frames.path,))
    for file in files:
        digest.update(file.name.encode())
        with open(file, "rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return f"{frames.count} frames of SHA-256 {digest.hexdigest()[:16]}"
