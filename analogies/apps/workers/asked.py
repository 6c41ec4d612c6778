"""What --workers and --per-worker ask for. Knows nothing of Ray."""

import importlib.util
import re
from dataclasses import dataclass

from analogies.errors import InputError
from analogies.options.kinds import spelled

CORES = 2  # of a worker, where nothing else is said
MOST = 10_000
INSTALL = "pip install 'analogies[ray]'"


@dataclass(frozen=True)
class Asked:
    """Where the rows are to be made.

    Attributes:
        count: workers on this machine, or None: as many as there is room for.
        address: of a cluster; None: this machine, "auto": the cluster that it is in, if any.
        cores: of each worker, or None.
    """

    count: int | None = None
    address: str | None = None
    cores: int | None = None

    def cores_each(self, cores: int) -> int:
        """Cores of a worker on this machine, which has `cores`."""
        if self.cores is not None:
            return min(self.cores, cores)
        return max(1, cores // self.count) if self.count else min(CORES, cores)


def asked(workers: str | None, per_worker: str | None) -> Asked:
    """The meaning of the two arguments as they were given.

    Raises:
        InputError: one of them cannot be used, or Ray is not installed.

    Example:
        >>> asked("4", None) if importlib.util.find_spec("ray") else Asked(4)
        Asked(count=4, address=None, cores=None)
    """
    cores = None if per_worker is None else _count("per_worker", per_worker)
    if workers is None:
        raise InputError(f"{spelled('per_worker')} goes with --workers. Received: {per_worker}")
    count, address = None, None
    if re.fullmatch(r"-?\d+", workers):
        count = _count("workers", workers)
    elif workers == "auto" or _names_a_port(workers):
        address = workers
    else:
        raise InputError(
            "--workers must be a number, auto, or the address of a Ray cluster, as "
            f"ray://head:10001 or head:6379. Received: {workers!r}"
        )
    if importlib.util.find_spec("ray") is None:
        raise InputError(f"--workers needs Ray: {INSTALL}. Received: {workers!r}")
    return Asked(count, address, cores)


def _names_a_port(word: str) -> bool:
    found = re.fullmatch(r"(ray://)?[^\s:/]+:(\d{1,5})", word)
    return found is not None and 0 < int(found.group(2)) < 1 << 16


def _count(name: str, word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= MOST:
        raise InputError(f"{spelled(name)} must be a number from 1 to {MOST}. Received: {word!r}")
    return int(word)
