"""How much memory there is for a run: what the machine has free, and what limits the process.

Plain Python, Linux; elsewhere the machine's size is taken, where that can be asked for.
"""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

RESERVED_ADDRESSES = 2 << 30  # bytes of address space that TensorFlow takes beyond what it uses
ROOT = Path("/")


class Room(NamedTuple):
    """What a process may still take.

    Attributes:
        size: bytes.
        source: what says so, for a message.
    """

    size: int
    source: str


def available(root: Path = ROOT) -> Room | None:
    """The tightest of all limits, or None where none is known.

    Looked at are the free memory of the machine (`MemAvailable`, so what caches can give back
    counts as free), the control groups that the process is in, version 2 and 1, less what they
    use already, and the limit of the address space (`ulimit -v`).

    Args:
        root: where `/proc` and `/sys` are.
    """
    rooms = [_free(root), *_groups(root), _address_space(root)]
    return min((room for room in rooms if room is not None), default=None)


def has_gpu(root: Path = ROOT) -> bool:
    """Whether NVIDIA's driver is loaded, so that the GPU's memory may be what counts."""
    return (root / "proc/driver/nvidia/gpus").is_dir() or (root / "dev/nvidiactl").exists()


def _free(root: Path) -> Room | None:
    size = _table(root / "proc/meminfo").get("MemAvailable:")
    if size is not None:
        return Room(size * 1024, "free on this machine")
    with contextlib.suppress(OSError, ValueError, AttributeError):
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        return Room(pages * size, "the memory of this machine")
    return None


def _groups(root: Path) -> list[Room]:
    """Room in the control groups of this process and in those around them."""
    rooms = []
    with contextlib.suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if not controllers:
                base = root / "sys/fs/cgroup"
                names = "memory.max", "memory.current", "inactive_file"
            elif "memory" in controllers.split(","):
                base = root / "sys/fs/cgroup/memory"
                names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            else:
                continue
            # In a container the path may be that outside, and only the root of it be there.
            folder = base / path.strip("/")
            rooms += [_group(place, *names) for place in (folder, *folder.parents)
                      if place == base or base in place.parents]  # fmt: skip
    return [room for room in rooms if room is not None]


def _group(folder: Path, limit: str, usage: str, cache: str) -> Room | None:
    try:
        most = int((folder / limit).read_text())
        used = int((folder / usage).read_text())
    except (OSError, ValueError):  # "max"
        return None
    if most >= 1 << 60:  # version 1's word for no limit
        return None
    used -= _table(folder / "memory.stat").get(cache, 0)
    return Room(max(most - max(used, 0), 0), "left by the limit of the control group")


def _address_space(root: Path) -> Room | None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most == resource.RLIM_INFINITY:
            return None
        used = int((root / "proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        left = max(most - used - RESERVED_ADDRESSES, 0)
        return Room(left, "left by the limit of the address space")
    return None


def _table(file: Path) -> dict[str, int]:
    """{first word: number behind it} of a file of such lines."""
    with contextlib.suppress(OSError):
        rows = (line.split() for line in file.read_text().splitlines())
        return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdecimal()}
    return {}
