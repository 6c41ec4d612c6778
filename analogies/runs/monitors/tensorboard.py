"""Losses, matching, timings and pictures of a run for TensorBoard.

The event files are written with TensorFlow alone; to look at them, install `tensorboard`.
"""

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import tensorflow as tf

from analogies.errors import InputError
from analogies.files import expanded, reason
from analogies.images.resampling import resize
from analogies.matching import draw
from analogies.runs.monitors.event_files import (
    hparams_summary,
    image_summary,
    scalar_summary,
    text_summary,
)

if TYPE_CHECKING:
    from analogies.options.table import Options
    from analogies.synthesis.loop import Progress


class TensorBoard:
    """Writes one folder of event files per run, a batch of events per pass.

    Steps are evaluations of the loss since the start of the run, so curves go on from level to
    level; a pass that takes none is one step. Scalars:

        loss/total                          every iterate; equal to the sum of the weighted terms
        weighted/TERM, weighted/TERM/LAYER  at the end of every pass
        unweighted/TERM, ...                the same before weighting
        optimizer/gradient_norm, optimizer/step_length, optimizer/evaluations
        matching/score, matching/changed
        run/level, run/seconds, seconds/PHASE

    Pictures: the inputs once, the result and the field of matches after every pass. The options
    are written as text and for the HPARAMS page.

    Args:
        logdir: folder of all runs; made when missing.
        options: of the run.
        pictures: {name: pixels (h, w, 3) in [0, 255]}, shown once.
        size: `(height, width)` at which results are shown; left out, that of their level.
        name: what the folder of the run is called, before date and time.
        earlier: name of the folder of a run that is gone on with, in `logdir`; its curves go on.
        evaluations: of the loss in that run.

    Attributes:
        folder: of this run.

    Raises:
        InputError: the folder cannot be written.
    """

    title = "the log for TensorBoard"

    def __init__(
        self,
        logdir: str | os.PathLike,
        options: "Options | None" = None,
        pictures: Mapping[str, np.ndarray] | None = None,
        size: tuple[int, int] | None = None,
        name: str = "analogy",
        earlier: str | None = None,
        evaluations: int = 0,
    ) -> None:
        self._size = size
        self._losses: list[tuple[int, float]] = []
        self._steps: dict[str, float] = {}  # of the pass's last chunk
        self._before = self._last = evaluations  # and step, at the pass before
        logdir = expanded(logdir)
        folder = Path(logdir) / Path(earlier or "").name
        goes_on = earlier is not None and folder.is_dir()
        try:
            self.folder = folder if goes_on else new_folder(Path(logdir), name)
            self._writer = tf.summary.create_file_writer(os.fsencode(self.folder))
        except (OSError, tf.errors.OpError) as error:
            raise InputError(
                f"logdir cannot be written: {reason(error)}. Received: {logdir!r}"
            ) from None
        if goes_on:
            return
        with self._writing():
            if options is not None:
                values = options.as_dict()
                text_summary("options", values)
                hparams_summary(values, self.folder.name)
            for title, pixels in (pictures or {}).items():
                image_summary(f"inputs/{title}", pixels, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: Any) -> None:
        with contextlib.suppress(tf.errors.OpError):
            self._writer.close()

    def __call__(self, record: "Progress") -> None:
        """Take one record; writes if it ends a pass or the run."""
        if record.kind == "chunk":
            first = record.evaluations - len(record.losses) + 1
            self._losses += enumerate(record.losses, start=first)
            if record.gradient_norm is not None and record.step_length is not None:
                self._steps = {
                    "optimizer/gradient_norm": record.gradient_norm,
                    "optimizer/step_length": record.step_length,
                }
            return
        with self._writing():
            if record.kind == "pass":
                self._write_pass(record)
            else:
                for name, seconds in record.phases.items():
                    scalar_summary(f"seconds/{name}", seconds, record.evaluations)

    @contextlib.contextmanager
    def _writing(self):
        # Summaries are small; on a GPU they would be copied there and back.
        with tf.device("/CPU:0"), self._writer.as_default():
            yield
        self._writer.flush()

    def _write_pass(self, record: "Progress") -> None:
        evaluations = record.evaluations - self._before
        step = max(record.evaluations, self._last + 1)  # a pass may take no evaluations
        for at, loss in self._losses:
            if at < step:
                scalar_summary("loss/total", loss, at)
        scalars = _scalars(record, evaluations) | self._steps
        for tag, value in scalars.items():
            scalar_summary(tag, value, step)
        self._losses, self._steps = [], {}
        self._before, self._last = record.evaluations, step
        pixels = record.image()
        if self._size is not None and pixels.shape[:2] != self._size:
            pixels = np.asarray(resize(pixels, self._size))
        image_summary("result", pixels, step)
        if record.field is not None:
            image_summary("matching/field", draw(record.field), step)


def _scalars(record: "Progress", evaluations: int) -> dict[str, float]:
    """The numbers of a pass by tag."""
    found = {f"weighted/{name}": value for name, value in record.terms.items()}
    for term, layer, weight, energy in record.parts:
        tag = f"unweighted/{term}"
        found[tag] = found.get(tag, 0.0) + energy
        if layer:
            found[f"weighted/{term}/{layer}"] = weight * energy
            found[f"unweighted/{term}/{layer}"] = energy
    optional = {
        "matching/score": record.match_score,
        "matching/changed": record.changed_matches,
    }
    return found | {
        **({"loss/total": record.loss} if evaluations else {}),
        "optimizer/evaluations": evaluations,
        "run/level": record.level,
        "run/seconds": record.seconds,
        **{tag: value for tag, value in optional.items() if value is not None},
    }


def new_folder(logdir: Path, name: str) -> Path:
    """A folder that was not there, say `landscape_2026-11-22_17-05-31`."""
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in name) or "run"
    stem = time.strftime(f"{name[:100]}_%Y-%m-%d_%H-%M-%S").replace("%", "_")
    for number in range(1, 1000):
        folder = logdir / (stem if number == 1 else f"{stem}_{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise FileExistsError(f"{stem} and 998 more are there already")
