"""The run record, `out.json`: what was made of what and how; enough to make it again."""

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analogies.files import write_atomically
from analogies.runs.machine.versions import versions
from analogies.runs.monitors.pass_log import PassLog

if TYPE_CHECKING:
    from analogies.runs.job import Job

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


def describe(
    job: "Job", log: PassLog, device: str, seconds: Mapping[str, float], result: str
) -> dict[str, Any]:
    """The record of a run as plain data.

    Args:
        job: what was asked for.
        log: what happened.
        device: where it was computed.
        seconds: of the parts outside of the synthesis, such as reading and saving.
        result: the file's name.

    Returns:
        a dictionary that JSON can hold; `Options.parse(record["options"])` gives the options
        back, whose `seed` and the inputs' SHA-256 make the run repeatable.
    """
    height, width = job.result_size()
    last = log.last
    return {
        "program": "analogies",
        "result": result,
        "complete": last is not None and last.kind == "done",
        "versions": versions(),
        "device": device,
        "seed": job.options.seed,
        "guides": [
            {"weight": weight, "classes": _classes(job, number)}
            for number, weight in enumerate(job.weights, 1)
        ],
        "inputs": {name: _input(job, name) for name in job.sources},
        "width": width,
        "height": height,
        "options": job.options.as_dict(),
        "options_sha256": job.options.fingerprint(),
        "evaluations": last.evaluations if last else 0,
        "loss": last.loss if last else None,
        "passes": log.rows,
        "notes": [*job.notes(), *log.notes],
        "decisions": list(log.decisions),
        "seconds": {name: round(value, 3) for name, value in {**log.phases, **seconds}.items()},
        "peak_memory_mib": peak_memory(),
    }


def write(path: Path, record: Mapping[str, Any]) -> None:
    """Write a run record; the file appears whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    text = json.dumps(_without_nan(record), indent=2, ensure_ascii=False) + "\n"
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def peak_memory() -> int | None:
    """The largest resident size of this process so far, MiB; None on Windows."""
    if resource is None:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (2**20 if sys.platform == "darwin" else 2**10)


def _classes(job: "Job", number: int) -> int | None:
    """How many classes a guide tells; None where its values count, or it has no weight."""
    channels = job.channels.get(number)
    return None if channels is None or channels.colors is None else len(channels.colors)


def _input(job: "Job", name: str) -> dict[str, Any]:
    """What is told of a picture; of one that is no file, the digest of its pixels."""
    picture, path = job.pictures[name], job.inputs.get(name)
    height, width = picture.size
    known = digest(path) if path else hashlib.sha256(picture.pixels.tobytes()).hexdigest()
    file = str(path) if path else None
    return {"file": file, "sha256": known, "width": width, "height": height}


def digest(path: Path) -> str:
    """SHA-256 (hex) of a file, as the record names its inputs."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _without_nan(value: Any) -> Any:
    """JSON has no NaN or infinity; null stands for them."""
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return None
    return value
