"""A request from A, A' and B to B', as the program makes it: decision, network, pixels."""

import tensorflow as tf

from analogies.options.table import Options
from analogies.synthesis import graph_pyramid
from analogies.synthesis.graph_loop import Asked, GraphLoop, Pictures
from analogies.synthesis.served import levels
from analogies.synthesis.served.arrays import scaled
from analogies.synthesis.served.decision import Decision, decide, ways
from analogies.synthesis.served.maps import Sources, guides, with_network


class ServedAnalogy:
    """An analogy as functions that can be traced.

    Args:
        options: of the analogy.
        network: makes the network's levels; None where options leave none to it.
    """

    def __init__(self, options: Options, network: GraphLoop | None) -> None:
        self._options, self._network, self._ways = options, network, ways(options)

    def whole(self, pictures: Pictures, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """B', float32 `(h, w, 3)` in [0, 255], and the last loss.

        Args:
            pictures: A, A' and B.
            seed: int32 scalar, of random starts and places.

        Returns:
            the loss of pixels is their mean energy, as a share of the largest.
        """
        size_a, size_out, decision = self._decided(pictures)
        image, loss = self._by_network(pictures, seed, decision)
        if not self._ways.pixels:
            return image, loss

        def put_together() -> tuple[tf.Tensor, tf.Tensor]:
            work = self._work(pictures, seed, decision, (size_a, size_out), image)
            made = levels.made(self._options, work)
            return made.image, made.energy

        return tf.cond(decision.pixels, put_together, lambda: (image, loss))

    def first_pass(self, pictures: Pictures, seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """The first steps on the coarsest level; of the network, where options leave any to it.

        Returns:
            `sizes` of B' by level; `features` of A' at the first layer matched, or what A' and
            guides show of pixels; `rows` and `cols` of the first match; `loss`, the first.
        """
        size_a, size_out, decision = self._decided(pictures)
        if self._network is not None:
            asked = Asked(pictures, seed, decision.residual, decision.share)
            return self._network.first_pass(asked)
        nothing = tf.zeros((0, 0, 3))
        work = self._work(pictures, seed, decision, (size_a, size_out), nothing)
        sizes, source, made = levels.first(self._options, work)
        width = tf.shape(source, tf.int64)[1]
        rows, cols = (tf.cast(x, tf.int32) for x in (made.places // width, made.places % width))
        return {
            "sizes": sizes, "features": source, "rows": rows, "cols": cols, "loss": made.energy
        }  # fmt: skip

    def _decided(self, pictures: Pictures) -> tuple[tf.Tensor, tf.Tensor, Decision]:
        """Sizes of A and of the result, and who makes what."""
        a, _, b = pictures
        sizes = tf.shape(a)[:2], tf.shape(b)[:2]
        size_a, size_out = graph_pyramid.full_sizes(*sizes, self._options)
        return size_a, size_out, decide(self._options, *pictures, size_out)

    def _by_network(self, pictures, seed, decision: Decision) -> tuple[tf.Tensor, tf.Tensor]:
        """What the network makes and its loss; a picture without pixels where it makes nothing."""
        nothing = tf.zeros((0, 0, 3)), tf.constant(0.0)
        if self._network is None:
            return nothing
        network, asked = self._network, Asked(pictures, seed, decision.residual, decision.share)
        if not self._ways.pixels:
            return network.whole(asked)
        return tf.cond(decision.network, lambda: network.whole(asked), lambda: nothing)

    def _work(self, pictures, seed, decision: Decision, sizes, image: tf.Tensor) -> levels.Work:
        """What pixels are put together of, at full size."""
        size_a, size_out = sizes
        options, (a, a_prime, b) = self._options, pictures
        sources = Sources(scaled(a, size_a), scaled(a_prime, size_a), scaled(b, size_out))
        found = guides(decision.kind, sources, options.analogy_w or options.b_content_w)
        if self._network is not None:
            small, whole = (
                tf.reduce_prod(tf.cast(size, tf.float64))
                for size in (tf.shape(image)[:2], size_out)
            )
            factor = tf.minimum(tf.sqrt(small / whole), 1.0)
            found = tf.cond(
                decision.network,
                lambda: with_network(found, decision.kind, sources.a_prime, image, factor),
                lambda: found,
            )
        return levels.Work(
            sources.a_prime, found, image, size_out, decision.kind, decision.share, seed
        )
