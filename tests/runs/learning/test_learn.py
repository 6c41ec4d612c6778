"""Learning runs: stopped and gone on with, judged, with a teacher whose pictures are kept."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from analogies.errors import InputError
from analogies.options.learning import LearningOptions
from analogies.options.table import Options
from analogies.runs.learning import course, keeping, learn, lesson, net_file, teacher
from analogies.runs.machine.signals import Interrupted
from analogies.synthesis.student import drawn


@pytest.fixture(autouse=True)
def _small_crops(monkeypatch):
    """Steps that take little."""
    monkeypatch.setattr(course, "BATCH", 1)
    monkeypatch.setattr(course, "CROP", 64)


def saved(path, pixels):
    Image.fromarray(pixels).save(path)
    return str(path)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    a = drawn.scene(96, 112, 3)
    return saved(folder / "a.png", a), saved(folder / "a-prime.png", 255 - a[..., ::-1])


def planned(net, pair, steps=24, examples=None, **options):
    learning = LearningOptions(learn_steps=steps, examples=examples)
    return lesson.plan(net, *pair, Options.parse(options), learning)


class Stop:
    """Interrupts when so many steps are done."""

    def __init__(self, step):
        self.step, self.records = step, []

    def __call__(self, record):
        self.records.append(record)
        if record.kind != "teaching" and record.done >= self.step:
            raise Interrupted(2)


def test_stopped_and_resumed_is_the_same_file(pair, tmp_path, monkeypatch):
    whole = learn.learn(planned(tmp_path / "whole.keras", pair, 34))
    assert whole.ended is None
    assert whole.about["learned"] is True
    monkeypatch.setattr(learn, "KEEP_SECONDS", 0.0)
    folder = tmp_path / "checkpoint"
    stopped = planned(tmp_path / "net.keras", pair, 34, checkpoint=str(folder))
    outcome = learn.learn(stopped, [Stop(30)])
    assert isinstance(outcome.ended, Interrupted)
    assert net_file.describe(stopped.net)["steps"] == 30
    assert (folder / keeping.NAME).exists()
    with pytest.raises(InputError, match="--resume goes on with it"):
        learn.learn(stopped)
    goes_on = {"checkpoint": str(folder), "resume": True}
    other = planned(tmp_path / "net.keras", pair[::-1], 34, **goes_on)
    with pytest.raises(InputError, match="different: pictures"):
        learn.learn(other)
    log = Stop(10**9)
    learn.learn(planned(tmp_path / "net.keras", pair, 34, **goes_on), [log])
    assert (tmp_path / "net.keras").read_bytes() == (tmp_path / "whole.keras").read_bytes()
    assert min(record.done for record in log.records) > 20
    assert not folder.exists()


def test_what_does_not_follow_is_told(pair, tmp_path, caplog):
    noise = np.random.default_rng(0).integers(0, 256, (96, 112, 3)).astype(np.uint8)
    noisy = pair[0], saved(tmp_path / "noise.png", noise)
    outcome = learn.learn(planned(tmp_path / "net.keras", noisy, 20, transfer="residual"))
    assert outcome.about["learned"] is False
    assert "the analogy is not learned" in caplog.text


def test_a_damaged_checkpoint_is_told_of(tmp_path):
    kept = keeping.Kept({"x": 1}, {"step": np.array(3)}, {"0": np.ones(2)}, {"curve": []})
    keeping.write(tmp_path, kept)
    read = keeping.read(tmp_path)
    assert read.made_from == kept.made_from
    np.testing.assert_array_equal(read.best["0"], np.ones(2))
    path = tmp_path / keeping.NAME
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 255
    path.write_bytes(data)
    with pytest.raises(InputError, match="the checkpoint is damaged"):
        keeping.read(tmp_path)


def test_the_teachers_pictures_are_kept_and_used_again(pair, tmp_path, monkeypatch):
    folder = tmp_path / "bs"
    folder.mkdir()
    for number in range(2):
        saved(folder / f"b{number}.png", drawn.scene(40, 48, number))
    made = []

    def make(lesson, b, options):
        made.append(b)
        return (255 - b).astype(np.uint8)

    monkeypatch.setattr(teacher, "make", make)
    planned_run = planned(tmp_path / "net.keras", pair, examples=str(folder))
    told = []
    first = teacher.taught(planned_run, None, lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    assert len(list(planned_run.cache.iterdir())) == 2
    again = teacher.taught(planned_run, None, lambda done, total: None)
    assert len(made) == 2
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.after, two.after)
    other = dataclasses.replace(planned_run, options=Options.parse({"seed": 5}))
    teacher.taught(other, None, lambda done, total: None)
    assert len(made) == 4


def test_without_time_the_rest_of_the_examples_is_left_out(pair, tmp_path, monkeypatch, caplog):
    folder = tmp_path / "bs"
    folder.mkdir()
    for number in range(3):
        saved(folder / f"b{number}.png", drawn.scene(40, 48, number))
    monkeypatch.setattr(teacher, "make", lambda lesson, b, options: b.astype(np.uint8))
    planned_run = planned(tmp_path / "net.keras", pair, examples=str(folder))
    assert len(teacher.taught(planned_run, 0.0, lambda done, total: None)) == 1
    assert "1 of 3 examples were made in the time" in caplog.text


@pytest.mark.parametrize(
    ("net", "options", "words"),
    [
        ("net.h5", {}, "suffix .keras"),
        ("net.keras", {"preset": "texture"}, "takes a change or a style"),
        ("net.keras", {"match_color": "histogram"}, "cannot be learned"),
        ("net.keras", {"b_mask": "mask.png"}, "cannot be learned"),
        ("net.keras", {"guide": [["a.png", "b.png"]]}, "learn from those: --learn NET B B' --pair"),
        ("net.keras", {"init": "start.png"}, "cannot be a picture"),
    ],
)
def test_what_cannot_be_learned_is_refused(net, options, words, pair, tmp_path):
    with pytest.raises(InputError, match=words):
        planned(tmp_path / net, pair, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_pictures_is_refused(pair, tmp_path):
    (tmp_path / "bs").mkdir()
    with pytest.raises(InputError, match="has no pictures"):
        planned(tmp_path / "net.keras", pair, examples=str(tmp_path / "bs"))
    (tmp_path / "bs" / "b.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match="holds what is no picture"):
        planned(tmp_path / "net.keras", pair, examples=str(tmp_path / "bs"))
