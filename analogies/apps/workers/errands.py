"""Where workers are, and what they make beside the rows of a list.

Of errands no table tells, but whoever wants them.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Self

from analogies.apps.batch.entries import DONE, FAILED, INTERRUPTED, Entry
from analogies.apps.wording import INTERRUPTED as SIGNALLED
from analogies.apps.wording import USAGE, Ending
from analogies.apps.workers.asked import Asked, asked
from analogies.apps.workers.delivery import Post, Store
from analogies.apps.workers.parcels import Setup
from analogies.apps.workers.waiting import Waiting
from analogies.errors import InputError
from analogies.options.kinds import OptionError
from analogies.options.table import Options

Begin = Callable[[Asked], AbstractContextManager[Any]]


def on_ray(asked: Asked) -> AbstractContextManager[Any]:
    """Ray, which is imported now."""
    from analogies.apps.workers.cluster import Cluster

    return Cluster(asked)


def check_device(options: Options) -> None:
    """See that no GPU of a number is asked for.

    Raises:
        OptionError: one is.
    """
    if options.device.startswith("gpu:"):
        raise OptionError(
            "device",
            "must be auto, cpu or gpu with --workers, each of which has one. "
            f"Received: {options.device!r}",
        )


@dataclass
class Errand(Entry):
    """Something to make; what became of it is told by whoever wants it."""

    def end(self, said: Ending) -> None:
        """Take how it ended."""
        self.message, self.code, _ = said
        self.status = INTERRUPTED if said.code > SIGNALLED else FAILED if said.code else DONE


class Runners:
    """Workers that make errands; they begin when there are some.

    Args:
        asked: how many, or where.
        cluster: where they are, as for `crew.Crew`.
        setup: for each of them.
    """

    def __init__(
        self, asked: Asked, cluster: Begin | None = None, setup: Setup | None = None
    ) -> None:
        self._asked = asked
        self._cluster = cluster or on_ray
        self._setup = setup or Setup(1)

    @classmethod
    def hired(cls, workers: str | None, per_worker: str | None, options: Options) -> Self:
        """Those that two arguments ask for.

        Raises:
            InputError: an argument or option cannot be used, or Ray is not installed.
        """
        check_device(options)
        return cls(asked(workers, per_worker))

    def run(
        self, waiting: Sequence[Waiting], post: Callable[[Store, Sequence[Entry]], Post]
    ) -> None:
        """Make errands, in any order.

        Raises:
            InputError: one of them cannot be made of what was given, or there are no workers.
            RuntimeError: the machine could not make one.
            Interrupted: a signal came; what is made by then was taken.
        """
        from analogies.apps.workers.shift import Shift

        with self._cluster(self._asked) as cluster:
            Shift(cluster, self._asked, self._setup, waiting, lambda: None, post).work()
        for entry in (each.entry for each in waiting):
            if entry.status == FAILED:
                told = f"{entry.row.out}: {entry.message}"
                raise InputError(told) if entry.code == USAGE else RuntimeError(told)
