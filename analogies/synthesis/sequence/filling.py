"""Parts of a frame made of pixels of A', fitting to what is there already."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analogies.matching.pixels import Guide, Settings, focused_vote, synthesize
from analogies.synthesis.pixels.planning import FINE_PATCH, FOCUS

LEVELS = 3
CELL, MARGIN = 32, 16  # px, of boxes in which lost parts are made; multiples of 2 ** (LEVELS - 1)
ROUNDS, SWEEPS = 2, 2
# px, as `FOCUS`: patches that fit to what is around agree less, and their mean would be softer.
PART_FOCUS = 0.5
FEW = 30_000  # lost pixels, up to which handing work to other threads takes longer than it


def filled(
    a_prime: np.ndarray,
    guides: Sequence[Guide],
    picture: np.ndarray,
    lost: np.ndarray,
    settings: Settings,
    style_weight: float,
    a_mask: np.ndarray | None = None,
) -> np.ndarray:
    """A picture with its lost parts made of patches of A'.

    Args:
        a_prime: float32 `(hA, wA, 3)`.
        guides: what A' and the frame show.
        picture: float32 `(h, w, 3)` in [0, 255]; the lost parts start from what it shows there.
        lost: bool `(h, w)`, all of it makes the whole frame.
        settings: of the search.
        style_weight: of A' beside the guides.
        a_mask: bool `(hA, wA)`, what of A' may be used.

    Returns:
        float32 `(h, w, 3)`, outside of `lost` the picture itself.
    """
    found = picture.copy()
    for box in boxes(lost):
        there = [Guide(x.source, x.target[box], x.weight) for x in guides]
        part = _filled(a_prime, there, picture[box], lost[box], settings, style_weight, a_mask)
        found[box] = part
    return found


def _filled(
    a_prime: np.ndarray,
    guides: Sequence[Guide],
    picture: np.ndarray,
    lost: np.ndarray,
    settings: Settings,
    style_weight: float,
    a_mask: np.ndarray | None,
) -> np.ndarray:
    """The same for a part of the picture."""
    count = int(np.count_nonzero(lost))
    # Pixels of A' may all lie in one patch after another, as they do there, and few are needed.
    usable = a_prime[..., 0].size if a_mask is None else int(np.count_nonzero(a_mask))
    settings = replace(
        settings,
        uniformity=settings.uniformity * min(1.0, count / usable),
        threads=1 if count <= FEW else settings.threads,
    )
    made = synthesize(
        a_prime,
        guides,
        settings,
        levels=_levels(picture.shape[:2], a_prime.shape[:2], settings.patch_size),
        init=picture,
        style_weight=style_weight,
        a_mask=a_mask,
        b_mask=lost,
        known=picture,
    )
    focus = FOCUS if lost.all() else PART_FOCUS
    focused = focused_vote(a_prime, (made.rows, made.cols), FINE_PATCH, focus)
    return np.where(lost[..., np.newaxis], focused, picture)


def boxes(lost: np.ndarray) -> list[tuple[slice, slice]]:
    """Rows and columns of the parts of a picture in which something is lost, with what is around.

    Args:
        lost: bool `(h, w)`.

    Returns:
        boxes that do not overlap.
    """
    cells = [-(-side // CELL) for side in lost.shape]
    rows, cols = np.nonzero(lost)
    left = set(zip((rows // CELL).tolist(), (cols // CELL).tolist(), strict=True))
    found: list[list[int]] = []
    while left:
        waiting = [min(left)]
        box = [*cells, 0, 0]
        left.discard(waiting[0])
        while waiting:
            row, col = waiting.pop()
            box = [*map(min, box[:2], (row, col)), *map(max, box[2:], (row + 1, col + 1))]
            around = {(y, x) for y in (row - 1, row, row + 1) for x in (col - 1, col, col + 1)}
            waiting += sorted(left & around)
            left -= around
        found.append(box)
    return [_with_margin(box, lost.shape) for box in _joined(found)]


def _joined(boxes: list[list[int]]) -> list[list[int]]:
    """Boxes of cells; those that meet are put together."""
    found: list[list[int]] = []
    for box in boxes:
        meeting = [x for x in found if _meet(x, box)]
        while meeting:
            found = [x for x in found if x not in meeting]
            for other in meeting:
                box = [*map(min, box[:2], other[:2]), *map(max, box[2:], other[2:])]
            meeting = [x for x in found if _meet(x, box)]
        found.append(box)
    return found


def _meet(one: list[int], other: list[int]) -> bool:
    """Whether boxes touch, their margins included."""
    return all(one[i] <= other[i + 2] and other[i] <= one[i + 2] for i in (0, 1))


def _with_margin(box: list[int], size: tuple[int, ...]) -> tuple[slice, slice]:
    spans = ((box[i] * CELL - MARGIN, box[i + 2] * CELL + MARGIN) for i in (0, 1))
    rows, cols = (
        slice(max(first, 0), min(last, side))
        for (first, last), side in zip(spans, size, strict=True)
    )
    return rows, cols


def _levels(size: tuple[int, int], size_a: tuple[int, int], patch: int) -> int:
    levels = 1
    while levels < LEVELS and min(*size, *size_a) >> levels > 2 * patch:
        levels += 1
    return levels
