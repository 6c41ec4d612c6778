import pytest

from analogies.options.idle import NETWORK_OPTIONS, without_effect
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
    layer = Options(**both, **LAYER, finish="network")
    assert set(without_effect(layer)) == set(OF_JOINT_MODE)


OF_PIXELS = {"pixel_patch": "3", "coarse_side": 100}
NO_NETWORK = {
    **{"scales": 2, "min_scale": 0.5, "iters": 2, "votes": 1, "evaluations": 5},
    **{"model": "exact", "patch_size": 5, "match_mode": "layer", "patch_stride": 2},
    **{"confidence": 0.1, "analogy_layers": "conv1_1", "mrf_layers": "conv1_1"},
    **{"content_layers": "conv1_1", "nstyle_w": 0.1, "nstyle_layers": "conv1_1", "tv_w": 0.1},
    **{"features": "vgg16", "vgg_weights": "x.h5", "pool_mode": "avg", "precision": "bfloat16"},
    **{"transfer": "picture", "b_content_w": 1.0, "init": "b"},
}


@pytest.mark.parametrize(
    "given",
    [
        {"finish": "network"},
        {"finish": "network", "match_mode": "layer"},
        {"transfer": "residual"},
        {"preset": "neural-style"},
    ],
)
def test_what_only_pixels_look_at_is_told_where_there_are_none(given):
    assert set(without_effect(Options.parse({**given, **OF_PIXELS}))) == set(OF_PIXELS)


@pytest.mark.parametrize(
    "given",
    [{}, {"finish": "pixels"}, {"match_mode": "layer"}, {"transfer": "picture"}, {"init": "x.png"},
     {"finish": "pixels", "preset": "neural-style", "rotations": 1, "rescales": 1, "seed": 3},
     {"seed": 3, "model": "exact", "uniformity": 0.5, "match_mode": "layer"}],
)  # fmt: skip
def test_nothing_is_said_of_what_pixels_look_at(given):
    assert without_effect(Options.parse({**given, **OF_PIXELS})) == {}


def test_what_only_a_network_looks_at_is_told_where_there_is_none():
    for name, value in (NO_NETWORK | OF_LAYER_MODE).items():
        reasons = without_effect(Options.parse({"coarse_side": 0, name: value}))
        assert set(reasons) == {name}
        assert "network" in reasons[name]
    assert set(NETWORK_OPTIONS) < set(NO_NETWORK | OF_LAYER_MODE)


@pytest.mark.parametrize(
    "given",
    [{"seed": 3}, {"uniformity": 0.5}, {"pixel_patch": "3"}, {"mrf_w": 1.0}, {"analogy_w": 2.0},
     {"rotations": 1}, {"rescales": 1}, {"a_scale": 2.0}, {"finish": "pixels"}, {"speed": "best"},
     {"init": "x.png"}, {"analogy_w": 0.0, "b_content_w": 1.0}, {"preset": "style"}],
)  # fmt: skip
def test_nothing_is_said_of_what_counts_without_a_network(given):
    assert without_effect(Options.parse({"coarse_side": 0, **given})) == {}


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
