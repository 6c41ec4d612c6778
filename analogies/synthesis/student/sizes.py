"""The sizes of the network, known without TensorFlow."""

from typing import NamedTuple

CELL = 4  # px of a side
NOISE = 16  # channels, one value per cell each, so that there are as many as a cell has pixels
PERIOD = 128  # px, of textures, and less of a small A'
LARGEST_PERIOD = 256  # px
MOST_LABELS = 12  # that have textures
BLURS = (1, 3)  # px, sides of what labels are compared with
GRAIN = 4  # channels of noise at the full size
BLOCKS = 4
# What a pixel of B' sees beyond itself, px: 9 cells of the convolutions on cells and the transposed
# one's own, and what the two at the full size see around them; a multiple of CELL.
HALO = (2 * BLOCKS + 2) * CELL + 4


class Chance(NamedTuple):
    """What a network takes beside pictures, where a B has many B'.

    Attributes:
        noise: whether it takes noise.
        period: of its textures in px, whose places it takes; 0: it has none.
    """

    noise: bool = False
    period: int = 0


class Size(NamedTuple):
    """Channels: of the picture at its full size, and of its cells."""

    fine: int
    cells: int


SIZES = {"small": Size(12, 48), "large": Size(16, 72)}
