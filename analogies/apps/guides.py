"""Guides and masks of pairs on a command line: words that mean something by where they stand."""

import contextlib
from collections.abc import Sequence
from typing import Any

from analogies.errors import InputError

GUIDE, MASK = "--guide", "--guide-mask"
PAIR, PAIR_MASK = "--pair", "--pair-mask"

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
        elif _is(MASK, word):
            file = _file(word, words)
            if not file or not found or found[-1][3] is not None:
                raise _misplaced(MASK, GUIDE, file)
            found[-1][3] = file
        else:
            rest.append(word)
    return rest, found


def masks_of_pairs(argv: Sequence[str]) -> tuple[list[str], dict[int, str]]:
    """The masks of the further pairs, {number of the pair from 0: file}, and the words left.

    Raises:
        InputError: a mask stands behind no pair.

    >>> masks_of_pairs(["--pair", "a2", "ap2", "--pair-mask", "m2", "a", "ap"])
    (['--pair', 'a2', 'ap2', 'a', 'ap'], {0: 'm2'})
    """
    words, rest, found = list(argv), [], dict[int, str]()
    while words:
        word = words.pop(0)
        if not _is(PAIR_MASK, word):
            rest.append(word)
            continue
        file, last = _file(word, words), rest.count(PAIR) - 1
        if not file or last < 0 or last in found:
            raise _misplaced(PAIR_MASK, PAIR, file)
        found[last] = file
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


def _is(name: str, word: str) -> bool:
    """Whether a word is an option, alone or with its value."""
    return word == name or word.startswith(f"{name}=")


def _file(word: str, words: list[str]) -> str:
    """The value of an option that takes a file, perhaps the next of the words, or ""."""
    _, equals, value = word.partition("=")
    return words.pop(0) if not equals and words else value


def _misplaced(name: str, behind: str, file: str) -> InputError:
    return InputError(f"{name} FILE stands behind the {behind} that it is for. Received: {file}")
