"""The command: arguments in, an exit code out."""

import argparse
import contextlib
import logging as python_logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from absl import flags, logging

from analogies.apps import moving
from analogies.apps.arguments import parse
from analogies.apps.usage import PROGRAM
from analogies.apps.wording import DONE, INTERRUPTED, Ending, ending, failure
from analogies.options import presets
from analogies.options.kinds import OptionError, check
from analogies.options.sequences import moving_kinds
from analogies.options.table import Options, kinds
from analogies.runs.machine.signals import Interrupted, signals_raised
from analogies.runs.machine.streams import Forgiving

if TYPE_CHECKING:
    from analogies.runs.guarding import Listener
    from analogies.runs.job import Job

_GUIDE = kinds()["guide"]
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
            if getattr(paths, "learn", None) or getattr(paths, "with_net", None):
                return _told(_of_network(paths, given))
            if paths.batch is not None:
                return _make_all(paths, given)
            return _told(_make(paths, given))
    except Interrupted as interrupt:
        return _told(Ending("interrupted before there was a picture", interrupt.exit_code))
    except Exception as error:
        return _told(failure(error))


def _make(paths: argparse.Namespace, given: dict[str, Any]) -> Ending:
    """Make one analogy, or those of the frames of a moving picture."""
    if "key" in given or moving.is_moving(getattr(paths, "b", ""), paths.out):
        return moving.make(paths, given, _set_up_logging, _run)
    moving.check_still(given, getattr(paths, "b", ""))
    if hasattr(paths, "field"):
        return _repeat(paths, given)
    checked = check("guide", given.get("guide", ()), _GUIDE)
    slots = {name: value for name, value in vars(paths).items() if name in ("a", "a_prime", "b")}
    paths = argparse.Namespace(
        out=paths.out, **presets.with_target(given.get("preset"), slots, checked)
    )
    chosen, remark = presets.choose(given, paths.a, paths.a_prime, paths.b)
    options = Options.parse(chosen)
    _set_up_logging(options)
    from analogies.runs import job as jobs

    job = jobs.check(paths.a, paths.a_prime, paths.b, paths.out, options, remark=remark)
    return _run(job)


def _of_network(paths: argparse.Namespace, given: dict[str, Any]) -> Ending:
    """Learn a network, or make pictures by one."""
    told: dict[str, Any] = {name: given[name] for name in ("quiet", "verbose") if name in given}
    _set_up_logging(Options.parse(told))
    if paths.learn:
        from analogies.apps.fast import learning

        return learning.learn(paths, given)
    from analogies.apps.fast import making

    return making.make(paths, given)


def _repeat(paths: argparse.Namespace, given: dict[str, Any]) -> Ending:
    """Apply a field to a map."""
    options = Options.parse(given)
    _set_up_logging(options)
    from analogies.runs.repeating import repeat

    found = repeat(paths.field, paths.map, paths.out, options.nearest)
    return Ending(f"{paths.out}, {found.shape[1]}x{found.shape[0]} px", DONE)


def _make_all(paths: argparse.Namespace, given: dict[str, Any]) -> int:
    """Make the analogies of a list."""
    told: dict[str, Any] = {name: given[name] for name in ("quiet", "verbose") if name in given}
    _set_up_logging(Options.parse(told))
    for name, value in given.items():
        if name in moving_kinds():
            raise OptionError(name, "is for a moving B, and lists make pictures")
        check(name, value, kinds()[name])
    from analogies.apps.batch import lists
    from analogies.apps.batch import runner as batch

    way: batch.Way = batch.InTurn(_run)
    if paths.workers is not None or paths.per_worker is not None:
        from analogies.apps.workers import crew

        way = crew.hired(paths.workers, paths.per_worker)
    listed = lists.listing(paths.batch, paths.a, paths.a_prime, paths.out)
    return batch.run(listed, given, way)


def _run(job: "Job") -> Ending:
    """Run a checked job with a bar on the terminal."""
    from analogies.runs.job import with_pictures
    from analogies.runs.run import run

    job = with_pictures(job)
    with contextlib.ExitStack() as stack:
        return ending(run(job, _shown(job.options, stack)))


def _shown(options: Options, stack: contextlib.ExitStack) -> "list[Listener]":
    """What shows a person how far the run is.

    A terminal is reached by a descriptor of its own: standard error is silenced now and then.
    """
    if options.quiet or options.verbose:
        return []
    with contextlib.suppress(OSError):
        stream = os.fdopen(os.dup(2), "wb")
        terminal = stack.enter_context(Forgiving(stream, "utf-8", "backslashreplace"))
        if terminal.isatty():
            from analogies.runs.monitors import ProgressBar

            return [ProgressBar(terminal)]
    from analogies.runs.monitors import LevelLines

    return [LevelLines()]


def _told(said: Ending) -> int:
    """Say the last line; returns the exit code."""
    if said.code == DONE:
        logging.info("%s", said.message)
    elif sys.stderr is not None:
        error = "" if said.code > INTERRUPTED else "error: "
        with contextlib.suppress(OSError, ValueError):  # nobody listens
            sys.stderr.write(f"{PROGRAM}: {error}{said.message}\n")
    return said.code


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
