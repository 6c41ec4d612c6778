"""The pictures that a run starts from: what they are called, and A' in B's colors."""

import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from analogies.options.presets import PRESETS
from analogies.options.table import Options

_NAMES = {"a": "A", "a_prime": "A'", "b": "B", "init": "--init"}
_MASKS = {"a_mask": "--a-mask", "b_mask": "--b-mask"}
_PAIR_MASK = re.compile(r"a_mask(\d+)")
_PAIRED = re.compile(r"(a|a_prime)(\d*)")
_GUIDE = re.compile(r"guide(\d+)_(a(\d*)|b|mask)")


class Pair(NamedTuple):
    """A and A': what is changed, and what it is changed into."""

    a: Any
    a_prime: Any


def pair_names(number: int) -> Pair:
    """Names of A and A' of a pair.

    >>> tuple(pair_names(1)), tuple(pair_names(2))
    (('a', 'a_prime'), ('a2', 'a_prime2'))
    """
    return Pair("a", "a_prime") if number == 1 else Pair(f"a{number}", f"a_prime{number}")


def spoken(name: str) -> str:
    """What a picture is called in messages.

    >>> spoken("a_prime"), spoken("a_prime2"), spoken("guide2_b")
    ("A'", "A' of pair 2", 'B_MAP of guide 2')
    """
    guide = _GUIDE.fullmatch(name)
    if guide:
        number, what, pair = guide.groups()
        words = {"a": "A_MAP", "b": "B_MAP", "mask": "--guide-mask"}
        of_pair = f" for pair {pair}" if pair else ""
        return f"{words['a' if what.startswith('a') else what]} of guide {number}{of_pair}"
    paired = _PAIRED.fullmatch(name)
    if paired and paired[2]:
        return f"{_NAMES[paired[1]]} of pair {paired[2]}"
    mask = _PAIR_MASK.fullmatch(name)
    if mask:
        return f"--pair-mask of pair {mask[1]}"
    return _NAMES.get(name) or _MASKS.get(name, name)


def called(name: str, sources: Mapping[str, Any], options: Options) -> str:
    """What a picture is called in messages of a run: as in the usage of a preset of its own names.

    Args:
        name: of the picture.
        sources: of all, by name; where those that one word stands for differ, it is not used.
        options: of the run.

    >>> called("b_mask", {"b_mask": "m.png"}, Options(preset="fill"))
    'MASK'
    """
    if options.from_other is not None and name in ("a", "a_prime"):
        return "--from"
    for word, slots in PRESETS[options.preset].pictures.items():
        stands = [slot for slot in slots if options.from_other is None or slot in ("b", "b_mask")]
        if name in stands and all(sources.get(x) is sources[name] for x in stands):
            return word
    return spoken(name)


def mask_name(number: int) -> str:
    """Name of the mask of a pair.

    >>> mask_name(1), mask_name(2)
    ('a_mask', 'a_mask2')
    """
    return "a_mask" if number == 1 else f"a_mask{number}"


def beside(name: str) -> str | None:
    """The picture that a map or mask must be as large as; None for other pictures.

    >>> beside("guide1_a2"), beside("a_mask2"), beside("b_mask"), beside("a")
    ('a2', 'a2', 'b', None)
    """
    guide = _GUIDE.fullmatch(name)
    if guide:
        return guide[2] if guide[2].startswith("a") else "b"
    mask = _PAIR_MASK.fullmatch(name)
    return f"a{mask[1]}" if mask else {"a_mask": "a", "b_mask": "b"}.get(name)


def is_map(name: str) -> bool:
    """Whether a picture is a guide's map of A or of B.

    >>> is_map("guide1_a2"), is_map("guide1_mask"), is_map("a")
    (True, False, False)
    """
    guide = _GUIDE.fullmatch(name)
    return guide is not None and guide[2] != "mask"


def is_path(source: Any) -> bool:
    """Whether a picture is given as the name of a file, and not as a picture itself."""
    return isinstance(source, str | os.PathLike)


def pairs_of(pixels: Mapping[str, np.ndarray], options: Options) -> list[Pair]:
    """The pairs as the synthesis gets them: A' with B's colors where that is asked for.

    Args:
        pixels: float32 `(h, w, 3)` in [0, 255] of "b" and of both of each pair, see `pair_names`.

    Returns:
        A and A' of each pair; the colors of several A' are changed alike.
    """
    names = (pair_names(number) for number in range(1, 1 + len(pixels)))
    pairs = [Pair(pixels[a], pixels[a_prime]) for a, a_prime in names if a in pixels]
    if options.match_color == "off":
        return pairs
    from analogies.images.colors import match_colors, match_histograms

    match = match_histograms if options.match_color == "histogram" else match_colors
    every = [pair.a_prime.reshape(-1, 1, 3) for pair in pairs]
    changed = np.asarray(match(np.concatenate(every), pixels["b"]))
    pieces = np.split(changed, np.cumsum([len(piece) for piece in every])[:-1])
    return [
        Pair(pair.a, piece.reshape(pair.a.shape)) for pair, piece in zip(pairs, pieces, strict=True)
    ]


def further(sizes: Mapping[str, tuple[int, int]]) -> list[tuple[int, int]]:
    """Of the sizes of the inputs, those of the further pairs' A."""
    return [size for name, size in sizes.items() if re.fullmatch(r"a\d+", name)]
