"""Environment variables while TensorFlow and Keras are imported, which no child shall inherit."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

BACKEND = "tensorflow"


@contextlib.contextmanager
def for_import(fresh: bool) -> Iterator[None]:
    """The environment as TensorFlow and Keras are to find it; afterwards what it was.

    Args:
        fresh: Keras has not been imported yet.
    """
    wanted = {"TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")}
    if fresh:
        wanted |= {"KERAS_BACKEND": BACKEND, "KERAS_HOME": _keras_home()}
    with variables(**wanted):
        yield


@contextlib.contextmanager
def variables(**values: str) -> Iterator[None]:
    """Variables of the environment within the block; afterwards they are what they were."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _keras_home() -> str:
    """The folder that Keras is to look for its settings in.

    That is its own, but neither Keras nor the older one within TensorFlow can be imported beside
    settings that they do not know or may not read; and where there is no home directory Keras
    takes /tmp, while the older one makes a folder named ~ wherever the program is.
    """
    home = os.path.expanduser("~")  # "~" itself where there is none
    base = home if os.access(home, os.W_OK) else "/tmp"
    folder = os.environ.get("KERAS_HOME") or os.path.join(base, ".keras")
    if _is_sound(Path(os.path.expanduser(folder), "keras.json")):
        return folder
    return os.path.join(os.devnull, "keras")  # neither read nor written


def _is_sound(file: Path) -> bool:
    """Whether Keras can be imported beside this file of settings."""
    try:
        settings = json.loads(file.read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):  # missing or no JSON: no settings
        return True
    except (OSError, RecursionError):
        return False
    return (
        isinstance(settings, dict)
        and settings.get("floatx", "float32") in ("float16", "float32", "float64")
        and settings.get("image_data_format", "channels_last")
        in ("channels_last", "channels_first")
        and isinstance(settings.get("epsilon", 1e-7), float)
    )
