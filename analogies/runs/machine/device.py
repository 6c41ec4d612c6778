"""Starting TensorFlow and Keras: backend, silence, device and threads.

Settings of other programs (`KERAS_BACKEND`, `~/.keras/keras.json`) must neither break nor change
anything here, and what TensorFlow's C++ part prints while it is loaded is of no use to a person
who wants a picture.
"""

import contextlib
import gc
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analogies.errors import InputError
from analogies.files import reason
from analogies.runs.machine import forks
from analogies.runs.machine.environment import BACKEND, for_import
from analogies.runs.machine.free_memory import Room
from analogies.runs.machine.silence import silence

# Of TensorFlow, on any machine: sums are split by their number, and so bytes depend on it.
THREADS = 8
_CHATTER_WANTED = "TF_CPP_MIN_LOG_LEVEL" in os.environ
_STARTING = threading.Lock()


@dataclass(frozen=True)
class Machine:
    """Where to compute.

    Attributes:
        device: for `tf.device`, "/CPU:0" or "/GPU:1".
        description: for a person, "CPU (2 threads)" or the GPU's name.
        room: what a GPU has of memory; None on a CPU.
    """

    device: str
    description: str
    room: Room | None = None


def without_network() -> Machine:
    """The machine for what needs no TensorFlow, which is left alone."""
    return Machine("", f"CPU ({available_cpus()} threads), without a network")


def start(device: str = "auto") -> Machine:
    """Import TensorFlow and Keras, quietly, and set them up; may be called again.

    TensorFlow's random generator is left alone: it belongs to the program that calls this one,
    where whatever is random comes from the options' seed.

    What TensorFlow prints while it is loaded is shown if `TF_CPP_MIN_LOG_LEVEL` is set. The
    environment is changed for that moment only: no child of the process inherits any of it.

    Args:
        device: "auto" (a GPU where there is one), "cpu", "gpu" or "gpu:N".

    Raises:
        InputError: the device is not there, Keras already runs on another backend, or the process
            was forked from one that has computed.
    """
    with _STARTING:
        forks.refuse()
        fresh = "keras" not in sys.modules
        with for_import(fresh), contextlib.nullcontext() if _CHATTER_WANTED else silence():
            return _choose(_load(fresh), device)


def settle(machine: Machine, precision: str) -> None:
    """Have a GPU give the same bytes every time, and float32 unless something else is asked for.

    These are settings of the whole process, for a program that has it to itself: left alone
    TensorFlow sums in any order, tries out on the clock which convolution is fastest, and
    multiplies float32 in TF32, of 10 bits.

    Args:
        machine: as `start` returned it.
        precision: of the options; with "bfloat16" products are in TF32, which holds those numbers.
    """
    import tensorflow as tf

    if machine.device.startswith("/GPU"):
        tf.config.experimental.enable_op_determinism()
        tf.config.experimental.enable_tensor_float_32_execution(precision == "bfloat16")


def available_cpus() -> int:
    """CPUs this process may use: its affinity, or the quota of its control group if smaller."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if quota != "max":
            count = min(count or 1, max(1, int(quota) // int(period)))
    return count or 1


def _load(fresh: bool) -> Any:
    """TensorFlow, with Keras on it in its standard configuration.

    A program that imported Keras itself keeps its own configuration, and its garbage collector as
    it is. Else what exists after the import is no longer looked through for garbage: it stays,
    and going through it again and again took more than a tenth of the time of tracing.
    """
    collected = gc.isenabled()
    gc.disable()  # looking for garbage in the thousands of modules takes a fifth of the import
    try:
        tf = _import(fresh)
        if fresh:
            gc.freeze()
    finally:
        if collected:
            gc.enable()
    return tf


def _import(fresh: bool) -> Any:
    try:
        import tensorflow as tf
    except ImportError as error:
        raise InputError(f"TensorFlow cannot be imported: {reason(error)}") from error
    import keras

    if keras.backend.backend() != BACKEND:
        raise InputError(
            "Keras already runs on another backend in this program; import analogies first or "
            f"set KERAS_BACKEND=tensorflow. Received: {keras.backend.backend()!r}"
        )
    if fresh:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        keras.config.set_image_data_format("channels_last")
        keras.config.set_epsilon(1e-7)
        tf.get_logger().setLevel("ERROR")
    return tf


def _choose(tf: Any, device: str) -> Machine:
    """The device to compute on; threads and memory growth are set where that is still possible."""
    with contextlib.suppress(RuntimeError):  # TensorFlow has already computed something
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    gpus = tf.config.list_physical_devices("GPU") if device != "cpu" else []
    if device == "cpu":
        with contextlib.suppress(RuntimeError):
            tf.config.set_visible_devices([], "GPU")
    for gpu in gpus:
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)
    if device == "cpu" or (device == "auto" and not gpus):
        return Machine("/CPU:0", f"CPU ({available_cpus()} threads)")
    number = int(device.partition(":")[2] or 0) if device != "auto" else 0
    if number >= len(gpus):
        hint = "" if gpus else "; pip install 'tensorflow[and-cuda]' brings CUDA"
        raise InputError(
            f"TensorFlow sees {len(gpus)} GPUs here{hint}. Received: device {device!r}"
        )
    details = tf.config.experimental.get_device_details(gpus[number])
    name = details.get("device_name", f"GPU {number}")
    return Machine(f"/GPU:{number}", name, _memory_of_gpu(number))


def _memory_of_gpu(number: int) -> Room | None:
    """What TensorFlow may take of a GPU's memory."""
    from tensorflow.python.client import device_lib

    for device in device_lib.list_local_devices():
        if device.name == f"/device:GPU:{number}":
            return Room(int(device.memory_limit), "of the GPU")
    return None


def _free_the_lock() -> None:
    """In a forked child, where the thread that holds it may not exist."""
    global _STARTING
    _STARTING = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_the_lock)
