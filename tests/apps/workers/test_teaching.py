"""Pictures to learn from, made by workers: a fake cluster's, and one in this process."""

import os
import signal

import numpy as np
import pytest
from fake_cluster import FakeCluster, nodes
from one_worker import OneWorker, unpinned
from PIL import Image

from analogies import images
from analogies.apps.arguments import parse
from analogies.apps.workers import staff
from analogies.apps.workers.asked import Asked
from analogies.apps.workers.parcels import Setup
from analogies.apps.workers.teaching import Teachers
from analogies.apps.workers.worker import Worker
from analogies.errors import InputError
from analogies.options.learning import LearningOptions
from analogies.options.table import Options
from analogies.runs.learning import lesson, teacher
from analogies.runs.machine.signals import Interrupted
from analogies.synthesis.student import drawn

COUNT = 4


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """A lesson with four examples, of which two are made smaller."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(teacher, "LARGEST_SIDE", 40)
    monkeypatch.setattr(Worker, "__init__", unpinned(Worker.__init__))
    monkeypatch.setattr(staff, "LOOK", 0.0)
    (tmp_path / "bs").mkdir()
    a = drawn.scene(48, 56, 3)
    Image.fromarray(a).save("a.png")
    Image.fromarray(255 - a).save("ap.png")
    for number in range(COUNT):
        side = 36 if number % 2 else 60
        Image.fromarray(drawn.scene(side, side, number)).save(f"bs/{number}.png")
    learning = LearningOptions(learn_steps=20, examples="bs")
    options = Options.parse({"preset": "pixels", "seed": 4})
    return lesson.plan("net.keras", "a.png", "ap.png", options, learning)


def taught(planned, cluster, seconds=None):
    """The examples that workers make, and what was told of them."""
    told = []
    teachers = Teachers(Asked(address="head:1"), cluster)
    found = teacher.taught(planned, seconds, lambda *said: told.append(said), teachers)
    return found, told


def fake(count=1, **script):
    picture = images.encode(".png", np.full((36, 36, 3), 7, np.uint8))
    words = {f"{name[1:]}.png": what for name, what in script.items()}
    return FakeCluster(nodes(count), words, picture=picture)


def kept(planned):
    return len(list(planned.cache.glob("*"))) if planned.cache.exists() else 0


def test_workers_make_the_bytes_that_this_process_makes(planned):
    alone = teacher.taught(planned, None, lambda done, total: None)
    for path in planned.cache.iterdir():
        path.unlink()
    cluster = OneWorker(nodes(1))
    cluster.worker = Worker(Setup(1))
    try:
        found, told = taught(planned, cluster)
    finally:
        cluster.worker.close()
    assert told == [(n + 1, COUNT) for n in range(COUNT)]
    for one, two in zip(alone, found, strict=True):
        np.testing.assert_array_equal(one.before, two.before)
        np.testing.assert_array_equal(one.after, two.after)
    assert kept(planned) == COUNT
    again, _ = taught(planned, fake(_0=["bad"], _1=["bad"]))  # which makes nothing: all are kept
    np.testing.assert_array_equal(again[3].after, found[3].after)


def test_a_lost_worker_costs_nothing_and_without_time_the_rest_is_left(planned, caplog):
    found, _ = taught(planned, fake(2, _0=["lost", "done"]), 0.0)
    assert 1 <= len(found) < COUNT
    assert "examples were made in the time" in caplog.text
    found, told = taught(planned, fake(2, _3=["lost", "done"]))
    assert len(found) == kept(planned) == COUNT
    assert told[-1] == (COUNT, COUNT)


@pytest.mark.parametrize(
    ("what", "error", "words"),
    [
        ("bad", InputError, "example 2: B: cannot be decoded"),
        ("lost", RuntimeError, "example 2: its worker was lost 2 times"),
    ],
)
def test_what_cannot_be_made_is_told_and_the_others_are_kept(planned, what, error, words):
    with pytest.raises(error, match=words):
        taught(planned, fake(_1=[what]))
    assert kept(planned) >= 1
    assert not list(planned.cache.parent.glob("analogies-teaching-*"))


def test_a_signal_ends_it_and_keeps_only_what_is_complete(planned):
    cluster = fake(2, _1=["hang"])
    plain = cluster.make

    def make(worker, parcel, objects):
        number = plain(worker, parcel, objects)
        if cluster.answers[number] is None:
            os.kill(os.getpid(), signal.SIGINT)
        return number

    cluster.make = make
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells may ignore it
    try:
        with pytest.raises(Interrupted):
            taught(planned, cluster)
    finally:
        signal.signal(signal.SIGINT, before)
    assert kept(planned) < COUNT


def test_workers_go_with_learning_and_not_with_a_network_that_has_learned(capsys):
    paths, _ = parse(["--learn", "net.keras", "a.png", "ap.png", "--workers", "2"])
    assert (paths.workers, paths.per_worker, paths.learn) == ("2", None, "net.keras")
    with pytest.raises(SystemExit):
        parse(["--with", "net.keras", "b.png", "o.png", "--workers", "2"])
    assert "--workers does not go with a network" in capsys.readouterr().err
    with pytest.raises(InputError, match="device must be auto, cpu or gpu with --workers"):
        Teachers.hired("2", None, Options.parse({"device": "gpu:1"}))
