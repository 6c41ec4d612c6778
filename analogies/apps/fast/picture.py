"""One picture made by a network, as every door to networks makes it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analogies import images
from analogies.options.table import Options
from analogies.runs import finishing
from analogies.runs.learning.fast_analogy import FastAnalogy
from analogies.runs.machine.silence import silence
from analogies.synthesis.pyramid import result_size


@dataclass(frozen=True)
class Made:
    """B' of one picture.

    Attributes:
        pixels: float32 `(h, w, 3)` in [0, 255].
        alpha: its transparency `(h, w)` in [0, 255], or None where it is opaque.
        notes: on how B was read.
        seconds: that the making took, without reading.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None
    notes: tuple[str, ...]
    seconds: float


def opened(net: Path, device: str = "auto") -> FastAnalogy:
    """A network, in a process that computes for nobody else: a GPU gives the same bytes each time.

    Raises:
        InputError: the file cannot be used; nothing of it was run.
    """
    fast = FastAnalogy(net, device=device)
    from analogies.runs.machine import device as machines

    machines.settle(machines.start(device), fast.options.precision)
    return fast


def make(
    fast: FastAnalogy, options: Options, b: Path, told: Callable[[float], None] | None = None
) -> Made:
    """Make the picture of one B.

    Args:
        fast: the network.
        options: of `with_those_beside`.
        b: file.
        told: called with the share that is done, in (0, 1], after each piece of a large picture;
            what it raises ends the making.

    Raises:
        InputError: B cannot be read.
    """
    with silence():
        picture = images.read(b)
    size = result_size(picture.size, options)
    pixels = finishing.fit(picture.pixels, size)
    started = time.perf_counter()
    made = fast.raw(pixels[None], options.seed, told)[0]
    made = finishing.finish(made, pixels, options)
    seconds = time.perf_counter() - started
    return Made(made, finishing.transparency(picture.alpha, size), picture.notes, seconds)
