"""Functions that are traced once, for tensors of open sizes, and the time that has taken."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


class _Spent(threading.local):
    seconds, depth = 0.0, 0


_spent = _Spent()


class Traced:
    """A function of tensors as a graph, traced at its first call.

    Args:
        function: traceable, without Python control flow that depends on tensors.
        signature: specs of its arguments, structures of `tf.TensorSpec`.
    """

    def __init__(self, function: Callable, signature: Sequence[Any]) -> None:
        import tensorflow as tf

        self._function = tf.function(function, input_signature=signature, autograph=False)
        self._is_traced = False

    def __call__(self, *arguments: Any) -> Any:
        """What the function returns."""
        if not self._is_traced:
            self.concrete()
        return self._function(*arguments)

    def concrete(self) -> Callable:
        """The graph itself, which takes tensors only and is quicker to call."""
        with _timed():
            graph = self._function.get_concrete_function()
        self._is_traced = True
        return graph


def seconds() -> float:
    """Spent on tracing since the program started, in this thread.

    What TensorFlow does to a graph when it is first run is not in it: that is part of the run.
    """
    return _spent.seconds


@contextmanager
def _timed() -> Iterator[None]:
    """Count the time, but not twice where one function is traced while another is."""
    _spent.depth += 1
    started = time.monotonic()
    try:
        yield
    finally:
        _spent.depth -= 1
        if _spent.depth == 0:
            _spent.seconds += time.monotonic() - started
