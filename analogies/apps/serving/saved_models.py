"""Folders that TensorFlow Serving serves: numbered versions of a SavedModel, with warm-up requests.

    DIR/3/saved_model.pb
    DIR/3/variables/...
    DIR/3/assets.extra/tf_serving_warmup_requests

A version is built under another name and then renamed, so a server that watches DIR never loads
half of one.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from analogies.errors import InputError
from analogies.files import expanded, reason

WARMUP_FILE = "tf_serving_warmup_requests"  # in assets.extra; the name is the server's


@dataclass(frozen=True)
class Request:
    """A call of a signature that a server makes before it takes others."""

    signature: str
    inputs: Mapping[str, Any]


def save(
    module: tf.Module,
    folder: str | os.PathLike,
    signatures: Mapping[str, Callable],
    warmup: Sequence[Request],
    version: int | None = None,
) -> Path:
    """Write a SavedModel as a version of a servable.

    Args:
        module: holds the variables that the signatures use.
        folder: of the servable; made when missing.
        signatures: {name: tf.function with an input signature}.
        warmup: requests, tried by this function before anything gets its final name.
        version: its number, at least 1; the one after the last when left out.

    Returns:
        the folder of the version.

    Raises:
        InputError: the folder cannot be written or has this version already.
    """
    place = Path(expanded(folder))
    wanted = _choose(place, version)
    temporary = place / f".export-{secrets.token_hex(6)}"
    try:
        place.mkdir(parents=True, exist_ok=True)
        options = tf.saved_model.SaveOptions(save_debug_info=False)
        tf.saved_model.save(module, str(temporary), dict(signatures), options)
        _write_warmup(temporary, warmup)
        return _publish(temporary, place, wanted, fixed=version is not None)
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"the model cannot be written: {reason(error)}. Received: {str(folder)!r}"
        ) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def next_version(folder: str | os.PathLike) -> int:
    """The number after the last version in a folder, 1 where there is none."""
    numbers = [0]
    with contextlib.suppress(FileNotFoundError):
        numbers += [int(name) for name in os.listdir(folder) if name.isascii() and name.isdecimal()]
    return max(numbers) + 1


def encode_request(request: Request) -> bytes:
    """A request as TensorFlow Serving's `PredictionLog`, serialized.

    Written field by field, because its classes come only with the package
    `tensorflow-serving-api`:

        PredictionLog { PredictLog predict_log = 6; }
        PredictLog { PredictRequest request = 1; }
        PredictRequest { ModelSpec model_spec = 1; map<string, TensorProto> inputs = 2; }
        ModelSpec { string signature_name = 3; }
    """
    body = _field(1, _field(3, request.signature.encode()))
    for name, value in request.inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        body += _field(2, _field(1, name.encode()) + _field(2, tensor))
    return _field(6, _field(1, body))


def _choose(place: Path, version: int | None) -> int:
    try:
        if version is None:
            return next_version(place)
        if version < 1:
            raise InputError(f"a version is a number from 1 up. Received: {version}")
        if (place / str(version)).exists():
            raise InputError(
                f"this version is there already. Received: {str(place / str(version))!r}"
            )
    except OSError as error:
        raise InputError(f"cannot be written: {reason(error)}. Received: {str(place)!r}") from None
    return version


def _publish(temporary: Path, place: Path, version: int, fixed: bool) -> Path:
    """Give the finished folder its number; another export may have taken it meanwhile."""
    for number in range(version, version + (1 if fixed else 100)):
        target = place / str(number)
        if not target.exists():
            os.rename(temporary, target)
            return target
    raise InputError(f"this version is there already. Received: {str(place / str(version))!r}")


def _write_warmup(model: Path, requests: Sequence[Request]) -> None:
    """Write the requests, each of which must be answered by the model as it was saved."""
    if not requests:
        return
    signatures = tf.saved_model.load(str(model)).signatures
    for request in requests:
        inputs = {name: tf.constant(value) for name, value in request.inputs.items()}
        signatures[request.signature](**inputs)
    extra = model / "assets.extra"
    extra.mkdir()
    with tf.io.TFRecordWriter(str(extra / WARMUP_FILE)) as writer:
        for request in requests:
            writer.write(encode_request(request))


def _field(number: int, data: bytes) -> bytes:
    """A length-delimited field of a protocol buffer."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + _varint(rest) if rest else bytes([low])


def sample_png(height: int, width: int, seed: int = 0) -> bytes:
    """A PNG of soft random colors, for warm-up requests."""
    random = np.random.default_rng(seed)
    small = tf.constant(random.uniform(0, 255, (1, 4, 4, 3)), tf.float32)
    pixels = tf.image.resize(small, (height, width))[0]
    return tf.io.encode_png(tf.cast(tf.round(pixels), tf.uint8)).numpy()
