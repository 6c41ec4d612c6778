"""How much work goes into a run: multiples of what its preset or the defaults stand for.

A speed is nothing but values for `votes`, `iters` and `evaluations`; a value that is given beside
it wins.

>>> with_speed({"speed": "fast"}, {}, {"votes": 4, "evaluations": 30})
{'votes': 1, 'evaluations': 15}
>>> with_speed({"speed": "fast", "votes": 3}, {"evaluations": 100}, {"votes": 4, "evaluations": 30})
{'evaluations': 50}
"""

from collections.abc import Mapping
from typing import Any

DEFAULT = "balanced"

# Chosen on planted analogies (`scripts/benchmark.py quality --speeds`): fewer rounds of matching
# and fewer evaluations cost textures some of their structure and nothing else; a second pass per
# level, with matches of its own, gains more than longer passes or a fourth level.
SPEEDS: dict[str, dict[str, float]] = {
    "fast": {"votes": 1 / 4, "evaluations": 1 / 2},
    "balanced": {},
    "best": {"votes": 3 / 2, "iters": 2, "evaluations": 4 / 3},
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
        if option not in given
    }
