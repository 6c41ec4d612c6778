"""The result of a run and its record, written where they were asked for."""

import time
from typing import TYPE_CHECKING

from analogies import images
from analogies.runs import record as run_record

if TYPE_CHECKING:
    from analogies.runs.run import Outcome


def save(outcome: "Outcome") -> None:
    """Write the result and its record.

    Raises:
        InputError: one of them cannot be written.
    """
    to = outcome.job.destination
    if to is None:
        return
    started = time.monotonic()
    images.write(to.result, outcome.picture, outcome.alpha)
    outcome.seconds["save"] = time.monotonic() - started
    described = run_record.describe(
        outcome.job, outcome.log, outcome.machine.description, outcome.seconds
    )
    run_record.write(to.record, described)
