import numpy as np
import pytest

from benchmarks import measures, planted

PAIRED = [name for name in planted.FAMILIES if name != "texture"]


@pytest.mark.parametrize("name", planted.FAMILIES)
def test_shapes_types_and_seeds(name):
    family = planted.FAMILIES[name]
    case = family(3, 48, 64)
    for key in {"A", "Ap", "B", "truth"} & set(case):
        assert case[key].shape == (48, 64, 3)
        assert case[key].dtype == np.uint8
    for key in {"la", "lb"} & set(case):
        assert case[key].shape == (48, 64)
        assert case[key].max() <= 3
    again, other = family(3, 48, 64), family(4, 48, 64)
    np.testing.assert_array_equal(case["truth"], again["truth"])
    assert np.any(case["truth"] != other["truth"])


@pytest.mark.parametrize("name", PAIRED)
def test_b_is_another_picture_that_the_truth_changes(name):
    case = planted.FAMILIES[name](1, 64, 64)
    assert measures.psnr(case["A"], case["B"]) < 25
    assert measures.psnr(case["B"], case["truth"]) < 30


def test_recolor_is_a_function_of_the_gray_level():
    case = planted.recolor(2, 64, 64)
    level, rows = np.unique(case["B"][..., 0], return_inverse=True)
    inks = case["truth"].reshape(-1, 3).astype(int)
    for index in range(len(level)):
        of_level = inks[rows.ravel() == index]
        assert np.ptp(of_level, axis=0).max() <= 12  # B is rounded after the inks were chosen


def test_materials_look_alike_to_a_single_pixel():
    case = planted.texture_by_numbers(1)
    means = np.stack([case["Ap"][case["la"] == label].mean(0) for label in range(4)])
    within = np.mean([case["Ap"][case["la"] == label].std(0).mean() for label in range(4)])
    assert np.ptp(means.mean(-1)) < 0.5 * within
    assert np.ptp(means, axis=0).max() < 1.5 * within


def test_truth_is_recognized():
    accuracies = []
    for seed in range(1, 6):
        case = planted.texture_by_numbers(seed)
        labels = (case["Ap"], case["la"])
        accuracies.append(measures.label_accuracy(*labels, case["truth"], case["lb"]))
    assert np.mean(accuracies) > 0.99
