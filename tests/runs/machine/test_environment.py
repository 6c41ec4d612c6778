"""Keras' settings, as Keras itself takes them, and variables that are taken back."""

import json
import os
import subprocess
import sys

import pytest

from analogies.runs.machine import environment

SOUND = {
    "none": None,
    "empty": b"",
    "no JSON": b"{",
    "no text": b"\xff\xfe",
    "an empty table": b"{}",
    "another backend": json.dumps({"backend": "jax", "floatx": "float16"}).encode(),
    "unknown names": json.dumps({"theme": 3}).encode(),
}
BROKEN = {
    "a list": b"[]",
    "an unknown type": json.dumps({"floatx": "float8"}).encode(),
    "a list of types": json.dumps({"floatx": ["float32"]}).encode(),
    "a word for a number": json.dumps({"epsilon": "small"}).encode(),
    "an integer for a fraction": json.dumps({"epsilon": 1}).encode(),
    "an unknown order": json.dumps({"image_data_format": "channels"}).encode(),
    "no end": b"[" * 100_000,
    "a folder": "folder",
}
# As keras/src/backend/config.py and tensorflow/python/keras/backend.py have it, without the rest.
KERAS = """
import json, os, sys
path = sys.argv[1]
if os.path.exists(path):
    try:
        with open(path) as file:
            settings = json.load(file)
    except ValueError:
        settings = {}
    assert settings.get("floatx", "float32") in {"float16", "float32", "float64"}
    assert isinstance(settings.get("epsilon", 1e-7), float)
    assert settings.get("image_data_format", "channels_last") in {
        "channels_last", "channels_first"}
"""


def written(path, content):
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", [*SOUND, *BROKEN])
def test_settings_beside_which_keras_can_be_imported(name, tmp_path):
    file = written(tmp_path / "keras.json", {**SOUND, **BROKEN}[name])
    assert environment._is_sound(file) == (name in SOUND)
    imported = subprocess.run(
        [sys.executable, "-c", KERAS, str(file)], capture_output=True, check=False
    )
    assert (imported.returncode == 0) == (name in SOUND)


def test_broken_settings_are_neither_read_nor_written(tmp_path, monkeypatch):
    written(tmp_path / "keras.json", b"[]")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert not os.path.exists(environment._keras_home())
    with pytest.raises(NotADirectoryError):
        os.makedirs(environment._keras_home())
    written(tmp_path / "keras.json", b"{}")
    assert environment._keras_home() == str(tmp_path)


def test_a_user_without_a_home_leaves_no_folder_behind(tmp_path, monkeypatch):
    """The older Keras within TensorFlow would make one named ~ in the working folder."""
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    assert environment._keras_home() == "/tmp/.keras"
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # no HOME, and an unknown user
    assert environment._keras_home() == "/tmp/.keras"


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("before", [None, "theirs"])
def test_variables_are_taken_back(before, fresh, monkeypatch):
    names = ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND", "KERAS_HOME")
    for name in names:
        if before is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, before)
    known = dict(os.environ)
    seen = {}

    def fail():
        with environment.for_import(fresh):
            seen.update(os.environ)
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert seen["TF_CPP_MIN_LOG_LEVEL"] == (before or "3")
    assert seen.get("KERAS_BACKEND") == ("tensorflow" if fresh else before)
    assert dict(os.environ) == known
