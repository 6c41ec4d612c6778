"""The arguments of networks that learn an analogy, and what the names beside them stand for."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from analogies.options.kinds import Kind, spelled
from analogies.options.learning import GROUP, learning_defaults, learning_kinds
from analogies.options.presets import PRESETS

NAMES = ("--learn", "--with", *map(spelled, learning_kinds()))
# Options beside --with: the others were learned with the network.
BESIDE = ("width", "height", "preserve_color", "contrast", "seed", "device", "quiet", "verbose")
# Those that are for a moving B beside these.
BESIDE_MOVING = ("frames", "every", "frame", "checkpoint", "resume", "logdir")

_LEARN = (
    "Learn the analogy instead of making it: A and A' are given (STYLE alone with --preset style "
    "or neural-style), and the network is written to this file, which --with takes."
)
_WITH = (
    "Make B' by a network, in a moment: B and OUT are given; several B, or a folder of them, and a "
    "folder for OUT; a moving B and a moving OUT; or --batch LIST.csv with the columns b and out."
)

Error = Callable[[str], NoReturn]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments to the command's."""
    group = parser.add_argument_group(GROUP)
    group.add_argument("--learn", metavar="NET.keras", help=_LEARN)
    group.add_argument("--with", metavar="NET.keras", help=_WITH)
    for name, kind in learning_kinds().items():
        words = "{" + ",".join(kind.choices) + "}"
        metavar = kind.metavar or (words if kind.choices else name.upper())
        group.add_argument(spelled(name), metavar=metavar, help=_help(name, kind))


def _help(name: str, kind: Kind) -> str:
    default = learning_defaults()[name]
    return (kind.help + ("" if default is None else f" (default: {default})")).replace("%", "%%")


def understood(
    namespace: argparse.Namespace, words: Sequence[str], given: Mapping[str, Any], error: Error
) -> argparse.Namespace | None:
    """What is asked of a network; None where none is asked for.

    Args:
        namespace: as it was parsed.
        words: the names that are no options.
        given: the options that were given, by name.
        error: says what is wrong and ends the program.

    Returns:
        `learn` or `with_net`, the files; `a` and `a_prime`, or `b` (names) and `out`; `batch`; and
        `learning`, the options of learning that were given.
    """
    learn, net = getattr(namespace, "learn", None), getattr(namespace, "with", None)
    learning = {
        name: getattr(namespace, name) for name in learning_kinds() if hasattr(namespace, name)
    }
    if learn is None:
        for name in learning:
            error(f"{spelled(name)} belongs to --learn NET.keras")
    if learn is None and net is None:
        return None
    if learn is not None and net is not None:
        error("--learn makes a network and --with uses one: leave one of the two out")
    batch = getattr(namespace, "batch", None)
    found = argparse.Namespace(learn=learn, with_net=net, batch=batch, learning=learning)
    if "" in words:
        error("a name is empty. Received: ''")
    if learn is not None:
        return _learning(found, words, given, error)
    return _using(found, words, given, error)


def _learning(
    found: argparse.Namespace, words: Sequence[str], given: Mapping[str, Any], error: Error
) -> argparse.Namespace:
    if found.batch is not None:
        error("--batch makes pictures, and --learn a network: leave one of the two out")
    preset = PRESETS.get(str(given.get("preset", "")))
    one = preset is not None and "STYLE" in preset.pictures
    if len(words) not in ((1, 2) if one else (2,)):
        takes = "STYLE" if one else "A A'"
        error(f"--learn NET.keras takes {takes}. Received: {' '.join(words) or 'no names'}")
    found.a, found.a_prime = words[0], words[-1]
    return found


def _using(
    found: argparse.Namespace, words: Sequence[str], given: Mapping[str, Any], error: Error
) -> argparse.Namespace:
    for name in ("key", "coherence"):
        if name in given:
            error(
                f"{spelled(name)} does not go with --with: the network makes every frame by itself"
            )
    learned = [spelled(name) for name in given if name not in (*BESIDE, *BESIDE_MOVING)]
    if learned:
        may = ", ".join(spelled(name) for name in BESIDE)
        error(f"{learned[0]} cannot be changed any more: the network has learned; there are {may}")
    if found.batch is not None:
        if words:
            error(f"--batch takes no pictures beside the list: {' '.join(words)}")
        return found
    if len(words) < 2:
        error(f"--with NET.keras takes B and OUT. Received: {' '.join(words) or 'no names'}")
    *found.b, found.out = words
    return found
