"""Learning a network, as the command does it."""

import argparse
import contextlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analogies.apps.wording import DONE, Ending, failure
from analogies.options import presets
from analogies.options.learning import LearningOptions
from analogies.options.table import Options
from analogies.runs.machine.signals import Interrupted
from analogies.runs.machine.streams import Forgiving
from analogies.runs.telling import tell

if TYPE_CHECKING:
    from analogies.apps.workers.teaching import Teachers


def learn(paths: argparse.Namespace, given: Mapping[str, Any]) -> Ending:
    """Learn the network that the arguments ask for.

    Args:
        paths: of `words.understood`.
        given: options of the analogy by name.

    Raises:
        InputError: something given cannot be used.
    """
    chosen, remark = presets.choose(given, paths.a, paths.a_prime, None)
    options, learning = Options.parse(chosen), LearningOptions(**paths.learning)
    maker = _hired(paths, options)
    from analogies.runs.learning import learn as runs
    from analogies.runs.learning import lesson as lessons

    lesson = lessons.plan(paths.learn, paths.a, paths.a_prime, options, learning, remark)
    with contextlib.ExitStack() as stack:
        try:
            shown = [_shown(options, stack)] if not options.quiet else []
            outcome = runs.learn(lesson, shown, maker)
        except Interrupted as interrupt:
            return Ending("interrupted before there was a network", interrupt.exit_code)
    if maker is not None and not maker.used:
        tell(["--workers has no effect: there was no picture to make for the network"])
    late = next(iter(outcome.late), 0)
    if outcome.ended is None:
        share = outcome.about["held_out"]
        held = "" if share is None else f", held-out error {share:.3f} of that of one color"
        return Ending(f"{outcome.net}, {outcome.about['steps']} steps{held}", DONE, late)
    said, code, _ = failure(outcome.ended)
    words = [said, f"the best network so far is {outcome.net}"]
    if options.checkpoint:
        words.append("--resume goes on with it")
    return Ending("; ".join(words), code, late)


def _hired(paths: argparse.Namespace, options: Options) -> "Teachers | None":
    """The workers that are asked for.

    Raises:
        InputError: they cannot be used.
    """
    if paths.workers is None and paths.per_worker is None:
        return None
    from analogies.apps.workers import teaching

    return teaching.Teachers.hired(paths.workers, paths.per_worker, options)


def _shown(options: Options, stack: contextlib.ExitStack) -> Any:
    """What shows a person how far it is: a bar on a terminal, else lines."""
    from analogies.runs.learning.progress import LearningBar, Lines

    if not options.verbose:
        with contextlib.suppress(OSError):
            stream = os.fdopen(os.dup(2), "wb")
            terminal = stack.enter_context(Forgiving(stream, "utf-8", "backslashreplace"))
            if terminal.isatty():
                return LearningBar(terminal)
    return Lines()
