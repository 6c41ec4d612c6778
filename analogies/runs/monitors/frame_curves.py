"""Curves over the frames of a moving picture, for TensorBoard."""

import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from analogies.runs.monitors.event_files import image_summary, scalar_summary

PICTURES = 25  # frames between two pictures


class Done(Protocol):
    """What is known of a frame that is made."""

    place: int
    number: int
    picture: np.ndarray
    seconds: float
    row: dict[str, Any]


class FrameCurves:
    """Writes `frames/warping_error`, `frames/made_anew`, `frames/seconds`, and some pictures.

    Steps are numbers of frames. See `synthesis.sequence.loop.warping_error`.

    Args:
        logdir: folder of all runs.
        name: what the folder of this one is called, before date and time.
    """

    def __init__(self, logdir: Path, name: str) -> None:
        folder = logdir / f"{name}_{time.strftime('%Y-%m-%d_%H-%M-%S')}"
        self._writer = tf.summary.create_file_writer(str(folder))

    def __call__(self, done: Done) -> None:
        """Take a frame."""
        with self._writer.as_default():
            if done.row["warping_error"] is not None:
                scalar_summary("frames/warping_error", done.row["warping_error"], done.number)
            scalar_summary("frames/made_anew", done.row["anew"], done.number)
            scalar_summary("frames/seconds", done.seconds, done.number)
            if done.place % PICTURES == 0:
                image_summary("frames/result", done.picture, done.number)
        self._writer.flush()
