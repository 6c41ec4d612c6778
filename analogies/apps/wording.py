"""What the command says at the end of a run: one line and an exit code."""

import traceback
from typing import TYPE_CHECKING, NamedTuple

from absl import logging

from analogies.errors import InputError
from analogies.files import reason
from analogies.options.kinds import OptionError, spelled

if TYPE_CHECKING:
    from analogies.runs.outcome import Outcome

DONE, MACHINE, USAGE = 0, 1, 2  # the machine could not; what was given cannot be used
INTERRUPTED = 128  # plus the signal's number


class Ending(NamedTuple):
    """One line for a person, the exit code, and a signal to begin nothing more at, or 0."""

    message: str
    code: int
    late: int = 0


def failure(error: BaseException) -> Ending:
    """The words for whatever ended a run; the traceback of a fault of the program is logged."""
    if isinstance(error, KeyboardInterrupt):
        return Ending("interrupted", getattr(error, "exit_code", INTERRUPTED + 2))
    if isinstance(error, OptionError):
        return Ending(f"{spelled(error.name)} {error.problem}", USAGE)
    if isinstance(error, InputError):
        return Ending(str(error), USAGE)
    if isinstance(error, MemoryError):
        smaller = f"a smaller {spelled('height')} or {spelled('width')}, or --device cpu,"
        return Ending(f"not enough memory; {smaller} needs less", MACHINE)
    logging.debug("%s", "".join(traceback.format_exception(error)))
    told = reason(error) if isinstance(error, Exception) else ""
    return Ending(f"{type(error).__name__}: {told}", MACHINE)


def ending(outcome: "Outcome") -> Ending:
    """The words for a run that has a picture: where it is, and what is wrong with that."""
    kept, to = outcome.kept, outcome.job.destination
    height, width = outcome.picture.shape[:2]
    late = next(iter(outcome.late), 0)
    if not outcome.ended and not kept.problem:
        return Ending(f"{kept.path}, {width}x{height} px", DONE, late)
    said, code, _ = failure(outcome.ended) if outcome.ended else Ending("", MACHINE)
    words = [said] if said else []
    if kept.problem:
        words.append(f"{to.result if to else 'the picture'}: {kept.problem}")
    so_far = " so far" if outcome.ended else ""
    words.append(f"the picture{so_far} is {kept.path}" if kept.path else "no folder takes it")
    if outcome.job.keeping:
        words.append(f"{spelled('resume')} goes on with it")
    return Ending("; ".join(words), code, late)
