"""Pictures that a learning run made and keeps for the next one."""

from pathlib import Path

import numpy as np

from analogies import images
from analogies.errors import InputError


def read(path: Path, size: tuple[int, int]) -> np.ndarray | None:
    """A picture that was kept, uint8 `(h, w, 3)`; None where there is none, or it is damaged.

    Args:
        path: of its file.
        size: (height, width) that it has.
    """
    if not path.exists():
        return None
    try:
        found = images.to_uint8(images.read(path).pixels)
    except InputError:
        return None
    return found if found.shape[:2] == tuple(size) else None
