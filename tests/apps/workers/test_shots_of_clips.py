"""Shots of a moving picture made by workers: one in this process, and those of a fake cluster."""

import numpy as np
import pytest
from fake_cluster import FakeCluster, nodes
from one_worker import OneWorker, unpinned
from PIL import Image

from analogies.apps.arguments import parse
from analogies.apps.command_line import main
from analogies.apps.workers import clips, staff
from analogies.apps.workers.asked import Asked
from analogies.apps.workers.clips import Clips
from analogies.apps.workers.parcels import Setup
from analogies.apps.workers.worker import Worker
from analogies.errors import InputError
from analogies.options.sequences import Moving
from analogies.options.table import Options
from analogies.runs.sequences import job as jobs
from analogies.runs.sequences.run import run_sequence


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two scenes of two frames, in colors unlike each other."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Worker, "__init__", unpinned(Worker.__init__))
    monkeypatch.setattr(staff, "LOOK", 0.0)
    (tmp_path / "in").mkdir()
    rows, cols = np.mgrid[:32, :40]
    for number in range(4):
        slope = (
            [rows * 6, cols * 5, rows + cols] if number < 2 else [255 - cols * 4, cols, rows * 7]
        )
        picture = np.stack(slope, -1).astype(np.uint8)
        picture[8:20, 5 + 4 * number : 15 + 4 * number] = (240, 30, 90)
        Image.fromarray(picture).save(f"in/{number}.png")
    Image.fromarray(picture[::-1].copy()).save("a.png")
    Image.fromarray(255 - picture[::-1]).save("ap.png")
    return tmp_path


def planned(out):
    options = Options.parse({"preset": "pixels", "transfer": "picture"})
    return jobs.check({"a": "a.png", "a_prime": "ap.png"}, "in", out, options, Moving())


def made(out):
    return [path.read_bytes() for path in sorted(jobs.Path(out).glob("*.png"))]


def test_workers_make_the_bytes_that_this_process_makes(folder):
    run_sequence(planned("whole"))
    cluster = OneWorker(nodes(1))
    cluster.worker = Worker(Setup(1))
    try:
        run_sequence(planned("out"), elsewhere=Clips(Asked(address="head:1"), cluster))
    finally:
        cluster.worker.close()
    assert made("out") == made("whole")
    assert [parcel.shot["numbers"] for parcel in cluster.made] == [[0, 2, 1], [2, 4, 1]]
    once = [(folder / name).read_bytes() for name in ("a.png", "ap.png")]
    assert [cluster.puts.count(data) for data in once] == [1, 1]


def test_a_machine_that_finds_motion_otherwise_is_told_of(folder, monkeypatch):
    monkeypatch.setattr(clips, "engine", lambda: "another")
    cluster = OneWorker(nodes(1))
    cluster.worker = Worker(Setup(1))
    try:
        with pytest.raises(InputError, match=r"frames 0 to 1: .* motion by .* not by another"):
            run_sequence(planned("out"), elsewhere=Clips(Asked(address="head:1"), cluster))
    finally:
        cluster.worker.close()


def test_a_shot_that_cannot_be_made_ends_the_run_in_one_line(folder):
    cluster = FakeCluster(nodes(1), {"frames.npy": ["bad"]})
    with pytest.raises(InputError, match="frames 0 to 1: B: cannot be decoded"):
        run_sequence(planned("out"), elsewhere=Clips(Asked(address="head:1"), cluster))
    assert not made("out")


def test_what_workers_of_a_moving_picture_go_with(folder, capsys):
    paths, _ = parse(["a.png", "ap.png", "in", "out/", "--workers", "2"])
    assert paths.workers == "2"
    for words in (
        ["in", "out/", "--key", "0", "in/0.png"],
        ["a.png", "ap.png", "in", "out.png", "--frame", "1"],
    ):
        assert main([*words, "--workers", "2"]) == 2
        assert "does not go with --workers" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        parse(["a.png", "ap.png", "in/0.png", "out.png", "--workers", "2"])
    assert "--workers goes with --batch" in capsys.readouterr().err
