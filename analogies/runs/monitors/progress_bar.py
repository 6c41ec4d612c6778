"""A line that tells a person how far the run is."""

import math
from typing import IO, TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from analogies.runs.monitors.progress import TimeLeft, clock, share_done

if TYPE_CHECKING:
    from analogies.synthesis import loop as synthesis


class ProgressBar:
    """Level, pass, loss and time left; prints nothing where the stream is no terminal.

    Args:
        stream: where to draw, say standard error.
    """

    title = "the progress bar"

    def __init__(self, stream: IO[str]) -> None:
        console = Console(file=stream)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[loss]}"),
            TextColumn("{task.fields[left]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("starting TensorFlow", total=None, loss="", left="")
        self._left = TimeLeft()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._bar.stop()

    def __call__(self, record: "synthesis.Progress") -> None:
        """Show one record."""
        seconds, done = self._left(record), share_done(record)
        left = f"{clock(seconds)} left" if seconds is not None and done < 1 else ""
        height, width = record.size
        place = f"level {record.level + 1}/{record.levels} pass {record.iteration + 1}"
        self._bar.update(
            self._task,
            description=f"{place}/{record.iterations} {width}x{height}",
            total=1.0,
            completed=done,
            loss="" if math.isnan(record.loss) else f"loss {record.loss:.4g}",
            left=left,
        )
