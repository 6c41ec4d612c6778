"""Analogies whose answer is known, at default options with the embedded features."""

import pytest

import analogies
from benchmarks import measures, planted


def test_texture_by_numbers_puts_textures_where_they_belong():
    case = planted.texture_by_numbers(11, 160, 160)
    found = analogies.make_analogy(case["A"], case["Ap"], case["B"])
    where = case["la"], found, case["lb"]
    assert measures.label_accuracy(case["Ap"], *where) > 0.96
    assert 0.9 < measures.sharpness_ratio(case["Ap"], *where) < 1.1


@pytest.mark.parametrize(("family", "gain"), [("recolor", 12.0), ("deblur", 1.5)])
def test_what_follows_from_a_is_better_than_b_itself(family, gain):
    case = planted.FAMILIES[family](11, 160, 160)
    found = analogies.make_analogy(case["A"], case["Ap"], case["B"])
    assert measures.psnr_gain(found, case["B"], case["truth"]) > gain
    assert 0.9 < measures.gradient_energy_ratio(found, case["truth"]) < 1.1


def test_texture_is_more_of_the_same():
    case = planted.texture(11, 160, 160)
    found = analogies.synthesize_texture(case["Ap"], 160, 160)
    assert measures.patch_distance(found, case["truth"]) < 3
