"""A line that tells a person how far the run is."""

import math
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from analogies.runs.monitors.progress import TimeLeft, clock, share_done

if TYPE_CHECKING:
    from analogies.synthesis import loop as synthesis


class Bar:
    """What is done, how far, and words beside it; nothing where the stream is no terminal.

    Args:
        stream: where to draw, say standard error.
        fields: names of the words behind the bar, in their order.
    """

    title = "the progress bar"

    def __init__(self, stream: IO[str], fields: Sequence[str]) -> None:
        console = Console(file=stream)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            *(TextColumn(f"{{task.fields[{name}]}}") for name in fields),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        empty: dict[str, Any] = dict.fromkeys(fields, "")
        self._task = self._bar.add_task("starting TensorFlow", total=None, **empty)

    def show(self, description: str, completed: float, total: float, **fields: Any) -> None:
        """Draw it anew."""
        self._bar.update(
            self._task, description=description, completed=completed, total=total, **fields
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._bar.stop()


class ProgressBar(Bar):
    """Level, pass, loss and time left of a run.

    Args:
        stream: where to draw, say standard error.
    """

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(stream, ("loss", "left"))
        self._left = TimeLeft()

    def __call__(self, record: "synthesis.Progress") -> None:
        """Show one record."""
        seconds, done = self._left(record), share_done(record)
        left = f"{clock(seconds)} left" if seconds is not None and done < 1 else ""
        height, width = record.size
        place = f"level {record.level + 1}/{record.levels} pass {record.iteration + 1}"
        self.show(
            f"{place}/{record.iterations} {width}x{height}",
            done,
            1.0,
            loss="" if math.isnan(record.loss) else f"loss {record.loss:.4g}",
            left=left,
        )
