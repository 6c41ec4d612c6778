"""Levels and rounds of pixels, from options and sizes alone. Plain Python."""

import math

from analogies.options.table import Options
from analogies.synthesis.pixels.kinds import FILL, GUIDES, TEXTURE, Kind
from analogies.synthesis.pyramid import Level, fine_levels

SPEED_ROUNDS = {"fast": 0.5, "balanced": 1.0, "best": 1.5}  # by speed, of those of a kind
FULL_ROUNDS = 200_000  # px of a level, up to which it gets all rounds and sweeps of its kind
LEAST = 2  # of each
UNIFORMITY = 70000.0  # of the search's, for one of the option's: 3500, EbSynth's, for its default
FOCUS = 0.6  # px, how fast the weight of a voted patch falls off from its middle at the end
FINE_PATCH = 3  # px, of the patches that a picture is refined by


def patch_size(options: Options, kind: Kind) -> int:
    """Side of patches, px."""
    return kind.patch_size if options.pixel_patch == "auto" else int(options.pixel_patch)


def pixel_levels(
    options: Options,
    kind: Kind,
    size_a: tuple[int, int],
    size_out: tuple[int, int],
    share: float | None,
) -> tuple[Level, ...]:
    """The levels of pixels, coarse to fine.

    Args:
        options: of the run.
        kind: of the job.
        size_a: `(height, width)` of all of A' together, px.
        size_out: the same of the result.
        share: size of what the network makes, as a fraction of the result; None: it makes nothing.
    """
    most = kind.levels
    finer = share is not None and (share < 1.0 or any(options.tiled))
    if kind == TEXTURE and finer:  # than the network, which has found the motifs
        most = 1 + math.ceil(-math.log2(share or 1.0))
    patch = patch_size(options, kind)
    return fine_levels(size_a, size_out, patch, most, options.tiled, kind.smallest)


def pixel_rounds(options: Options, kind: Kind, level: Level) -> int:
    """Rounds of a level, less that with small patches.

    The larger a level, the better what it starts from: the level below has found most of it.
    """
    rounds = kind.rounds * SPEED_ROUNDS[options.speed]
    return max(LEAST, round(rounds * _left_to_find(kind, level)))


def pixel_sweeps(kind: Kind, level: Level) -> int:
    """Sweeps of each search of a level; fewer at large ones, as of rounds."""
    return max(LEAST, round(kind.sweeps * _left_to_find(kind, level)))


def _left_to_find(kind: Kind, level: Level) -> float:
    """The share of a kind's work that a level of its size leaves."""
    if kind == GUIDES:
        return 1.0
    return min(1.0, math.sqrt(FULL_ROUNDS / math.prod(level.size_b)))


def refined(options: Options, kind: Kind, level: Level) -> bool:
    """Whether a level ends with a round with small patches."""
    fine = level.scale == 1.0 and patch_size(options, kind) > FINE_PATCH
    return fine and kind.refined is not None


def evens(options: Options, kind: Kind, level: Level) -> bool:
    """Whether a level ends with offsets evened out; a field that is saved gives votes alone."""
    return kind.name == FILL.name and level.scale == 1.0 and options.save_field is None
