"""One line per level, where there is no terminal to draw a bar on: in logs and mails."""

from typing import TYPE_CHECKING

from absl import logging

from analogies.runs.monitors.progress import TimeLeft, clock, share_done

if TYPE_CHECKING:
    from analogies.synthesis.loop import Progress


class LevelLines:
    """Logs the start of every level, how much is done by then, and how long the rest will take."""

    title = "the lines on levels"

    def __init__(self) -> None:
        self._left = TimeLeft()
        self._level: int | None = None

    def __call__(self, record: "Progress") -> None:
        """Take one record; tells if it is the first of a level."""
        left = self._left(record)
        if record.level == self._level or record.kind == "done":
            return
        self._level = record.level
        height, width = record.size
        done = share_done(record)
        known = f": {done:.0%} done" if done else ""
        if left is not None:
            known += f", about {clock(left)} left"
        place = f"level {record.level + 1}/{record.levels}, {width}x{height} px"
        logging.info("%s%s", place, known)
