"""The pictures that pixels are taken from, several of them below one another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analogies.images.scaling import Wrap, scaled
from analogies.synthesis.references import Part, References, label


@dataclass(frozen=True)
class Sources:
    """The pictures of a run at full size, float32 `(h, w, 3)` in [0, 255].

    Attributes:
        a, a_prime: below one another where there are several pairs.
        b: of the size of B'.
        usable: bool `(h, w)` of A, or None where all of it may be used.
    """

    a: np.ndarray
    a_prime: np.ndarray
    b: np.ndarray
    usable: np.ndarray | None = None


class _Picture(NamedTuple):
    """A and A' of a pair, or of a copy of one."""

    label: str
    whole: bool
    pixels: np.ndarray  # (h, w, 6), A and A'
    inside: np.ndarray  # bool (h, w), where the copy shows the picture


def gathered(
    references: References,
    sizes: Sequence[tuple[int, int]],
    size_out: tuple[int, int],
    wrap: Wrap = (False, False),
) -> tuple[Sources, tuple[Part, ...]]:
    """All pictures at full size, and where each lies, if there are several.

    Args:
        references: of the run.
        sizes: `(height, width)` of A of each pair, px.
        size_out: the same of B'.
        wrap: whether B goes on at its other side, in rows and in columns.
    """
    pictures = list(_pictures(references, sizes))
    b = scaled(references.array_b, size_out, wrap)
    if len(pictures) == 1:
        pixels = pictures[0].pixels
        return Sources(pixels[..., :3], pixels[..., 3:], b), ()
    width = max(picture.pixels.shape[1] for picture in pictures)
    rows, usable, parts, top = [], [], [], 0
    for picture in pictures:
        height, own = picture.pixels.shape[:2]
        fill = (0, 1), (0, width - own)  # a row below each keeps patches off the seam
        rows.append(np.pad(picture.pixels, (*fill, (0, 0)), "edge"))
        usable.append(np.pad(picture.inside, fill))
        parts.append(Part(picture.label, picture.whole, top, (height, own)))
        top += height + 1
    pixels = np.concatenate(rows)
    sources = Sources(pixels[..., :3], pixels[..., 3:], b, np.concatenate(usable))
    return sources, tuple(parts)


def _pictures(references: References, sizes: Sequence[tuple[int, int]]) -> Iterator[_Picture]:
    """Each pair and its turned and scaled copies."""
    for number, (pair, size) in enumerate(zip(references.arrays, sizes, strict=True), 1):
        pixels = np.concatenate([scaled(picture, size) for picture in pair], -1)
        if not any(references.copies):
            yield _Picture(label(number, 0.0, 1.0), True, pixels, np.ones(size, bool))
            continue
        from analogies.matching.augmentation import augmented

        for copy in augmented(pixels, *references.copies):
            whole = (copy.angle, copy.factor) == (0.0, 1.0)
            name = label(number, copy.angle, copy.factor)
            yield _Picture(name, whole, copy.pixels.numpy(), copy.inside.numpy()[..., 0] > 0)
