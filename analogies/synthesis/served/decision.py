"""Who makes what, decided within a graph: `synthesis.decision` for A, A' and B as tensors."""

from typing import NamedTuple

import tensorflow as tf

from analogies.options.table import Options
from analogies.synthesis.decision import COARSE_SIDE, TEXTURE_SIDE, asks_for_network
from analogies.synthesis.likeness import EXPLAINED, STRANGE
from analogies.synthesis.pixels.kinds import ALIKE, STYLE, TEXTURE, UNLIKE
from analogies.synthesis.served.asked import KINDS
from analogies.synthesis.served.likeness import explained_detail, strangeness


class Decision(NamedTuple):
    """Who makes what; scalars.

    Attributes:
        kind: int32, of `KINDS`.
        residual: bool, whether a residual is carried over and not the picture.
        network, pixels: bool, whether any level is made by the network, any of pixels.
        share: float64, size of what the network makes, as a fraction of the result, in (0, 1].
    """

    kind: tf.Tensor
    residual: tf.Tensor
    network: tf.Tensor
    pixels: tf.Tensor
    share: tf.Tensor


class Ways(NamedTuple):
    """What options leave open: whether the network, pixels, residuals and pictures are possible."""

    network: bool
    pixels: bool
    residual: bool
    picture: bool


def ways(options: Options) -> Ways:
    """What may be decided for these options, whatever the pictures are."""
    alone = options.finish == "network" or (
        options.finish == "auto"
        and options.coarse_side != 0
        and (options.transfer == "residual" or options.analogy_w == options.mrf_w == 0)
    )
    residual, picture = (options.transfer in ("auto", way) for way in ("residual", "picture"))
    return Ways(options.coarse_side != 0, not alone, residual, picture)


def decide(
    options: Options, a: tf.Tensor, a_prime: tf.Tensor, b: tf.Tensor, size_out: tf.Tensor
) -> Decision:
    """Who makes what, for these pictures.

    Args:
        options: of the export.
        a, a_prime, b: `(h, w, 3)` in [0, 255].
        size_out: int32 `(2,)`, height and width of the result.
    """
    same = tf.reduce_all(tf.equal(a, a_prime))
    nothing = explained = tf.constant(0.0, tf.float64)
    unfollowed = options.analogy_w == options.b_content_w == 0
    if options.transfer != "auto" and (unfollowed or not ways(options).pixels):
        return decided(options, same, tf.constant(0.0), nothing, size_out)  # whatever B is like
    far = tf.cond(same, lambda: tf.constant(0.0), lambda: strangeness(b, a))
    if options.transfer == "auto":
        hopeless = same | (far > STRANGE)
        explained = tf.cond(hopeless, lambda: nothing, lambda: explained_detail(a, a_prime))
    return decided(options, same, far, explained, size_out)


def decided(
    options: Options, same: tf.Tensor, far: tf.Tensor, explained: tf.Tensor, size_out: tf.Tensor
) -> Decision:
    """Who makes what, by what the pictures are.

    Args:
        options: of the export.
        same: bool, whether A' is A.
        far: float32, `strangeness` of B; 0 where A' is A.
        explained: float64, `explained_detail`.
        size_out: int32 `(2,)`, height and width of the result.
    """
    alike = far <= STRANGE
    kind = tf.where(same, KINDS.index(STYLE), tf.where(alike, *map(KINDS.index, (ALIKE, UNLIKE))))
    if options.analogy_w == options.b_content_w == 0:
        kind = tf.constant(KINDS.index(TEXTURE))
    residual = tf.constant(options.transfer == "residual")
    if options.transfer == "auto":
        residual = ~same & alike & (explained >= EXPLAINED)
    side = _coarse_side(options, kind, residual, size_out)
    share = tf.where(side > 0, _share(size_out, side), 1.0)
    pixels = (side == 0) | _ends_in_pixels(options, residual, share)
    return Decision(kind, residual, side > 0, pixels, tf.where(pixels, share, 1.0))


def _share(size_out: tf.Tensor, side: tf.Tensor | int) -> tf.Tensor:
    """As `pyramid.coarse_share`."""
    root = tf.sqrt(tf.reduce_prod(tf.cast(size_out, tf.float64)))
    return tf.minimum(tf.cast(side, tf.float64) / root, 1.0)


def _coarse_side(options: Options, kind, residual, size_out) -> tf.Tensor:
    """Side of what the network makes where pixels finish it, px; 0: there is no network."""
    if options.coarse_side is not None:
        return tf.constant(options.coarse_side)
    usual, unmatched = tf.constant(COARSE_SIDE), options.analogy_w == options.mrf_w == 0
    if not asks_for_network(options):
        small = tf.equal(kind, KINDS.index(ALIKE)) & (_share(size_out, COARSE_SIDE) >= 1.0)
        needed = (residual | unmatched | small) & (options.finish == "auto")
        usual = tf.where(needed, COARSE_SIDE, 0)
    return tf.where(tf.equal(kind, KINDS.index(TEXTURE)), TEXTURE_SIDE, usual)


def _ends_in_pixels(options: Options, residual, share) -> tf.Tensor:
    """Whether the fine levels are put together from pixels of A'."""
    if options.finish != "auto":
        return tf.constant(options.finish == "pixels")
    if options.analogy_w == options.mrf_w == 0:
        return tf.constant(False)
    return (share < 1.0) & ~residual
