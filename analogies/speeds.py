"""How much work goes into a run: multiples of what its preset or the defaults stand for.

A speed is nothing but values for `votes` and `evaluations`; a value that is given beside it wins.

>>> with_speed({"speed": "fast"}, {}, {"votes": 4, "evaluations": 30})
{'votes': 1, 'evaluations': 15}
>>> with_speed({"speed": "fast", "votes": 3}, {"evaluations": 100}, {"votes": 4, "evaluations": 30})
{'evaluations': 50}
"""

from collections.abc import Mapping
from typing import Any

DEFAULT = "balanced"

# Rounds of matching and voting cost most of a run on slim features, evaluations on wide ones.
SPEEDS: dict[str, dict[str, float]] = {
    "fast": {"votes": 0.25, "evaluations": 0.5},
    "balanced": {"votes": 1.0, "evaluations": 1.0},
    "best": {"votes": 1.5, "evaluations": 2.0},
}


def with_speed(
    given: Mapping[str, Any], of_preset: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """The values that the speed among the given options stands for, less those given.

    Args:
        given: options by name, as they were given.
        of_preset: the values of their preset.
        defaults: those of the options.
    """
    name = given.get("speed", DEFAULT)
    factors = SPEEDS.get(name, {}) if isinstance(name, str) else {}
    usual = {**defaults, **of_preset}
    return {
        option: round(usual[option] * factor)
        for option, factor in factors.items()
        if factor != 1.0 and option not in given
    }
