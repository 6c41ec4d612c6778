"""The command: arguments in, an exit code out."""

import argparse
import contextlib
import logging as python_logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from absl import flags, logging

from analogies.apps.arguments import PROGRAM, parse
from analogies.apps.wording import failure
from analogies.options import presets
from analogies.options.kinds import check, spelled
from analogies.options.table import Options, kinds
from analogies.runs.machine.signals import Interrupted, signals_raised

if TYPE_CHECKING:
    from analogies.runs.job import Job
    from analogies.runs.run import Listener

WEIGHTS_VARIABLE = "VGG_WEIGHT_PATH"


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
            return _make_all(paths.batch, given) if paths.batch is not None else _make(paths, given)
    except Interrupted as interrupt:
        sys.stderr.write(f"{PROGRAM}: interrupted before there was a picture\n")
        return interrupt.exit_code
    except Exception as error:
        message, code = failure(error)
        sys.stderr.write(f"{PROGRAM}: error: {message}\n")
        return code


def _make(paths: argparse.Namespace, given: dict[str, Any]) -> int:
    """Make one analogy."""
    chosen, remark = presets.choose(given, paths.a, paths.a_prime, paths.b)
    options = Options.parse(chosen)
    _set_up_logging(options)
    from analogies.runs import job as jobs

    job = jobs.check(paths.a, paths.a_prime, paths.b, paths.out, options, remark=remark)
    return _run(job)


def _make_all(path: str, given: dict[str, Any]) -> int:
    """Make the analogies of a list."""
    told: dict[str, Any] = {name: given[name] for name in ("quiet", "verbose") if name in given}
    _set_up_logging(Options.parse(told))
    for name, value in given.items():
        check(name, value, kinds()[name])
    from analogies.apps.batch import runner as batch

    return batch.run(path, given, _run)


def _run(job: "Job") -> int:
    """Run a checked job with a bar on the terminal, and tell where its picture is."""
    from analogies.runs.job import with_pictures
    from analogies.runs.run import run

    job = with_pictures(job)
    with contextlib.ExitStack() as stack:
        outcome = run(job, _shown(job.options, stack))
    result = job.destination.result if job.destination else None
    if outcome.interrupted:
        hint = f"; {spelled('resume')} goes on with it" if outcome.job.keeping else ""
        sys.stderr.write(f"{PROGRAM}: interrupted; the picture so far is {result}{hint}\n")
        return outcome.exit_code
    height, width = outcome.picture.shape[:2]
    logging.info("%s, %dx%d px", result, width, height)
    return 0


def _shown(options: Options, stack: contextlib.ExitStack) -> "list[Listener]":
    """What shows a person how far the run is; standard error itself is silenced now and then."""
    if options.quiet or options.verbose:
        return []
    from analogies.runs.monitors import ProgressBar

    terminal = stack.enter_context(os.fdopen(os.dup(2), "w"))
    return [ProgressBar(terminal)]


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
