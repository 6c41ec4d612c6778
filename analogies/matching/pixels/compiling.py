"""Compile functions to machine code, kept for later processes where there is a folder for it."""

import logging
from collections.abc import Callable
from typing import Any

import numba


def compiled(signature: Any) -> Callable[[Callable], Callable]:
    """Decorate a function to be compiled at once for the one signature given, a text or a type.

    The code releases Python's lock while it runs. It is loaded from numba's cache or written
    there; where that cannot be (no folder can be written, the disk is full, a file is broken), it
    is compiled for this process alone and nothing is said.
    """

    def decorate(function: Callable) -> Callable:
        try:
            return numba.njit(signature, nogil=True, cache=True)(function)
        except (RuntimeError, OSError, EOFError, ValueError) as error:
            logging.getLogger(__name__).debug("Compiling without a cache: %s", error)
            return numba.njit(signature, nogil=True)(function)

    return decorate
