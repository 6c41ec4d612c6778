"""Processes forked from one in which TensorFlow has computed."""

import os
import sys
import threading

from analogies.errors import InputError

_FORKED = False  # from a process in which TensorFlow had computed


def refuse() -> None:
    """TensorFlow's threads are not copied by a fork, and the child would wait for them for ever.

    Raises:
        InputError: TensorFlow has computed in the process from which this one was forked.
    """
    if _FORKED or (_has_computed() and _threads_are_gone()):
        raise InputError(
            "TensorFlow cannot compute in this process: it was forked from one in which it had. "
            'Use the start method spawn, multiprocessing.get_context("spawn"), or start the '
            "processes before the first picture is made"
        )


def _has_computed() -> bool:
    """Whether TensorFlow has set up its devices, and with them its threads, in this memory."""
    context = sys.modules.get("tensorflow.python.eager.context")
    return context is not None and getattr(context.context(), "_initialized", False)


def _threads_are_gone() -> bool:
    """Whether there are no threads but Python's own; False where that cannot be told."""
    try:
        return len(os.listdir("/proc/self/task")) <= threading.active_count()
    except OSError:
        return False


def _after_fork() -> None:
    global _FORKED
    _FORKED = _FORKED or _has_computed()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
