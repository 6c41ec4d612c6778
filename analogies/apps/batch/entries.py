"""Rows of a list, and what becomes of them."""

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from absl import logging

from analogies.apps.batch.rows import Row
from analogies.apps.usage import PROGRAM
from analogies.apps.wording import INTERRUPTED as SIGNALLED
from analogies.apps.wording import Ending, failure

if TYPE_CHECKING:
    from analogies.runs.job import Job

STATUSES = ("done", "skipped", "failed", "interrupted", "waiting")
DONE, SKIPPED, FAILED, INTERRUPTED, WAITING = STATUSES


@dataclass
class Entry:
    """A row of the list and what became of it.

    Attributes:
        row: the row.
        job: checked, without its pictures; None where it cannot be made.
        status: "waiting", "done", "skipped", "failed" or "interrupted".
        seconds: that making it took.
        message: why it failed.
        code: exit code of this row.
    """

    row: Row
    job: "Job | None" = None
    status: str = WAITING
    seconds: float | None = None
    message: str = ""
    code: int = 0

    @property
    def waits(self) -> bool:
        """Whether it can be made and has not been."""
        return self.job is not None and self.status == WAITING

    def fail(self, error: Exception) -> None:
        """Note a failure and tell it in one line."""
        self.end(failure(error))

    def end(self, said: Ending) -> None:
        """Note what became of the row, and tell it in one line."""
        self.message, self.code, _ = said
        if self.code > SIGNALLED:
            self.status = INTERRUPTED
        else:
            self.status = FAILED if self.code else DONE
        if self.status == DONE:
            self.message = ""
            logging.info("%s", said.message)
            return
        complain(f"line {self.row.line}, {self.row.out}: {said.message}")


def complain(line: str) -> None:
    """Tell what is wrong."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody listens
        sys.stderr.write(f"{PROGRAM}: error: {line}\n")
