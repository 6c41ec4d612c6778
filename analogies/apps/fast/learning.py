"""Learning a network, as the command does it."""

import argparse
import contextlib
import os
from collections.abc import Mapping
from typing import Any

from analogies.apps.wording import DONE, Ending, failure
from analogies.options import presets
from analogies.options.learning import LearningOptions
from analogies.options.table import Options
from analogies.runs.machine.signals import Interrupted
from analogies.runs.machine.streams import Forgiving


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
    from analogies.runs.learning import learn as runs
    from analogies.runs.learning import lesson as lessons

    lesson = lessons.plan(paths.learn, paths.a, paths.a_prime, options, learning, remark)
    with contextlib.ExitStack() as stack:
        try:
            outcome = runs.learn(lesson, [_shown(options, stack)] if not options.quiet else [])
        except Interrupted as interrupt:
            return Ending("interrupted before there was a network", interrupt.exit_code)
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
