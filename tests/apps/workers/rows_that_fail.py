"""What workers of the tests run instead of a synthesis, by the seed of the row."""

import os
import signal
import time
from pathlib import Path

import fake_synthesis
import numpy as np

from analogies.runs.machine.device import available_cpus, without_network
from analogies.runs.monitors.pass_log import PassLog
from analogies.runs.outcome import Outcome
from analogies.runs.saving import save

KILLED, HANGS, SLOW, TELLS = 1, 2, 3, 4


def run(job, listeners):
    """B itself at once; or what the seed says, the first time that a marker is not there yet."""
    first = _is_first(job)
    if job.options.seed == KILLED and first:
        os.kill(os.getpid(), signal.SIGKILL)
    if job.options.seed == HANGS and first:
        time.sleep(3600)
    if job.options.seed == SLOW and first:
        time.sleep(3.0)
    log = PassLog()
    for record in fake_synthesis.records(1, 1):
        log(record)
    picture = np.asarray(job.pictures["b"].pixels, np.uint8)
    if job.options.seed == TELLS:
        picture = np.full_like(picture, 100 * (os.environ.get("CUDA_VISIBLE_DEVICES") == ""))
        picture += available_cpus()
    outcome = Outcome(job, picture, None, log, without_network(), {})
    kept = save(outcome)
    return Outcome(job, picture, None, log, outcome.machine, {}, kept=kept)


def _is_first(job):
    folder = os.environ.get("ROWS_THAT_FAIL")
    if not folder:
        return True
    marker = Path(folder) / job.inputs["b"].name
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
