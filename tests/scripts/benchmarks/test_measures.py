import importlib.util

import numpy as np
import pytest
from scipy import ndimage, stats

from benchmarks import measures, planted


@pytest.fixture(scope="module")
def case():
    return planted.texture_by_numbers(1, 128, 128)


def blurred(image, sigma=1.0):
    return ndimage.gaussian_filter(image.astype(float), (sigma, sigma, 0))


def test_wrong_materials_are_counted_as_wrong(case):
    shifted = (case["la"] + 1) % 4
    labels = (case["Ap"], case["la"])
    assert measures.label_accuracy(*labels, case["Ap"], case["la"]) > 0.97
    assert measures.label_accuracy(*labels, case["Ap"], shifted) < 0.03


def test_accuracy_falls_with_the_share_of_wrong_pixels(case):
    wrong = case["truth"].copy()
    wrong[:64] = case["truth"][64:]
    labels = (case["Ap"], case["la"])
    right, half = (
        measures.label_accuracy(*labels, image, case["lb"]) for image in (case["truth"], wrong)
    )
    assert right > half + 0.15


def test_sharpness_is_one_for_a_prime_itself_and_falls_with_blur(case):
    labels = (case["Ap"], case["la"])
    assert measures.sharpness_ratio(*labels, case["Ap"], case["la"]) == pytest.approx(1)
    assert measures.sharpness_ratio(*labels, blurred(case["Ap"]), case["la"]) < 0.8
    assert measures.gradient_energy_ratio(case["truth"], case["truth"]) == 1
    assert measures.gradient_energy_ratio(blurred(case["truth"]), case["truth"]) < 0.8


def test_psnr_of_a_known_difference():
    black = np.zeros((8, 8, 3), np.uint8)
    assert measures.psnr(black, black + 255) == 0
    assert measures.psnr(black, black + 51) == pytest.approx(20 * np.log10(5))
    assert measures.psnr(black, black) == np.inf
    assert measures.psnr_gain(black + 51, black + 255, black) == pytest.approx(20 * np.log10(5))


def test_patch_distance_is_the_wasserstein_distance_of_the_projections():
    rng = np.random.default_rng(5)
    first, second = (rng.integers(0, high, (20, 24, 3), np.uint8) for high in (200, 255))
    axes = np.random.default_rng(0).normal(size=(27, 16))
    axes /= np.linalg.norm(axes, axis=0)
    windows = [
        np.array([im[:, y : y + 3, x : x + 3].ravel() for y in range(18) for x in range(22)], float)
        for im in (first.transpose(2, 0, 1), second.transpose(2, 0, 1))
    ]
    columns = zip((windows[0] @ axes).T, (windows[1] @ axes).T, strict=True)
    expected = np.mean([stats.wasserstein_distance(one, other) for one, other in columns])
    distance = measures.patch_distance(first, second, size=3, directions=16)
    assert distance == pytest.approx(expected, rel=0.01)


def test_patch_distance_ranks_sample_blur_and_noise():
    case = planted.texture(2, 96, 96)
    noise = np.random.default_rng(0).integers(0, 256, case["Ap"].shape, np.uint8)
    sample, soft, random = (
        measures.patch_distance(image, case["truth"])
        for image in (case["Ap"], blurred(case["Ap"], 2), noise)
    )
    assert sample < 3 < soft < random


def test_agrees_with_the_reference_measures(shared_folder):
    file = shared_folder / "quality" / "planted.py"
    if not file.is_file():
        pytest.skip("the reference measures are not on this machine")
    spec = importlib.util.spec_from_file_location("reference_planted", file)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    case = reference.texture_by_numbers(2)
    for result in (case["truth"], case["B"], blurred(case["truth"])):
        given = (case["Ap"], case["la"], result, case["lb"])
        for name in ("label_accuracy", "sharpness_ratio"):
            ours, theirs = getattr(measures, name)(*given), getattr(reference, name)(*given)
            assert ours == pytest.approx(theirs, abs=0.01)
    pair = (case["Ap"], case["truth"])
    assert measures.psnr(*pair) == pytest.approx(reference.psnr(*pair))
    noisy = np.clip(case["Ap"] + np.random.default_rng(0).normal(0, 40, case["Ap"].shape), 0, 255)
    ours, theirs = (m.patch_distance(noisy, case["truth"]) for m in (measures, reference))
    assert ours == pytest.approx(theirs, rel=0.1)  # other random directions
