"""The record of a run over the frames of a moving picture."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from analogies.matching.flow import engine
from analogies.runs.inputs import is_path
from analogies.runs.machine.versions import versions
from analogies.runs.record import peak_memory

if TYPE_CHECKING:
    from analogies.runs.sequences.job import MovingJob


def describe(
    job: "MovingJob",
    numbers: Sequence[int],
    rows: Sequence[Mapping[str, Any]],
    complete: bool,
    seconds: float,
) -> dict[str, Any]:
    """What is known of a run, as JSON can hold it.

    Args:
        job: that was run.
        numbers: of the frames that are there.
        rows: on each frame, in the order in which they were made.
        complete: whether all are there.
        seconds: that it took.
    """
    assert job.destination is not None
    rate = job.frames.rate
    return {
        "program": "analogies",
        "result": job.destination.result.name,
        "complete": complete,
        "versions": versions(),
        "flow": None if "net" in job.sources else engine(),
        "seed": job.options.seed,
        "inputs": {
            **{name: str(source) for name, source in job.sources.items() if is_path(source)},
            "b": str(job.frames.path),
        },
        "made_from": dict(job.made_from),
        "width": job.size[1],
        "height": job.size[0],
        "rate": None if rate is None else str(rate / job.numbers.step),
        "frames": len(numbers),
        "options": job.options.as_dict(),
        "moving": job.moving.as_dict(),
        "rows": list(rows),
        "seconds": round(seconds, 3),
        "peak_memory_mib": peak_memory(),
    }
