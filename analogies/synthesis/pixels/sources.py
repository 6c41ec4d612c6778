"""The pictures that pixels are taken from, several of them below one another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from analogies.images.scaling import Wrap, scaled
from analogies.matching.pixels.guides import Guide
from analogies.synthesis.controls import KeptPart, resized_mask
from analogies.synthesis.references import Part, References, label

WHOLE = 0.999  # share of a pixel that must be inside of a mask, where a mask is resized


@dataclass(frozen=True)
class Sources:
    """The pictures of a run at full size, float32 `(h, w, 3)` in [0, 255].

    Attributes:
        a, a_prime: below one another where there are several pairs.
        b: of the size of B'.
        usable: bool `(h, w)` of A, or None where all of it may be used.
        guides: maps of A and of B', float32 `(h, w, c)`, and weights: 1 is that of the pictures.
        kept: what of B' stays as it is, at its size; None: nothing.
        several: whether A is several pictures below one another.
    """

    a: np.ndarray
    a_prime: np.ndarray
    b: np.ndarray
    usable: np.ndarray | None = None
    guides: tuple[Guide, ...] = ()
    kept: KeptPart | None = None
    several: bool = False


class _Picture(NamedTuple):
    """A, A' and the guides' maps of a pair, or of a copy of one."""

    label: str
    whole: bool
    pixels: np.ndarray  # (h, w, 6 + c), A, A' and guides
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
    controls = references.controls
    compared = [guide.compared() for guide in controls.guides]
    pictures = list(_pictures(references, sizes, [maps for maps, _ in compared]))
    b = scaled(references.array_b, size_out, wrap)
    targets = [scaled(target, size_out, wrap) for _, target in compared]
    weights = [guide.weight for guide in controls.guides]
    kept = None if controls.kept is None else controls.kept.at(size_out)
    if len(pictures) == 1:
        a, a_prime, *maps = _apart([pictures[0].pixels], targets)
        usable = pictures[0].inside if controls.masked else None
        return Sources(a, a_prime, b, usable, _guides(maps, targets, weights), kept), ()
    width = max(picture.pixels.shape[1] for picture in pictures)
    rows, insides, parts, top = [], [], [], 0
    for picture in pictures:
        height, own = picture.pixels.shape[:2]
        fill = (0, 1), (0, width - own)  # a row below each keeps patches off the seam
        rows.append(np.pad(picture.pixels, (*fill, (0, 0)), "edge"))
        insides.append(np.pad(picture.inside, fill))
        parts.append(Part(picture.label, picture.whole, top, (height, own)))
        top += height + 1
    a, a_prime, *maps = _apart(rows, targets)
    guides, usable = _guides(maps, targets, weights), np.concatenate(insides)
    return Sources(a, a_prime, b, usable, guides, kept, True), tuple(parts)


def _apart(rows: Sequence[np.ndarray], targets: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """A, A' and the guides' maps, each with the pixels of all pictures below one another."""
    ends = np.cumsum([3, 3, *(target.shape[2] for target in targets)])
    for first, end in pairwise([0, *ends]):
        yield np.concatenate([pixels[..., first:end] for pixels in rows])


def _guides(
    maps: Sequence[np.ndarray], targets: Sequence[np.ndarray], weights: Sequence[float]
) -> tuple[Guide, ...]:
    return tuple(map(Guide, maps, targets, weights))


def _pictures(
    references: References,
    sizes: Sequence[tuple[int, int]],
    guides: Sequence[tuple[np.ndarray, ...]],
) -> Iterator[_Picture]:
    """Each pair, with its guides' maps, and its turned and scaled copies."""
    for number, (pair, size) in enumerate(zip(references.arrays, sizes, strict=True)):
        maps = *pair, *(maps[number] for maps in guides)
        pixels = np.concatenate([scaled(picture, size) for picture in maps], -1)
        mask = references.controls.usable_of(number)
        usable = np.ones(size, bool) if mask is None else resized_mask(mask, size, WHOLE)
        if not any(references.copies):
            yield _Picture(label(number + 1, 0.0, 1.0), True, pixels, usable)
            continue
        from analogies.matching.augmentation import augmented

        shown = np.concatenate([pixels, usable[..., np.newaxis] * np.float32(255)], -1)
        for copy in augmented(shown if mask is not None else pixels, *references.copies):
            whole = (copy.angle, copy.factor) == (0.0, 1.0)
            name, found = label(number + 1, copy.angle, copy.factor), copy.pixels.numpy()
            inside = copy.inside.numpy()[..., 0] > 0
            if mask is not None:
                inside &= found[..., -1] >= WHOLE * 255
            yield _Picture(name, whole, found[..., : pixels.shape[2]], inside)
