"""A run of the page that a network makes, to the byte as the command makes it."""

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analogies import images
from analogies.apps.fast.beside import with_those_beside
from analogies.apps.web.work import Stopped, Tell, Work, check_size
from analogies.errors import InputError
from analogies.options.table import Options
from analogies.runs.learning.net_file import options_of
from analogies.synthesis.pyramid import result_size

if TYPE_CHECKING:
    from analogies.runs.learning.fast_analogy import FastAnalogy

MOST = 4  # networks that stay warm
_warm: "OrderedDict[tuple[Any, ...], FastAnalogy]" = OrderedDict()


def check(work: Work, learned: Options) -> Options:
    """The options of a work, of which the header of B alone is read.

    Args:
        work: with a network.
        learned: options of its analogy.

    Raises:
        InputError: something given cannot be used, or the result would be too large for the page.
    """
    options = with_those_beside(learned, work.options)
    b = images.inspect(work.sources["b"])
    check_size(result_size((b.height, b.width), options), work.result_pixels)
    return options


def make(work: Work, tell: Tell, stopped: Callable[[], bool]) -> Mapping[str, Any]:
    """Make B'; what is wrong with the network itself is told as of the slot net.

    Takes what `making.carry_out` takes and returns what it returns.

    Raises:
        InputError: B or an option cannot be used.
        Stopped: between two pieces of a large picture.
    """
    from analogies.apps.fast import picture

    assert work.net is not None
    assert work.out is not None
    try:
        fast = _opened(work.net)
    except InputError as error:
        return {"error": str(error), "stopped": False, "slot": "net"}
    options = check(work, options_of(fast.about))
    b = images.inspect(work.sources["b"])
    height, width = result_size((b.height, b.width), options)

    def told(share: float) -> None:
        tell({"width": width, "height": height, "done": share})
        if stopped():
            raise Stopped

    told(0.0)
    made = picture.make(fast, options, work.sources["b"], told)
    images.write(work.out, made.pixels, made.alpha)
    return {
        "picture": work.out.read_bytes(),
        "error": "",
        "stopped": False,
        "notes": [f"B {note}" for note in made.notes],
        "width": width,
        "height": height,
    }


def _opened(net: Path) -> "FastAnalogy":
    """A network, warm from the last time where the file is the same."""
    from analogies.apps.fast import picture

    found = os.stat(net)
    key = str(net), found.st_ino, found.st_size, found.st_mtime_ns
    if key not in _warm:
        _warm[key] = picture.opened(net)
        while len(_warm) > MOST:
            _warm.popitem(last=False)
    _warm.move_to_end(key)
    return _warm[key]
