"""Animations written: GIF, APNG and WebP."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from analogies.errors import InputError
from analogies.files import reason, replacing

_FORMATS = {".gif": "GIF", ".apng": "PNG", ".png": "PNG", ".webp": "WEBP"}
ANIMATION_SUFFIXES = (".gif", ".apng", ".webp")


def write_animation(
    path: Path, frames: Iterable[np.ndarray], durations: Sequence[int], loop: int | None = 0
) -> None:
    """Write an animation; the file appears whole or not at all.

    Args:
        path: its suffix is the format.
        frames: uint8 `(h, w, 3)` or `(h, w, 4)`; WebP's are encoded as they come, of the others
            Pillow keeps all until the end.
        durations: ms that each is shown for; GIF holds hundredths of a second.
        loop: how often it is shown, 0: for ever.

    Raises:
        InputError: it cannot be written.
    """
    pictures = (Image.fromarray(frame) for frame in frames)
    kind = _FORMATS[path.suffix.lower()]
    settings = {"quality": 90, "method": 4} if kind == "WEBP" else {}
    if kind == "GIF":
        settings = {"disposal": 2, "optimize": False}
    try:
        with replacing(path) as temporary:
            first, others = next(pictures), pictures
            first.save(
                temporary,
                format=kind,
                save_all=True,
                append_images=list(others) if kind == "PNG" else others,
                duration=list(durations),
                loop=loop or 0,
                **settings,
            )
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be written: {reason(error)}. Received: {str(path)!r}") from None
