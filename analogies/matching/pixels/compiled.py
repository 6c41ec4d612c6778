"""The engine for a CPU: loops of `kernels` over bands of rows, one thread each.

The rows of the target are cut into bands, and the bands into steps. All bands work on the same
step at once, so that the rows next to those in work always rest; what a step changes in the count
of occurrences is seen by its own band at once, and by the others after the step. Neither depends
on the number of threads, and so the result does not.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from analogies.matching.pixels import kernels
from analogies.matching.pixels.guides import Settings
from analogies.matching.pixels.kept import Kept
from analogies.matching.pixels.maps import JointMaps
from analogies.matching.pixels.places import near, occurrences

BANDS = 8  # at most: as many rows are assigned without knowing of each other
ROWS = 48  # at least, of a band
FEW = 20_000  # patches of a part, up to which one band is searched sooner than many

Each = Callable[[Callable[[Any], None], Iterable[Any]], None]


@contextmanager
def workers(threads: int | None) -> Iterator[Each]:
    """A function that calls a function with each of many arguments, on so many threads."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it
    count = threads or (len(affinity(0)) if affinity else os.cpu_count() or 1)
    with ThreadPoolExecutor(count) as pool:

        def each(function: Callable[[Any], None], arguments: Iterable[Any]) -> None:
            # One task a thread that takes what is next: handing over every argument costs more.
            waiting = iter(list(arguments))

            def work() -> None:
                for argument in waiting:
                    function(argument)

            others = [pool.submit(work) for _ in range(count - 1)]
            work()
            for other in others:
                other.result()

        yield each


class CompiledLevel:
    """Search and vote at one level.

    Arguments:
        maps: Source and target.
        style: float32 `(hA, wA, c)`.
        allowed: bool `(hA, wA)`.
        places: int32 `(h, w)`, the field at the start, changed in place.
        image: float32 `(h, w, c)`, B' at the start, changed in place; None votes one.
        settings: Of which patch size and uniformity count here.
        each: As `workers` gives it.
        kept: What of B' stays as it is; None makes all of it.
    """

    def __init__(
        self,
        maps: JointMaps,
        style: np.ndarray,
        allowed: np.ndarray,
        places: np.ndarray,
        image: np.ndarray | None,
        settings: Settings,
        each: Each,
        kept: Kept | None = None,
    ) -> None:
        self.maps, self.patch, self.each, self.kept = maps, settings.patch_size, each, kept
        self.wrap = maps.wrap[0] + 2 * maps.wrap[1]
        self.places = np.ascontiguousarray(places, np.int32)
        self.width, self.channels = maps.source.shape[1:]
        h, w = self.places.shape
        # The loops are compiled for arrays that can be written to.
        self.style = np.require(style, requirements=["C", "W"]).reshape(-1, style.shape[2])
        self.allowed = np.ascontiguousarray(allowed, np.uint8).ravel()
        self.energy = np.zeros((h, w), np.int32)
        self.made = np.ones((h, w), np.uint8)
        self.needed = np.ones((h, w), np.uint8)  # patches that show a pixel that is made
        if kept is not None:
            self.made = np.ascontiguousarray(kept.made, np.uint8)
            self.needed = near(kept.made, self.patch, maps.wrap)
        self.active = self.needed
        self.change = np.zeros((h, w), np.float32)
        usable, searched = np.count_nonzero(allowed), max(int(np.count_nonzero(self.needed)), 1)
        # Evenly used, each pixel occurs searched * patch^2 / usable times in the field's patches,
        # and a patch has patch^2 pixels.
        self.penalty = settings.uniformity * maps.unit * usable / (searched * self.patch**4)
        bands = _bands(h) if kept is None or searched > FEW else 1
        self.rows = _ranges(0, h, bands)
        # One row of each band a step; of a single band all, as its own count is always right.
        steps = max(last - first for first, last in self.rows) if bands > 1 else 1
        self.parts = np.array([_ranges(*rows, steps) for rows in self.rows])
        self.before = self.places.copy()
        counted = self.places if kept is None else self.places[self.needed > 0]
        self.counts = occurrences(counted, maps.source.shape[:2], self.patch)
        self.deltas = np.zeros((bands, self.counts.size), np.int32)
        self.image = np.zeros((h, w, style.shape[2]), np.float32)
        if image is None:
            if kept is not None:
                self.image[:] = kept.known
            self.vote(0.0)
        else:
            self.image[:] = image
            self.maps.show(self.image)

    def search(self, sweeps: int, seed: tuple[int, ...]) -> None:
        """Sweeps of PatchMatch, down and up in turn, over the active patches."""
        self._measure()
        for number in range(sweeps):
            step = 1 if number % 2 == 0 else -1
            drawn = int(np.random.default_rng((*seed, number)).integers(2**62))
            for part in range(self.parts.shape[1])[::step]:
                self._sweep(part, step, drawn)

    def vote(self, still: float) -> bool:
        """Vote B', and rest patches without a pixel changed by `still`. Whether any is active."""

        def vote_rows(rows: tuple[int, int]) -> None:
            kernels.vote(
                self.style,
                self.places,
                self.image,
                self.change,
                self.made,
                self.width,
                self.patch,
                *rows,
                self.wrap,
            )

        self.each(vote_rows, self.rows)
        changed = self.change >= still
        if self.kept is not None:
            changed &= self.kept.made
        self.maps.show(self.image)
        self.active = near(changed, self.patch, self.maps.wrap)
        return bool(self.active.any())

    def measured(self) -> np.ndarray:
        """float32 `(h, w)`: the weighted squared distance of every needed patch to its match."""
        active, self.active = self.active, self.needed
        self._measure()
        self.active = active
        return (self.energy / np.float32(self.maps.unit)).astype(np.float32)

    def _measure(self) -> None:
        def measure_rows(rows: tuple[int, int]) -> None:
            kernels.measure(
                self.maps.source.reshape(-1),
                self.maps.target.reshape(-1),
                self.places,
                self.energy,
                self.active,
                self.width,
                self.channels,
                self.patch,
                *rows,
            )

        self.each(measure_rows, self.rows)

    def _sweep(self, part: int, step: int, seed: int) -> None:
        """One step of a sweep, of all bands."""

        def sweep_band(band: int) -> None:
            kernels.sweep(
                self.maps.source.reshape(-1),
                self.maps.target.reshape(-1),
                self.allowed,
                self.places,
                self.energy,
                self.active,
                self.counts,
                self.deltas[band],
                self.width,
                self.channels,
                self.patch,
                *self.parts[band][part],
                step,
                self.penalty,
                seed,
                self.wrap,
            )

        bands = range(len(self.parts))
        self.each(sweep_band, bands)
        if self.penalty > 0:
            kernels.settle(
                self.places,
                self.before,
                self.counts,
                self.deltas,
                self.width,
                self.patch,
                self.parts[:, part].copy(),
            )


def _bands(h: int) -> int:
    """How many bands for so many rows; from the rows alone, so that all machines agree."""
    return max(min(BANDS, h // ROWS), 1)


def _ranges(first: int, last: int, count: int) -> list[tuple[int, int]]:
    """Cut the rows from first up to last into so many ranges."""
    ends = np.linspace(first, last, count + 1).astype(int).tolist()
    return list(pairwise(ends))
