"""The options of moving pictures, beside those of each of their frames in `table`.

>>> Moving(every="2").every
2
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from analogies.options.kinds import Kind, OptionError, check, kind_of, option

VIDEO = "moving pictures: B a clip, a folder of frames, or a GIF, APNG or WebP animation"


@dataclass(frozen=True, kw_only=True)
class Moving:
    """The checked options of a moving picture.

    Raises:
        OptionError: naming the option, its valid values and what was received.
    """

    # fmt: off
    frames: str | None = option(
        None, VIDEO, "text", "Which frames, counted from 0: FIRST:LAST, both included; either may "
        "be left out.", metavar="FIRST:LAST",
    )
    every: int = option(
        1, VIDEO, "integer", "Only every so many frames; each is shown for as much longer.",
        minimum=1, maximum=10**6, metavar="N",
    )
    frame: int | None = option(
        None, VIDEO, "integer", "Make this one frame, as a picture: a preview.",
        minimum=0, maximum=10**9, metavar="N",
    )
    key: tuple[tuple[str, str], ...] = option(
        (), VIDEO, "pairs", "Frame N, painted: a picture that shows what B' should be there; once "
        "for each. They take the place of A and A': B OUT --key 0 FILE.", metavar="N FILE",
    )
    coherence: float = option(
        0.8, VIDEO, "number", "How far B' stays on what moves: parts are made anew where a frame "
        "differs by 5 x / (1 - x) gray levels from what it should look like. 0: every frame by "
        "itself; 1: only what was hidden.", minimum=0, maximum=1, metavar="X",
    )
    # fmt: on

    def __post_init__(self) -> None:
        for name, kind in moving_kinds().items():
            object.__setattr__(self, name, check(name, getattr(self, name), kind))
        for number, _ in self.key:
            if not number.isdecimal():
                raise OptionError("key", f"needs the number of a frame. Received: {number!r}")
        numbers = [int(number) for number, _ in self.key]
        twice = [number for number in numbers if numbers.count(number) > 1]
        if twice:
            raise OptionError("key", f"is given twice for one frame. Received: {twice[0]}")
        if self.frame is not None and (self.frames is not None or self.every != 1):
            raise OptionError("frame", "makes one frame; frames and every say nothing beside it")

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """The options that are among others."""
        return cls(**{name: given[name] for name in moving_kinds() if name in given})

    def as_dict(self) -> dict[str, Any]:
        """All of them as JSON can hold them."""
        return {**dataclasses.asdict(self), "key": [list(pair) for pair in self.key]}


def moving_kinds() -> dict[str, Kind]:
    """{option's name: its `Kind`} in the order of the table."""
    return {field.name: kind_of(field) for field in dataclasses.fields(Moving)}


def moving_defaults() -> dict[str, Any]:
    """{option's name: its default}."""
    return {field.name: field.default for field in dataclasses.fields(Moving)}
