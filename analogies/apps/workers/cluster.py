"""Ray: started or found, workers in it, what travels to them and back. All that knows Ray."""

import contextlib
import logging as python_logging
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ray
from ray import exceptions

from analogies.apps.workers.asked import Asked
from analogies.apps.workers.folders import own_folder
from analogies.apps.workers.parcels import PACKAGE, Lost, Node, Parcel, Setup, StoreFullError
from analogies.apps.workers.watchdog import Watchdog
from analogies.errors import InputError
from analogies.files import reason
from analogies.runs.machine.device import available_cpus
from analogies.runs.machine.environment import variables

STORE_SHARE = 0.25  # of the memory for files, at most, that the object store takes
STORE_LEAST, STORE_MOST = 128 << 20, 2 << 30  # bytes
ANSWER_SECONDS = 5.0  # within which a cluster's port is open
_PREFIX = "analogies-ray-"
# Nothing is sent to anybody, and workers count as much as the program would that did their work.
_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}


class _Actor:
    """A worker as Ray starts it."""

    def __init__(self, setup: Setup) -> None:
        from analogies.apps.workers.worker import Worker

        self._worker = Worker(setup)

    def hello(self) -> Any:
        return self._worker.hello(ray.get_runtime_context().get_node_id())

    def make(self, parcel: Parcel, objects: Mapping[str, Any]) -> Any:
        def fetch(key: str) -> bytes:
            return ray.get(objects[key])

        return self._worker.make(parcel, fetch)

    @ray.method(concurrency_group="beside")
    def stop(self, number: int) -> None:
        self._worker.stop(number)

    @ray.method(concurrency_group="beside")
    def close(self) -> None:
        self._worker.close()


class Cluster:
    """Ray with its workers; a context, at whose end what was started is ended."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.local = False
        self.folder: str | None = None
        self._watchdog: Watchdog | None = None

    def __enter__(self) -> "Cluster":
        with _signals_kept(), _quiet():
            if self._asked.address is None:
                self._start()
            else:
                self._join(self._asked.address)
        return self

    def __exit__(self, *exception: Any) -> None:
        with _signals_kept():
            self._end()

    def _end(self) -> None:
        with contextlib.suppress(Exception):
            ray.shutdown()
        if self._watchdog is not None:
            self._watchdog.release()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        """Ray on this machine, for this program alone."""
        self.local = True
        try:
            self._start_once()
        except InputError:  # a busy machine takes longer than Ray waits
            self._end()
            try:
                self._start_once()
            except InputError:
                self._end()
                raise

    def _start_once(self) -> None:
        self.folder = str(own_folder(_PREFIX))
        self._watchdog = Watchdog(self.folder)
        cores = available_cpus()
        each = self._asked.cores_each(cores)
        shown = self._asked.count or max(1, cores // each)
        with variables(PYTHONPATH=_python_path(), **_SETTINGS):
            self._init(
                address="local",
                num_cpus=max(cores, shown * each),
                object_store_memory=_store_size(),
                include_dashboard=False,
                _temp_dir=self.folder,
            )

    def _join(self, address: str) -> None:
        """The cluster at an address."""
        _check_somebody_listens(address)
        try:
            self._init(address=address)
        except InputError as error:
            if address == "auto" and "no cluster" in str(error):
                self._start()
            elif "Initialization failure" in str(error):  # a busy head takes longer than it may
                self._init(address=address)
            else:
                raise

    def _init(self, address: str, **given: Any) -> None:
        try:
            ray.init(
                address=address,
                logging_level=python_logging.CRITICAL,
                log_to_driver=False,
                configure_logging=False,
                namespace=f"{_PREFIX}{os.getpid()}",
                **given,
            )
        except (Exception, SystemExit) as error:
            if address == "auto" and isinstance(error, ConnectionError):
                raise InputError("there is no cluster on this machine") from None
            said = reason(error) if isinstance(error, Exception) else "Ray gave up"
            if "ersion mismatch" in said:
                said = f"Ray or Python there is of another version than here: {said}"
            where = "on this machine" if address == "local" else f"at {address}"
            raise InputError(
                f"--workers: Ray cannot be used {where}: {said}. Received: {address!r}"
            ) from None

    def nodes(self) -> list[Node]:
        """The machines that are there."""
        found = []
        for node in ray.nodes():
            if node["Alive"]:
                has, host = node["Resources"], node["NodeManagerHostname"]
                cores, gpus = int(has.get("CPU", 0)), int(has.get("GPU", 0))
                found.append(Node(node["NodeID"], host, cores, gpus))
        return found

    def hire(self, setup: Setup, node: str) -> Any:
        """Start a worker on a node; returns what stands for it."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        terms: dict[str, Any] = {
            "num_cpus": setup.cores,
            "num_gpus": int(setup.gpu),
            "max_restarts": 0,
            "concurrency_groups": {"beside": 1},
            "scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False),
        }
        return ray.remote(**terms)(_Actor).remote(setup)

    def hello(self, worker: Any) -> Any:
        """What stands for a worker's greeting."""
        return worker.hello.remote()

    def put(self, data: bytes) -> Any:
        """Put bytes where all workers find them; they stay as long as what is returned.

        Raises:
            StoreFullError: they do not fit beside what is there.
        """
        try:
            return ray.put(data)
        except (exceptions.ObjectStoreFullError, exceptions.OutOfDiskError) as error:
            raise StoreFullError(f"{len(data) / 1e6:.1f} MB") from error

    def make(self, worker: Any, parcel: Parcel, objects: Mapping[str, Any]) -> Any:
        """Have a worker make a row; returns what stands for the result."""
        return worker.make.remote(parcel, dict(objects))

    def wait(self, pending: Sequence[Any], seconds: float) -> list[Any]:
        """Those of what was asked for that are there, or failed, after at most so long."""
        if not pending:
            time.sleep(seconds)
            return []
        ready, _ = ray.wait(list(pending), num_returns=1, timeout=seconds)
        there = {each.binary() for each in ready}  # from outside a cluster these are others
        return [each for each in pending if each.binary() in there]

    def get(self, ready: Any) -> Any:
        """What came: a result, a greeting, or `Lost`."""
        try:
            return ray.get(ready)
        except exceptions.OutOfMemoryError as error:
            return Lost(_first_line(error), memory=True)
        except exceptions.RayActorError as error:
            text = str(error)
            return Lost(_first_line(error), "OOM" in text or "memory" in text.lower())
        except exceptions.RayError as error:
            cause = getattr(error, "cause", None)
            return Lost(_first_line(cause if isinstance(cause, Exception) else error))

    def stop(self, worker: Any, number: int) -> None:
        """Have a worker end its row with the picture so far."""
        with contextlib.suppress(Exception):
            worker.stop.remote(number)

    def dismiss(self, worker: Any, at_once: bool = True) -> None:
        """End a worker."""
        with contextlib.suppress(Exception):
            if not at_once:
                ray.get(worker.close.remote(), timeout=2)
            ray.kill(worker, no_restart=True)


def _check_somebody_listens(address: str) -> None:
    """Ray tries for many minutes where nothing answers."""
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    end = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            with socket.create_connection((host, int(port)), ANSWER_SECONDS):
                return
        except (OSError, OverflowError, UnicodeError) as error:  # a head may be starting
            if not isinstance(error, ConnectionRefusedError) or time.monotonic() > end:
                raise InputError(
                    f"--workers: Ray cannot be used at {address}: nothing answers there "
                    f"({reason(error)}); start it with 'ray start --head'. Received: {address!r}"
                ) from None
        time.sleep(0.5)


def _first_line(error: Exception) -> str:
    """What is of use to a person of what Ray says."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((line for line in lines if "Error:" in line), lines[0] if lines else "")
    return reason(Exception(told))


def _store_size() -> int:
    """Bytes for the object store: more is spilled to the disk by Ray."""
    with contextlib.suppress(OSError):
        room = shutil.disk_usage("/dev/shm").free
        return int(min(STORE_MOST, max(STORE_LEAST, STORE_SHARE * room)))
    return STORE_LEAST


def _python_path() -> str:
    """For workers of this machine, which shall run the program that runs here."""
    before = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(PACKAGE.parent), *([before] if before else [])])


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray sets a handler of its own for SIGTERM; afterwards ours are there again."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Ray's advice."""
    logger = python_logging.getLogger("ray")
    before = logger.level
    logger.setLevel(python_logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
        sys.stderr.flush() if sys.stderr else None
