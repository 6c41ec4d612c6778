"""Processes that tests run beside themselves, and that never outlive or hold up a test."""

import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def running(words: Sequence[str], seconds: float = 120.0, **details: Any) -> Iterator[Any]:
    """A process with pipes, killed when the block ends or after so many seconds.

    Whoever reads from it then comes to the end of the stream instead of waiting for ever.
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True} | details
    with subprocess.Popen(words, **pipes) as process:
        limit = threading.Timer(seconds, process.kill)
        limit.start()
        try:
            yield process
        finally:
            limit.cancel()
            process.kill()
