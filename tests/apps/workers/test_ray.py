"""Workers of a small Ray cluster with what goes wrong there; pictures are not made but copied."""

import csv
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")
import rows_that_fail  # noqa: E402

from analogies.apps.batch import lists, runner  # noqa: E402
from analogies.apps.workers import shift  # noqa: E402
from analogies.apps.workers.asked import Asked  # noqa: E402
from analogies.apps.workers.cluster import Cluster  # noqa: E402
from analogies.apps.workers.crew import Crew  # noqa: E402
from analogies.apps.workers.parcels import Setup  # noqa: E402
from analogies.errors import InputError  # noqa: E402

HERE = Path(__file__).resolve().parent
SETUP = Setup(1, run="rows_that_fail:run")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Eight pictures and a list with them, and the environment for workers."""
    monkeypatch.chdir(tmp_path)
    places = [
        str(HERE),
        str(HERE.parents[1]),
        str(HERE.parents[2]),
        os.environ.get("PYTHONPATH", ""),
    ]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")
    marks = tmp_path / "marks"
    marks.mkdir()
    monkeypatch.setenv("ROWS_THAT_FAIL", str(marks))
    for number in range(8):
        Image.new("RGB", (30, 40), (number, 0, 255)).save(f"{number}.png")
    Image.new("RGB", (30, 40), "red").save("a.png")
    yield tmp_path
    ray.shutdown()


def write(seeds):
    rows = [f"a.png,a.png,{n}.png,made/{n}.png,pixels,{seed}" for n, seed in enumerate(seeds)]
    Path("list.csv").write_text("a,a_prime,b,out,preset,seed\n" + "\n".join(rows) + "\n")


def batch(asked, cluster=Cluster):
    return runner.run(lists.listing("list.csv"), {}, Crew(asked, cluster, SETUP))


def summary():
    with open("list.summary.csv", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.slow  # the same on a cluster that computes nothing: test_shift.py
def test_a_cluster_that_loses_a_machine_and_a_worker_makes_all_good_rows(folder, monkeypatch):
    monkeypatch.setattr(shift, "LIMIT_START", 12.0)
    monkeypatch.setattr(shift, "LIMIT_TIMES", 0.0)
    made = cluster_utils.Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 0, "object_store_memory": 80 << 20},
    )
    nodes = [made.add_node(num_cpus=1, object_store_memory=80 << 20) for _ in range(3)]
    slow, bad = rows_that_fail.SLOW, 0
    write([slow, slow, slow, rows_that_fail.KILLED, rows_that_fail.HANGS, bad, 0, 0])
    Path("5.png").write_bytes(Path("5.png").read_bytes()[:60])  # its header is sound
    begun = threading.Event()

    def lose():
        while not begun.is_set() and len(list((folder / "marks").iterdir())) < 3:
            time.sleep(0.05)
        made.remove_node(nodes[0], allow_graceful=False)

    losing = threading.Thread(target=lose)
    losing.start()
    try:
        code = batch(Asked(address=made.address))
    finally:
        begun.set()
        losing.join()
        ray.shutdown()
        made.shutdown()
    statuses = [row["status"] for row in summary()]
    assert statuses == ["done"] * 5 + ["failed"] + ["done"] * 2
    assert code == 2
    for number in (0, 1, 2, 3, 4, 6, 7):
        with Image.open(f"made/{number}.png") as picture:
            assert picture.getpixel((0, 0)) == (number, 0, 255)
    assert not [path for path in Path("made").iterdir() if path.name.endswith(".tmp")]


def test_this_machine_runs_workers_of_its_own_and_leaves_nothing(folder, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(folder))  # kept short: sockets lie there
    write([rows_that_fail.TELLS] * 3)
    assert batch(Asked(count=2, cores=1)) == 0
    with Image.open("made/1.png") as picture:
        assert picture.getpixel((0, 0)) == (101, 101, 101)  # no GPU, one core
    assert not list(folder.glob("analogies-*"))
    assert "ray" in sys.modules
    assert not ray.is_initialized()


@pytest.mark.parametrize("failures", [1, 2])
def test_a_start_that_fails_is_tried_once_more(folder, monkeypatch, failures):
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    tried = []

    def init(self, address, **given):
        tried.append(given["_temp_dir"])
        if len(tried) <= failures:
            raise InputError("the current node timed out during startup")

    monkeypatch.setattr(Cluster, "_init", init)
    if failures == 1:
        with Cluster(Asked(1)) as cluster:
            assert cluster.folder == tried[1]
            assert [str(path) for path in folder.glob("analogies-*")] == tried[1:]
    else:
        with pytest.raises(InputError, match="timed out"), Cluster(Asked(1)):
            pass
    assert len(tried) == 2
    assert not list(folder.glob("analogies-*"))


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "nowhere.invalid:{}"])
def test_where_nothing_answers_ray_is_not_asked(monkeypatch, address):
    monkeypatch.setattr("analogies.apps.workers.cluster.ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(Cluster, "_init", lambda self, address, **given: pytest.fail(address))
    with socket.socket() as held:  # a port that is bound and not listened at refuses
        held.bind(("127.0.0.1", 0))
        address = address.format(held.getsockname()[1])
        with pytest.raises(InputError, match=f"cannot be used at {address}: nothing answers"):
            Cluster(Asked(address=address)).__enter__()
    assert not ray.is_initialized()


def test_what_is_ready_is_told_as_it_was_asked_for(monkeypatch):
    class Reference:  # Ray gives others of the same number, where it is asked from outside
        def __init__(self, number):
            self.number = number

        def binary(self):
            return bytes([self.number])

    asked = [Reference(number) for number in range(3)]
    monkeypatch.setattr(ray, "wait", lambda *given, **terms: ([Reference(1)], []))
    (found,) = Cluster(Asked(1)).wait(asked, 0.0)
    assert found is asked[1]
