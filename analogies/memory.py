"""How much memory a run takes, and how large a picture may be before it is cut into pieces.

Plain Python, so that it can be checked before TensorFlow is imported.
"""

from collections.abc import Iterable

from analogies.features.networks import check_layers, layer_table

FLOAT = 4  # bytes
WHOLE_BYTES = 768 << 20  # a loss with its gradient may take that for a picture in one piece
PIECE_BYTES = 384 << 20  # and that for one of several pieces
SMALLEST_PIECE = 64  # px, side of a core


def piece_side(network: str, layers: Iterable[str], area: int) -> int | None:
    """Side in px of the pieces that a picture is cut into, or None for one piece.

    Args:
        network: one of `NETWORKS`.
        layers: all that are looked at.
        area: px.
    """
    per_pixel = gradient_bytes(network, layers)
    if area * per_pixel <= WHOLE_BYTES:
        return None
    halo = max(info.reach for info in _used(network, layers))
    return max(SMALLEST_PIECE, int((PIECE_BYTES / per_pixel) ** 0.5) - 2 * halo)


def gradient_bytes(network: str, layers: Iterable[str]) -> float:
    """Bytes per pixel that a loss on feature maps and its gradient take while computed."""
    maps = sum(info.channels / info.stride**2 for info in _used(network, layers))
    return FLOAT * 3.0 * maps


def _used(network: str, layers: Iterable[str]) -> list:
    """The convolutions up to the last one looked at."""
    table = layer_table(network)
    names = check_layers(network, tuple(layers))
    last = max(index for index, info in enumerate(table) if info.name in names)
    return list(table[: last + 1])
