"""What the command says of a failure: one line and an exit code."""

import traceback
from typing import NamedTuple

from absl import logging

from analogies.errors import InputError
from analogies.files import reason
from analogies.options.kinds import OptionError, spelled

MACHINE, USAGE = 1, 2  # exit codes: the machine could not; what was given cannot be used


class Failure(NamedTuple):
    """One line for a person, and the exit code."""

    message: str
    code: int


def failure(error: Exception) -> Failure:
    """The words for whatever ended a run; the traceback of a fault of the program is logged."""
    if isinstance(error, OptionError):
        return Failure(f"{spelled(error.name)} {error.problem}", USAGE)
    if isinstance(error, InputError):
        return Failure(str(error), USAGE)
    if isinstance(error, MemoryError):
        smaller = f"a smaller {spelled('height')} or {spelled('width')}, or --device cpu,"
        return Failure(f"not enough memory; {smaller} needs less", MACHINE)
    logging.debug("%s", "".join(traceback.format_exception(error)))
    return Failure(f"{type(error).__name__}: {reason(error)}", MACHINE)
