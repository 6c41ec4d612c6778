"""What is asked of a moving picture, taken apart, and run: behind the command and Python."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analogies.errors import InputError
from analogies.options import presets
from analogies.options.sequences import Moving, moving_kinds
from analogies.options.table import Options

if TYPE_CHECKING:
    from analogies.runs.sequences.job import MovingJob


@dataclass(frozen=True)
class Asked:
    """Options of a moving picture.

    Attributes:
        options: of every frame.
        moving: of the whole.
        resume: whether to go on with what is there.
        remark: on how the options were chosen, or empty.
    """

    options: Options
    moving: Moving
    resume: bool
    remark: str

    def job(self, sources: Mapping[str, Any], b: Any, out: Any) -> "MovingJob":
        """The job, checked; takes and raises what `runs.sequences.job.check` does."""
        from analogies.runs.sequences import job as jobs

        return jobs.check(
            *(sources, b, out, self.options, self.moving), resume=self.resume, remark=self.remark
        )


def asked(given: Mapping[str, Any], sources: Mapping[str, Any]) -> Asked:
    """Options by name, checked.

    Args:
        given: those of frames and those of the whole together.
        sources: {"a", "a_prime"}, or nothing where there are key frames.

    Raises:
        OptionError: one cannot be used.
    """
    moving = Moving.parse(given)
    of_frames = {name: value for name, value in given.items() if name not in moving_kinds()}
    remark = ""
    if sources:
        of_frames, remark = presets.choose(of_frames, sources["a"], sources["a_prime"], None)
    resume = bool(of_frames.pop("resume", False))  # goes without a folder for checkpoints here
    return Asked(Options.parse(of_frames), moving, resume, remark)


def make(
    sources: Mapping[str, Any],
    b: Any,
    out: Any,
    given: Mapping[str, Any],
    listeners: Sequence[Any] = (),
) -> Path:
    """Make a moving picture, or the frame that is asked for.

    Args:
        sources, given: as for `asked`.
        b: path of a clip, a folder or an animation.
        out: path of the result.
        listeners: called with every frame, see `run_sequence`.

    Returns:
        where the result is.

    Raises:
        InputError: something given cannot be used, or the result cannot be written.
        KeyboardInterrupt: and whatever else ended it; where there are frames, a note says where.
    """
    from analogies.runs.sequences.preview import preview
    from analogies.runs.sequences.run import run_sequence

    job = asked(given, sources).job(sources, b, out)
    if job.still is not None:
        preview(job)
        return job.still
    outcome = run_sequence(job, listeners)
    assert job.destination is not None
    result = job.destination.result
    where = f"{outcome.count} frames are in {job.folder if outcome.problem else result}"
    if outcome.ended is not None:
        outcome.ended.add_note(f"{where}; resume=True goes on with them")
        raise outcome.ended
    if outcome.problem:
        raise InputError(f"{result}: {outcome.problem}; {where}")
    return result
