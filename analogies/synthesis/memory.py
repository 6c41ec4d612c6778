"""How much memory a run takes, worked out before it starts, and what size would fit.

A run is one of: the network alone; the network at a small size, then pixels, which take the more of
the two and what TensorFlow needs; pixels alone, without TensorFlow. `pixels.memory` has the bytes
of pixels. Those of the network, at its finest level, for A and A' of `a` px (all pairs and copies
together), B' of `b` px, and a network whose layers have c channels and a stride of s px; sums are
over the layers named:

    total     base + GAPS (pictures + scene + targets + work)
    base      BASE, PIXEL_BASE without TensorFlow
                                 Python, TensorFlow, Keras, the network's code and buffers
    pictures  24 (2 a_in + b_in)       as given, in NumPy and on the device; guides beside them
    scene     4 a (3 + V + 2 P) + 4 b (3 + P + C)
                V = sum c / s^2        of the layers that are voted, C: of the content
                P = min(3 + sum c, JOINT_CHANNELS) / cell^2  of half a joint map; cells of the
                  grid are `cell` px wide
    targets   4 b (3 + V)
    work      the most of
                minimizing: 12 b (2 (2 m + 4) + VECTORS) + gradient; m pairs of L-BFGS. The
                  state is there twice, before and after a step
                  gradient = 4 GRADIENT sum c / s^2 of all convolutions, times b, or a piece's area
                voting: 4 VOTING V (a + b), or a part of it
                looking: 4 LOOKING (2 a + b) sum c / s^2 of the layers, or a piece's gradient;
                  and 8 (3 + sum c) / max(cell, least s)^2 times A without copies, for the axes
                matching: 4 MATCHING P (a + b), and exact: TILE_BYTES at most;
                  PatchMatch: 4 CANDIDATES DESCRIPTOR (a + b) / cell^2; where a level is refined
                  the larger

The capital numbers were measured; `scripts/benchmark.py memory` compares estimates with what runs
take. Plain Python, so that it can be checked before TensorFlow is imported.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analogies.features.networks import LayerInfo, check_layers, layer_info, layer_table
from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.pixels.kinds import STYLE
from analogies.synthesis.pixels.memory import pixel_bytes

if TYPE_CHECKING:
    from analogies.synthesis.decision import Decision

FLOAT = 4  # bytes
BASE = 800 << 20
PIXEL_BASE = 190 << 20
GAPS = 1.1  # what the allocator holds for what is in use
VECTORS = 10  # of the size of B' that a step of L-BFGS takes, beside its state
GRADIENT = 2.5
VOTING = 4.0
LOOKING = 1.5
TURNED = 1.3  # area of a turned picture's frame
MATCHING = 4.0
TILE_BYTES = 160 << 20  # of exact matching, for as many products as TILE_PRODUCTS and their sums
TILE_PRODUCTS = 7_000_000
CANDIDATES, DESCRIPTOR = 6, 64  # of a patch of PatchMatch, at once
PAIRS, PAIRS_IN_PIECES = 10, 5  # of L-BFGS

WHOLE_BYTES = 1 << 30  # a gradient may take that for a picture in one piece
PIECE_BYTES = 320 << 20  # and that for one of several pieces
SMALLEST_PIECE = 64  # px, side of a core

Size = tuple[int, int]


@dataclass(frozen=True)
class Need:
    """Bytes, see above."""

    base: int
    pictures: int
    scene: int
    targets: int
    work: int

    @property
    def total(self) -> int:
        """All together."""
        held = self.pictures + self.scene + self.targets + self.work
        return self.base + int(GAPS * held)


def estimate(
    size_a: Size,
    size_b: Size,
    options: Options,
    network: str,
    pairs: Sequence[Size] = (),
    decision: "Decision | None" = None,
) -> Need:
    """What a run takes at its peak.

    Args:
        size_a, size_b: `(height, width)` of A and B as given, px.
        options: of the run.
        network: one of `NETWORKS`.
        pairs: `(height, width)` of further pairs of A and A', px.
        decision: who makes what, where the pictures are known; else what is foreseen.
    """
    from analogies.synthesis.decision import at_size, foreseen  # which looks at pictures

    known = decision or foreseen(options, size_b)
    way = at_size(known, options, size_b)
    needs = []
    if way.network:
        needs.append(_of_network(size_a, size_b, options, network, pairs, way))
    if way.pixels:
        needs.append(_of_pixels(size_a, size_b, options, pairs, way))
    return max(needs, key=lambda need: need.total)


def needs_tensorflow(options: Options, way: "Decision") -> bool:
    """Whether anything of a run does: the network, a GPU, changed colors, copies of pictures."""
    changed = options.match_color != "off" or options.rotations or options.rescales
    return bool(way.network or changed or options.device.startswith("gpu"))


def sizes_of_a(
    size_a: Size, size_b: Size, options: Options, pairs: Sequence[Size] = ()
) -> list[Size]:
    """`(height, width)` of A and of further pairs as they are worked with at the finest level."""
    size_out = pyramid.result_size(size_b, options)
    mode, factor = options.a_scale_mode, options.a_scale
    return [pyramid.scaled_size(x, size_b, size_out, mode, factor) for x in (size_a, *pairs)]


def _of_pixels(
    size_a: Size, size_b: Size, options: Options, pairs: Sequence[Size], way: "Decision"
) -> Need:
    """What pixels take, TensorFlow beside them where anything needs it."""
    size_out = pyramid.result_size(size_b, options)
    sizes = sizes_of_a(size_a, size_b, options, pairs)
    a, b = sum(map(math.prod, sizes)) * _copies(options), math.prod(size_out)
    tensorflow = needs_tensorflow(options, way)
    same = 1 if way.kind == STYLE else 2  # A and A' are one picture
    given = same * sum(map(math.prod, [size_a, *pairs])) + math.prod(size_b)
    resized = size_out != tuple(size_b)
    held = pixel_bytes(way.kind, a, b, way.network, resized, way.guides, way.kept)
    base = BASE if tensorflow else PIXEL_BASE
    pictures = 3 * FLOAT * given * (1 + way.network)
    return Need(base, pictures + _of_guides(size_a, size_b, pairs, way), held, 0, 0)


def _of_guides(size_a: Size, size_b: Size, pairs: Sequence[Size], way: "Decision") -> int:
    """Guides as they are given: their pictures, and their channels, twice for a moment."""
    area = sum(map(math.prod, [size_a, *pairs])) + math.prod(size_b)
    return FLOAT * area * (min(3 * way.guides, 9) + 2 * (way.guides + 1)) if way.guides else 0


def _of_network(
    size_a: Size,
    size_b: Size,
    options: Options,
    network: str,
    pairs: Sequence[Size],
    way: "Decision",
) -> Need:
    """What the network takes, at a share of the result's size."""
    level = _finest(size_a, size_b, options, network, pairs, way.share)
    sizes = [level.size_a, *filter(None, level.size_pairs)]
    largest, b = max(map(math.prod, sizes)), math.prod(level.size_b)
    given = sum(map(math.prod, sizes))
    a = given * _copies(options)
    terms = options.layers()
    voted = {*terms.get("analogy_layers", ()), *terms.get("mrf_layers", ())}
    v, c = (_maps(network, names) for names in (voted, terms.get("content_layers", ())))
    used = {name for names in terms.values() for name in names}
    matched = [layer_info(network, name) for name in sorted(voted or used)]
    channels = 3 + sum(info.channels for info in matched)
    p = (min(channels, pyramid.JOINT_CHANNELS) + way.guides) / level.cell**2
    axes = 2 * given * channels / max(level.cell, min(info.stride for info in matched)) ** 2
    exact = TILE_BYTES * min(1.0, a * b / level.cell**4 / TILE_PRODUCTS)
    patchmatch = FLOAT * CANDIDATES * DESCRIPTOR * (a + b) / level.cell**2
    searching = max(
        exact if level.method == "exact" else 0.0,
        patchmatch if level.method == "patchmatch" or level.refined else 0.0,
    )
    whole = piece_side(network, used, max(largest, b), options) is None
    gradient = gradient_bytes(network, used)
    if whole:
        looking = LOOKING * FLOAT * _maps(network, used) * (2 * a + b)
        gradient, voting, kept = gradient * b, VOTING * v * (a + b), PAIRS
    else:
        gradient = looking = float(_piece_bytes(options))
        voting, kept = VOTING * v * (a + b) / 4, PAIRS_IN_PIECES
    return Need(
        base=BASE,
        pictures=6 * FLOAT * (2 * sum(map(math.prod, [size_a, *pairs])) + math.prod(size_b))
        + 2 * _of_guides(size_a, size_b, pairs, way),
        scene=int(FLOAT * (a * (3 + v + 2 * p) + b * (3 + p + c))),
        targets=int(FLOAT * b * (3 + v)),
        work=int(
            max(
                3 * FLOAT * b * (2 * (2 * kept + 4) + VECTORS) + gradient,
                FLOAT * voting,
                looking + FLOAT * axes,
                FLOAT * MATCHING * p * (a + b) + searching,
            )
        ),
    )


def piece_side(network: str, layers: Iterable[str], area: int, options: Options) -> int | None:
    """Side in px of the pieces that a picture is cut into, or None for one piece.

    Args:
        network: one of `NETWORKS`.
        layers: all that are looked at.
        area: px.
        options: `memory` makes the pieces smaller or larger.
    """
    per_pixel, piece = gradient_bytes(network, layers), _piece_bytes(options)
    if options.match_mode == "layer" or any(options.tiled):
        return None  # pieces know no other side
    if area * per_pixel <= piece * WHOLE_BYTES // PIECE_BYTES:
        return None
    halo = max(info.reach for info in _cut(network, layers))
    return max(SMALLEST_PIECE, int((piece / per_pixel) ** 0.5) - 2 * halo)


def gradient_bytes(network: str, layers: Iterable[str]) -> float:
    """Bytes per pixel that a loss on feature maps and its gradient take while computed."""
    return FLOAT * GRADIENT * sum(i.channels / i.stride**2 for i in _cut(network, layers))


def _piece_bytes(options: Options) -> int:
    """A twenty-fourth of a limit that is given: the usual size for 8 GB."""
    return PIECE_BYTES if options.memory is None else int(options.memory * 10**9 / 24)


def _copies(options: Options) -> float:
    """How many times the area of A the turned and scaled copies have, together with A."""
    count = pyramid.count_copies(options)
    return count * (TURNED if options.rotations else 1.0)


def _finest(
    size_a: Size,
    size_b: Size,
    options: Options,
    network: str,
    pairs: Sequence[Size],
    share: float,
) -> pyramid.Level:
    """Sizes and cell of the network's last level."""
    return network_levels(
        size_a, size_b, replace(options, scales=min(options.scales, 2)), network, pairs, share
    )[-1]


def network_levels(
    size_a: Size,
    size_b: Size,
    options: Options,
    network: str,
    pairs: Sequence[Size] = (),
    share: float = 1.0,
) -> tuple[pyramid.Level, ...]:
    """The network's levels, as far as sizes and options tell.

    Args:
        share: size of the finest as a fraction of the result; the others as for `estimate`.
    """
    terms = options.layers()
    voted = {*terms.get("analogy_layers", ()), *terms.get("mrf_layers", ())}
    names = voted or {name for layers in terms.values() for name in layers}
    channels = 3 + sum(layer_info(network, name).channels for name in names)
    size_out = pyramid.result_size(size_b, options)
    full = sizes_of_a(size_a, size_b, options, pairs)
    small = [pyramid.times(size, share) for size in (size_out, *full)]
    return pyramid.plan(
        small[1],
        small[0],
        small[0],
        scales=options.scales,
        min_scale=options.min_scale,
        patch_size=1,
        smallest_side=1,
        size_pairs=small[2:],
        cell_pairs=pyramid.affordable_pairs(channels),
        model=options.model if options.match_mode == "joint" else "exact",
        copies=pyramid.count_copies(options),
    ).levels


def _maps(network: str, layers: Iterable[str]) -> float:
    """Floats per pixel of some layers' maps."""
    infos = [layer_info(network, name) for name in layers]
    return sum(info.channels / info.stride**2 for info in infos)


def _cut(network: str, layers: Iterable[str]) -> list[LayerInfo]:
    """The convolutions up to the last one looked at."""
    table = layer_table(network)
    names = check_layers(network, tuple(layers))
    last = max(index for index, info in enumerate(table) if info.name in names)
    return list(table[: last + 1])
