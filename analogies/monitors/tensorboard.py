"""Losses, timings and pictures for TensorBoard.

The event files are written with TensorFlow alone; to look at them, install `tensorboard`.
"""

import contextlib
import os
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import tensorflow as tf

from analogies import images
from analogies.errors import InputError
from analogies.files import reason

_SCALAR = 1  # DataClass of tensorflow/core/framework/summary.proto
_BLOB_SEQUENCE = 3

if TYPE_CHECKING:
    from analogies.synthesis import Progress


class TensorBoard:
    """Writes each loss value, and per pass the weighted terms, matching and the picture.

    Steps are evaluations of the loss since the start of the run.

    Args:
        logdir: folder of the event files; made when missing.

    Raises:
        InputError: the folder cannot be written.
    """

    def __init__(self, logdir: str | os.PathLike) -> None:
        try:
            self._writer = tf.summary.create_file_writer(os.fspath(logdir))
        except (OSError, tf.errors.OpError) as error:
            raise InputError(
                f"logdir cannot be written: {reason(error)}. Received: {os.fspath(logdir)!r}"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: Any) -> None:
        with contextlib.suppress(tf.errors.OpError):
            self._writer.close()

    def __call__(self, record: "Progress") -> None:
        """Write one record."""
        # Summaries are small; on a GPU they would be copied there and back.
        with tf.device("/CPU:0"), self._writer.as_default():
            if record.kind == "chunk":
                _write_losses(record)
            if record.kind == "pass":
                _write_pass(record)
            if record.kind == "done":
                for name, seconds in record.phases.items():
                    _scalar(f"seconds/{name}", seconds, record.evaluations)
        self._writer.flush()


def _write_losses(record: "Progress") -> None:
    first = record.evaluations - len(record.losses) + 1
    for step, loss in enumerate(record.losses, start=first):
        _scalar("loss", loss, step)


def _write_pass(record: "Progress") -> None:
    step = record.evaluations
    for name, value in record.terms.items():
        _scalar(f"terms/{name}", value, step)
    if record.match_score is not None:
        _scalar("matching/score", record.match_score, step)
    if record.changed_matches is not None:
        _scalar("matching/changed", record.changed_matches, step)
    _scalar("level", record.level, step)
    _scalar("seconds/elapsed", record.seconds, step)
    _image("result", record.image(), step)


def _scalar(tag: str, value: float, step: int) -> None:
    tf.summary.write(tag, tf.constant(value, tf.float32), step, _metadata("scalars", _SCALAR))


def _image(tag: str, pixels: np.ndarray, step: int) -> None:
    """A picture as TensorBoard's image plug-in wants it: width and height as text, a PNG."""
    height, width = pixels.shape[:2]
    values = [str(width).encode(), str(height).encode(), images.encode(".png", pixels)]
    tf.summary.write(tag, tf.constant(values), step, _metadata("images", _BLOB_SEQUENCE))


def _metadata(plugin: str, data_class: int) -> Any:
    """What `tf.summary.scalar` and `image` would say; they need TensorBoard, `write` does not."""
    metadata = tf.compat.v1.SummaryMetadata(data_class=data_class)
    metadata.plugin_data.plugin_name = plugin
    return metadata
