import pytest

from analogies.errors import InputError
from analogies.options.idle import without_effect
from analogies.options.presets import PRESETS
from analogies.options.table import Options


def work(**given):
    options = Options.parse(given)
    return options.votes, options.iters * options.evaluations


def test_fast_does_less_and_best_more_than_the_preset():
    votes, evaluations = work()
    assert work(speed="balanced") == (votes, evaluations)
    assert work(speed="fast")[0] < votes < work(speed="best")[0]
    assert work(speed="fast")[1] < evaluations < work(speed="best")[1]
    style = PRESETS["neural-style"].values
    assert work(preset="neural-style", speed="fast") == (0, style["evaluations"] // 2)


def test_what_is_given_wins_and_a_record_gives_the_same_again():
    options = Options.parse({"speed": "fast", "votes": 7, "evaluations": 8})
    assert (options.votes, options.evaluations) == (7, 8)
    fast = Options.parse({"speed": "fast"})
    assert Options.parse(fast.as_dict()) == fast
    assert fast.fingerprint() != Options().fingerprint()
    assert (
        fast.fingerprint() == Options.parse({**fast.as_dict(), "speed": "balanced"}).fingerprint()
    )


def test_a_speed_alone_is_no_option_without_effect():
    unmatched = {"analogy_w": 0, "mrf_w": 0, "b_content_w": 1}
    assert "votes" not in without_effect(Options.parse({**unmatched, "speed": "fast"}))
    assert "votes" in without_effect(Options.parse({**unmatched, "speed": "fast", "votes": 2}))


def test_an_unknown_speed():
    with pytest.raises(InputError, match="fast, balanced, best"):
        Options.parse({"speed": "faster"})
    with pytest.raises(InputError, match="speed"):
        Options.parse({"speed": ["fast"]})
