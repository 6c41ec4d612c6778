"""What `docs/reproducibility.md` says of bytes that are the same."""

import hashlib
import os
import subprocess
import sys

import pytest

from analogies.runs.machine.device import THREADS

SCRIPT = """
import hashlib, sys
import numpy as np
import analogies
from analogies.runs.machine import device as runtime
random = np.random.default_rng(0)
coarse = [random.integers(0, 256, (20, 24, 3), np.uint8) for _ in range(3)]
pictures = [np.kron(x, np.ones((5, 5, 1), np.uint8)) for x in coarse]
options = {"scales": 2, "min_scale": 0.5, "votes": 2, "evaluations": 6, "seed": 4}
for more in ({"init": "noise"}, {"model": "patchmatch", "nstyle_w": 0.1}):
    made = analogies.make_analogy(*pictures, **options, **more)
    print(hashlib.sha256(made.tobytes()).hexdigest())
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads())
"""


def made(threads, **variables):
    """SHA-256 of two small results, made with so many CPUs; and the threads TensorFlow used."""
    command = [sys.executable, "-c", SCRIPT]
    if threads:
        chosen = ",".join(str(cpu) for cpu in sorted(os.sched_getaffinity(0))[:threads])
        command = ["taskset", "-c", chosen, *command]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", **variables}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    *digests, used = answer.stdout.split()
    return digests, int(used)


@pytest.mark.slow
@pytest.mark.skipif(
    len(getattr(os, "sched_getaffinity", lambda _: [0])(0)) < 2, reason="there is one CPU"
)
def test_the_number_of_threads_and_deterministic_ops_change_no_byte():
    usual, used = made(2)
    assert used == THREADS
    assert len(set(usual)) == 2
    assert all(len(digest) == hashlib.sha256().digest_size * 2 for digest in usual)
    assert made(1) == (usual, THREADS)
    assert made(2, TF_DETERMINISTIC_OPS="1") == (usual, THREADS)
    assert made(2, PYTHONHASHSEED="5") == (usual, THREADS)
