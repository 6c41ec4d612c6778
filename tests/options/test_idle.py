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
OF_JOINT_MODE = {"votes": 2, "transfer": "residual", "uniformity": 0.5}


def test_what_is_for_one_mode_is_told_in_the_other():
    both = OF_LAYER_MODE | OF_JOINT_MODE
    assert set(without_effect(Options(**both))) == set(OF_LAYER_MODE)
    assert set(without_effect(Options(**both, **LAYER))) == set(OF_JOINT_MODE)


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
