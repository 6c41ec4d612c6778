"""How far a run is, and how long the rest will take."""

from typing import TYPE_CHECKING

from analogies import tracing

if TYPE_CHECKING:
    from analogies.synthesis.loop import Progress


LEAST_SECONDS = 0.1  # from which the rest is told: what is shorter is mostly chance


def share_done(record: "Progress") -> float:
    """The share of a run's work that is behind it, in [0, 1]."""
    if record.kind == "done":
        return 1.0
    return min(max(record.work_done / record.work_planned, 0.0), 1.0)


class TimeLeft:
    """Seconds that the rest of a run will take, from what its work took so far.

    What was done before the first record, importing or all of an earlier run that is gone on with,
    says nothing about the rest, and neither does tracing, which is done once, nor the first level,
    in which everything is called for the first time; where there is no other, it has to do.
    """

    def __init__(self) -> None:
        self._level: int | None = None
        self._start: tuple[float, float] | None = None  # of counting: seconds, share
        self._left: float | None = None

    def __call__(self, record: "Progress") -> float | None:
        """Take one record; returns the seconds left, or None where nothing is known yet."""
        now, done = record.seconds - tracing.seconds(), share_done(record)
        if self._level is None:
            self._level = record.level
        if record.level == self._level < record.levels - 1:
            return None
        if self._start is None:
            self._start = now, done
        spent, worked = now - self._start[0], done - self._start[1]
        if worked > 0 and spent >= LEAST_SECONDS:
            self._left = spent / worked * (1 - done)
        return self._left


def clock(seconds: float | None) -> str:
    """A time in words as short as they can be, rounded to what is known of it.

    >>> [clock(seconds) for seconds in (None, 7.4, 83, 754, 9000)]
    ['', '7 s', '1:20 min', '13 min', '2:30 h']
    """
    if seconds is None:
        return ""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60}:{whole % 60 // 10}0 min"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"
