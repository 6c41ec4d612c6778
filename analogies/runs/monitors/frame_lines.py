"""Lines of how far the frames of a moving picture are."""

import time
from typing import Protocol

from absl import logging

from analogies.runs.monitors.progress import clock

SECONDS = 10.0  # between two lines, at least


class Done(Protocol):
    """What is known of a frame that is made."""

    place: int
    count: int
    number: int
    seconds: float
    here: int


class FrameLines:
    """Says after a while how many frames are made, how many a minute, and how long the rest takes.

    Where only the first frame is made, which takes longer than those that follow, nothing is said
    of the rest.
    """

    def __init__(self) -> None:
        self._said = -SECONDS
        self._first: float | None = None

    def __call__(self, done: Done) -> None:
        """Take a frame."""
        now = time.monotonic()
        if self._first is None:
            self._first = done.seconds
        last = done.place + 1 == done.count
        if now - self._said < SECONDS and not last:
            return
        self._said = now
        logging.info("%s", self.line(done))

    def line(self, done: Done) -> str:
        """The words for a frame."""
        words = f"frame {done.number}: {done.place + 1} of {done.count}"
        spent = done.seconds - (self._first or 0.0)
        if done.here < 2 or spent <= 0:
            return words
        each = spent / (done.here - 1)
        left = each * (done.count - done.place - 1)
        rest = f", {clock(left)} left" if left else ""
        return f"{words}, {60 / each:.3g} a minute{rest}"
