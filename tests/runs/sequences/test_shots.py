"""Shots made apart: the bytes of a run in one piece, whatever was foreseen."""

import json

import numpy as np
import pytest
from PIL import Image

from analogies.options.sequences import Moving
from analogies.options.table import Options
from analogies.runs.machine.signals import Interrupted
from analogies.runs.sequences import job as jobs
from analogies.runs.sequences import makers, shots
from analogies.runs.sequences.run import run_sequence
from analogies.synthesis.sequence.carrying import Frame

CUTS = (0, 4, 7)  # where scenes begin
COUNT = 9


def frame(number):
    """A square that moves over a slope; other scenes have other slopes."""
    scene = sum(number >= cut for cut in CUTS)
    rows, cols = np.mgrid[:32, :44]
    slope = [rows * 4, cols * 3, 90 + rows + cols], [cols * 5, 250 - rows * 7, cols], [rows] * 3
    picture = np.stack(slope[scene - 1], -1)
    at = 6 + 3 * (number - CUTS[scene - 1])
    picture[10:22, at : at + 12] = (230, 60, 40)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    for number in range(COUNT):
        Image.fromarray(frame(number)).save(tmp_path / "in" / f"{number:03}.png")
    Image.fromarray(frame(0)[::-1]).save(tmp_path / "a.png")
    Image.fromarray(255 - frame(5)[:, ::-1]).save(tmp_path / "ap.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(out, resume=False, coherence=0.8, **options):
    sources = {"a": "a.png", "a_prime": "ap.png"}
    asked = Options.parse({"preset": "pixels", "transfer": "picture", **options})
    return jobs.check(sources, "in", out, asked, Moving(coherence=coherence), resume=resume)


def apart(stop=None, last_first=False):
    """A `ShotMaker` of this process; raises before the shot of a number."""

    def make(job, parts, keep):
        make.asked = list(parts)
        order = list(enumerate(parts))
        for place, numbers in reversed(order) if last_first else order:
            if place == stop:
                raise Interrupted(2)
            first = next(iter(job.frames.read(job.numbers[:1]))).pixels
            maker, alone = makers.maker_by(first, job.sources, jobs.frame_options(job.options))
            alone = alone or job.moving.coherence == 0
            frames = (each for each, _ in jobs.read_frames(job.frames, numbers, job.size))
            heard = []
            data = shots.made_apart(frames, maker, alone, job.moving.coherence, heard.append)
            assert [each.number for each in heard] == list(numbers)
            keep(place, data)

    return make


def result(name):
    record = json.loads((jobs.Path(name + ".json")).read_bytes())
    files = {path.name: path.read_bytes() for path in sorted(jobs.Path(name).glob("*.png"))}
    return files, record["rows"], record["complete"]


@pytest.fixture
def whole(folder):
    run_sequence(planned("whole"))
    return result("whole")


@pytest.mark.parametrize("last_first", [False, True])
def test_shots_are_foreseen_and_made_apart_to_the_same_bytes(whole, last_first):
    maker = apart(last_first=last_first)
    heard = []
    run_sequence(planned("out"), [heard.append], elsewhere=maker)
    assert [list(each) for each in maker.asked] == [[0, 1, 2, 3], [4, 5, 6], [7, 8]]
    assert result("out") == whole
    assert [done.number for done in heard] == list(range(COUNT))
    assert not jobs.Path("out.frames").exists()


def test_a_scene_that_was_foreseen_in_error_is_carried_on_all_the_same(whole, monkeypatch):
    def wrong(frames, coherence, before=None):
        return ((each.number, each.number in (0, 2, 5)) for each in frames)

    monkeypatch.setattr(shots, "foreseen", wrong)
    run_sequence(planned("out"), elsewhere=apart())
    assert result("out") == whole


@pytest.mark.parametrize("again", [True, False])
def test_a_run_that_was_stopped_goes_on_with_the_shots_that_are_there(whole, again):
    outcome = run_sequence(planned("out"), elsewhere=apart(stop=1))
    assert isinstance(outcome.ended, Interrupted)
    assert outcome.count == 4
    maker = apart()
    run_sequence(planned("out", resume=True), elsewhere=maker if again else None)
    assert result("out") == whole
    if again:
        assert [list(each) for each in maker.asked] == [[4, 5, 6], [7, 8]]


def test_shots_that_wait_for_one_before_them_are_not_made_again(whole):
    with pytest.raises(Interrupted):
        run_sequence(planned("out"), elsewhere=apart(stop=0, last_first=True))
    kept = sorted(path.name for path in jobs.Path("out.frames/shots").iterdir())
    assert kept == ["000004-000006.npz", "000007-000008.npz"]
    jobs.Path("out.frames/shots", kept[1]).write_bytes(b"PK damaged")
    maker = apart()
    run_sequence(planned("out", resume=True), elsewhere=maker)
    assert [list(each) for each in maker.asked] == [[0, 1, 2, 3]]
    assert result("out") == whole


def test_what_a_run_in_one_piece_left_in_a_shot_is_finished_here(whole):
    class Stop:
        def __call__(self, done):
            if done.number == 1:
                raise KeyboardInterrupt

    run_sequence(planned("out"), [Stop()])
    maker = apart()
    run_sequence(planned("out", resume=True), elsewhere=maker)
    assert [list(each) for each in maker.asked] == [[4, 5, 6], [7, 8]]
    assert result("out") == whole


def test_frames_that_are_made_by_themselves_go_a_few_at_a_time(folder):
    run_sequence(planned("whole", coherence=0))
    maker = apart(last_first=True)
    run_sequence(planned("out", coherence=0), elsewhere=maker)
    assert [len(each) for each in maker.asked] == [shots.FEW, COUNT - shots.FEW]
    assert result("out") == result("whole")


def test_what_is_packed_is_damaged_or_whole(folder):
    maker, _ = makers.maker_by(
        frame(0).astype(np.float32), {"a": "a.png", "a_prime": "ap.png"}, planned("o").options
    )
    frames = [Frame(number, frame(number)) for number in (0, 1)]
    data = shots.made_apart(iter(frames), maker, False, 0.8, lambda made: None)
    shot = shots.unpacked(data)
    assert [each.flicker is None for each in shot.frames] == [True, False]
    assert 0 in shot.anchors
    for cut in range(0, len(data), 997):
        assert shots.unpacked(data[:cut]) is None
