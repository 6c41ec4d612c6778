"""Two frames that follow each other: the flows between them, and what is seen in both."""

from typing import NamedTuple

import numpy as np

from analogies.matching.flow.engines import flow
from analogies.matching.flow.fronts import fronts
from analogies.matching.flow.warping import consistent


class Between(NamedTuple):
    """What lies between a frame and another.

    Attributes:
        motion: float32 `(h, w, 2)`, the flow from the frame to the other, px.
        trusted: bool `(h, w)`, where that flow and the one back agree: the same is seen in both.
        freed: bool `(h, w)`, in drawings of flat regions: where one lies behind that another lay
            over in the other frame, with what may be painted beyond its border; None in others.
    """

    motion: np.ndarray
    trusted: np.ndarray
    freed: np.ndarray | None


def between(one: np.ndarray, other: np.ndarray) -> Between:
    """What lies between a frame and another of the same size.

    Drawings of flat regions, as label maps are, move as their borders do, see `fronts`.

    Args:
        one, other: uint8 or float `(h, w, 3)` in [0, 255].
    """
    there, back = flow(one, other), flow(other, one)
    found = fronts(one, other, there, back)
    if found is None:
        return Between(there, consistent(there, back), None)
    trusted = consistent(found.there, found.back) & ~found.freed
    return Between(found.there, trusted, found.freed)
