"""Making the frames of a moving picture by a network, as the command does it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analogies.apps import moving
from analogies.apps.fast.beside import with_those_beside
from analogies.apps.fast.words import BESIDE_MOVING
from analogies.apps.wording import DONE, Ending
from analogies.errors import InputError
from analogies.files import check_readable, expanded
from analogies.options.kinds import OptionError
from analogies.options.sequences import Moving

if TYPE_CHECKING:
    from analogies.runs.learning.fast_analogy import FastAnalogy
    from analogies.runs.sequences.job import MovingJob
    from analogies.synthesis.sequence.carrying import Frame


def wanted(b: Sequence[str], out: str, given: Mapping[str, Any]) -> bool:
    """Whether B is one moving picture.

    A folder is one where OUT is a clip or an animation, or where something is asked for that only
    a moving picture has; else it holds pictures.
    """
    if len(b) != 1:
        return False
    name = expanded(b[0])
    if not os.path.isdir(name):
        return moving.is_moving(b[0], out) or ("frame" in given and moving.has_frames(name))
    return any(x in given for x in BESIDE_MOVING) or _is_moving_file(out)


def check_still(given: Mapping[str, Any]) -> None:
    """See that nothing was asked for that only a moving picture has.

    Raises:
        OptionError: it was.
    """
    for name in BESIDE_MOVING:
        if name in given:
            also = "" if name == "frame" else " and a moving OUT"
            raise OptionError(name, f"beside --with is for a moving B{also}; leave it out")


def make(net: Path, b: str, out: str, given: Mapping[str, Any]) -> Ending:
    """Make the frames, or the one that is asked for.

    Args:
        net: file of the network.
        b: the clip, the animation or the folder.
        out: where they go.
        given: options that were given beside the network.

    Raises:
        InputError: something given cannot be used; no file was written.
    """
    from analogies.runs.learning import net_file
    from analogies.runs.learning.fast_analogy import FastAnalogy
    from analogies.runs.sequences import job as jobs
    from analogies.synthesis.sequence.making import ByWholes

    check_readable(net)
    about = net_file.describe(net)
    learned = net_file.options_of(about)
    options = with_those_beside(learned, given, ("checkpoint", "logdir"))
    if options.contrast and "contrast" not in given:
        raise OptionError(
            "contrast",
            "was learned with the network, is measured on one picture and would flicker: "
            "--contrast 0 leaves it out",
        )
    asked = Moving.parse(given)
    if not net_file.has_textures(about):  # its pictures move with B by themselves
        asked = replace(asked, coherence=0.0)
    resume = bool(given.get("resume", False))
    job = jobs.check({"net": net}, b, out, options, asked, resume=resume)
    if job.still is not None:
        _check_apart(job, job.still)
    fast = FastAnalogy(net, device=options.device)
    fast.options = options
    maker = ByWholes(_ByNet(fast), beside=True)
    return moving.run(job, maker) if job.still is None else _one(job, maker)


class _ByNet:
    """Makes a frame as the network makes a picture."""

    def __init__(self, fast: "FastAnalogy") -> None:
        self._fast = fast

    def __call__(self, frame: "Frame") -> np.ndarray:
        """float32 `(h, w, 3)` in [0, 255]."""
        return self._fast(frame.shown).astype(np.float32)


def _one(job: "MovingJob", maker: Any) -> Ending:
    """Make the frame that `job.moving.frame` names, and write it."""
    from analogies import images
    from analogies.runs.sequences.job import read_frames
    from analogies.runs.telling import loudness, tell

    number, path = job.moving.frame, job.still
    assert number is not None
    assert path is not None
    with loudness(job.options):
        tell(job.notes())
        found = next(read_frames(job.frames, range(number, number + 1), job.size), None)
        if found is None:
            raise OptionError("frame", f"names frame {number}, which cannot be read")
        images.write(path, maker.whole(found[0]), found[1])
    return Ending(f"{path}, {job.size[1]}x{job.size[0]} px", DONE)


def _check_apart(job: "MovingJob", path: Path) -> None:
    """The picture does not take the place of a frame or of B."""
    inputs = (job.frames.path, *getattr(job.frames, "files", ()))
    if os.path.realpath(path) in {os.path.realpath(x) for x in inputs}:
        raise InputError(f"the output would overwrite an input. Received: {str(path)!r}")


def _is_moving_file(out: str) -> bool:
    """Whether an output is called as clips or animations are, and is no folder."""
    from analogies.images.frames.animation import ANIMATION_SUFFIXES
    from analogies.images.frames.clip import CLIP_SUFFIXES

    if out.endswith(os.sep) or os.path.isdir(expanded(out)):
        return False
    return Path(out).suffix.lower() in (*ANIMATION_SUFFIXES, *CLIP_SUFFIXES)
