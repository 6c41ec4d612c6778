"""What workers do and what goes wrong with them, on a cluster that computes nothing."""

import csv
import os
import signal
from pathlib import Path

import fake_cluster
import pytest
from fake_cluster import FakeCluster, nodes
from PIL import Image

from analogies.apps.batch import lists, runner
from analogies.apps.workers import shift, staff
from analogies.apps.workers.asked import Asked
from analogies.apps.workers.crew import Crew


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """photos/ with six pictures, a pair in two files, and no waiting for anything."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    for number in range(6):
        Image.new("RGB", (30, 40), (number, 0, 255)).save(f"photos/{number}.png")
    Image.new("RGB", (30, 40), "red").save("a.png")
    Image.new("RGB", (30, 40), "green").save("ap.png")
    monkeypatch.setattr(staff, "LOOK", 0.0)
    return tmp_path


def batch(cluster, asked=None, **given):
    given = {"preset": "pixels", **given}
    crew = Crew(asked or Asked(address="head:1"), cluster)
    return runner.run(lists.listing("photos", "a.png", "ap.png", "made"), given, crew)


def summary():
    with open("made/batch.summary.csv", newline="") as stream:
        return {row["out"]: row for row in csv.DictReader(stream)}


def statuses():
    return [row["status"] for row in summary().values()]


def test_all_rows_are_made_and_the_pair_travels_once(folder):
    cluster = FakeCluster(nodes(3))
    assert batch(cluster) == 0
    assert statuses() == ["done"] * 6
    assert sorted(name for name, *_ in cluster.made) == [f"{n}.png" for n in range(6)]
    pair = [(folder / name).read_bytes() for name in ("a.png", "ap.png")]
    assert [cluster.puts.count(data) for data in pair] == [1, 1]
    assert len(cluster.puts) == 2 + 6
    assert (folder / "made" / "3.png").read_bytes() == b"picture"
    assert sorted(cluster.dismissed) == list(range(3))


def test_a_row_whose_worker_is_lost_is_made_once_more_and_alone(folder):
    cluster = FakeCluster(nodes(1, cores=4), {"2.png": ["lost", "done"]})
    assert batch(cluster, Asked(address="head:1", cores=1)) == 0
    assert [beside for name, _, beside in cluster.made if name == "2.png"][1:] == [0]
    assert len(cluster.made) == 7
    assert len(cluster.hired) >= 5


def test_a_row_that_loses_two_workers_fails_with_the_size_that_would_fit(folder):
    cluster = FakeCluster(nodes(2), {"2.png": ["lost"]})
    assert batch(cluster) == 1
    assert statuses().count("done") == 5
    message = summary()["2.png"]["message"]
    assert message.startswith("its worker was lost 2 times (it was killed); if it was for want of")
    assert "--height" in message
    assert [name for name, *_ in cluster.made].count("2.png") == 2


def test_a_lost_machine_costs_the_row_that_was_there_and_no_more(folder):
    cluster = FakeCluster(nodes(3), {"1.png": ["gone", "done"]})
    assert batch(cluster) == 0
    assert statuses() == ["done"] * 6
    assert len(cluster.made) == 7
    lost = next(node for name, node, _ in cluster.made if name == "1.png")
    after = cluster.made.index(("1.png", lost, 0)) + 1
    assert lost not in [node for _, node, _ in cluster.made[after:]]


def test_want_of_memory_is_tried_again_alone_and_then_told_with_a_size(folder):
    script = {"0.png": ["short", "done"], "4.png": ["short"]}
    cluster = FakeCluster(nodes(1, cores=3), script)
    assert batch(cluster, Asked(address="head:1", cores=1)) == 1
    assert statuses().count("done") == 5
    for name in script:
        assert [beside for row, _, beside in cluster.made if row == name][1:] == [0]
    assert (
        "not enough memory; if it was for want of memory, --height" in summary()["4.png"]["message"]
    )


def test_a_row_that_hangs_is_tried_elsewhere_and_given_up(folder, monkeypatch):
    monkeypatch.setattr(shift, "LIMIT_START", 0.05)
    monkeypatch.setattr(shift, "LIMIT_TIMES", 0.0)
    cluster = FakeCluster(nodes(2), {"1.png": ["hang"], "3.png": ["hang", "done"]})
    assert batch(cluster) == 1
    assert statuses().count("done") == 5
    assert "took more than the 0 s" in summary()["1.png"]["message"]
    assert [name for name, *_ in cluster.made].count("1.png") == 2


def test_a_row_that_is_done_does_not_hang_however_late_that_is_heard(folder, monkeypatch):
    monkeypatch.setattr(shift, "LIMIT_START", -1.0)
    monkeypatch.setattr(shift, "LIMIT_TIMES", 0.0)
    cluster = FakeCluster(nodes(3))
    assert batch(cluster) == 0
    assert statuses() == ["done"] * 6
    assert len(cluster.made) == 6


def test_a_bad_row_is_told_and_not_tried_again(folder):
    cluster = FakeCluster(nodes(2), {"5.png": ["bad", "done"]})
    assert batch(cluster) == 2
    assert summary()["5.png"]["message"] == "B: cannot be decoded"
    assert len(cluster.made) == 6


def test_a_machine_with_another_program_is_not_used(folder, capsys):
    cluster = FakeCluster(nodes(2), versions={"host1": "f00dfeed" * 8})
    assert batch(cluster) == 0
    assert {node for _, node, _ in cluster.made} == {"node0"}
    told = [line for line in capsys.readouterr().err.splitlines() if "not used" in line]
    assert len(told) <= 1  # as loud as the logger is


def test_without_a_machine_that_can_be_used_both_programs_are_named(folder, capsys):
    cluster = FakeCluster(nodes(2), versions={"host0": "f00dfeed" * 8, "host1": "f00dfeed" * 8})
    assert batch(cluster) == 2
    (line,) = [x for x in capsys.readouterr().err.splitlines() if "no machine can be used" in x]
    assert "a program of other files, f00dfeed and not " in line
    assert statuses() == ["waiting"] * 6


def test_a_cluster_without_a_place_is_told(folder, monkeypatch, capsys):
    monkeypatch.setattr(staff, "PATIENCE", 0.05)
    assert batch(FakeCluster(nodes(2)), Asked(address="head:1", cores=4)) == 2
    assert "no machine of the cluster has a place for a worker of 4" in capsys.readouterr().err


def test_a_full_store_waits_for_rows_in_work_and_then_does_without_the_row(folder):
    cluster = FakeCluster(nodes(2))
    cluster.full = 1
    assert batch(cluster) == 1
    assert statuses().count("failed") == 1
    assert "the object store of Ray has no room" in summary()["0.png"]["message"]
    cluster = FakeCluster(nodes(1))
    plain = cluster.put

    def once(data):  # after the first row has begun
        if cluster.made and not once.told:
            once.told = True
            raise fake_cluster.StoreFullError("1.0 MB")
        return plain(data)

    once.told = False
    cluster.put = once
    batch(cluster, seed=1)
    assert len(cluster.made) >= 5


def test_ctrl_c_ends_what_is_in_work_and_the_rest_waits(folder, monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells may ignore it
    cluster = FakeCluster(nodes(2), {"4.png": ["hang"], "5.png": ["hang"]})
    plain = cluster.wait

    def wait(pending, seconds):
        if len(cluster.made) == 6 and len(cluster.running) == 2 and not wait.sent:
            wait.sent = True
            os.kill(os.getpid(), signal.SIGINT)
        return plain(pending, seconds)

    wait.sent, cluster.wait = False, wait
    try:
        assert batch(cluster) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert statuses() == ["done"] * 4 + ["interrupted"] * 2
    assert not cluster.running


def test_gpus_are_for_rows_with_a_network(folder):
    cluster = FakeCluster(nodes(1, cores=4, gpus=1))
    assert batch(cluster, Asked(address="head:1", cores=2)) == 0
    assert [setup.gpu for setup, _ in cluster.hired] == [True, False]
    assert [setup.place for setup, _ in cluster.hired] == [0, 1]
    cluster = FakeCluster(nodes(1, cores=4, gpus=1))
    assert batch(cluster, Asked(address="head:1", cores=2), preset="neural-style") == 0
    assert cluster.running == {}
    assert len(cluster.made) == 6


@pytest.mark.parametrize(
    ("given", "problem"),
    [({"checkpoint": "kept"}, "stays on one machine"), ({"device": "gpu:1"}, "each of which has")],
)
def test_what_workers_of_a_cluster_cannot_do_is_refused(folder, given, problem):
    cluster = FakeCluster(nodes(1))
    assert batch(cluster, **given) == 2
    assert problem in summary()["0.png"]["message"]
    assert not cluster.made


def test_what_cannot_be_written_goes_elsewhere(folder, monkeypatch):
    from analogies.apps.workers import delivery
    from analogies.errors import InputError
    from analogies.files import write_atomically

    def full(path, data):
        if path.name == "2.png" and path.parent.name == "made":
            raise InputError("cannot be written: No space left on device")
        write_atomically(path, data)

    monkeypatch.setattr(delivery, "write_atomically", full)
    assert batch(FakeCluster(nodes(1))) == 1
    message = summary()["2.png"]["message"]
    place = message.rpartition("the picture is ")[2]
    assert "No space left on device" in message
    assert Path(place).read_bytes() == b"picture"
