"""Summaries in the formats that TensorBoard's pages read, to the current default writer.

What `tf.summary.scalar`, `image` and `text` would write; they need TensorBoard, `write` does not.
"""

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

_SCALAR, _TENSOR, _BLOB_SEQUENCE = 1, 2, 3  # DataClass of tensorflow's summary.proto


def scalar_summary(tag: str, value: float, step: int) -> None:
    """One point of a curve."""
    tf.summary.write(tag, tf.constant(value, tf.float32), step, _metadata("scalars", _SCALAR))


def image_summary(tag: str, pixels: np.ndarray, step: int) -> None:
    """A picture `(h, w, 3)` in [0, 255]: width and height as text, and a PNG."""
    values = tf.constant(np.rint(np.clip(pixels, 0, 255)).astype(np.uint8))
    png = tf.io.encode_png(values, compression=1)  # files are larger, runs hardly slower
    height, width = pixels.shape[:2]
    parts = tf.stack([str(width), str(height), png])
    tf.summary.write(tag, parts, step, _metadata("images", _BLOB_SEQUENCE))


def text_summary(tag: str, values: Mapping[str, Any]) -> None:
    """A table of names and values."""
    rows = [f"| {name} | {_cell(value)} |" for name, value in values.items()]
    table = "\n".join(["| name | value |", "|---|---|", *rows])
    tf.summary.write(tag, tf.constant(table), 0, _metadata("text", _TENSOR))


def hparams_summary(values: Mapping[str, Any], name: str) -> None:
    """A row of the HPARAMS page; nothing where TensorBoard is not installed."""
    with contextlib.suppress(ImportError):
        from tensorboard.plugins.hparams import api

        plain = {key: _plain(value) for key, value in values.items()}
        summary = api.hparams_pb(plain, trial_id=_text(name))
        tf.summary.experimental.write_raw_pb(summary.SerializeToString(), step=0)


def _plain(value: Any) -> str | float | int | bool:
    """A value as both pages can show it."""
    if isinstance(value, list | tuple):
        return ",".join(str(_plain(item)) for item in value)
    if isinstance(value, float | int | bool):
        return value
    return _text(f"{value or ''}")


def _text(words: str) -> str:
    """Words as UTF-8 can hold them; the bytes of a file's name may be none."""
    return words.encode("utf-8", "backslashreplace").decode()


def _cell(value: Any) -> str:
    """A value in a table of Markdown."""
    return " ".join(f"{_plain(value)}".split()).replace("|", "\\|")


def _metadata(plugin: str, data_class: int) -> Any:
    metadata = tf.compat.v1.SummaryMetadata(data_class=data_class)
    metadata.plugin_data.plugin_name = plugin
    return metadata
