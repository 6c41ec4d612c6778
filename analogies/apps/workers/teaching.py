"""Workers that make what a network learns from, as they make the rows of a list."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analogies import images
from analogies.apps.batch.entries import DONE, FAILED, INTERRUPTED, Entry
from analogies.apps.batch.rows import Row
from analogies.apps.wording import INTERRUPTED as SIGNALLED
from analogies.apps.wording import USAGE, Ending
from analogies.apps.workers.asked import Asked, asked
from analogies.apps.workers.delivery import Post, Store
from analogies.apps.workers.folders import own_folder
from analogies.apps.workers.hiring import ANY, Begin, check_device, on_ray, waiting_for
from analogies.apps.workers.parcels import Result, Setup
from analogies.apps.workers.shift import Shift
from analogies.errors import InputError
from analogies.options.table import Options
from analogies.runs import job as jobs

if TYPE_CHECKING:
    from analogies.runs.learning.lesson import Lesson
    from analogies.runs.learning.teacher import Keep, More


def hired(workers: str | None, per_worker: str | None, options: Options) -> "Teachers":
    """The workers that two arguments ask for; they begin when there is a picture to make.

    Raises:
        InputError: an argument or option cannot be used, or Ray is not installed.
    """
    check_device(options)
    return Teachers(asked(workers, per_worker))


class Teachers:
    """Workers as a `runs.learning.teacher.Maker`.

    Args:
        asked: how many, or where.
        cluster: where they are, as for `crew.Crew`.
        setup: for each of them.

    Attributes:
        used: whether there was anything to make.
    """

    def __init__(
        self, asked: Asked, cluster: Begin | None = None, setup: Setup | None = None
    ) -> None:
        self._asked = asked
        self._cluster = cluster or on_ray
        self._setup = setup or Setup(1)
        self.used = False

    def __call__(
        self,
        lesson: "Lesson",
        pictures: Mapping[int, np.ndarray],
        options: Options,
        more: "More",
        keep: "Keep",
    ) -> None:
        """Make the pictures.

        Raises:
            InputError: one of them cannot be made of what was given, or there are no workers.
            RuntimeError: the machine could not make one.
            Interrupted: a signal came; what is made by then was kept.
        """
        self.used = True
        folder = own_folder("analogies-teaching-")
        try:
            entries = [_entry(lesson, n, b, options, folder) for n, b in pictures.items()]
            self._make(entries, more, keep)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _make(self, entries: Sequence["_Lesson"], more: "More", keep: "Keep") -> None:
        def post(cluster: Store, entries: Sequence[Entry]) -> "_Post":
            return _Post(cluster, entries, more, keep)

        waiting = [waiting_for(entry) for entry in entries]
        with self._cluster(self._asked) as cluster:
            Shift(cluster, self._asked, self._setup, waiting, lambda: None, post).work()
        for entry in entries:
            if entry.status == FAILED:
                told = f"{entry.row.out}: {entry.message}"
                raise InputError(told) if entry.code == USAGE else RuntimeError(told)


class _Post(Post):
    """Gives pictures to whoever learns from them, until one cannot be made or time is over."""

    def __init__(self, store: Store, entries: Sequence[Entry], more: "More", keep: "Keep") -> None:
        super().__init__(store, entries)
        self._entries, self._may_begin, self._keep = entries, more, keep

    def more(self) -> bool:
        return self._may_begin() and not any(x.status == FAILED for x in self._entries)

    def take(self, entry: Entry, result: Result) -> None:
        if not result.code:
            picture = images.read(result.files[_named(entry.row.line)])
            self._keep(entry.row.line, images.to_uint8(picture.pixels))
        entry.end(Ending(result.message, result.code))


@dataclass
class _Lesson(Entry):
    """A picture to make; what became of it is told by whoever wants it."""

    def end(self, said: Ending) -> None:
        self.message, self.code, _ = said
        self.status = INTERRUPTED if said.code > SIGNALLED else FAILED if said.code else DONE


def _entry(lesson: "Lesson", number: int, b: np.ndarray, options: Options, folder: Path) -> _Lesson:
    """A picture as a row of a list, with B as a file."""
    from analogies.runs.learning.teacher import of_its_size

    a, a_prime = (str(lesson.sources[name]) for name in ("a", "a_prime"))
    place, out = str(folder / _named(number)), str(folder / "made" / _named(number))
    images.write(place, b)
    job = jobs.check(a, a_prime, place, out, of_its_size(options), room=ANY)
    pictures = {"a": a, "a_prime": a_prime, "b": place}
    return _Lesson(Row(number, f"example {number + 1}", pictures), job)


def _named(number: int) -> str:
    return f"{number}.png"
