"""The picture after each pass, as files."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analogies import images

if TYPE_CHECKING:
    from analogies.synthesis.loop import Progress


class SavedIterations:
    """Writes the picture of every finished pass.

    Args:
        path: (level, iteration) -> the file to write.
        finish: turns the picture of a level into the picture to write: contrast and size.
        alpha: (h, w) -> the transparency at that size, or None.
    """

    title = "the picture of the pass"

    def __init__(
        self,
        path: Callable[[int, int], Path],
        finish: Callable[[np.ndarray], np.ndarray],
        alpha: Callable[[tuple[int, int]], np.ndarray | None],
    ) -> None:
        self._path = path
        self._finish = finish
        self._alpha = alpha

    def __call__(self, record: "Progress") -> None:
        """Write the picture, if the record ends a pass."""
        if record.kind != "pass":
            return
        pixels = self._finish(record.image())
        alpha = self._alpha((pixels.shape[0], pixels.shape[1]))
        images.write(self._path(record.level, record.iteration), pixels, alpha)
