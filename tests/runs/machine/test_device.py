import contextlib
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from analogies.errors import InputError
from analogies.options.table import Options
from analogies.runs.machine import device as runtime
from analogies.runs.machine.device import Machine
from analogies.runs.machine.free_memory import Room
from analogies.runs.machine.silence import silence
from analogies.runs.run import _start

SCRIPT = """
from analogies.apps import command_line; from analogies.runs.machine import device as runtime
machine = runtime.start("cpu")
import keras
import numpy as np
import tensorflow as tf
print(machine.device, keras.backend.backend(), keras.config.floatx(),
      keras.config.image_data_format(), keras.config.dtype_policy().name)
"""


@pytest.mark.parametrize(
    "settings",
    [
        {"floatx": "float16", "backend": "jax", "image_data_format": "channels_first"},
        {"floatx": "float8", "epsilon": "small", "backend": 3},
    ],
)
def test_foreign_settings_change_nothing_and_nothing_is_printed(tmp_path, settings):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(settings))
    environment = os.environ | {"HOME": str(tmp_path), "KERAS_BACKEND": "jax"}
    environment.pop("KERAS_HOME", None)
    environment.pop("TF_CPP_MIN_LOG_LEVEL", None)
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.stderr == ""
    assert answer.stdout.split() == ["/CPU:0", "tensorflow", "float32", "channels_last", "float32"]


def test_a_device_that_is_not_there():
    with pytest.raises(InputError, match="device 'gpu:99'"):
        runtime.start("gpu:99")


def test_starting_again_is_harmless():
    assert runtime.start("cpu") == runtime.start("cpu")
    assert runtime.available_cpus() >= 1


def test_random_numbers_of_the_program_around_it_go_on():
    import numpy as np
    import tensorflow as tf

    drawn = []
    for call in (runtime.start, lambda _: None):
        tf.random.set_seed(5)
        np.random.seed(5)  # noqa: NPY002 (what others use)
        call("cpu")
        drawn.append([float(tf.random.uniform(())), np.random.uniform()])  # noqa: NPY002
    assert drawn[0] == drawn[1]


def test_what_a_failing_import_says_is_not_lost(capfd):
    def load():
        with silence():
            os.write(2, b"the reason\n")
            raise ImportError

    with pytest.raises(ImportError):
        load()
    assert "the reason" in capfd.readouterr().err
    with silence():
        os.write(2, b"chatter\n")
    assert capfd.readouterr().err == ""


def a_machine_with_gpus(monkeypatch, count):
    """TensorFlow as `_choose` sees it, on a machine with GPUs; what was asked of it."""
    from tensorflow.python.client import device_lib

    gpus = [f"physical GPU {number}" for number in range(count)]
    asked = []
    experimental = SimpleNamespace(
        set_memory_growth=lambda gpu, on: asked.append((gpu, on)),
        get_device_details=lambda gpu: {"device_name": f"name of {gpu}"},
    )
    config = SimpleNamespace(
        threading=SimpleNamespace(set_intra_op_parallelism_threads=lambda count: None),
        list_physical_devices=lambda kind: gpus,
        set_visible_devices=lambda devices, kind: asked.append((kind, devices)),
        experimental=experimental,
    )
    devices = [SimpleNamespace(name="/device:CPU:0", memory_limit=1)]
    devices += [SimpleNamespace(name=f"/device:GPU:{n}", memory_limit=100 + n) for n in range(2)]
    monkeypatch.setattr(device_lib, "list_local_devices", lambda: devices)
    return SimpleNamespace(config=config), asked


def test_gpus_take_memory_as_it_is_needed(monkeypatch):
    tf, asked = a_machine_with_gpus(monkeypatch, 2)
    machine = runtime._choose(tf, "gpu:1")
    assert asked == [("physical GPU 0", True), ("physical GPU 1", True)]
    assert machine == Machine("/GPU:1", "name of physical GPU 1", Room(101, "of the GPU"))
    assert runtime._choose(tf, "auto").device == "/GPU:0"
    asked.clear()
    assert runtime._choose(tf, "cpu").room is None
    assert asked == [("GPU", [])]


@pytest.mark.parametrize(
    ("device", "precision", "expected"),
    [
        ("/GPU:1", "float32", ["determinism", ("tf32", False)]),
        ("/GPU:0", "bfloat16", ["determinism", ("tf32", True)]),
        ("/CPU:0", "float32", []),
    ],
)
def test_a_gpu_repeats_itself_in_the_precision_asked_for(monkeypatch, device, precision, expected):
    import tensorflow as tf

    asked = []
    settings = tf.config.experimental
    monkeypatch.setattr(settings, "enable_op_determinism", lambda: asked.append("determinism"))
    tf32 = "enable_tensor_float_32_execution"
    monkeypatch.setattr(settings, tf32, lambda on: asked.append(("tf32", on)))
    runtime.settle(Machine(device, "a device"), precision)
    assert asked == expected


def test_a_run_settles_its_device(monkeypatch):
    machine, settled = Machine("/CPU:0", "a device"), []
    monkeypatch.setattr(runtime, "start", lambda device: machine)
    monkeypatch.setattr(runtime, "settle", lambda *given: settled.append(given))
    with contextlib.ExitStack() as stack:
        job = SimpleNamespace(options=Options(precision="bfloat16", match_color="covariance"))
        assert _start(job, stack) == machine
    assert settled == [(machine, "bfloat16")]
