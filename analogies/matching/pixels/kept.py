"""The part of B' that is made, and the pixels of the rest, which are given and stay."""

from typing import NamedTuple

import numpy as np

from analogies.errors import InputError
from analogies.matching.pixels.guides import as_map


class Kept(NamedTuple):
    """What of B' stays as it is.

    Attributes:
        made: bool `(h, w)`, the pixels that are made.
        known: float32 `(h, w, c)`, B'; it counts where `made` is False.
    """

    made: np.ndarray
    known: np.ndarray

    def restored(self, image: np.ndarray) -> np.ndarray:
        """B', `(h, w, c)`, with the known pixels in their places."""
        return np.where(self.made[..., np.newaxis], image, self.known)


def as_kept(
    b_mask: np.ndarray | None, known: np.ndarray | None, size: tuple[int, int], channels: int
) -> Kept | None:
    """What stays of B', checked; None without a mask.

    Raises:
        InputError: a mask without known pixels or the reverse, or of other sizes than B'.
    """
    if b_mask is None and known is None:
        return None
    if b_mask is None or known is None:
        lacking = "the pixels outside of it" if known is None else "the mask of what is made"
        raise InputError(f"The mask of B' goes with the pixels that stay. Missing: {lacking}.")
    made, pixels = np.asarray(b_mask, bool), as_map(known, "The pixels that stay")
    if made.shape != tuple(size) or pixels.shape != (*size, channels):
        raise InputError(
            f"The mask of B' must have the shape {tuple(size)}, and the pixels that stay"
            f" {(*size, channels)}. Received: {made.shape} and {pixels.shape}."
        )
    return Kept(made, pixels)
