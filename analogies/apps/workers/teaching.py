"""Workers that make what a network learns from, as they make the rows of a list."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analogies import images
from analogies.apps.batch.entries import FAILED, Entry
from analogies.apps.batch.rows import Row
from analogies.apps.wording import Ending
from analogies.apps.workers.delivery import Post, Store
from analogies.apps.workers.errands import Errand, Runners
from analogies.apps.workers.folders import own_folder
from analogies.apps.workers.hiring import ANY, waiting_for
from analogies.apps.workers.parcels import Result
from analogies.options.table import Options
from analogies.runs import job as jobs

if TYPE_CHECKING:
    from analogies.runs.learning.lesson import Lesson
    from analogies.runs.learning.teacher import Keep, More


class Teachers(Runners):
    """Workers as a `runs.learning.teacher.Maker`.

    Attributes:
        used: whether there was anything to make.
    """

    used = False

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

            def post(cluster: Store, entries: Sequence[Entry]) -> "_Post":
                return _Post(cluster, entries, more, keep)

            self.run([waiting_for(entry) for entry in entries], post)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


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


def _entry(lesson: "Lesson", number: int, b: np.ndarray, options: Options, folder: Path) -> Errand:
    """A picture as a row of a list, with B as a file."""
    from analogies.runs.learning.teacher import of_its_size

    a, a_prime = (str(lesson.sources[name]) for name in ("a", "a_prime"))
    place, out = str(folder / _named(number)), str(folder / "made" / _named(number))
    images.write(place, b)
    job = jobs.check(a, a_prime, place, out, of_its_size(options), room=ANY)
    pictures = {"a": a, "a_prime": a_prime, "b": place}
    return Errand(Row(number, f"example {number + 1}", pictures), job)


def _named(number: int) -> str:
    return f"{number}.png"
