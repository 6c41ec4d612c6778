"""The engine for a GPU: a level of arrays, searched and voted by `graph`."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import tensorflow as tf

from analogies.matching.pixels import graph
from analogies.matching.pixels.guides import Guide, Settings
from analogies.matching.pixels.kept import Kept
from analogies.matching.pixels.places import near


@cache
def _functions(patch: int, tile: graph.Tile, masked: bool) -> tuple[Callable, Callable, Callable]:
    """Search, vote and measuring as graphs for maps of any size, traced once."""

    def floats(*shape: int | None) -> tf.TensorSpec:
        return tf.TensorSpec(shape, tf.float32)

    values, mask = floats(None, None, None), tf.TensorSpec((None, None), tf.bool)
    kept = graph.Kept(mask, mask, values) if masked else ()
    task = graph.Task(values, values, values, floats(), mask, floats(), kept)
    state = graph.State(values, tf.TensorSpec((None, None), tf.int64), floats(None, None), mask)
    number, seed = tf.TensorSpec((), tf.int32), tf.TensorSpec((2,), tf.int32)
    return (
        tf.function(
            lambda task, state, sweeps, seed: graph.search(task, state, patch, sweeps, seed, tile),
            input_signature=[task, state, number, seed],
        ),
        tf.function(
            lambda task, state, still: graph.voted(task, state, patch, still, tile),
            input_signature=[task, state, floats()],
        ),
        tf.function(
            lambda task, state: graph.measured(task, state, patch, tile),
            input_signature=[task, state],
        ),
    )


class GraphLevel:
    """Search and vote at one level; the same methods as `compiled.CompiledLevel`.

    Arguments:
        style: float32 `(hA, wA, c)`.
        guides: Their maps float32 with channels.
        weights: Of the style and of each guide.
        allowed: bool `(hA, wA)`.
        places: int32 `(h, w)`, the field at the start.
        image: float32 `(h, w, c)`, B' at the start; None votes one.
        settings: Of which patch size and uniformity count here.
        kept: What of B' stays as it is; None makes all of it.
    """

    def __init__(
        self,
        style: np.ndarray,
        guides: Sequence[Guide],
        weights: Sequence[float],
        allowed: np.ndarray,
        places: np.ndarray,
        image: np.ndarray | None,
        settings: Settings,
        kept: Kept | None = None,
    ) -> None:
        self.width = style.shape[1]
        self._search, self._vote, self._measured = _functions(
            settings.patch_size, settings.tile, kept is not None
        )
        style_root, *roots = (
            np.float32(np.sqrt(weight / values.shape[2]))
            for weight, values in zip(weights, [style, *(g.source for g in guides)], strict=True)
        )
        pairs = list(zip(guides, roots, strict=True))
        empty = np.zeros((*places.shape, 0), np.float32)
        self.task = graph.Task(
            tf.constant(style),
            tf.constant(
                np.concatenate([style * style_root, *(g.source * root for g, root in pairs)], -1)
            ),
            tf.constant(np.concatenate([empty, *(g.target * root for g, root in pairs)], -1)),
            tf.constant(style_root),
            tf.constant(allowed),
            tf.constant(settings.uniformity, tf.float32),
            () if kept is None else _kept(kept, settings),
        )
        begin = tf.constant(places, tf.int64)
        shown = image
        if shown is None:
            shown = graph.vote(self.task.style, begin, settings.patch_size, settings.tile)
        self.state = graph.begun(self.task, begin, tf.convert_to_tensor(shown, tf.float32))

    @property
    def image(self) -> np.ndarray:
        """float32 `(h, w, c)`, B' as it stands."""
        return self.state.image.numpy()

    @property
    def places(self) -> np.ndarray:
        """int32 `(h, w)`, `row * wA + column` of the middle of each match."""
        return self.state.places.numpy().astype(np.int32)

    def search(self, sweeps: int, seed: tuple[int, ...]) -> None:
        """Sweeps of PatchMatch over the active patches."""
        drawn = tf.constant(np.random.default_rng(seed).integers(2**31, size=2), tf.int32)
        self.state = self._search(self.task, self.state, tf.constant(sweeps), drawn)

    def vote(self, still: float) -> bool:
        """Vote B', and rest patches without a pixel changed by `still`. Whether any is active."""
        still = tf.constant(still, tf.float32)
        self.state = self._vote(self.task, self.state, still)
        return bool(tf.reduce_any(self.state.active))

    def measured(self) -> np.ndarray:
        """float32 `(h, w)`: the weighted squared distance of every needed patch to its match."""
        return self._measured(self.task, self.state).numpy()


def _kept(kept: Kept, settings: Settings) -> graph.Kept:
    needed = near(kept.made, settings.patch_size, settings.tile) > 0
    return graph.Kept(tf.constant(kept.made), tf.constant(needed), tf.constant(kept.known))
