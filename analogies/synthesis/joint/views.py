"""What the network sees of one picture, and what matching and the losses need of it."""

from collections.abc import Iterable, Mapping

import tensorflow as tf

from analogies.losses.energies import gram_matrix
from analogies.synthesis.joint.maps import Maps, join, typical_norm


class Seen:
    """The maps of a picture, all held at once; from pieces: `pieces.SeenInPieces`.

    Args:
        image: `(h, w, 3)` in [0, 255].
        maps: {layer: `(h / stride, w / stride, c)`}.
        strides: {layer: px}.
    """

    def __init__(self, image: tf.Tensor, maps: Maps, strides: Mapping[str, int]) -> None:
        self._image, self._maps, self._strides = image, maps, strides

    def maps(self, layers: Iterable[str]) -> dict[str, tf.Tensor]:
        """The maps of some layers."""
        return {name: self._maps[name] for name in layers}

    def grams(self, layers: Iterable[str]) -> dict[str, tf.Tensor]:
        """Their Gram matrices, `(c, c)`."""
        return {name: gram_matrix(self._maps[name]) for name in layers}

    def norms(self, layers: Iterable[str]) -> dict[str, tf.Tensor]:
        """Their typical norms, scalars."""
        return {name: typical_norm(self._maps[name]) for name in layers}

    def joint(self, norms: Maps, cell: tf.Tensor, axes: Maps | None = None) -> tf.Tensor:
        """One half of a joint map, `(h / cell, w / cell, c)`; see `maps.join`.

        Args:
            norms: {layer: typical norm} of the layers that it has.
            cell: side of a cell of the grid in px.
            axes: {layer: axes} to project on.
        """
        return join(self._image, self._maps, norms, self._strides, cell, axes)
