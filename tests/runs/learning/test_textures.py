"""Textures of labels: made from where a label is, kept, and part of a network that learns."""

import dataclasses
import itertools
import os

import numpy as np
import pytest
from PIL import Image

from analogies import FastAnalogy
from analogies.apps.command_line import main as run_as_command
from analogies.options.learning import LearningOptions
from analogies.options.table import Options
from analogies.runs.learning import (
    course,
    keeping,
    learn,
    lesson,
    net_file,
    teacher,
    textures,
)
from analogies.runs.machine.signals import Interrupted
from analogies.synthesis.student import drawn, labels

COLORS = np.array([[200, 40, 40], [40, 60, 200]], np.uint8)


@pytest.fixture(autouse=True)
def _little(monkeypatch):
    """Steps and textures that take little."""
    monkeypatch.setattr(course, "BATCH", 1)
    monkeypatch.setattr(course, "CROP", 64)
    monkeypatch.setattr(course, "MIXTURES", 1)
    monkeypatch.setattr(textures, "PERIOD", 36)  # six stripes


def material(label, size, seed):
    """Upright stripes of one label, level ones of the other, of colors that no other has."""
    rows, columns = np.indices(size)
    wave = (columns if label == 0 else rows) // 3 % 2
    dark, light = [((20, 90, 30), (90, 200, 90)), ((120, 60, 10), (250, 220, 160))][label]
    noise = np.random.default_rng(seed).integers(-6, 7, (*size, 1))
    return np.clip(np.where(wave[..., np.newaxis], light, dark) + noise, 0, 255).astype(np.uint8)


def painted(which, seed):
    both = [material(label, which.shape, seed) for label in range(2)]
    return np.where(which[..., np.newaxis] == 0, *both)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    which = drawn.regions(np.random.default_rng(3), (96, 112), 2)
    for name, pixels in (("a", COLORS[which]), ("a-prime", painted(which, 1))):
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return str(folder / "a.png"), str(folder / "a-prime.png")


def planned(net, pair, steps=22, **options):
    return lesson.plan(net, *pair, Options.parse(options), LearningOptions(learn_steps=steps))


def test_a_texture_is_of_its_label_alone_and_kept(pair, tmp_path, monkeypatch):
    told = []
    plan = planned(tmp_path / "net.keras", pair)
    found = textures.of_labels(plan, lambda *numbers: told.append(numbers))
    assert told == [(1, 2), (2, 2)]
    assert found.tiles.shape == (2, 36, 36, 3)
    for label, tile in zip(found.labels, found.tiles, strict=True):
        which = int(np.abs(COLORS.astype(int) - label).sum(1).argmin())
        greener = tile[..., 1].astype(int) - tile[..., 0]  # of one material, and of no mixture
        assert ((greener > 20) if which == 0 else (greener < -20)).all()
        theirs = material(which, (36, 36), 1).reshape(-1, 3).mean(0)
        np.testing.assert_allclose(tile.mean((0, 1)), theirs, atol=12)
    monkeypatch.setattr(textures, "run", None)  # nothing is made again
    again = textures.of_labels(plan, lambda *numbers: None)
    np.testing.assert_array_equal(again.tiles, found.tiles)
    path = next(plan.cache.glob("texture-*.png"))
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(TypeError):  # a damaged one is
        textures.of_labels(plan, lambda *numbers: None)


def test_without_room_a_label_has_its_mean_color(pair, tmp_path):
    a, a_prime = (np.asarray(Image.open(path)).copy() for path in pair)
    a[:4], a_prime[:4] = (250, 250, 0), (10, 20, 30)
    for name, pixels in (("a", a), ("a-prime", a_prime)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    plan = planned(tmp_path / "net.keras", (tmp_path / "a.png", tmp_path / "a-prime.png"))
    tile = textures._tile(
        plan, [a_prime], [(a == (250, 250, 0)).all(-1)], textures._options(plan.options, 32, {})
    )
    np.testing.assert_array_equal(tile, np.broadcast_to([10, 20, 30], (32, 32, 3)))


def test_without_time_or_labels_there_are_none(pair, tmp_path):
    plan = planned(tmp_path / "net.keras", pair)
    hurried = dataclasses.replace(plan, learning=LearningOptions(minutes=0.001))
    assert textures.of_labels(hurried, lambda *numbers: None) is None
    swapped = planned(tmp_path / "net.keras", pair[::-1])
    assert textures.of_labels(swapped, lambda *numbers: None) is None


def test_a_network_starts_from_textures_and_resumes_to_the_same_file(pair, tmp_path, monkeypatch):
    whole = learn.learn(planned(tmp_path / "whole.keras", pair, 24))
    assert whole.about["recipe"] == "labels"
    assert whole.about["learned"] is True
    monkeypatch.setattr(learn, "KEEP_SECONDS", 0.0)
    folder = tmp_path / "checkpoint"

    def stop(record):
        if record.kind in ("step", "score") and record.done >= 21:
            raise Interrupted(2)

    stopped = planned(tmp_path / "net.keras", pair, 24, checkpoint=str(folder))
    outcome = learn.learn(stopped, [stop])
    assert isinstance(outcome.ended, Interrupted) or outcome.ended is None
    if outcome.ended is not None:
        assert (folder / keeping.NAME).exists()
        learn.learn(planned(stopped.net, pair, 24, checkpoint=str(folder), resume=True))
    assert stopped.net.read_bytes() == whole.net.read_bytes()
    assert net_file.describe(whole.net)["network"]["period"] == 36

    which = drawn.regions(np.random.default_rng(8), (60, 76), 2)
    made = FastAnalogy(whole.net)(COLORS[which]).astype(float)
    means = [material(label, (60, 60), 2).reshape(-1, 3).mean(0) for label in range(2)]
    smooth = np.stack([made[which == label].mean(0) for label in range(2)])
    np.testing.assert_allclose(smooth, means, atol=12)


def test_a_texture_has_the_contrast_of_its_label():
    random = np.random.default_rng(2)
    pixels = random.normal((120, 90, 60), (20, 10, 30), (4000, 3)).clip(0, 255)
    soft = random.normal((110, 95, 70), (18.5, 9.5, 28), (40, 40, 3))
    tile = np.clip(soft, 0, 255).astype(np.uint8)
    found = textures._leveled(tile, pixels).reshape(-1, 3)
    np.testing.assert_allclose(found.mean(0), pixels.mean(0), atol=0.5)
    np.testing.assert_allclose(found.std(0), pixels.std(0), rtol=0.02)
    flat = np.full((40, 40, 3), 50, np.uint8)
    assert np.ptp(textures._leveled(flat, pixels)) <= np.ptp(pixels.mean(0)) + 1


@pytest.fixture(scope="module")
def styled(tmp_path_factory):
    """A network that has learned a painting, and the painting's file."""
    folder = tmp_path_factory.mktemp("styled")
    rows, columns = np.indices((90, 120))
    light = 60 + 140 * (columns / 120) + 25 * np.sin(rows * 1.1 + columns * 0.3)
    painting = np.clip(light[..., np.newaxis] * (1.0, 0.9, 0.7), 0, 255).astype(np.uint8)
    Image.fromarray(painting).save(folder / "painting.png")
    path = str(folder / "painting.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "CROP", 64)
        patch.setattr(course, "MIXTURES", 2)
        patch.setattr(textures, "PERIOD", 36)
        patch.setattr(teacher, "DRAWN", 96)
        plan = planned(folder / "net.keras", (path, path), 22, preset="style", height=96)
        outcome = learn.learn(plan)
    return plan, outcome


def test_a_style_starts_from_the_strokes_of_each_tone(styled):
    plan, outcome = styled
    assert outcome.about["recipe"] == "tones"
    shape = net_file.describe(outcome.net)["network"]
    assert (shape["labels"], shape["period"], shape["blur"]) == (labels.TONES, 36, textures.BLUR)
    model = net_file.read(outcome.net).model
    tiles = model.get_layer("textures").get_weights()[0].reshape(36 * 36, -1, 3)
    assert (np.diff(tiles.mean((0, 2))) > 0).all()
    ramp = np.broadcast_to(np.linspace(0, 255, 160)[:, np.newaxis], (80, 160, 3))
    made = FastAnalogy(outcome.net)(ramp.astype(np.uint8)).astype(float).mean((0, 2))
    assert made[:40].mean() + 40 < made[-40:].mean()
    assert len(list(plan.cache.glob("texture-*.png"))) >= labels.TONES - 1


def test_textures_move_with_a_clip(styled, tmp_path):
    """Frame by frame they would stand still while the picture moves."""
    scene = np.asarray(Image.fromarray(drawn.scene(96, 160, 4)).resize((320, 192)))
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(4):
        frame = scene[40:168, 20 + 3 * number : 220 + 3 * number]
        Image.fromarray(frame).save(folder / f"{number}.png")
    out = tmp_path / "out"
    words = ["--with", str(styled[1].net), str(folder), f"{out}{os.sep}", "--every", "1"]
    assert run_as_command(words) == 0
    made = [np.asarray(Image.open(out / f"{n}.png")).astype(float) for n in range(4)]
    fast = FastAnalogy(styled[1].net)
    alone = [fast(folder / f"{n}.png").astype(float) for n in range(4)]

    def apart(frames):
        inner = [
            np.abs(x[16:-16, 16:-30] - y[16:-16, 19:-27]).mean()
            for y, x in itertools.pairwise(frames)
        ]
        return float(np.mean(inner))

    assert apart(made) < 0.5 * apart(alone)
