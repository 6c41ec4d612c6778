"""The options of a network that has learned, with those given beside it."""

from collections.abc import Mapping
from typing import Any

from analogies.apps.fast.words import BESIDE
from analogies.options.table import Options

_OF_RUNS = ("quiet", "verbose", "device", "fit")  # of the learning, not of the analogy


def with_those_beside(
    learned: Options, given: Mapping[str, Any], also: tuple[str, ...] = ()
) -> Options:
    """The options of a network's analogy, changed as it can still be.

    Args:
        learned: those it has learned with.
        given: by name; what is neither of `words.BESIDE` nor of `also` is left out.
        also: names of others that hold.

    Raises:
        OptionError: one of them cannot be used.
    """
    own = {name: value for name, value in learned.as_dict().items() if name not in _OF_RUNS}
    beside = {name: value for name, value in given.items() if name in (*BESIDE, *also)}
    return Options.parse({**own, "width": None, "height": None, **beside})
