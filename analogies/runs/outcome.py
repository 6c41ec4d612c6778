"""What a run has come to."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from analogies.runs.job import Job
    from analogies.runs.machine.device import Machine
    from analogies.runs.monitors.pass_log import PassLog


@dataclass(frozen=True)
class Kept:
    """Where a picture is.

    Attributes:
        path: the file, or None where it is in memory alone.
        problem: why it is not where it was to be, or "".
    """

    path: Path | None = None
    problem: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a run has come to.

    Attributes:
        job: as it was run: with `fit` its size may be another than asked for.
        picture: B', uint8 `(height, width, 3)`.
        alpha: B's transparency at that size, float32 `(height, width)` in [0, 255], or None.
        log: of its passes, and its last record.
        machine: on which it was computed.
        seconds: {what: seconds} outside of the synthesis.
        ended: what ended it before its time: a signal, or a failure; else None.
        kept: where the picture is.
        late: numbers of the signals that came when it was there already.
    """

    job: "Job"
    picture: np.ndarray = field(repr=False)
    alpha: np.ndarray | None = field(repr=False)
    log: "PassLog" = field(repr=False)
    machine: "Machine"
    seconds: dict[str, float]
    ended: BaseException | None = None
    kept: Kept = field(default_factory=Kept)
    late: tuple[int, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What a person may not expect."""
        return [*self.job.notes(), *self.log.notes]
