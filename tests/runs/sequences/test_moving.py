"""Moving pictures by the command: folders and animations, which need no extra."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import analogies
from analogies.apps import command_line
from analogies.errors import InputError
from analogies.images.frames.source import open_frames
from analogies.options.sequences import Moving
from analogies.runs.machine.signals import Interrupted
from analogies.runs.sequences import destination, keeping, makers, run
from analogies.runs.sequences.order import Order, backwards

COUNT = 6
KEYS = ["--key", "1", "key1.png", "--key", "4", "key4.png"]


def frame(number):
    """A square that moves over a slope."""
    rows, cols = np.mgrid[:32, :44]
    picture = np.stack([rows * 4, cols * 3, 90 + rows + cols], -1)
    picture[10:22, 6 + 3 * number : 18 + 3 * number] = (230, 60, 40)
    return picture.astype(np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Frames, two painted ones, A and A'."""
    (tmp_path / "in").mkdir()
    pictures = [Image.fromarray(frame(number)) for number in range(COUNT)]
    for number, picture in enumerate(pictures):
        picture.save(tmp_path / "in" / f"{number:03}.png")
    pictures[0].save(
        tmp_path / "in.gif", save_all=True, append_images=pictures[1:], duration=80, loop=0
    )
    for number in (1, 4):
        Image.fromarray(255 - frame(number)).save(tmp_path / f"key{number}.png")
    Image.fromarray(frame(0)[::-1]).save(tmp_path / "a.png")
    Image.fromarray(255 - frame(0)[::-1]).save(tmp_path / "b.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


def command(*words, code=0):
    assert command_line.main([str(word) for word in words]) == code


def test_key_frames_are_kept_and_carried_both_ways(folder):
    command("in", "out/", *KEYS)
    assert sorted(made(folder / "out")) == [f"{number:03}.png" for number in range(COUNT)]
    for number in range(COUNT):
        picture = np.asarray(Image.open(folder / "out" / f"{number:03}.png")).astype(float)
        left = np.abs(picture - (255 - frame(number)))
        assert left.max() == 0 if number in (1, 4) else left.mean() < 6
    record = json.loads((folder / "out.json").read_bytes())
    assert record["complete"] is True
    assert [row["frame"] for row in record["rows"]] == [1, 0, 1, 2, 3, 4, 5]
    assert not (folder / "out.frames").exists()


def test_an_animation_keeps_its_lengths_and_every_second_is_shown_longer(folder):
    command("in.gif", "out.gif", "--key", "0", "in/000.png", "--every", "2", "--frames", "0:4")
    assert open_frames(folder / "out.gif").durations == (160, 160, 160)


@pytest.mark.parametrize("stop", [0, 2, 5])
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(folder, monkeypatch, stop, capfd):
    command("in", "whole/", *KEYS)
    add, calls = keeping.Keeper.add, []

    def stopped(self, *given):
        add(self, *given)
        calls.append(given)
        if len(calls) == stop + 1:
            raise Interrupted(2)

    with monkeypatch.context() as patched:
        patched.setattr(keeping.Keeper, "add", stopped)
        command("in", "out/", *KEYS, code=130)
    (folder / "out.frames" / ".analogies-0123456789ab.tmp").touch()  # a kill may leave that
    told = capfd.readouterr().err
    command("in", "out/", *KEYS, code=2)
    left = capfd.readouterr().err
    assert "--resume was not given" in left
    assert "out.frames'" in left
    command("in", "out/", *KEYS, "--coherence", "0.5", "--resume", code=2)
    assert "--coherence was 0.8, is 0.5" in capfd.readouterr().err
    command("in", "out/", *KEYS, "--resume")
    assert made(folder / "out") == made(folder / "whole")
    assert not (folder / "out.frames").exists()
    assert stop == 0 or "--resume goes on with them" in told


def test_what_was_made_plays_after_an_interruption(folder, monkeypatch):
    def listened(self, done):
        if done.place == 2:
            raise Interrupted(2)

    monkeypatch.setattr("analogies.runs.monitors.frame_lines.FrameLines.__call__", listened)
    command("in.gif", "out.gif", "--key", "0", "in/000.png", code=130)
    assert open_frames(folder / "out.gif").count == 3


def test_a_full_disk_loses_no_frame(folder, monkeypatch, capfd):
    write, calls = destination.write_frame, []

    def full(path, *given):
        calls.append(path)
        if len(calls) > 3:
            raise InputError("cannot be written: No space left on device. Received: 'x'")
        write(path, *given)

    with monkeypatch.context() as patched:
        patched.setattr(run, "write_frame", full)
        command("in", "out/", "--key", "0", "in/000.png", code=2)
    assert "No space left" in capfd.readouterr().err
    assert len(made(folder / "out")) == 3
    command("in", "out/", "--key", "0", "in/000.png", "--resume")
    assert len(made(folder / "out")) == COUNT


def test_pictures_of_pairs_are_carried_and_made_anew(folder):
    command("--preset", "pixels", "a.png", "b.png", "in", "out/", "--frames", "0:2")
    rows = json.loads((folder / "out.json").read_bytes())["rows"]
    assert [row["begins"] for row in rows] == [True, False, False]
    picture = np.asarray(Image.open(folder / "out" / "002.png")).astype(float)
    assert np.abs(picture - (255 - frame(2))).mean() < 30


def test_residuals_are_made_frame_by_frame(folder, monkeypatch):
    class Exact:
        def whole(self, given):
            return 255.0 - given.shown

    monkeypatch.setattr(makers, "maker_of", lambda job: (Exact(), True))
    command("a.png", "b.png", "in", "out/")
    for number in range(COUNT):
        picture = np.asarray(Image.open(folder / "out" / f"{number:03}.png"))
        assert np.array_equal(picture, 255 - frame(number))


def test_python_makes_what_the_command_makes(folder):
    command("in", "out/", *KEYS, "--coherence", "0.5")
    heard, keys = [], {1: "key1.png", 4: folder / "key4.png"}
    found = analogies.paint_from_keys(keys, "in", "py", coherence=0.5, on_frame=heard.append)
    assert found == Path("py")
    assert made(folder / "py") == made(folder / "out")
    assert [done.number for done in heard] == [1, 0, 1, 2, 3, 4, 5]
    assert heard[2].picture.shape == (32, 44, 3)
    command("--preset", "pixels", "a.png", "b.png", "in", "out/", "--frames", "0:1")
    a, a_prime = (np.asarray(Image.open(name)) for name in ("a.png", "b.png"))
    given = {"preset": "pixels", "frames": "0:1", "quiet": True}
    analogies.make_moving_analogy(a, a_prime, "in", "pair/", **given)
    for name, picture in made(folder / "pair").items():
        assert picture == made(folder / "out")[name]
    assert json.loads((folder / "pair.json").read_bytes())["inputs"] == {"b": "in"}
    still = analogies.make_moving_analogy(
        "a.png", "b.png", "in", "2.png", preset="pixels", frame=2, quiet=True
    )
    command("--preset", "pixels", "a.png", "b.png", "in", "3.png", "--frame", "2")
    assert still.read_bytes() == (folder / "3.png").read_bytes()


def test_python_is_told_what_the_command_is_told(folder, monkeypatch):
    with pytest.raises(InputError, match="one at least"):
        analogies.paint_from_keys({}, "in", "py")
    with pytest.raises(InputError, match="coherence must be a number"):
        analogies.paint_from_keys({0: "in/000.png"}, "in", "py", coherence=2)
    with pytest.raises(InputError, match="takes the place of A and A'"):
        analogies.make_moving_analogy("a.png", "b.png", "in", "py", key=[("0", "in/000.png")])

    def stopped(done):
        if done.place == 1:
            raise Interrupted(2)

    with pytest.raises(Interrupted) as stop:
        analogies.paint_from_keys({0: "in/000.png"}, "in", "py", on_frame=stopped)
    assert "2 frames are in py; resume=True" in stop.value.__notes__[0]
    analogies.paint_from_keys({0: "in/000.png"}, "in", "py", resume=True)
    assert len(made(folder / "py")) == COUNT


def test_what_is_lost_is_made_by_a_network_around_what_is_held(folder, monkeypatch):
    asked = []

    def fake(job):
        asked.append(job)
        picture = job.pictures["init" if "init" in job.pictures else "b"].pixels
        return SimpleNamespace(ended=None, picture=picture)

    monkeypatch.setattr(makers, "run", fake)
    command("--preset", "neural-style", "a.png", "in", "out/", "--frames", "0:2")
    whole, *parts = asked
    assert "b_mask" not in whole.pictures
    assert len(parts) == 2
    for job in parts:
        share = job.controls.kept.made.mean()
        assert 0 < share < 0.6
        assert np.array_equal(job.controls.kept.known, job.pictures["init"].pixels)


def test_one_frame_is_a_preview(folder):
    command("in", "frame.png", *KEYS, "--frame", "3")
    picture = np.asarray(Image.open(folder / "frame.png")).astype(float)
    assert np.abs(picture - (255 - frame(3))).mean() < 6
    command("--preset", "pixels", "a.png", "b.png", "in", "one.png", "--frame", "2")
    assert Image.open(folder / "one.png").size == (44, 32)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["in", "out/", "--key", "9", "key1.png"],
            "--key must name a frame from 0 to 5. Received: 9",
        ),
        (["in", "out/", "--key", "x", "key1.png"], "--key needs the number of a frame"),
        (["in", "out/", "--key", "1", "none.png"], "--key 1: no such file"),
        (["in", "out/", *KEYS, "--key", "1", "key1.png"], "--key is given twice"),
        (["in", "out/", *KEYS, "--every", "2"], "--key names frame 1, which"),
        (["in", "out/", *KEYS, "--frames", "7:9"], "--frames must begin within the 6 frames"),
        (["in", "out/", *KEYS, "--coherence", "2"], "--coherence must be a number between"),
        (["in", "out/", *KEYS, "--contrast", "1"], "--contrast is measured on one picture"),
        (["in", "out.png", *KEYS], "--frame N makes one picture"),
        (["in", "in", *KEYS], "the output would overwrite B"),
        (["in", "-", *KEYS], "the output must have a name"),
        (["in", "key1.png", *KEYS, "--frame", "3"], "would overwrite an input (--key 1)"),
        (["in", "in/003.png", *KEYS, "--frame", "3"], "would overwrite an input (B)"),
        (["in", "painted/", "--key", "1", "painted/001.png"], "would overwrite an input (--key 1)"),
        (["in", "out/", "--key", "1", "wide.png"], "has the proportions of the frame"),
        (["a.png", "b.png", "in", "out/", *KEYS], "--key takes the place of A and A'"),
        (["a.png", "b.png", "a.png", "x.png", "--every", "2"], "--every is for a moving B"),
        (["a.png", "b.png", "none/", "out/"], "is a folder"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(folder, words, told, capfd):
    Image.fromarray(frame(0)[:16]).save("wide.png")
    (folder / "painted").mkdir()
    Image.fromarray(frame(1)).save("painted/001.png")
    before = sorted(folder.rglob("*"))
    command(*words, code=2)
    said = capfd.readouterr().err
    assert told in said or "none" in words[2]
    assert said.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


def test_the_order_of_frames():
    assert Order(range(5)).segments() == [range(5)]
    order = Order(range(0, 10, 2), (4, 8))
    assert list(map(list, order.segments())) == [[4, 2, 0], [4, 6, 8]]
    assert list(map(list, order.rest(2))) == [[0], [4, 6, 8]]
    assert order.keys_around(6) == (4, 8)
    assert order.keys_around(2) == (None, 4)
    read = []

    def chunk(numbers):
        read.append(numbers)
        return iter(numbers)

    assert list(backwards(chunk, range(40, 0, -2))) == list(range(40, 0, -2))
    assert len(read) == 2


def test_options_are_checked():
    assert Moving.parse({"key": [("3", "x.png")], "every": "2"}).every == 2
    with pytest.raises(InputError, match="frame makes one frame"):
        Moving(frame=3, every=2)
