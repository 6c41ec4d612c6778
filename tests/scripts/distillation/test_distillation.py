import generated
import h5py
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy.special import log_softmax, softmax

from analogies.features import FeatureModel, weights
from distillation import losses
from distillation.pictures import Crops
from distillation.student import CENTER, SPREAD, export_arrays
from distillation.teachers import Teacher
from distillation.train import main

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("pictures")
    for index in range(6):
        coarse = RNG.integers(0, 256, (6, 8, 3)).astype(np.uint8)
        Image.fromarray(coarse).resize((80, 60)).save(place / f"{index}.png")
    return place


def test_losses_against_their_formulas():
    ours, theirs = RNG.uniform(-1, 1, (2, 5, 9))
    p, q = softmax(theirs / 0.1, -1), softmax(1.5 * ours / 0.1, -1)
    divergence = (p * (log_softmax(theirs / 0.1, -1) - np.log(q))).sum(-1).mean()
    np.testing.assert_allclose(losses.divergence(ours, theirs, 1.5, 0.1), divergence, rtol=1e-5)
    assert float(losses.divergence(theirs, theirs, 1.0, 0.1)) == pytest.approx(0, abs=1e-6)
    reached, best = (q * theirs).sum(-1).mean(), theirs.max(-1).mean()
    expected = 1 - (reached - theirs.mean()) / (best - theirs.mean())
    np.testing.assert_allclose(losses.shortfall(ours, theirs, 1.5, 0.1), expected, rtol=1e-4)
    np.testing.assert_allclose(losses.regression(ours, 2 * ours), 0.25, rtol=1e-4)


def test_dormancy_pushes_silent_channels_up_and_leaves_others():
    given = RNG.normal(size=(2, 40, 50, 3)).astype("float32") * [1, 2, 1] - [0, 20, 0]
    shift = tf.zeros(3, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(shift)
        value = losses.dormancy(given + shift)
    silent = given[..., 1]
    expected = (-silent.mean() / silent.std() - 2) / 3
    np.testing.assert_allclose(value, expected, rtol=1e-2)
    slope = np.asarray(tape.gradient(value, shift))
    np.testing.assert_allclose(slope, [0, -1 / silent.std() / 3, 0], rtol=1e-2)


def test_patches_are_windows_of_unit_norm():
    maps = RNG.normal(size=(2, 7, 9, 2)).astype("float32")
    grid = np.asarray(losses.patches(maps, 2)).reshape(2, 3, 4, 18)
    window = maps[1, 2:5, 6:9].ravel()
    np.testing.assert_allclose(grid[1, 1, 3], window / np.linalg.norm(window), rtol=1e-4)


def test_crops_repeat_with_the_seed_and_change_with_the_epoch(folder):
    first, second = (Crops(sorted(folder.iterdir()), 4, 32, steps=2, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first[0][0], second[0][0])
    before = first[0][0].copy()
    first.on_epoch_end()
    assert (first[0][0] != before).any()
    assert before.shape == (4, 32, 32, 3)
    assert before.dtype == np.uint8


def test_export_gives_unit_scale_and_the_same_maps(folder):
    student = FeatureModel(layers=("conv2_1", "conv1_1"), weights="random")
    pictures = [np.asarray(Image.open(path)) for path in sorted(folder.iterdir())]
    arrays = export_arrays(student, pictures)
    scaled = FeatureModel(layers=("conv2_1", "conv1_1"), weights="random")
    for name, (kernel, bias) in arrays.items():
        scaled.get_layer(name).set_weights([kernel, bias])
    for name in ("conv1_1", "conv2_1"):
        raw = [np.asarray(scaled(p[None].astype("float32"))[name]) for p in pictures]
        assert np.mean(np.square(raw)) == pytest.approx(1, rel=1e-3)
        before = np.asarray(student((pictures[0][None].astype("float32") - CENTER) / SPREAD)[name])
        ratio = np.linalg.norm(before) / np.linalg.norm(raw[0])
        np.testing.assert_allclose(before, ratio * raw[0], atol=1e-3 * before.max())


def test_a_lifted_layer_serves_where_the_genuine_one_is_missing(tmp_path):
    narrow = generated.convolutions("slim", 3)
    lift, offset = RNG.normal(size=(1, 1, 32, 128)), RNG.normal(size=128)
    lifts = {"block2_conv1_to_vgg19/kernel": lift.astype("float32")}
    lifts["block2_conv1_to_vgg19/bias"] = offset.astype("float32")
    generated.write_npz(tmp_path / "narrow.npz", narrow, **lifts)
    generated.write_npz(tmp_path / "wide.npz", generated.convolutions("vgg19", 1))
    sources = [str(tmp_path / "wide.npz"), str(tmp_path / "narrow.npz")]
    teacher = Teacher(sources, ["conv1_1", "conv2_1"])
    assert teacher.origin == {"block1_conv1": "wide.npz", "block2_conv1": "narrow.npz"}
    picture = RNG.uniform(0, 255, (1, 12, 16, 3)).astype("float32")
    maps = teacher(picture)
    assert maps["block1_conv1"].shape == (1, 12, 16, 64)
    under = FeatureModel("slim", ("conv2_1",), sources[1])(picture)["conv2_1"]
    expected = np.maximum(np.asarray(under) @ lift[0, 0] + offset, 0)
    np.testing.assert_allclose(
        maps["block2_conv1"], expected, rtol=1e-3, atol=1e-3 * expected.max()
    )


def test_training_lowers_the_loss_stops_and_goes_on(folder, tmp_path, capsys):
    teacher = tmp_path / "teacher.npz"
    arrays = generated.convolutions("vgg19", 1)
    generated.write_npz(teacher, {n: (k / 64, b) for n, (k, b) in arrays.items()})
    out, work = tmp_path / "out.weights.h5", tmp_path / "work"
    common = ["--teacher", str(teacher), "--images", str(folder), "--work", str(work)]
    common += ["--layers", "conv1_1", "--held-out", "2", "--batch", "4", "--crop", "32"]
    common += ["--epoch", "20", "--divergence", "0", "--out", str(out), "--workers", "1"]
    assert main([*common, "--steps", "40"]) == 0
    assert main([*common, "--steps", "60", "--resume"]) == 0
    text = capsys.readouterr().out
    losses_seen = [
        float(line.split("loss ")[1].split()[0])
        for line in text.splitlines()
        if line.startswith("step ")
    ]
    assert len(losses_seen) == 3
    assert losses_seen[-1] < losses_seen[0]
    assert "after 60 steps" in text
    with h5py.File(out) as file:
        assert file["layers/conv2d/vars/0"].shape == (3, 3, 3, 16)
    assert weights.inspect(out).layers == ("block1_conv1",)
    assert list((work / "curves").iterdir())


def test_resuming_from_nothing_is_refused(folder, tmp_path, capsys):
    teacher = tmp_path / "teacher.npz"
    generated.write_npz(teacher, generated.convolutions("vgg19", 1))
    common = ["--teacher", str(teacher), "--images", str(folder), "--work", str(tmp_path / "work")]
    assert main([*common, "--layers", "conv1_1", "--held-out", "2", "--resume"]) == 2
    assert "no checkpoint" in capsys.readouterr().err
