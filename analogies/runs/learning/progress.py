"""What is told of a learning run while it goes on, and who listens."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
from absl import logging

from analogies import images
from analogies.runs.monitors.progress import clock
from analogies.runs.monitors.progress_bar import Bar

# {kind of a record: the pictures that are made}
MAKING = {"textures": "textures", "teaching": "examples"}


@dataclass(frozen=True)
class Learned:
    """Where a learning run is.

    Attributes:
        kind: "textures", "teaching", "step" or "score".
        done, total: pictures made, or steps taken.
        left: seconds, or None where that is not known yet.
        terms: of the loss, weighted.
        share: of the held-out loss, see `student.judging.Score`, or None.
        rate: of learning.
        picture: of a "score", what a sample looks like by now, uint8 `(h, w, 3)`, or None.
    """

    kind: str
    done: int
    total: int
    left: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    share: float | None = None
    rate: float = 0.0
    picture: np.ndarray | None = None

    def words(self) -> str:
        """In one line."""
        if self.kind in MAKING:
            return f"{MAKING[self.kind]} {self.done}/{self.total}"
        held = "" if self.share is None else f", held out {self.share:.3f}"
        return f"step {self.done}/{self.total}, loss {sum(self.terms.values()):.4g}{held}"


Listener = Callable[[Learned], None]


class Lines:
    """Logs a line for every example and every score."""

    title = "the lines on learning"

    def __call__(self, record: Learned) -> None:
        """Take one record."""
        if record.kind == "step":
            return
        left = f", about {clock(record.left)} left" if record.left else ""
        logging.info("%s%s", record.words(), left)


class LearningBar(Bar):
    """Examples, steps, loss and time left on a terminal.

    Args:
        stream: where to draw, say standard error.
    """

    def __init__(self, stream: IO[str]) -> None:
        super().__init__(stream, ("left",))

    def __call__(self, record: Learned) -> None:
        """Show one record."""
        left = f"{clock(record.left)} left" if record.left else ""
        self.show(record.words(), record.done, record.total, left=left)


class Sample:
    """Keeps a picture of B, what the network makes of it, and what is wanted."""

    title = "the sample"

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, record: Learned) -> None:
        """Write the picture of a score."""
        if record.picture is not None:
            images.write(self._path, record.picture)


class Curves:
    """Writes losses, held-out scores, rates of learning and samples for TensorBoard."""

    title = "the log for TensorBoard"

    def __init__(self, logdir: str, name: str, earlier: str | None = None) -> None:
        import tensorflow as tf

        from analogies.runs.monitors.tensorboard import new_folder

        folder = Path(logdir) / Path(earlier or "").name
        self.folder = folder if earlier and folder.is_dir() else new_folder(Path(logdir), name)
        self._writer = tf.summary.create_file_writer(str(self.folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._writer.close()

    def __call__(self, record: Learned) -> None:
        """Write one record."""
        import tensorflow as tf

        from analogies.runs.monitors.event_files import image_summary, scalar_summary

        if record.kind in MAKING:
            return
        with tf.device("/CPU:0"), self._writer.as_default(), contextlib.ExitStack() as after:
            for name, value in record.terms.items():
                scalar_summary(f"weighted/{name}", value, record.done)
            if record.terms:
                scalar_summary("loss/total", sum(record.terms.values()), record.done)
                scalar_summary("learning/rate", record.rate, record.done)
            if record.share is not None and record.kind == "score":
                scalar_summary("held-out/share", record.share, record.done)
            if record.picture is not None:
                image_summary("sample", record.picture, record.done)
                after.callback(self._writer.flush)
