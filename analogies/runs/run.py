"""The one way to run: a checked job in, a picture out; behind the command, Python and batches.

Nothing here imports TensorFlow before all that can be checked without it has been.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import logging

from analogies import images
from analogies.options.table import Options
from analogies.runs import finishing
from analogies.runs.checkpoints.writer import Checkpoints
from analogies.runs.inputs import pairs_of
from analogies.runs.job import Job, fit_into
from analogies.runs.machine.signals import signals_ignored
from analogies.runs.monitors.pass_log import PassLog
from analogies.runs.saving import save
from analogies.runs.telling import loudness, tell
from analogies.runs.writers import writers

if TYPE_CHECKING:
    from analogies.runs.machine.device import Machine
    from analogies.synthesis.loop import Progress

Listener = Callable[["Progress"], None]


@dataclass(frozen=True)
class Outcome:
    """What a run has come to.

    Attributes:
        job: as it was run: with `fit` its size may be another than asked for.
        picture: B', uint8 `(height, width, 3)`.
        alpha: B's transparency at that size, float32 `(height, width)` in [0, 255], or None.
        log: of its passes, and its last record.
        machine: on which it was computed.
        seconds: {what: seconds} outside of the synthesis.
        interrupted: the signal that ended it before its time, or None.
    """

    job: Job
    picture: np.ndarray = field(repr=False)
    alpha: np.ndarray | None = field(repr=False)
    log: PassLog = field(repr=False)
    machine: "Machine"
    seconds: dict[str, float]
    interrupted: KeyboardInterrupt | None

    @property
    def exit_code(self) -> int:
        """Of a process: 0, or 128 plus the number of the signal that ended the run."""
        return getattr(self.interrupted, "exit_code", 130) if self.interrupted else 0

    @property
    def notes(self) -> list[str]:
        """What a person may not expect."""
        return [*self.job.notes(), *self.log.notes]


def run(job: Job, listeners: Sequence[Listener] = ()) -> Outcome:
    """Make the picture of a job, and write what it asks for.

    An interruption ends the run with the picture so far.

    Args:
        job: with its pictures.
        listeners: of a door, called with every record; those that are context managers are
            entered for as long as the run computes.

    Raises:
        InputError: the device is not there, its memory does not do, a file cannot be written.
        MemoryError: it did not do after all.
        KeyboardInterrupt: before there was a picture; `Interrupted` where signals are raised.
    """
    with loudness(job.options), contextlib.ExitStack() as stack:
        tell(job.notes())
        seconds = dict(job.seconds)
        log = PassLog(job.keeping.rows() if job.keeping else ())
        checkpoints = interrupted = None
        with contextlib.ExitStack() as listening:
            heard: list[Listener] = [log, *_entered(listeners, listening)]
            with _timed(seconds, "import"):
                machine = _start(job.options, stack)
                job = _fitted(job, machine)
            extras: dict[str, Any] = {"device": machine.description}
            heard += _entered(writers(job, extras), listening)
            if job.keeping is not None:
                tell(job.keeping.remarks(machine.description))
                checkpoints = Checkpoints(job.keeping, log, extras)
                heard.append(checkpoints)
            try:
                _listen(_records(job), heard)
            except KeyboardInterrupt as error:
                interrupted = error
        if log.last is None:
            raise interrupted or RuntimeError("a run without a record")
        with signals_ignored():
            outcome = _outcome(job, log, machine, seconds, interrupted)
            save(outcome)
        tell(log.notes)
        if checkpoints and not interrupted:
            checkpoints.remove()
        return outcome


def _entered(listeners: Sequence[Listener], stack: contextlib.ExitStack) -> list[Listener]:
    """Listeners; those that are context managers are entered until the stack is closed."""
    for listener in listeners:
        if isinstance(listener, contextlib.AbstractContextManager):
            stack.enter_context(listener)
    return list(listeners)


@contextlib.contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[name] = time.monotonic() - started


def _start(options: Options, stack: contextlib.ExitStack) -> "Machine":
    """TensorFlow, computing on the chosen device until the stack is closed."""
    from analogies.runs.machine import device

    machine = device.start(options.device)
    device.settle(machine, options.precision)
    logging.debug("computing on %s", machine.description)
    import tensorflow as tf

    stack.enter_context(tf.device(machine.device))
    return machine


def _fitted(job: Job, machine: "Machine") -> Job:
    """The job, as it fits into the memory of the device."""
    fitted = fit_into(job, machine.room)
    if fitted.resized != job.resized:
        tell([fitted.resized])
    return fitted


def _records(job: Job) -> Iterable["Progress"]:
    from analogies.synthesis.loop import synthesize

    pixels = {name: picture.pixels for name, picture in job.pictures.items()}
    (a, a_prime), *pairs = pairs_of(pixels, job.options)
    b, init = pixels["b"], pixels.get("init")
    carried = job.keeping.carried() if job.keeping else None
    return synthesize(a, a_prime, b, job.options, init=init, carried=carried, pairs=pairs)


def _listen(records: Iterable["Progress"], listeners: Sequence[Listener]) -> None:
    try:
        for record in records:
            for listener in listeners:
                listener(record)
    except Exception as error:
        if type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's
            raise MemoryError from error
        raise


def _outcome(
    job: Job,
    log: PassLog,
    machine: "Machine",
    seconds: dict[str, float],
    interrupted: KeyboardInterrupt | None,
) -> Outcome:
    assert log.last is not None
    size, b = job.result_size(), job.pictures["b"]
    picture = images.to_uint8(finishing.finish(log.last.image(), b.pixels, job.options, size))
    alpha = finishing.transparency(b.alpha, size)
    return Outcome(job, picture, alpha, log, machine, seconds, interrupted)
