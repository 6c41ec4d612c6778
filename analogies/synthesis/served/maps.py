"""The guides of a request: `synthesis.pixels.maps` in graphs, as channels of one map."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from analogies.synthesis.likeness import SMOOTH_SIGMA
from analogies.synthesis.pixels.kinds import ALIKE, STYLE, UNLIKE
from analogies.synthesis.pixels.maps import HEIGHT, STROKES, STYLE_COLORS, STYLE_FLOW
from analogies.synthesis.served.arrays import blurred, detail, luminance, scaled
from analogies.synthesis.served.asked import KINDS
from analogies.synthesis.served.flow import forms, strokes
from analogies.synthesis.served.likeness import mostly_flat
from analogies.synthesis.served.palette import ranked, recolored, repainted

LEVELS = len(HEIGHT)  # with weights of their own; those that follow have the last one's


class Guides(NamedTuple):
    """All guides at full size, side by side.

    Attributes:
        source: float32 `(hA, wA, c)`, what A' shows.
        target: float32 `(h, w, c)`, what B' should show.
        weights: float32 `(LEVELS, c)`, of the channels, by level from the coarsest.
    """

    source: tf.Tensor
    target: tf.Tensor
    weights: tf.Tensor


class Sources(NamedTuple):
    """A, A' and B at full size, float32 `(h, w, 3)` in [0, 255]."""

    a: tf.Tensor
    a_prime: tf.Tensor
    b: tf.Tensor


def guides(kind: tf.Tensor, sources: Sources, follow: float) -> Guides:
    """What A and B show.

    Args:
        kind: int32, of `KINDS`.
        sources: the pictures.
        follow: factor of the weight of what B shows.
    """
    makers = {STYLE: _of_style, ALIKE: _of_the_like, UNLIKE: _of_the_unlike}
    return tf.switch_case(
        kind,
        [
            lambda k=k: makers.get(k, _none)(sources, k.weight * follow)  # type: ignore[misc]
            for k in KINDS
        ],
    )


def with_network(guides: Guides, kind: tf.Tensor, a_prime, network, factor) -> Guides:
    """Guides and A' as soft as what the network made, which is the like of B'.

    Args:
        guides: see there.
        kind: int32, of `KINDS`.
        a_prime: `(hA, wA, 3)`.
        network: `(h', w', 3)`.
        factor: float64, its size to the full size.
    """
    sides = tf.cast(tf.shape(a_prime)[:2], tf.float64)
    small = tf.maximum(tf.cast(tf.round(sides * factor), tf.int32), 1)
    soft = scaled(scaled(a_prime, small), tf.shape(a_prime)[:2])
    weight = tf.gather(tf.constant([k.network for k in KINDS]), kind)
    size = tf.shape(guides.target)[:2]
    made = _beside([(soft, scaled(network, size), tf.fill([LEVELS], weight))])
    return Guides(*(tf.concat(both, -1) for both in zip(guides, made, strict=True)))


def _none(sources: Sources, weight: float) -> Guides:
    nothing = sources.a[..., :0], sources.b[..., :0]
    return Guides(*nothing, tf.zeros((LEVELS, 0)))


def _of_style(sources: Sources, weight: float) -> Guides:
    """Tones, colors, and how strokes run."""
    a, b = sources.a, sources.b
    plain, own = blurred(a, STROKES), luminance(b)
    tones = luminance(plain)
    return _beside(
        [
            (tones, ranked(own, tones), weight),
            (plain, repainted(b, plain), STYLE_COLORS * weight),
            (strokes(luminance(a)), forms(own), STYLE_FLOW * weight),
        ]
    )


def _of_the_like(sources: Sources, weight: float) -> Guides:
    """A and B themselves, and among flat labels how high a place lies."""
    a, b = sources.a, sources.b
    flat = tf.cast(mostly_flat(a), tf.float32)
    heights = flat * weight * tf.constant(HEIGHT)
    return _beside([(a, b, weight), (_heights(a), _heights(b), heights)])


def _of_the_unlike(sources: Sources, weight: float) -> Guides:
    """B halfway in A's colors, and the edges."""
    a, b = sources.a, sources.b
    edges, own = (detail(luminance(x), SMOOTH_SIGMA) for x in (a, b))
    own *= tf.math.reduce_std(edges) / tf.maximum(tf.math.reduce_std(own), 1e-3)
    return _beside([(a, (b + recolored(b, a)) / 2.0, weight), (edges, own, weight)])


def _beside(maps: Sequence[tuple[tf.Tensor, tf.Tensor, float | tf.Tensor]]) -> Guides:
    """Maps of A' and of B' and their weights, which the channels of each share."""
    sources, targets, weights = zip(*maps, strict=True)
    shared = [
        tf.ones((LEVELS, source.shape[2])) * tf.reshape(weight, (-1, 1)) / source.shape[2]
        for source, weight in zip(sources, weights, strict=True)
    ]
    return Guides(*(tf.concat(parts, -1) for parts in (sources, targets, shared)))


def _heights(picture: tf.Tensor) -> tf.Tensor:
    """`(h, w, 1)`: 0 in the first row, 255 in the last."""
    height, width = tf.unstack(tf.shape(picture)[:2])
    last = tf.maximum(tf.cast(height - 1, tf.float32), 1.0)
    column = tf.range(tf.cast(height, tf.float32)) * (255.0 / last)
    return tf.repeat(column[:, tf.newaxis, tf.newaxis], width, 1)
