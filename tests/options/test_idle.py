import pytest

from analogies.options.idle import without_effect
from analogies.options.table import Options

LAYER = {"match_mode": "layer", "model": "patchmatch", "patch_size": 3}
OF_LAYER_MODE = {
    "analogy_nnf_steps": 9,
    "mrf_nnf_steps": 9,
    "randomize_mrf_nnf": True,
    "use_full_analogy": True,
    "jitter": 2.0,
    "color_jitter": 2.0,
}
OF_JOINT_MODE = {"finish": "network", "votes": 2, "transfer": "residual", "uniformity": 0.5}


def test_what_is_for_one_mode_is_told_in_the_other():
    both = OF_LAYER_MODE | OF_JOINT_MODE
    assert set(without_effect(Options(**both))) == set(OF_LAYER_MODE)
    told = without_effect(Options(**both, **LAYER))
    assert set(told) == set(OF_JOINT_MODE) - {"finish"}
    assert "uniformity" not in without_effect(Options(**both | {"finish": "auto"}, **LAYER))


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"model": "exact"}, {"analogy_nnf_steps", "mrf_nnf_steps", "randomize_mrf_nnf"}),
        ({"mrf_w": 0.0}, {"mrf_nnf_steps", "randomize_mrf_nnf"}),
        ({"analogy_w": 0.0}, {"analogy_nnf_steps"}),
        ({"patch_size": 1}, {"use_full_analogy"}),
    ],
)
def test_what_layer_mode_has_no_use_for(changes, names):
    options = Options(**{**LAYER, **OF_LAYER_MODE, **changes})
    assert set(without_effect(options)) == names


@pytest.mark.parametrize("preset", ["analogy", "pixels"])
def test_what_is_for_the_network_is_told_where_there_is_none(preset):
    for_network = {"scales": 5, "evaluations": 7, "features": "vgg16", "finish": "network"}
    options = Options.parse({"preset": preset, "coarse_side": 0, "seed": 1, **for_network})
    assert set(without_effect(options)) == set(for_network)


def test_what_is_for_pixels_is_told_where_there_are_none():
    given = {"finish": "network", "pixel_patch": "7", "seed": 1, "model": "exact"}
    assert set(without_effect(Options(**given))) == {"pixel_patch", "seed"}
