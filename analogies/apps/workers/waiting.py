"""Rows that wait for a worker, in groups of those that a worker best makes one after the other."""

from collections import Counter, deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from analogies.apps.batch.entries import Entry


@dataclass(eq=False)
class Waiting:
    """A row on its way to be made.

    Attributes:
        entry: of the list.
        group: rows of one group share A, A' and what is traced.
        expected: s that it takes on `cores` of this machine, or None where that is not known.
        network: it needs TensorFlow.
        tries: how many workers were lost or hung with it.
        moves: how many machines were lost with it.
        alone: it is to have a machine to itself.
    """

    entry: Entry
    group: Hashable = ()
    expected: float | None = None
    network: bool = False
    tries: int = 0
    moves: int = 0
    alone: bool = False


class Queue:
    """The rows that wait."""

    def __init__(self, rows: Iterable[Waiting]) -> None:
        self._groups: dict[Hashable, deque[Waiting]] = {}
        self.alone: deque[Waiting] = deque()
        for row in rows:
            self._groups.setdefault(row.group, deque()).append(row)

    def __len__(self) -> int:
        return sum(map(len, self._groups.values())) + len(self.alone)

    def __iter__(self):
        yield from self.alone
        for rows in self._groups.values():
            yield from rows

    def put_back(self, row: Waiting) -> None:
        """Let a row wait again, before the others."""
        if row.alone:
            self.alone.append(row)
        else:
            self._groups.setdefault(row.group, deque()).appendleft(row)

    def take(
        self, last: Hashable, busy: Iterable[Hashable], network: bool | None = None
    ) -> Waiting | None:
        """The next row for a worker, or None where nothing waits for it.

        Args:
            last: the group it has made a row of, which it goes on with.
            busy: groups that others work on: those that nobody does come first.
            network: only rows that need TensorFlow, or only those that don't.
        """
        fit = [
            group
            for group, rows in self._groups.items()
            if network is None or rows[0].network == network
        ]
        if not fit:
            return None
        workers = Counter(busy)
        group = last
        if last not in fit:
            group = max(fit, key=lambda group: len(self._groups[group]) / (1 + workers[group]))
        row = self._groups[group].popleft()
        if not self._groups[group]:
            del self._groups[group]
        return row
