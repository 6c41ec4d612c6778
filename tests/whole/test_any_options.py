"""Any options that are accepted run a tiny job to its end, any others are refused in one line.

The strategies are made from the table of options, so that a new option is covered by itself.
"""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import analogies
from analogies.errors import InputError
from analogies.features.networks import layer_table
from analogies.options.table import Options, kinds

# Only what would take long: the work is what these options say.
CHEAP = {
    "width": (16, 48),
    "height": (16, 48),
    "iters": (1, 2),
    "votes": (0, 2),
    "evaluations": (1, 3),
    "a_scale": (0.3, 1.5),
    "analogy_nnf_steps": (0, 2),
    "mrf_nnf_steps": (0, 2),
    "rotations": (0, 1),
    "rescales": (0, 1),
}
WORDS = {"device": ["auto", "cpu"], "init": ["auto", "noise", "b"]}  # other texts name files
LAYERS = tuple(row.name for row in layer_table("slim"))
STEADY = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def valid(name, kind):
    """Values of an option that are accepted, where nothing else is given."""
    low, high = CHEAP.get(name, (kind.minimum, kind.maximum))
    if kind.type == "flag":
        return st.booleans()
    if kind.type == "layers":
        return st.lists(st.sampled_from(LAYERS), max_size=3, unique=True).map(tuple)
    if kind.type == "choice":
        # Weights of other networks would have to be downloaded.
        return st.sampled_from([word for word in kind.choices if not word.startswith("vgg")])
    if kind.type in ("pairs", "guides"):
        return st.just(())
    if name == "seam":  # goes with a preset
        return st.just(0.0)
    if kind.type == "text":
        return st.sampled_from(WORDS.get(name, [None]))
    low = kind.above if low is None else low
    if kind.type == "integer":
        return st.integers(int(low), int(min(high, low + 8) if name not in CHEAP else high))
    common = [x for x in (0.0, 0.5, 1.0, high) if low <= x <= high and x != kind.above]
    numbers = st.floats(low, high, exclude_min=kind.above is not None, allow_subnormal=False)
    return st.one_of(st.sampled_from(common), numbers)


def invalid(name, kind):
    """Values that are refused, whatever else is given."""
    beyond = [x + 1 for x in (kind.maximum,) if x is not None]
    beyond += [x - 1 for x in (kind.minimum, kind.above) if x is not None]
    wrong = [math.nan, math.inf, -math.inf, "no such value", b"x", {}, *beyond]
    if name in ("width", "height"):
        wrong = [x for x in wrong if x != 0]
    texts = {
        "pairs": [3, "x", [["x"]], [3], b"x"],
        "guides": [3, "x", [["x"]], [3], b"x"],
        "text": ["", "\0", 3, b"x"],
        "flag": [2, "x", None],
        "layers": ["block3conv1", 3, [b"x"]],
    }
    return st.sampled_from(texts.get(kind.type, wrong))


@st.composite
def some_options(draw, values, least=0):
    names = draw(
        st.lists(st.sampled_from(sorted(kinds())), max_size=6, min_size=least, unique=True)
    )
    return {name: draw(values(name, kinds()[name])) for name in names}


def pictures():
    random = np.random.default_rng(0)
    coarse = [random.integers(0, 256, (8, 9, 3), np.uint8) for _ in range(3)]
    a, a_prime, b = (np.kron(x, np.ones((4, 4, 1), np.uint8)) for x in coarse)
    return a, a_prime, b[:-1, :-3]


def run(given_options):
    """Run a job that takes little, if the options are accepted."""
    cheap = {"iters": 1, "votes": 1, "evaluations": 2, "scales": 2, "min_scale": 0.5}
    try:
        checked = Options.parse({**cheap, **given_options})
        made = analogies.make_analogy(*pictures(), **{**cheap, **given_options})
    except InputError as error:
        problem = str(error)
    else:
        assert made.dtype == np.uint8
        assert made.shape[0] == checked.height or checked.height is None
        assert made.shape[1] == checked.width or checked.width is None
        return
    assert "\n" not in problem


@settings(STEADY, max_examples=4)
@given(some_options(valid))
def test_a_few_accepted_options_run_to_the_end(options):
    run(options)


@pytest.mark.slow
@settings(STEADY, max_examples=150, derandomize=False, print_blob=True)
@given(some_options(valid, least=1))
def test_many_accepted_options_run_to_the_end(options):
    run(options)


@settings(STEADY, max_examples=200)
@given(some_options(invalid, least=1), some_options(valid))
def test_a_wrong_value_is_refused_whatever_else_is_given(wrong, right):
    with pytest.raises(InputError) as caught:
        Options.parse({**right, **wrong})
    assert "\n" not in str(caught.value)
