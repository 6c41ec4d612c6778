"""The monitors of a run that write files, as its options ask for them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analogies.files import reason
from analogies.runs import finishing
from analogies.runs.telling import tell

if TYPE_CHECKING:
    from analogies.runs.job import Job
    from analogies.synthesis.loop import Progress


def writers(job: "Job", extras: dict[str, Any]) -> "list[Callable[[Progress], None]]":
    """The monitors that write files, and the one that tells of every pass.

    Args:
        job: with its pictures.
        extras: what they want to know of themselves when the run is resumed is put here.
    """
    found: list[Callable[[Progress], None]] = []
    if job.options.verbose:
        from analogies.runs.monitors import report

        found.append(report)
    if job.destination is not None and job.destination.prefix is not None:
        found.append(_saved_iterations(job))
    if job.options.save_field is not None:
        from analogies.runs.monitors import FieldFile

        found.append(FieldFile(Path(job.options.save_field)))
    if job.options.logdir is not None:
        try:
            found.append(_tensorboard(job, extras))
        except Exception as error:  # a disk that is full is no reason to make no picture
            tell([f"the log for TensorBoard: {reason(error)}; the run goes on without it"])
    return found


def _saved_iterations(job: "Job") -> "Callable[[Progress], None]":
    from analogies.runs.monitors import SavedIterations

    assert job.destination is not None
    size = job.result_size() if job.options.output_full else None
    b, alpha = job.pictures["b"], job.alpha()
    return SavedIterations(
        job.destination.pass_file,
        lambda pixels: finishing.finish(pixels, b.pixels, job.options, size, job.controls.kept),
        lambda shown: finishing.transparency(alpha, shown),
    )


def _tensorboard(job: "Job", extras: dict[str, Any]) -> "Callable[[Progress], None]":
    from analogies.runs.monitors import TensorBoard

    assert job.options.logdir is not None
    saved = job.keeping.saved if job.keeping else None
    board = TensorBoard(
        job.options.logdir,
        job.options,
        {name: picture.pixels for name, picture in job.pictures.items()},
        job.result_size(),
        job.destination.result.stem if job.destination else "analogy",
        earlier=saved.extras.get("logs") if saved else None,
        evaluations=saved.carried.evaluations if saved else 0,
    )
    extras["logs"] = board.folder.name
    return board
