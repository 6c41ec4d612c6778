"""The one way to run: a checked job in, a picture out; behind the command, Python and batches.

Nothing here imports TensorFlow before all that can be checked without it has been.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from absl import logging

from analogies import images
from analogies.runs import finishing
from analogies.runs.checkpoints.lock import locked
from analogies.runs.checkpoints.writer import Checkpoints, remove_checkpoints
from analogies.runs.guarding import Guarded, Listener
from analogies.runs.inputs import pairs_of
from analogies.runs.job import Job, fit_into
from analogies.runs.machine.free_memory import Room
from analogies.runs.machine.signals import signals_noted
from analogies.runs.monitors.pass_log import PassLog
from analogies.runs.outcome import Outcome
from analogies.runs.saving import save
from analogies.runs.telling import loudness, tell
from analogies.runs.writers import writers
from analogies.synthesis.decision import Decision, decide
from analogies.synthesis.memory import needs_tensorflow
from analogies.synthesis.references import References

if TYPE_CHECKING:
    from analogies.runs.machine.device import Machine
    from analogies.synthesis.loop import Progress


def run(job: Job, listeners: Sequence[Listener] = ()) -> Outcome:
    """Make the picture of a job, and write what it asks for.

    From the first record on there is a picture, and nothing loses it: a signal or a failure ends
    the run with the picture so far, what fails in a listener is a warning, and a picture that
    cannot be written where it was to be goes elsewhere.

    Args:
        job: with its pictures.
        listeners: of a door, called with every record; those that are context managers are
            entered for as long as the run computes.

    Raises:
        InputError: the device is not there, its memory does not do, another run has the folder of
            checkpoints.
        MemoryError: it did not do after all.
        KeyboardInterrupt: before there was a picture; `Interrupted` where signals are raised.
    """
    with loudness(job.options), contextlib.ExitStack() as stack:
        if job.keeping is not None:
            stack.enter_context(locked(job.keeping.folder))
        tell(job.notes())
        seconds = dict(job.seconds)
        log = PassLog(job.keeping.rows() if job.keeping else ())
        ended = None
        try:
            with contextlib.ExitStack() as listening:
                heard: list[Listener] = [log, *_entered(listeners, listening)]
                with _timed(seconds, "import"):
                    decision = _decision(job)
                    job = _fitted(job, decision)
                    from analogies.runs import expectation  # which knows jobs, and what they cost

                    tell(expectation.notes(job, decision))
                    machine = _start(job, stack)
                    if machine.room is not None:
                        job = _fitted(job, decision, machine.room)
                extras: dict[str, Any] = {"device": machine.description}
                heard += _entered(writers(job, extras), listening)
                if job.keeping is not None:
                    tell(job.keeping.remarks(machine.description))
                    heard += _entered([Checkpoints(job.keeping, log, extras)], listening)
                _listen(_records(job), heard)
        except (Exception, KeyboardInterrupt) as error:
            if log.last is None:
                raise
            ended = error
        with signals_noted() as late:
            outcome = _outcome(job, log, machine, seconds, ended)
            outcome = replace(outcome, kept=save(outcome))
            tell(log.notes)
            if job.keeping is not None and not outcome.ended and not outcome.kept.problem:
                remove_checkpoints(job.keeping.folder)
            stack.close()
        return replace(outcome, late=tuple(late))


def _entered(listeners: Sequence[Listener], stack: contextlib.ExitStack) -> list[Listener]:
    """Listeners that cannot end the run, entered until the stack is closed."""
    return [stack.enter_context(Guarded(listener)) for listener in listeners]


@contextlib.contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[name] = time.monotonic() - started


def _start(job: Job, stack: contextlib.ExitStack) -> "Machine":
    """TensorFlow, computing on the chosen device until the stack is closed; or none at all."""
    from analogies.runs.machine import device

    options = job.options
    if not _needs_tensorflow(job):
        return device.without_network()

    machine = device.start(options.device)
    device.settle(machine, options.precision)
    logging.debug("computing on %s", machine.description)
    import tensorflow as tf

    stack.enter_context(tf.device(machine.device))
    return machine


def _needs_tensorflow(job: Job) -> bool:
    """Whether anything of the run does."""
    decision = _decision(job)
    return decision is None or needs_tensorflow(job.options, decision)


def _decision(job: Job) -> Decision | None:
    """Who makes what; None where colors are to be changed before that can be told."""
    if job.options.match_color != "off":
        return None
    pixels = _pixels(job)
    pairs = pairs_of(pixels, job.options)
    return decide(job.options, References(pairs, pixels["b"], controls=job.controls))


def _pixels(job: Job) -> dict[str, np.ndarray]:
    return {name: picture.pixels for name, picture in job.pictures.items()}


def _fitted(job: Job, decision: Decision | None, room: Room | None = None) -> Job:
    """The job, as it fits into the memory of the machine, or of the device."""
    fitted = fit_into(job, decision, room)
    if fitted.resized != job.resized:
        tell([fitted.resized])
    return fitted


def _records(job: Job) -> Iterable["Progress"]:
    from analogies.synthesis.loop import synthesize

    pixels = _pixels(job)
    (a, a_prime), *pairs = pairs_of(pixels, job.options)
    b, init = pixels["b"], pixels.get("init")
    carried = job.keeping.carried() if job.keeping else None
    return synthesize(
        *(a, a_prime, b, job.options),
        init=init,
        carried=carried,
        pairs=pairs,
        controls=job.controls,
    )


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
    ended: BaseException | None,
) -> Outcome:
    """The picture of the last record, finished."""
    assert log.last is not None
    size, b, alpha = job.result_size(), job.pictures["b"], None
    pixels = log.last.image()
    try:
        pixels = finishing.finish(pixels, b.pixels, job.options, size, job.controls.kept)
        alpha = finishing.transparency(job.alpha(), size)
    except Exception as error:  # the picture is there, if not as it was to be shown
        ended = ended or error
    return Outcome(job, images.to_uint8(pixels), alpha, log, machine, seconds, ended)
