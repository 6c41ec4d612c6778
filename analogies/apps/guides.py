"""Guides on a command line: an option that takes as many names as there are pairs, and one more."""

import contextlib
from collections.abc import Sequence
from typing import Any

from analogies.errors import InputError

GUIDE, MASK, PAIR = "--guide", "--guide-mask", "--pair"

Found = list[list[Any]]  # [[maps of A], map of B, weight or None, mask or None]


def taken(argv: Sequence[str]) -> tuple[list[str], Found]:
    """The guides of a command line, and the words that are left.

    Behind --guide stand a map for each A, one for B, and a weight, where a number follows.

    Args:
        argv: the words up to a "--".

    Raises:
        InputError: a guide lacks a map, or a mask stands behind no guide.

    >>> taken(["--guide", "a.png", "b.png", "2", "a", "a2", "b", "out"])
    (['a', 'a2', 'b', 'out'], [[['a.png'], 'b.png', 2.0, None]])
    """
    count = 2 + sum(word == PAIR for word in argv)
    words, rest, found = list(argv), [], Found()
    while words:
        word = words.pop(0)
        if word == GUIDE:
            found.append(_guide(words, count))
        elif word == MASK or word.startswith(f"{MASK}="):
            _put_mask(word, words, found)
        else:
            rest.append(word)
    return rest, found


def _guide(words: list[str], count: int) -> list[Any]:
    """One guide, taken from the front of the words."""
    names: list[str] = []
    while words and len(names) < count and not words[0].startswith("--"):
        names.append(words.pop(0))
    if len(names) < count:
        pairs = " for each pair" if count > 2 else ""
        raise InputError(
            f"{GUIDE} needs {count} pictures, A_MAP{pairs} and B_MAP, and may have a weight behind "
            f"them. Received: {' '.join(names) or 'nothing'}"
        )
    weight = None
    with contextlib.suppress(IndexError, ValueError):
        weight = float(words[0])
        words.pop(0)
    return [names[:-1], names[-1], weight, None]


def _put_mask(word: str, words: list[str], found: Found) -> None:
    """Give the last guide its mask."""
    _, equals, value = word.partition("=")
    if not equals and words:
        value = words.pop(0)
    if not value or not found or found[-1][3] is not None:
        raise InputError(f"{MASK} FILE stands behind the {GUIDE} that it is for. Received: {value}")
    found[-1][3] = value
