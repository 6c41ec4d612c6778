"""The rows of a list handed to workers until all are made: who does what, and what goes wrong.

A row whose worker is lost is made once more, alone on a machine, for memory may have been the
reason; one whose machine is lost, as often as machines are; one that takes too long, once more
elsewhere. A row that fails by itself is told and not tried again. Knows nothing of Ray.
"""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from absl import logging

from analogies import images
from analogies.apps.batch.entries import Entry
from analogies.apps.wording import INTERRUPTED, MACHINE, Ending
from analogies.apps.workers.asked import Asked
from analogies.apps.workers.delivery import Post
from analogies.apps.workers.parcels import (
    Hello,
    Lost,
    Result,
    Setup,
    StoreFullError,
)
from analogies.apps.workers.staff import Slot, Staff, Workers
from analogies.apps.workers.waiting import Queue, Waiting
from analogies.errors import InputError
from analogies.runs.inputs import further
from analogies.runs.job import check_features
from analogies.runs.machine.device import available_cpus
from analogies.runs.machine.signals import Interrupted, signals_noted
from analogies.runs.memory_check import largest
from analogies.runs.monitors.progress import clock
from analogies.runs.telling import tell
from analogies.synthesis.memory import estimate

LIMIT_START, LIMIT_TIMES, LIMIT_UNKNOWN = 120.0, 10.0, 3600.0  # s, times what is expected, s
TRIES, MOVES = 2, 5  # workers and machines that a row may lose
LAST_WORDS = 30.0  # s for rows to end with their picture so far
TELL = 10.0  # s between lines on how far it is
WRITE = 2.0  # s between summaries


class Shift:
    """Has the rows of a list made.

    Args:
        cluster: where the workers are.
        asked: how many.
        setup: for each of them.
        rows: to be made.
        changed: called when more is known of what became of rows, at most every other second.
        post: makes, of the cluster and the entries of the rows, what packs them and takes results.
    """

    def __init__(
        self,
        cluster: Workers,
        asked: Asked,
        setup: Setup,
        rows: Sequence[Waiting],
        changed: Callable[[], object],
        post: Callable[[Workers, Sequence[Entry]], Post] = Post,
    ) -> None:
        self._cluster = cluster
        self._staff = Staff(cluster, asked, setup)
        self._queue = Queue(rows)
        self._post = post(cluster, [row.entry for row in rows])
        self._changed = changed
        self._full = False  # the store is, until a row is done
        self._alone: Waiting | None = None
        self._total, self._ended, self._failed = len(rows), 0, 0
        self._paces: list[float] = []  # s that rows took, per s that was expected
        self._began = time.monotonic()
        self._told = self._written = 0.0

    def work(self) -> None:
        """Make all rows.

        Raises:
            InputError: there is no worker that could make them.
            Interrupted: a signal came.
        """
        try:
            with signals_noted() as came:  # an exception within Ray would not come out as one
                while self._busy() or ((self._queue or self._alone) and self._post.more()):
                    self._staff.recruit()
                    self._hand_out()
                    self._hear(self._cluster.wait(self._pending(), self._patience()))
                    self._end_what_hangs()
                    self._tell()
                    if came:
                        self._end_early(came)
                        raise Interrupted(came[0])
        finally:
            self._staff.send_home()

    def _busy(self) -> list[Slot]:
        return [slot for slot in self._staff.slots if slot.row is not None]

    def _pending(self) -> list[Any]:
        return [slot.pending for slot in self._staff.slots if slot.pending is not None]

    def _patience(self) -> float:
        """Seconds to wait for news."""
        ends = [slot.since + slot.limit for slot in self._busy()]
        return max(0.01, min([1.0, *(end - time.monotonic() for end in ends)]))

    # Rows to workers

    def _hand_out(self) -> None:
        """Give every idle worker a row."""
        if not self._post.more():
            return
        if self._alone is None and self._queue.alone:
            self._alone = self._queue.alone.popleft()
        for slot in self._staff.slots:
            if slot.hello is None or slot.pending is not None or self._full:
                continue
            row = self._row_for(slot)
            if row is not None:
                self._send(slot, row)

    def _row_for(self, slot: Slot) -> Waiting | None:
        """What a worker is to make next."""
        if self._alone is not None and slot.node.host == self._host_for_alone():
            if any(other.node.host == slot.node.host for other in self._busy()):
                return None
            alone, self._alone = self._alone, None
            return alone
        if any(o.row.alone for o in self._busy() if o.row and o.node.host == slot.node.host):
            return None
        network = None
        if any(other.setup.gpu for other in self._staff.slots):
            network = slot.setup.gpu
        busy = [other.row.group for other in self._busy() if other.row]
        row = self._queue.take(slot.last, busy, network)
        return self._queue.take(slot.last, busy, False) if row is None and network else row

    def _host_for_alone(self) -> str:
        """The machine that is cleared for a row: the one with the least to do."""
        busy = Counter(slot.node.host for slot in self._busy())
        hosts = [slot.node.host for slot in self._staff.slots if slot.hello is not None]
        return min(hosts, key=lambda host: (busy[host], host))

    def _send(self, slot: Slot, row: Waiting) -> None:
        entry = row.entry
        try:
            parcel, objects = self._post.pack(entry, self._room(slot, row))
        except StoreFullError as error:
            self._wait_for_room(row, error)
            return
        except (InputError, OSError) as error:
            problem = error
            self._end(row, lambda: entry.fail(problem))
            return
        slot.row, slot.last, slot.since = row, row.group, time.monotonic()
        slot.limit = self._limit(slot, row)
        slot.pending = self._cluster.make(slot.worker, parcel, objects)
        logging.info("%s: begun on %s", entry.row.out, _where(slot))

    def _wait_for_room(self, row: Waiting, error: StoreFullError) -> None:
        """The store is full: wait for what is in work, or do without the row."""
        if self._busy():
            self._full = True
            self._queue.put_back(row)
            return
        told = (
            f"the object store of Ray has no room for its pictures ({error}): start the cluster "
            "with a larger --object-store-memory, or with more disk to spill to"
        )
        self._end(row, lambda: row.entry.end(Ending(told, MACHINE)))

    def _room(self, slot: Slot, row: Waiting) -> int | None:
        """What a row may take of its machine's memory: all of it, or as much as the others."""
        assert slot.hello is not None
        if slot.hello.room is None or row.alone:
            return None
        neighbors = sum(other.node.host == slot.node.host for other in self._staff.slots)
        return slot.hello.room // neighbors

    def _limit(self, slot: Slot, row: Waiting) -> float:
        """Seconds that a row may take."""
        if row.expected is None:
            return LIMIT_UNKNOWN
        slower = max(1.0, available_cpus() / slot.setup.cores)
        pace = max(1.0, statistics.median(self._paces[-50:])) if self._paces else 1.0
        return LIMIT_START + LIMIT_TIMES * row.expected * slower * pace

    # Results from workers

    def _hear(self, ready: Sequence[Any]) -> None:
        """Take what has come; who is idle gets a new row before results are written."""
        results = []
        for pending in ready:
            slot = next(slot for slot in self._staff.slots if slot.pending is pending)
            said = self._cluster.get(pending)
            if isinstance(said, Lost):
                self._lose(slot, said)
            elif isinstance(said, Hello):
                self._staff.welcome(slot, said)
            else:
                row, slot.row, slot.pending = slot.row, None, None
                assert row is not None
                results.append((row, said))
                self._full = False
        self._hand_out()
        for row, result in results:
            self._take(row, result)

    def _take(self, row: Waiting, result: Result) -> None:
        """A row has come back."""
        if result.short and not row.alone and not result.files:
            row.alone = True
            tell([f"{row.entry.row.out}: {result.message}; tried again alone on a machine"])
            self._queue.put_back(row)
            return
        if row.expected and not result.code:
            self._paces.append(result.seconds / row.expected)
            del self._paces[:-50]
        if result.short and "would fit" not in result.message:
            result = replace(result, message=result.message + self._fitting(row, result.room))
        self._end(row, lambda: self._post.take(row.entry, result))

    def _end(self, row: Waiting, note: Callable[[], None]) -> None:
        """What became of a row is known."""
        self._post.done(row.entry)
        note()
        self._ended += 1
        self._failed += row.entry.code > 0
        if time.monotonic() - self._written > WRITE:
            self._written = time.monotonic()
            self._changed()

    def _lose(self, slot: Slot, lost: Lost) -> None:
        """A worker is no more, or has never been."""
        there = any(node.id == slot.node.id for node in self._cluster.nodes())
        row, slot.row = slot.row, None
        self._staff.dismiss(slot)
        if slot.hello is None:
            if there:
                self._staff.refuse(slot.node, f"no worker starts on {slot.node.host}: {lost.why}")
            return
        if row is None:
            return
        if there:
            row.tries, row.alone = row.tries + 1, True
        else:
            row.moves += 1
        what = "worker" if there else "machine"
        if row.tries < TRIES and row.moves < MOVES:
            tell([f"{row.entry.row.out}: its {what} is lost ({lost.why}); tried again"])
            self._queue.put_back(row)
            return
        fitting = self._fitting(row, 0)
        told = f"its {what} was lost {row.tries or row.moves} times ({lost.why}){fitting}"
        self._end(row, lambda: row.entry.end(Ending(told, MACHINE)))

    def _end_what_hangs(self) -> None:
        """End the workers that take too long."""
        now = time.monotonic()
        for slot in self._busy():
            if now - slot.since <= slot.limit or self._cluster.wait([slot.pending], 0.0):
                continue  # in time, or done while this process was busy elsewhere
            row, slot.row = slot.row, None
            assert row is not None
            self._staff.dismiss(slot)
            row.tries += 1
            told = f"took more than the {slot.limit:.0f} s that a row like it may take"
            if row.tries < TRIES:
                tell([f"{row.entry.row.out}: {told}; tried again"])
                self._queue.put_back(row)
                continue
            self._end(row, partial(row.entry.end, Ending(told, MACHINE)))

    def _fitting(self, row: Waiting, room: int) -> str:
        """Words for the size with which a row should fit, though its estimate did not hold."""
        job = row.entry.job
        if job is None or row.expected is None:
            return ""
        sizes = {}
        for name, path in job.inputs.items():
            header = images.inspect(path)
            sizes[name] = header.height, header.width
        known = sizes["a"], sizes["b"], job.options, check_features(job.options)
        need = estimate(*known, further(sizes))
        there = min(need.total, room or need.total)
        fits = largest(*known, need.base + (there - need.base) // 2, further(sizes))
        if fits is None:
            return ""
        return (
            f"; if it was for want of memory, --height {fits.height} --width {fits.width} would fit"
        )

    # What is told, and the end

    def _tell(self) -> None:
        """A line on how far it is, now and then."""
        now = time.monotonic()
        if now - self._told < TELL or self._ended == 0:
            return
        self._told = now
        per_second = self._ended / (now - self._began)
        hosts = Counter(_where(slot) for slot in self._busy())
        where = ", ".join(f"{count} on {host}" for host, count in sorted(hosts.items()))
        logging.info(
            "%d of %d done%s; in work: %s; %.3g rows a minute, about %s left",
            self._ended,
            self._total,
            f", {self._failed} failed" if self._failed else "",
            where or "none",
            60 * per_second,
            clock((self._total - self._ended) / per_second),
        )

    def _end_early(self, came: Sequence[int]) -> None:
        """Have the rows in work end with their picture so far, unless another signal comes."""
        for slot in self._busy():
            self._cluster.stop(slot.worker, came[0])
        end = time.monotonic() + LAST_WORDS
        while self._busy() and time.monotonic() < end and len(came) == 1:
            pending = [slot.pending for slot in self._busy()]
            for ready in self._cluster.wait(pending, 0.5):
                slot = next(slot for slot in self._staff.slots if slot.pending is ready)
                row, slot.row, slot.pending = slot.row, None, None
                said = self._cluster.get(ready)
                assert row is not None
                if isinstance(said, Result):
                    self._post.take(row.entry, said)
                else:
                    row.entry.end(Ending("interrupted", INTERRUPTED + came[0]))
        for slot in self._busy():
            assert slot.row is not None
            slot.row.entry.end(Ending("interrupted", INTERRUPTED + came[0]))


def _where(slot: Slot) -> str:
    return slot.hello.host if slot.hello else slot.node.host
