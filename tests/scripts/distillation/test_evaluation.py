import numpy as np
import pytest

from distillation.evaluation import evaluate, pair_correlations, rgb_maps
from distillation.pictures import split

RNG = np.random.default_rng(0)


def _normalized_patches(maps):
    _, h, w, _ = maps.shape
    rows = [maps[0, y : y + 3, x : x + 3].ravel() for y in range(h - 2) for x in range(w - 2)]
    return np.stack([row / np.linalg.norm(row) for row in rows])


def test_pair_correlations_against_a_double_loop():
    ours = [RNG.normal(size=(1, 6, 7, 4)).astype("float32") for _ in range(2)]
    theirs = [RNG.normal(size=(1, 6, 7, 5)).astype("float32") for _ in range(2)]
    a, b = map(_normalized_patches, ours)
    c, d = map(_normalized_patches, theirs)
    scores = c @ d.T
    expected = [
        np.mean([scores[i, max(range(len(b)), key=lambda j: a[i] @ b[j])] for i in range(len(a))]),
        scores.mean(),
        scores.max(1).mean(),
    ]
    np.testing.assert_allclose(pair_correlations(*ours, *theirs), expected, rtol=1e-4)


def test_the_teacher_agrees_with_itself_and_noise_does_not():
    pictures = [RNG.integers(0, 256, (24, 36, 3)).astype(np.uint8) for _ in range(3)]
    teacher = rgb_maps(["block1_conv1"])
    assert evaluate(teacher, teacher, pictures, ["block1_conv1"])["block1_conv1"].share == 1

    def noise(images):
        return {"block1_conv1": RNG.normal(size=images.shape).astype("float32")}

    share = evaluate(noise, teacher, pictures, ["block1_conv1"])["block1_conv1"].share
    assert share == pytest.approx(0, abs=0.05)


def test_maps_on_another_grid_are_resized():
    picture = RNG.integers(0, 256, (16, 16, 3)).astype(np.uint8)

    def coarse(images):
        return {"block2_conv1": images[:, ::2, ::2]}

    share = evaluate(rgb_maps(["block2_conv1"]), coarse, [picture, picture], ["block2_conv1"], (1,))
    assert share["block2_conv1"].share > 0.3


def test_held_out_pictures_are_apart():
    paths = list(range(511))
    training, validation, test = split(paths, 24)
    assert len(test) == len(validation) == 24
    assert len(training) == 511 - 48
    assert sorted([*training, *validation, *test]) == paths
