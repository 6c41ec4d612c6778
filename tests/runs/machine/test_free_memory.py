import resource

import pytest

from analogies.runs.machine import free_memory as machine_memory
from analogies.runs.machine.free_memory import RESERVED_ADDRESSES, available, has_gpu

MEMINFO = "MemTotal: 8000000 kB\nMemFree: 10 kB\nMemAvailable: 4000000 kB\n"
NO_LIMIT = (resource.RLIM_INFINITY,) * 2


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine's /proc and /sys; write(path=text)."""
    monkeypatch.setattr(resource, "getrlimit", lambda kind: NO_LIMIT)

    def write(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    write({"proc/meminfo": MEMINFO, "proc/self/statm": "1000 0 0"})
    return write


def test_what_is_free(machine):
    assert available(machine({})) == (4000000 * 1024, "free on this machine")


def test_a_control_group_of_version_2_and_those_around_it(machine):
    group = "sys/fs/cgroup/box/job"
    root = machine(
        {
            "proc/self/cgroup": "0::/box/job\n",
            f"{group}/memory.max": "max\n",
            f"{group}/memory.current": "5\n",
            "sys/fs/cgroup/box/memory.max": "3000000\n",
            "sys/fs/cgroup/box/memory.current": "2500000\n",
            "sys/fs/cgroup/box/memory.stat": "anon 1\ninactive_file 500000\n",
        }
    )
    assert available(root) == (1000000, "left by the limit of the control group")


def test_a_control_group_of_version_1(machine):
    folder = "sys/fs/cgroup/memory/docker/7"
    files = {
        "proc/self/cgroup": "9:cpu:/x\n4:memory:/docker/7\n0::/\n",
        f"{folder}/memory.limit_in_bytes": "7000",
        f"{folder}/memory.usage_in_bytes": "5000",
        f"{folder}/memory.stat": "total_inactive_file 1000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "5000",
    }
    assert available(machine(files)).size == 3000
    # In a container the path is that outside; the limit stands at the root.
    inside = {name.replace("/docker/7", ""): text for name, text in files.items()}
    inside["proc/self/cgroup"] = files["proc/self/cgroup"]
    machine({name: text for name, text in inside.items() if "limit" not in name})
    (machine({}) / folder / "memory.limit_in_bytes").unlink()
    root = machine({"sys/fs/cgroup/memory/memory.limit_in_bytes": "5500"})
    assert available(root).size == 1500


def test_a_limit_of_the_address_space(machine, monkeypatch):
    root = machine({})
    limit = RESERVED_ADDRESSES + 1000 * resource.getpagesize() + 12345
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (limit, limit))
    assert available(root) == (12345, "left by the limit of the address space")


def test_nothing_known_is_no_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda kind: NO_LIMIT)
    monkeypatch.setattr(machine_memory.os, "sysconf", lambda name: int("no number"))
    assert available(tmp_path) is None


def test_this_machine():
    assert available().size > 1 << 20


def test_a_gpu_is_seen_by_its_driver(tmp_path):
    assert not has_gpu(tmp_path)
    (tmp_path / "proc/driver/nvidia/gpus").mkdir(parents=True)
    assert has_gpu(tmp_path)
