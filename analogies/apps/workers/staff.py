"""The workers of a cluster: begun where there is a place, used if they run this program."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from analogies.apps.workers.asked import CORES, Asked
from analogies.apps.workers.parcels import Hello, Node, Parcel, Setup, program
from analogies.apps.workers.waiting import Waiting
from analogies.errors import InputError
from analogies.options.kinds import spelled
from analogies.runs.machine.device import available_cpus
from analogies.runs.telling import tell

REFUSALS = 3  # workers of a machine that did not start, until it is left alone
LOOK = 2.0  # s between looks at which machines are there
PATIENCE = 60.0  # s without a worker


class Workers(Protocol):
    """A cluster; what its functions do, `cluster.Cluster` tells."""

    local: bool
    folder: str | None

    def nodes(self) -> list[Node]: ...  # noqa: D102
    def hire(self, setup: Setup, node: str) -> Any: ...  # noqa: D102
    def hello(self, worker: Any) -> Any: ...  # noqa: D102
    def put(self, data: bytes) -> Any: ...  # noqa: D102
    def make(self, worker: Any, parcel: Parcel, objects: Mapping[str, Any]) -> Any: ...  # noqa: D102
    def wait(self, pending: Sequence[Any], seconds: float) -> list[Any]: ...  # noqa: D102
    def get(self, ready: Any) -> Any: ...  # noqa: D102
    def stop(self, worker: Any, number: int) -> None: ...  # noqa: D102
    def dismiss(self, worker: Any, at_once: bool = True) -> None: ...  # noqa: D102


@dataclass(eq=False)
class Slot:
    """A worker and what it does.

    Attributes:
        node: where it is.
        index: its number among the workers of the node.
        setup: what it was told.
        worker: what stands for it.
        pending: what stands for what is awaited of it, a greeting or a result; None: it is idle.
        hello: its greeting, once it has come.
        row: that it makes.
        since: when what is awaited was asked for.
        limit: s that it may take.
        last: group of its last row.
    """

    node: Node
    index: int
    setup: Setup
    worker: Any
    pending: Any = None
    hello: Hello | None = None
    row: Waiting | None = None
    since: float = 0.0
    limit: float = 0.0
    last: Any = None


class Staff:
    """Who is there to make rows.

    Args:
        cluster: where the workers are.
        asked: how many.
        setup: for each of them.
    """

    def __init__(self, cluster: Workers, asked: Asked, setup: Setup) -> None:
        self._cluster, self._asked, self._setup = cluster, asked, setup
        self.slots: list[Slot] = []
        self._refused: Counter[str] = Counter()  # {node: workers that did not start}
        self._why = ""  # a machine was refused
        self._looked, self._looked_well = 0.0, time.monotonic()

    def recruit(self) -> None:
        """Start workers where there is a place for one and none; looks every other second.

        Raises:
            InputError: there is none, and will be none.
        """
        now = time.monotonic()
        if now - self._looked < LOOK:
            return
        self._looked = now
        taken = {(slot.node.id, slot.index) for slot in self.slots}
        for node in self._cluster.nodes():
            cores, count = self._places(node)
            for index in range(count):
                if (node.id, index) not in taken and self._refused[node.id] < REFUSALS:
                    self._hire(node, index, cores)
        self._check(now)

    def _places(self, node: Node) -> tuple[int, int]:
        """Cores of each worker of a node, and how many workers it is to have."""
        if self._cluster.local:
            own = available_cpus()
            each = self._asked.cores_each(own)
            return each, self._asked.count or max(1, own // each)
        each = self._asked.cores or max(1, min(CORES, node.cores))
        return each, node.cores // each

    def _hire(self, node: Node, index: int, cores: int) -> None:
        taken = {slot.setup.place for slot in self.slots if slot.node.host == node.host}
        setup = replace(
            self._setup,
            cores=cores,
            place=next(place for place in range(len(taken) + 1) if place not in taken),
            gpu=index < node.gpus,
            folder=self._cluster.folder,
        )
        worker = self._cluster.hire(setup, node.id)
        self.slots.append(Slot(node, index, setup, worker, self._cluster.hello(worker)))

    def _check(self, now: float) -> None:
        """Whether there is anybody, or may be."""
        late = now - self._looked_well > PATIENCE
        if any(slot.hello for slot in self.slots):
            self._looked_well = now
        elif self.slots and late:
            tell(["no worker has begun yet: others may have the cores of the cluster"])
            self._looked_well = now
        elif self.slots:
            return
        elif self._why:
            raise InputError(f"--workers: no machine can be used: {self._why}")
        elif late:
            cores = self._asked.cores or 1
            raise InputError(
                f"--workers: no machine of the cluster has a place for a worker of {cores} cores; "
                f"it has {', '.join(f'{node.cores} cores' for node in self._cluster.nodes())}. "
                f"Received: {spelled('per_worker')} {cores}"
            )

    def welcome(self, slot: Slot, hello: Hello) -> None:
        """A worker has come: use it if it runs this program."""
        differs = hello.program.differs(program())
        if not differs:
            slot.hello, slot.pending = hello, None
            return
        self.dismiss(slot)
        self.refuse(slot.node, f"{hello.host} has {differs}, as here")
        self._refused[slot.node.id] = REFUSALS

    def refuse(self, node: Node, why: str) -> None:
        """Tell of a worker that is of no use; after some, its machine is left alone."""
        self._refused[node.id] += 1
        if why != self._why:
            self._why = why
            tell([f"a machine is not used: {why}"])

    def dismiss(self, slot: Slot) -> None:
        """End a worker; another takes its place, where there still is one."""
        self._cluster.dismiss(slot.worker)
        self.slots.remove(slot)
        self._looked = 0.0

    def send_home(self) -> None:
        """End all workers."""
        for slot in self.slots:
            self._cluster.dismiss(slot.worker, self._cluster.local)
