import dataclasses
import math
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analogies.errors import InputError
from analogies.options.kinds import OptionError
from analogies.options.table import Options, defaults, kinds


def test_defaults_are_valid_and_survive_a_round_trip():
    options = Options()
    assert Options.parse(options.as_dict()) == options
    assert set(options.as_dict()) == set(kinds()) == set(defaults())


def test_text_and_values_give_the_same_options():
    as_text = Options.parse(
        {"height": "231", "min_scale": "0.5", "mrf_layers": "conv3_1, relu4_1", "model": "brute"}
    )
    as_values = Options(
        height=231, min_scale=0.5, mrf_layers=("block3_conv1", "block4_conv1"), model="exact"
    )
    assert as_text == as_values


def test_zero_means_that_a_side_was_not_given():
    assert Options(width=0, height="0").width is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scales", 0),
        ("scales", 1.5),
        ("scales", True),
        ("scales", "three"),
        ("scales", None),
        ("min_scale", 0),
        ("min_scale", 1.01),
        ("min_scale", math.nan),
        ("iters", 0),
        ("iters", -1),
        ("evaluations", 0),
        ("width", 8),
        ("width", 10**9),
        ("height", -5),
        ("a_scale", 0),
        ("a_scale", math.inf),
        ("a_scale_mode", "ratios"),
        ("model", "brutal"),
        ("model", 3),
        ("patch_size", 0),
        ("analogy_w", -1),
        ("mrf_w", "nan"),
        ("tv_w", math.inf),
        ("tv_w", [1]),
        ("analogy_layers", ()),
        ("analogy_layers", ","),
        ("analogy_layers", "conv3"),
        ("mrf_layers", 3),
        ("mrf_layers", [3]),
        ("features", "resnet"),
        ("pool_mode", "min"),
        ("vgg_weights", ""),
        ("init", 3),
        ("init", "a\0b"),
        ("seed", -1),
        ("seed", 2**31),
        ("contrast", 50),
        ("device", "tpu"),
        ("device", "gpu:x"),
        ("logdir", ""),
        ("quiet", "yes"),
        ("output_full", 1),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(OptionError, match="Received: ") as caught:
        Options.parse({name: value})
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_contradictions_are_refused():
    with pytest.raises(InputError, match="are all 0"):
        Options(analogy_w=0, mrf_w=0)
    with pytest.raises(InputError, match="cannot both"):
        Options(quiet=True, verbose=True)
    with pytest.raises(OptionError, match=r"coarse_side .*finish is network.* Received: 0"):
        Options(finish="network", coarse_side=0)
    with pytest.raises(OptionError, match=r"coarse_side .*b_content_w.* Received: 0"):
        Options(coarse_side=0, analogy_w=0, mrf_w=0, nstyle_w=1)


def test_layers_of_a_term_without_weight_may_be_missing():
    layers = Options(analogy_w=0, analogy_layers=(), mrf_w=1, mrf_layers="conv3_1").layers()
    assert layers == {"mrf_layers": ("block3_conv1",)}


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(InputError, match="Did you mean patch_size"):
        Options.parse({"patchsize": 3})


def test_every_option_is_described():
    for name, kind in kinds().items():
        assert kind.help.endswith("."), name
        assert kind.group, name
        if kind.type in ("integer", "number"):
            assert kind.range_text(), name
            assert kind.metavar, name
        if kind.type == "choice":
            assert kind.choices, name


def test_the_fingerprint_is_of_what_decides_about_pixels():
    same = Options(device="cpu", logdir="x", verbose=True, output_full=True)
    assert same.fingerprint() == Options().fingerprint()
    assert Options(seed=1).fingerprint() != Options().fingerprint()
    assert Options(tv_w=0.3).fingerprint() != Options().fingerprint()


def test_options_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Options().seed = 3


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.lists(st.text(max_size=5), max_size=3),
    st.binary(max_size=3),
    st.sampled_from(["exact", "match", "conv3_1", "avg", "cpu", "1e3", "0x10", "٣"]),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
@given(st.dictionaries(st.sampled_from(sorted(kinds())), values, max_size=4))
def test_anything_is_either_an_input_error_or_valid_options(given_values):
    try:
        options = Options.parse(given_values)
    except InputError:
        return
    assert Options.parse(options.as_dict()) == options


def test_an_error_comes_whole_out_of_another_process():
    with pytest.raises(OptionError) as raised:
        Options(scales=0)
    copy = pickle.loads(pickle.dumps(raised.value))
    assert (type(copy), str(copy)) == (OptionError, str(raised.value))
    assert (copy.name, copy.problem) == ("scales", raised.value.problem)


@pytest.mark.parametrize(
    ("value", "hint"),
    [("exct", " Did you mean exact?"), ("PatchMatch", " Did you mean patchmatch?"), (3, "")],
)
def test_a_wrong_word_near_a_right_one(value, hint):
    with pytest.raises(OptionError) as raised:
        Options(model=value)
    words = "must be one of auto, exact, patchmatch."
    assert raised.value.problem == f"{words}{hint} Received: {value!r}"


def test_a_number_among_words_may_be_given_as_one():
    assert Options.parse({"pixel_patch": 5}) == Options.parse({"pixel_patch": "5"})
    with pytest.raises(OptionError, match="one of auto, 3, 5, 7"):
        Options.parse({"pixel_patch": 4})
