"""What an option can be: its description and how a given value becomes a checked one.

`table` holds the table of options; this file holds what a row of it is made of. Values
arrive as Python objects from `make_analogy(..., scales=3)` or as text from a command line; both
take the same way through `check`, so both get the same answers.
"""

import dataclasses
import difflib
import math
import numbers
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from analogies.errors import InputError
from analogies.files import expanded

_GUIDE = "maps of A and of B, and a weight: A_MAP B_MAP [WEIGHT]"


class GuideFiles(NamedTuple):
    """A guide as it is given.

    Attributes:
        maps: paths, or colors like #00ff00; of A of each pair, then of B.
        weight: or None where none is given.
        mask: path of how much it counts where in B', or None.
    """

    maps: tuple[str, ...]
    weight: float | None = None
    mask: str | None = None


class OptionError(InputError):
    """One option's value cannot be used.

    The command line spells the option its own way (`--min-scale`), so the name is kept apart
    from the problem.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name
        self.problem = problem

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its parts: a pool waits for ever for an error that it cannot unpickle."""
        return type(self), (self.name, self.problem)


def spelled(name: str) -> str:
    """An option's name as on the command line, where most people know it from.

    >>> spelled("min_scale")
    '--min-scale'
    """
    return "--" + name.replace("_", "-")


@dataclass(frozen=True)
class Kind:
    """Everything about an option but its name and its default.

    Attributes:
        type: "integer", "number", "choice", "layers", "text", "pairs", "guides" or "flag".
        group: heading under which `--help` lists it.
        help: one or two sentences; the default is added to them.
        unit: unit of a number ("px", "%"), shown behind the range.
        minimum, maximum: the valid range, both ends included.
        above: the value must be greater than this.
        choices: the accepted words of a "choice".
        aliases: other words for a choice, {word: choice}.
        bare: the choice that the option stands for without a value, and True; False is the first.
        masked: of "pairs": a third picture may stand behind the two.
        metavar: what stands for the value in `--help`.
        optional: None is a valid value.
        runtime: concerns only how the program runs or what it tells; the result's pixels do
            not depend on it.
        exported: an export of the analogy does it, too.
    """

    type: str
    group: str
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    bare: str | None = None
    masked: bool = False
    metavar: str | None = None
    optional: bool = False
    runtime: bool = False
    exported: bool = True

    def range_text(self) -> str:
        """The valid values in words: "at least 16 px", "between 0 and 50 %"."""
        unit = f" {self.unit}" if self.unit else ""
        if self.above is not None and self.maximum is not None:
            return f"above {self.above:.10g} and at most {self.maximum:.10g}{unit}"
        if self.above is not None:
            return f"above {self.above:.10g}{unit}"
        if self.minimum is not None and self.maximum is not None:
            return f"between {self.minimum:.10g} and {self.maximum:.10g}{unit}"
        if self.minimum is not None:
            return f"at least {self.minimum:.10g}{unit}"
        return ""


def option(default: Any, group: str, type: str, help: str, **details: Any) -> Any:
    """A dataclass field that carries its `Kind`: one row of the table of options."""
    if default is None:
        details.setdefault("optional", True)
    kind = Kind(type, group, help, **details)
    return dataclasses.field(default=default, metadata={"kind": kind})


def kind_of(field: dataclasses.Field) -> Kind:
    """The `Kind` of a field made by `option`."""
    return field.metadata["kind"]


def check(name: str, value: Any, kind: Kind) -> Any:
    """Turn a given value into the option's own type.

    Args:
        name: the option's name, for the error.
        value: a Python value or the text of a command line.
        kind: the option's description.

    Returns:
        int, float, str, bool, a tuple of layer names, or None where the option is optional.

    Raises:
        OptionError: with the valid range and what was received.
    """
    if value is None and kind.optional:
        return None
    return _CHECKS[kind.type](name, value, kind)


def _check_integer(name: str, value: Any, kind: Kind) -> int:
    number = _to_number(name, value, kind, "an integer")
    if number != int(number):
        raise OptionError(name, _expected("an integer", kind, value))
    return int(number)


def _check_number(name: str, value: Any, kind: Kind) -> float:
    return float(_to_number(name, value, kind, "a number"))


def _to_number(name: str, value: Any, kind: Kind, what: str) -> float | int:
    """A finite number in the option's range, exact where an integer was given."""
    number: float | int
    try:
        if isinstance(value, bool) or not isinstance(value, numbers.Real | str):
            raise TypeError
        if isinstance(value, str):
            number = int(value) if value.strip().lstrip("+-").isdecimal() else float(value)
        else:
            number = int(value) if isinstance(value, numbers.Integral) else float(value)
    except (TypeError, ValueError, OverflowError):
        raise OptionError(name, _expected(what, kind, value)) from None
    fits = (
        math.isfinite(number)
        and (kind.minimum is None or number >= kind.minimum)
        and (kind.maximum is None or number <= kind.maximum)
        and (kind.above is None or number > kind.above)
    )
    if not fits:
        raise OptionError(name, _expected(what, kind, value))
    return number


def _check_choice(name: str, value: Any, kind: Kind) -> str:
    aliases = dict(kind.aliases)
    if isinstance(value, bool) and kind.bare:
        value = kind.bare if value else kind.choices[0]
    if isinstance(value, numbers.Integral) and str(value) in kind.choices:
        value = str(value)  # a number among words
    word = aliases.get(value, value) if isinstance(value, str) else value
    if word not in kind.choices:
        words = ", ".join(kind.choices)
        hint = _meant(value, [*kind.choices, *aliases])
        raise OptionError(name, f"must be one of {words}.{hint} Received: {shorten(value)}")
    return word


def _meant(value: Any, words: Sequence[str]) -> str:
    """A question after the word that a wrong one resembles, or nothing."""
    wrong = value.lower() if isinstance(value, str) else ""
    close = difflib.get_close_matches(wrong, words, n=1)
    begun = [word for word in words if len(wrong) > 2 and word.startswith(wrong)]
    found = [*begun, *close]
    return f" Did you mean {found[0]}?" if found else ""


def _check_layers(name: str, value: Any, kind: Kind) -> tuple[str, ...]:
    """Layer names from "conv3_1,conv4_1" or a sequence; canonical, each once, in order."""
    from analogies.features.networks import canonical_layer

    names = value.split(",") if isinstance(value, str) else value
    words = isinstance(names, Sequence) and all(isinstance(word, str) for word in names)
    if not words:
        example = "block3_conv1,block4_conv1"
        raise OptionError(name, f"must be layer names like {example}. Received: {shorten(value)}")
    layers = []
    for word in names:
        if not word.strip():
            continue
        try:
            layers.append(canonical_layer(word.strip()))
        except InputError as error:
            raise OptionError(name, f"names no layer: {error}") from None
    return tuple(dict.fromkeys(layers))


def _check_text(name: str, value: Any, kind: Kind) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str) or not value or "\0" in value:
        raise OptionError(name, f"must be a path or a word. Received: {shorten(value)}")
    try:
        return expanded(value)
    except InputError as error:
        raise OptionError(name, f"cannot be found: {error}") from None


def _check_pairs(name: str, value: Any, kind: Kind) -> tuple[tuple[str, ...], ...]:
    """Pairs of paths, some of them with a third one, of a mask, where the kind has masks."""
    lengths = (2, 3) if kind.masked else (2,)
    if not _is_group(value) or any(not _is_group(x) or len(x) not in lengths for x in value):
        masks = ", which a mask may follow" if kind.masked else ""
        raise OptionError(name, f"must be pairs of two pictures{masks}. Received: {shorten(value)}")
    kept = ([*pair[:2], *(mask for mask in pair[2:] if mask is not None)] for pair in value)
    return tuple(tuple(_check_text(name, path, kind) for path in pair) for pair in kept)


def _check_guides(name: str, value: Any, kind: Kind) -> tuple[GuideFiles, ...]:
    """Guides from groups of A_MAP, B_MAP and, where they are given, a weight and a mask."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise OptionError(name, f"must be {_GUIDE}. Received: {shorten(value)}")
    return tuple(_check_guide(name, group, kind) for group in value)


def _check_guide(name: str, group: Any, kind: Kind) -> GuideFiles:
    """One of them; several A_MAP, one for each pair, are a sequence of their own."""
    parts = list(group) if isinstance(group, Sequence) and not isinstance(group, str) else []
    paths = isinstance(parts[1], str | os.PathLike) if len(parts) == 3 else True
    if not paths and _is_group(parts[0]):
        *a_maps, b_map = parts[0]  # as it is kept
        parts = [a_maps, b_map, *parts[1:]]
    if not 2 <= len(parts) <= 4:
        raise OptionError(name, f"must be {_GUIDE}. Received: {shorten(group)}")
    a_maps, b_map, weight, mask = (*parts, None, None)[:4]
    maps = [*(a_maps if _is_group(a_maps) else [a_maps]), b_map]
    if len(maps) < 2:
        raise OptionError(name, f"must be {_GUIDE}. Received: {shorten(group)}")
    limits = replace(kind, minimum=0, maximum=1e6)
    return GuideFiles(
        tuple(_check_text(name, path, kind) for path in maps),
        None if weight is None else _check_number(f"{name}'s weight", weight, limits),
        None if mask is None else _check_text("guide_mask", mask, kind),
    )


def _is_group(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _check_flag(name: str, value: Any, kind: Kind) -> bool:
    if not isinstance(value, bool):
        raise OptionError(name, f"must be True or False. Received: {shorten(value)}")
    return value


_CHECKS = {
    "integer": _check_integer,
    "number": _check_number,
    "choice": _check_choice,
    "layers": _check_layers,
    "text": _check_text,
    "pairs": _check_pairs,
    "guides": _check_guides,
    "flag": _check_flag,
}


def _expected(what: str, kind: Kind, value: Any) -> str:
    words = " ".join(filter(None, (what, kind.range_text())))
    return f"must be {words}. Received: {shorten(value)}"


def shorten(value: Any, length: int = 80) -> str:
    """A value as one line of at most `length` characters, for an error message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= length else text[: length - 3] + "..."
