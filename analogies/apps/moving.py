"""Jobs whose B is a moving picture: recognized by the names that were given, and made."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analogies.apps.wording import DONE, MACHINE, Ending, failure
from analogies.options.kinds import OptionError, spelled
from analogies.options.sequences import Moving, moving_kinds
from analogies.options.table import Options

if TYPE_CHECKING:
    from analogies.runs.job import Job
    from analogies.runs.sequences.job import MovingJob
    from analogies.runs.sequences.run import MovingOutcome
    from analogies.runs.sequences.shots import ShotMaker
    from analogies.synthesis.sequence.making import Maker


def is_moving(b: str, out: str) -> bool:
    """Whether B is a folder or a clip, the output a clip, or both are animations."""
    from analogies.files import expanded
    from analogies.images.frames.clip import CLIP_SUFFIXES

    source, wanted = Path(b).suffix.lower(), Path(out).suffix.lower()
    if os.path.isdir(expanded(b)) or source in CLIP_SUFFIXES:
        return True
    if wanted in (*CLIP_SUFFIXES, ".apng"):
        return True
    many = out.endswith(os.sep) or os.path.isdir(expanded(out)) or wanted in (".gif", ".webp")
    return many and has_frames(b)


def check_still(given: dict[str, Any], b: str) -> None:
    """See that nothing was asked for that only a moving picture has.

    Raises:
        OptionError: it was.
    """
    for name in moving_kinds():
        if name in given:
            raise OptionError(name, f"is for a moving B. Received: {b!r} as B")


def make(
    paths: argparse.Namespace,
    given: dict[str, Any],
    set_up: Callable[[Options], None],
    run_still: "Callable[[Job], Ending]",
) -> Ending:
    """Make the frames of a moving picture, or one of them.

    Args:
        paths: b and out; a and a_prime where there are no key frames.
        given: options by name.
        set_up: logging.
        run_still: runs a job of one picture.
    """
    from analogies.runs.sequences.asking import asked

    sources = {name: getattr(paths, name) for name in ("a", "a_prime") if hasattr(paths, name)}
    found = asked(given, sources)
    set_up(found.options)
    elsewhere = _hired(paths, found.options, found.moving)
    job = found.job(sources, paths.b, paths.out)
    if job.still is None:
        return run(job, elsewhere=elsewhere)
    from analogies.runs.sequences import preview

    if not job.keys:
        return run_still(preview.as_still(job))
    preview.preview(job)
    return Ending(f"{job.still}, {job.size[1]}x{job.size[0]} px", DONE)


def _hired(paths: argparse.Namespace, options: Options, moving: Moving) -> "ShotMaker | None":
    """The workers that are asked for.

    Raises:
        InputError: they cannot be used, or there is nothing for them to do.
    """
    workers, cores = (getattr(paths, name, None) for name in ("workers", "per_worker"))
    if workers is None and cores is None:
        return None
    for name in ("key", "frame"):
        if getattr(moving, name) not in (None, ()):
            raise OptionError(name, "does not go with --workers, which make whole shots of B")
    from analogies.apps.workers import clips

    return clips.Clips.hired(workers, cores, options)


def run(
    job: "MovingJob", maker: "Maker | None" = None, elsewhere: "ShotMaker | None" = None
) -> Ending:
    """Run a checked job, with lines of how far it is.

    Args:
        job: of many frames.
        maker: of them, in place of the one that the job asks for.
        elsewhere: makes the shots.
    """
    from analogies.runs.monitors.frame_lines import FrameLines
    from analogies.runs.sequences.run import run_sequence

    listeners: list[Any] = [FrameLines()]
    return ending(run_sequence(job, listeners, maker, elsewhere))


def ending(outcome: "MovingOutcome") -> Ending:
    """The words for a run that has frames: where they are, and what is wrong with that."""
    job, late = outcome.job, next(iter(outcome.late), 0)
    assert job.destination is not None
    result, count = job.destination.result, outcome.count
    told = f"{result}, {count} frame{'s' * (count != 1)}, {job.size[1]}x{job.size[0]} px"
    if not outcome.ended and not outcome.problem:
        return Ending(told, DONE, late)
    said, code, _ = failure(outcome.ended) if outcome.ended else Ending("", MACHINE)
    words = [said] if said else []
    if outcome.problem:
        words.append(f"{result}: {outcome.problem}; the frames are in {job.folder}")
    else:
        words.append(f"the frames so far are {told}")
    words.append(f"{spelled('resume')} goes on with them")
    return Ending("; ".join(words), code, late)


def has_frames(path: str) -> bool:
    """Whether a file is an animation."""
    from analogies import images
    from analogies.errors import InputError

    try:
        return images.inspect(path).animated
    except InputError:
        return False
