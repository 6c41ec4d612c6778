"""`FastAnalogy`: a network that learned an analogy, and pictures in and out of it."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analogies import images
from analogies.errors import InputError
from analogies.files import expanded
from analogies.runs import finishing
from analogies.runs.learning import net_file
from analogies.runs.learning.net_file import options_of

Source = Any


class FastAnalogy:
    """Makes B' by a network that has learned to.

    Args:
        net: file that `make_image_analogy.py --learn` wrote.
        device: "auto", "cpu", "gpu" or "gpu:N".
        piece: side in px of what is made at once; larger pictures are made in pieces, which come
            out as in the whole but for rounding.

    Attributes:
        about: what is known of it: its options, inputs, versions and held-out scores.
        options: of the analogy it has learned.

    Raises:
        InputError: the file cannot be used; nothing of it was run.

    Example::

        fast = FastAnalogy("net.keras")
        fast("b.png")  # uint8 (h, w, 3)
        fast(frames)  # uint8 (n, h, w, 3) of an array (n, h, w, 3)
    """

    def __init__(
        self, net: str | os.PathLike, *, device: str = "auto", piece: int | None = None
    ) -> None:
        path = Path(expanded(net))
        self.about: Mapping[str, Any] = net_file.describe(path)
        self.options = options_of(self.about)
        from analogies.runs.machine import device as machines

        machine = machines.start(device)
        from analogies.synthesis.student import using

        self._device = machine.device
        self._piece = piece or using.PIECE
        with self._on_device():
            read = net_file.read(path)
            self.chance = read.chance
            self._call = using.compiled(read.model)

    def __call__(self, picture: Source, *, seed: int | None = None) -> np.ndarray:
        """B' of a picture or of a batch.

        Args:
            picture: B, as `make_analogy` takes it, or an array of several, `(n, h, w, 3)` or
                `(n, h, w, 4)`, uint8 or float in [0, 255].
            seed: of the noise, where an analogy has many B'; left out, that which it learned with.
                All pictures of a batch have the same noise, so frames of a video stay alike.

        Returns:
            uint8 `(h, w, 3)`, or `(n, h, w, 3)` for a batch.

        Raises:
            InputError: it is no picture.
        """
        if isinstance(picture, np.ndarray) and picture.ndim == 4:
            if len(picture) == 0:
                raise InputError(f"a batch needs pictures. Received: shape {picture.shape}")
            pixels = np.stack([images.read(one).pixels for one in picture])
            made = self.raw(pixels, seed)
            return np.stack([self._finished(x, b) for x, b in zip(made, pixels, strict=True)])
        pixels = images.read(picture).pixels
        return self._finished(self.raw(pixels[np.newaxis], seed)[0], pixels)

    def raw(
        self,
        pixels: np.ndarray,
        seed: int | None = None,
        told: Callable[[float], None] | None = None,
    ) -> np.ndarray:
        """What the network makes of pictures `(n, h, w, 3)`: float32 in [0, 255], same shape.

        Args:
            pixels: float32 in [0, 255].
            seed: of the noise; left out, that which it learned with.
            told: called with the share that is done, after each piece of large pictures.
        """
        from analogies.synthesis.student import using

        seed = self.options.seed if seed is None else seed
        with self._on_device():
            return using.make(self._call, pixels, self.chance, seed, self._piece, told)

    def _finished(self, made: np.ndarray, b: np.ndarray) -> np.ndarray:
        return images.to_uint8(finishing.finish(made, b, self.options))

    def _on_device(self) -> Any:
        import tensorflow as tf

        return tf.device(self._device)
