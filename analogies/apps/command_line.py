"""The command: arguments in, checks before TensorFlow, a picture and an exit code out."""

import contextlib
import logging as python_logging
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from absl import flags, logging

from analogies.apps.arguments import PROGRAM, parse, spelled
from analogies.errors import InputError
from analogies.options import presets
from analogies.options.kinds import OptionError, check
from analogies.options.table import Options, kinds
from analogies.runs import finishing
from analogies.runs.machine.signals import Interrupted, signals_ignored, signals_raised

if TYPE_CHECKING:
    import numpy as np

    from analogies.runs.job import Job
    from analogies.runs.machine.device import Machine
    from analogies.runs.monitors import PassLog
    from analogies.synthesis.loop import Progress

WEIGHTS_VARIABLE = "VGG_WEIGHT_PATH"

Monitor = Callable[["Progress"], None]


def run() -> NoReturn:
    """Entry point of the installed commands."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Make one image analogy, or those of a list.

    Args:
        argv: the arguments without the program's name.

    Returns:
        exit code: 0 done; 1 the machine could not; 2 something given cannot be used; 128 plus the
        signal's number when interrupted, with the picture so far saved.
    """
    paths, given = parse(argv)
    if os.environ.get(WEIGHTS_VARIABLE):
        given.setdefault("vgg_weights", os.environ[WEIGHTS_VARIABLE])
    try:
        with signals_raised():
            if paths.batch is not None:
                return _make_all(paths.batch, given)
            given, remark = presets.choose(given, paths.a, paths.a_prime, paths.b)
            options = Options.parse(given)
            _set_up_logging(options)
            from analogies.runs import job as jobs

            started = time.monotonic()
            job = jobs.plan(paths.a, paths.a_prime, paths.b, paths.out, options, remark)
            return _make(job, {"read": time.monotonic() - started})
    except OptionError as error:
        return _fail(f"{spelled(error.name)} {error.problem}", 2)
    except InputError as error:
        return _fail(str(error), 2)
    except MemoryError:
        return _fail(_out_of_memory(), 1)
    except Interrupted as interrupt:
        sys.stderr.write(f"{PROGRAM}: interrupted before there was a picture\n")
        return interrupt.exit_code


def _make_all(path: str, given: dict[str, Any]) -> int:
    """Make the analogies of a list."""
    told: dict[str, Any] = {name: given[name] for name in ("quiet", "verbose") if name in given}
    _set_up_logging(Options.parse(told))
    for name, value in given.items():
        check(name, value, kinds()[name])
    from analogies.apps.batch import runner as batch
    from analogies.runs import job as jobs

    def make(job: "Job") -> int:
        started = time.monotonic()
        job = jobs.with_pictures(job)
        return _make(job, {"read": time.monotonic() - started})

    return batch.run(path, given, make)


def _make(job: "Job", seconds: dict[str, float]) -> int:
    """Run a checked job with everything that listens to it."""
    from analogies.runs.checkpoints.writer import Checkpoints
    from analogies.runs.job import fit_into
    from analogies.runs.monitors import PassLog, ProgressBar, report

    _tell(job.notes())
    log = PassLog(job.keeping.rows() if job.keeping else ())
    interrupt = None
    with contextlib.ExitStack() as stack:
        terminal = stack.enter_context(os.fdopen(os.dup(2), "w"))
        listeners: list[Monitor] = [log]
        if job.options.verbose:
            listeners.append(report)
        elif not job.options.quiet:
            listeners.append(stack.enter_context(ProgressBar(terminal)))
        started = time.monotonic()
        machine = _start(job.options, stack)
        fitting, job = job.resized, fit_into(job, machine.room)
        _tell([job.resized] if job.resized != fitting else [])
        seconds["import"] = time.monotonic() - started
        extras: dict[str, Any] = {"device": machine.description}
        listeners += _writers(job, extras, stack)
        checkpoints = None
        if job.keeping is not None:
            _tell(job.keeping.remarks(machine.description))
            checkpoints = Checkpoints(job.keeping, log, extras)
            listeners.append(checkpoints)
        try:
            _listen(_records(job), listeners)
        except Interrupted as error:
            interrupt = error
    if interrupt and log.last is None:
        raise interrupt
    _save(job, log, machine, seconds)
    _tell(log.notes)
    if interrupt:
        hint = "; --resume goes on with it" if checkpoints else ""
        sys.stderr.write(f"{PROGRAM}: interrupted; the picture so far is {job.result}{hint}\n")
        return interrupt.exit_code
    if checkpoints:
        checkpoints.remove()
    height, width = job.result_size()
    logging.info("%s, %dx%d px", job.result, width, height)
    return 0


def _start(options: Options, stack: contextlib.ExitStack) -> "Machine":
    """TensorFlow, computing on the chosen device until the stack is closed."""
    from analogies.runs.machine import device as runtime

    machine = runtime.start(options.device)
    runtime.settle(machine, options.precision)
    logging.debug("computing on %s", machine.description)
    import tensorflow as tf

    stack.enter_context(tf.device(machine.device))
    return machine


def _records(job: "Job") -> Iterable["Progress"]:
    from analogies.synthesis.loop import synthesize

    pixels = {name: picture.pixels for name, picture in job.pictures.items()}
    (a, a_prime), *pairs = finishing.prepare(pixels, job.options)
    b, init = pixels["b"], pixels.get("init")
    carried = job.keeping.carried() if job.keeping else None
    return synthesize(a, a_prime, b, job.options, init=init, carried=carried, pairs=pairs)


def _listen(records: Iterable["Progress"], listeners: Sequence[Monitor]) -> None:
    try:
        for record in records:
            for listener in listeners:
                listener(record)
    except Exception as error:
        if type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's
            raise MemoryError from error
        raise


def _writers(job: "Job", extras: dict[str, Any], stack: contextlib.ExitStack) -> list[Monitor]:
    """The monitors that write files, as the options ask for them.

    What they want to know of themselves when the run is resumed they put into `extras`.
    """
    saved = job.keeping.saved if job.keeping else None
    listeners: list[Monitor] = []
    if job.prefix is not None:
        from analogies.runs.monitors import SavedIterations

        size = job.result_size() if job.options.output_full else None
        listeners.append(
            SavedIterations(
                job.pass_file,
                lambda pixels: _finish(job, pixels, size),
                lambda size: _alpha(job, size),
            )
        )
    if job.options.logdir is not None:
        from analogies.runs.monitors import TensorBoard

        pictures = {name: picture.pixels for name, picture in job.pictures.items()}
        board = TensorBoard(
            job.options.logdir,
            job.options,
            pictures,
            job.result_size(),
            job.result.stem,
            earlier=saved.extras.get("logs") if saved else None,
            evaluations=saved.carried.evaluations if saved else 0,
        )
        extras["logs"] = board.folder.name
        listeners.append(stack.enter_context(board))
    return listeners


def _save(job: "Job", log: "PassLog", machine: "Machine", seconds: dict[str, float]) -> None:
    """Write the result and its record; signals change nothing until both are whole."""
    from analogies import images
    from analogies.runs import record as run_record

    assert log.last is not None
    with signals_ignored():
        started = time.monotonic()
        size = job.result_size()
        images.write(job.result, _finish(job, log.last.image(), size), _alpha(job, size))
        seconds["save"] = time.monotonic() - started
        record = run_record.describe(job, log, machine.description, seconds)
        run_record.write(job.record, record)


def _finish(job: "Job", pixels: "np.ndarray", size: tuple[int, int] | None) -> "np.ndarray":
    """A level's picture as it is shown, where given at that size."""
    return finishing.finish(pixels, job.pictures["b"].pixels, job.options, size)


def _alpha(job: "Job", size: tuple[int, int]) -> "np.ndarray | None":
    """B's transparency at a size."""
    alpha = job.pictures["b"].alpha
    return None if alpha is None else finishing.fit(alpha[:, :, None], size)[:, :, 0]


def _tell(notes: Iterable[str]) -> None:
    for note in notes:
        logging.warning("%s", note)


def _out_of_memory() -> str:
    return "not enough memory; a smaller --height or --width, or --device cpu, needs less"


def _set_up_logging(options: Options) -> None:
    """Plain lines on standard error."""
    flags.FLAGS.mark_as_parsed()  # absl would warn that its own flags have not been looked at
    logging.use_absl_handler()
    handler = logging.get_absl_handler()
    handler.python_handler.setStream(sys.stderr)
    handler.setFormatter(python_logging.Formatter("%(message)s"))
    level = python_logging.DEBUG if options.verbose else python_logging.INFO
    python_logging.getLogger().setLevel(python_logging.WARNING)  # of other libraries
    python_logging.getLogger("absl").setLevel(python_logging.ERROR if options.quiet else level)


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"{PROGRAM}: error: {message}\n")
    return code
