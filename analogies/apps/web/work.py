"""One run of the page, as it is asked for."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analogies.errors import InputError

Tell = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Work:
    """What is to be made.

    Attributes:
        sources: {"a", "a_prime", "b": file}; with a network {"b": file}.
        options: as they were given, checked.
        out: file to write, or None where the picture alone is wanted.
        result_pixels: that the result may have, px.
        names: {file: what the person called it}, for messages.
        net: file of the network that makes it, or None where the program does.
    """

    sources: Mapping[str, Path]
    options: Mapping[str, Any]
    out: Path | None
    result_pixels: int
    names: Mapping[str, str] = field(default_factory=dict)
    net: Path | None = None


def check_size(size: tuple[int, int], most: int) -> None:
    """See that a result is not too large for the page.

    Args:
        size: (height, width) in px.
        most: px that it may have.

    Raises:
        InputError: it is, and which height fits.
    """
    height, width = size
    if height * width > most:
        fitting = int(height * math.sqrt(most / (height * width)))
        raise InputError(
            f"this page makes pictures of up to {most / 1e6:.3g} megapixels: height {fitting} "
            f"fits. Received: {width}x{height} px"
        )


class Stopped(KeyboardInterrupt):
    """The run is to end with the picture so far; no failure, so that listeners may raise it."""


def renamed(said: str, work: Work) -> str:
    """A message in which files go by the names that a person gave them, not by ours."""
    for path, name in sorted(work.names.items(), key=lambda item: -len(item[0])):
        said = said.replace(path, name)
    return " ".join(said.split())
