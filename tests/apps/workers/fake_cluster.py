"""A cluster that computes nothing: workers do at once, or never, what a script says."""

import dataclasses
import itertools
import time
from dataclasses import dataclass, field

from analogies.apps.workers.parcels import Hello, Lost, Node, Result, StoreFullError, program


@dataclass
class FakeCluster:
    """Stands for `cluster.Cluster`.

    Attributes:
        there: its nodes.
        script: {name of the row's B: what happens to it, one word a try}: "done", "bad", "lost",
            "gone" (with its node), "hang", "short".
        made: [(row, node, how many others were in work there)].
        puts: bytes put into the store.
        full: how many times the store has no room.
        picture: bytes of what is made.
    """

    there: list
    script: dict = field(default_factory=dict)
    local: bool = False
    folder: str | None = None
    full: int = 0
    versions: dict = field(default_factory=dict)
    picture: bytes = b"picture"

    def __post_init__(self):
        self.made, self.puts, self.hired, self.dismissed = [], [], [], []
        self.running, self.answers = {}, {}
        self.numbers = itertools.count(1)

    def __call__(self, asked):
        self.asked = asked
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def nodes(self):
        return list(self.there)

    def hire(self, setup, node):
        self.hired.append((setup, node))
        return len(self.hired) - 1

    def node_of(self, worker):
        return self.hired[worker][1]

    def hello(self, worker):
        node = next(node for node in self.there if node.id == self.node_of(worker))
        known = program()
        if node.host in self.versions:
            known = dataclasses.replace(known, source=self.versions[node.host])
        return self._answer(Hello(known, node.host, node.id, worker, 8 * 10**9))

    def _answer(self, value):
        number = next(self.numbers)
        self.answers[number] = value
        return number

    def put(self, data):
        if self.full:
            self.full -= 1
            raise StoreFullError("1.0 MB")
        self.puts.append(data)
        return f"object {len(self.puts)}"

    def make(self, worker, parcel, objects):
        assert set(objects) == set(parcel.contents.values())
        row, node = parcel.pictures["b"].rpartition("/")[2], self.node_of(worker)
        beside = sum(self.node_of(other) == node for other in self.running.values())
        self.made.append((row, node, beside))
        tries = [name for name, *_ in self.made].count(row)
        what = self.script.get(row, ["done"])
        number = self._answer(self._outcome(what[min(tries, len(what)) - 1], parcel, node))
        self.running[number] = worker
        return number

    def _outcome(self, what, parcel, node):
        name = parcel.out.rpartition("/")[2]
        if what == "hang":
            return None
        if what == "lost":
            return Lost("it was killed")
        if what == "gone":
            self.there = [each for each in self.there if each.id != node]
            return Lost("its node died")
        if what == "short":
            return Result("not enough memory", 1, short=True, room=10**9)
        if what == "bad":
            return Result("B: cannot be decoded", 2)
        record = name.rpartition(".")[0] + ".json"
        files = {record: b"{}", name: self.picture}
        return Result(f"{parcel.out}, 30x40 px", 0, files, seconds=0.1)

    def wait(self, pending, seconds):
        ready = [number for number in pending if self.answers.get(number) is not None]
        if not ready:
            time.sleep(min(seconds, 0.01))
        return ready[-1:]  # the last comes first, so that several are in work at once

    def get(self, ready):
        self.running.pop(ready, None)
        return self.answers.pop(ready)

    def stop(self, worker, number):
        for ready, busy in self.running.items():
            if busy == worker:
                self.answers[ready] = Result("interrupted", 128 + number)

    def dismiss(self, worker, at_once=True):
        self.dismissed.append(worker)
        self.running = {n: busy for n, busy in self.running.items() if busy != worker}


def nodes(count, cores=1, gpus=0):
    return [Node(f"node{number}", f"host{number}", cores, gpus) for number in range(count)]
