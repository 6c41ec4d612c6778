"""A request from A, A' and B to B', as the program makes it: decision, network, pixels."""

from typing import TYPE_CHECKING

import tensorflow as tf

from analogies.options.table import Options
from analogies.synthesis import graph_pyramid
from analogies.synthesis.served import levels
from analogies.synthesis.served.arrays import scaled
from analogies.synthesis.served.asked import Asked, Pictures
from analogies.synthesis.served.decision import Decision, decide, ways
from analogies.synthesis.served.maps import Sources, guides, with_network

if TYPE_CHECKING:
    from analogies.synthesis.graph_loop import GraphLoop

_RGB = tf.TensorSpec((None, None, 3), tf.float32)
_FLAG, _COUNT = tf.TensorSpec((), tf.bool), tf.TensorSpec((), tf.int32)
_SHARE = tf.TensorSpec((), tf.float64)
_DECISION = Decision(_COUNT, _FLAG, _FLAG, _FLAG, _SHARE)


class ServedAnalogy:
    """An analogy as functions that can be traced.

    Args:
        options: of the analogy.
        network: makes the network's levels; None where options leave none to it.
    """

    def __init__(self, options: Options, network: "GraphLoop | None") -> None:
        self._options, self._network, self._ways = options, network, ways(options)
        # Traced once for all signatures.
        self._decide = tf.function(self._decided, [_RGB] * 3, autograph=False)
        self._put_together = tf.function(
            self._of_pixels, [*[_RGB] * 4, _COUNT, _DECISION, _FLAG], autograph=False
        )

    def whole(self, pictures: Pictures, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """B', float32 `(h, w, 3)` in [0, 255], and the last loss.

        Args:
            pictures: A, A' and B.
            seed: int32 scalar, of random starts and places.

        Returns:
            the loss of pixels is their mean energy, as a share of the largest.
        """
        decision = self._decide(*pictures)
        image, loss = self._by_network(pictures, seed, decision)
        if not self._ways.pixels:
            return image, loss

        def put_together() -> tuple[tf.Tensor, tf.Tensor]:
            made, *_ = self._put_together(*pictures, image, seed, decision, tf.constant(True))
            return made.image, made.energy

        return tf.cond(decision.pixels, put_together, lambda: (image, loss))

    def first_pass(self, pictures: Pictures, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """The first steps on the coarsest level; of the network, where options leave any to it.

        Returns:
            `sizes` of B' by level; `features` of A' at the first layer matched, or what A' and
            guides show of pixels; `rows` and `cols` of the first match; `loss`, the first.
        """
        decision = self._decide(*pictures)
        if self._network is not None:
            asked = Asked(pictures, seed, decision.residual, decision.share)
            return self._network.first_pass(asked)
        nothing, whole = tf.zeros((0, 0, 3)), tf.constant(False)
        made, sizes, source = self._put_together(*pictures, nothing, seed, decision, whole)
        width = tf.shape(source, tf.int64)[1]
        rows, cols = (tf.cast(x, tf.int32) for x in (made.places // width, made.places % width))
        found = {"sizes": sizes, "features": source, "rows": rows, "cols": cols}
        return found | {"loss": made.energy}

    def _decided(self, a, a_prime, b) -> Decision:
        """Who makes what."""
        _, size_out = self._sizes(a, b)
        return decide(self._options, a, a_prime, b, size_out)

    def _sizes(self, a, b) -> tuple[tf.Tensor, tf.Tensor]:
        """Sizes of A and of the result, at the finest level."""
        return graph_pyramid.full_sizes(tf.shape(a)[:2], tf.shape(b)[:2], self._options)

    def _by_network(self, pictures, seed, decision: Decision) -> tuple[tf.Tensor, tf.Tensor]:
        """What the network makes and its loss; a picture without pixels where it makes nothing."""
        nothing = tf.zeros((0, 0, 3)), tf.constant(0.0)
        if self._network is None:
            return nothing
        network, asked = self._network, Asked(pictures, seed, decision.residual, decision.share)
        if not self._ways.pixels:
            return network.whole(asked)
        return tf.cond(decision.network, lambda: network.whole(asked), lambda: nothing)

    def _of_pixels(
        self, a, a_prime, b, image, seed, decision: Decision, whole
    ) -> tuple[levels.Made, tf.Tensor, tf.Tensor]:
        """What pixels come to, sizes of B' by level, and what is searched at the coarsest.

        Args:
            a, a_prime, b: as given.
            image: what the network made; without pixels where it made nothing.
            seed: int32 scalar.
            decision: who makes what.
            whole: bool; else only the coarsest level is begun.
        """
        (size_a, size_out), options = self._sizes(a, b), self._options
        sources = Sources(scaled(a, size_a), scaled(a_prime, size_a), scaled(b, size_out))
        found = guides(decision.kind, sources, options.analogy_w or options.b_content_w)
        if self._network is not None:
            areas = tf.cast(tf.stack([tf.shape(image)[:2], size_out]), tf.float64)
            factor = tf.sqrt(tf.reduce_prod(areas[0]) / tf.reduce_prod(areas[1]))
            factor = tf.minimum(factor, 1.0)
            found = tf.cond(
                decision.network,
                lambda: with_network(found, decision.kind, sources.a_prime, image, factor),
                lambda: found,
            )
        work = levels.Work(
            sources.a_prime, found, image, size_out, decision.kind, decision.share, seed
        )
        how = levels.plan(options, work)
        coarsest = levels.level_of(options, work, how, tf.constant(0))
        sizes = levels.sizes(work, how)
        return levels.made(options, work, how, whole), sizes, coarsest.task.source
