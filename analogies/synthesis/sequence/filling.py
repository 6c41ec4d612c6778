"""Parts of a frame made of pixels of A', fitting to what is there already."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analogies.matching.pixels import Guide, Settings, focused_vote, synthesize
from analogies.synthesis.pixels.planning import FINE_PATCH, FOCUS

LEVELS = 3
ROUNDS, SWEEPS = 2, 2
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
    made = synthesize(
        a_prime,
        guides,
        replace(settings, threads=1) if np.count_nonzero(lost) <= FEW else settings,
        levels=_levels(picture.shape[:2], a_prime.shape[:2], settings.patch_size),
        init=picture,
        style_weight=style_weight,
        a_mask=a_mask,
        b_mask=lost,
        known=picture,
    )
    focused = focused_vote(a_prime, (made.rows, made.cols), FINE_PATCH, FOCUS)
    return np.where(lost[..., np.newaxis], focused, picture)


def _levels(size: tuple[int, int], size_a: tuple[int, int], patch: int) -> int:
    levels = 1
    while levels < LEVELS and min(*size, *size_a) >> levels > 2 * patch:
        levels += 1
    return levels
