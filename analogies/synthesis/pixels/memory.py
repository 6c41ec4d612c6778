"""How much memory a level of pixels takes, from sizes alone.

In bytes, at the finest level, for A and A' of `a` px (all pairs and copies below one another), B'
of `b` px, and guides of g channels that go with a style of 3:

    sources   24 a, and 12 b where B is resized
    guides    4 o_a a + 4 o_b b               channels that are no picture as given
    maps      2 c (a + b)                     c = 3 + g filled up to fours, int16
    search    (2 + 4 + 4 BANDS) a + 29 b      allowed, counts; places, energies, B'
    state     24 b                            field and B', as they are handed on
    kept      KEPT b                          masks, and what stays, where not all of B' is made
    work      the most that is there for a moment: WORK (a + b)

Evening a filling out takes as much again as the search and the work, which end before it.

Measured on squares and strips; `scripts/benchmark.py memory` compares it with what runs take.
"""

from typing import NamedTuple

from analogies.synthesis.pixels.kinds import ALIKE, STYLE, UNLIKE, Kind

BANDS = 8  # of rows, with counts of their own; see `matching.pixels.compiled`
WORK = 24
KEPT = 54


class Channels(NamedTuple):
    """Channels of the guides: all, and those of which A and B have maps of their own."""

    all: int
    own_a: int
    own_b: int


# STYLE: luminance, B in A's colors, and flow. ALIKE: heights too, among labels. UNLIKE: B halfway
# in A's colors, and edges.
CHANNELS = {
    STYLE.name: Channels(6, 6, 6),
    ALIKE.name: Channels(4, 1, 1),
    UNLIKE.name: Channels(4, 1, 4),
}
NONE = Channels(0, 0, 0)


def joint_channels(kind: Kind, network: bool, given: int = 0) -> int:
    """Channels of what is searched: style and guides, filled up to fours."""
    more = 3 if network and kind.network else 0
    return -(-(3 + CHANNELS.get(kind.name, NONE).all + more + given) // 4) * 4


def pixel_bytes(
    kind: Kind, a: float, b: float, network: bool, resized: bool, given: int = 0, kept: bool = False
) -> int:
    """Bytes that pixels take at their finest level, beside the pictures as given.

    Args:
        kind: of the job.
        a, b: areas of all of A' and of B', px.
        network: whether it made a picture, which is one more guide.
        resized: whether B is not as large as B'.
        given: channels of the guides that a person gives.
        kept: whether a part of B' stays as it is.
    """
    guides = CHANNELS.get(kind.name, NONE)
    more = given + (3 if network and kind.network else 0)
    own_a, own_b = guides.own_a + more, guides.own_b + more
    joint = joint_channels(kind, network, given)
    of_a = 24 + 4 * own_a + 2 * joint + 6 + 4 * BANDS + WORK
    of_b = 12 * resized + 4 * own_b + 2 * joint + 29 + 24 + WORK + KEPT * kept
    return int(of_a * a + of_b * b)
