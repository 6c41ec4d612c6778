"""Style and guides side by side in one map of whole numbers, scaled by their weights.

With every channel multiplied by the root of its weight, the weighted squared distance of two
patches is the plain one, `|s(p) - t(q)|^2` summed over the pixels of the patch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analogies.matching.pixels.guides import Guide
from analogies.matching.pixels.remembering import remembered

LARGEST_DISTANCE = 2.0**30  # half of what int32 holds: rounding may enlarge differences
ANY = 32767.0  # what int16 holds
PLANE = (False, False)
GROUP = 4  # channels are filled up to a multiple, the shortest vector of `kernels`

Wrap = tuple[bool, bool]  # whether rows and columns go on at the other side


@dataclass(frozen=True)
class JointMaps:
    """A' and B' with their guides.

    Attributes:
        source: int16 `(hA, wA, c)`.
        target: int16 `(h + 2 r, w + 2 r, c)`, with a border of half a patch, `r`.
        style_channels: How many of the channels are the style's, the first ones.
        low, factor: float32 `(style_channels,)`: a pixel of style `v` is stored as
            `round((v - low) * factor)`.
        unit: How much one unit of weighted squared distance is in squared whole numbers.
        wrap: Whether the target's border shows its other side rather than its last pixels: above
            and below, and to the left and right.
    """

    source: np.ndarray
    target: np.ndarray
    style_channels: int
    low: np.ndarray
    factor: np.ndarray
    unit: float
    wrap: Wrap

    @cached_property
    def most(self) -> np.ndarray:
        """int16 `(style_channels,)`: the largest of A' in each."""
        return np.asarray(self.source[..., : self.style_channels].max((0, 1)))

    def show(self, image: np.ndarray) -> None:
        """Put the picture B', float32 `(h, w, style_channels)`, into the target."""
        border = (self.target.shape[0] - image.shape[0]) // 2
        inside = self.target[border:-border, border:-border, : self.style_channels]
        _store(image, self.low, self.factor, inside, self.most)
        _fill_border(self.target[..., : self.style_channels], border, self.wrap)


def joint_maps(
    style: np.ndarray,
    guides: Sequence[Guide],
    weights: Sequence[float],
    size: tuple[int, int],
    patch_size: int,
    wrap: Wrap = PLANE,
) -> JointMaps:
    """Lay the style and the guides side by side; B' is still empty.

    Arguments:
        style: float32 `(hA, wA, c)`.
        guides: Their maps float32 with channels.
        weights: Of the style and of each guide.
        size: Height and width of B'.
        patch_size: In px.
        wrap: See `JointMaps`.
    """
    pairs = [(style, style), *(_distinct(guide) for guide in guides)]
    lows, roots, largest = [], [], 0.0
    for (source, target), weight in zip(pairs, weights, strict=True):
        (own_low, own_high), (low, high) = _extent(source), _extent(target)
        low = np.minimum(own_low, low)
        reach = np.maximum(own_high, high) - low
        weight = weight / source.shape[2]
        lows.append(low)
        roots.append(np.full(source.shape[2], np.sqrt(weight), np.float32))
        largest += weight * float(np.square(reach.astype(np.float64)).sum())
    # Where all is one color any scale does.
    unit = LARGEST_DISTANCE / (patch_size**2 * largest) if largest > 0 else 1.0
    unit = min(unit, 1e12)
    low = np.concatenate(lows)
    factor = (np.concatenate(roots) * np.sqrt(unit)).astype(np.float32)
    channels = -(-len(low) // GROUP) * GROUP
    border = patch_size // 2
    source = np.zeros((*style.shape[:2], channels), np.int16)
    target = np.zeros((size[0] + 2 * border, size[1] + 2 * border, channels), np.int16)
    at = 0
    for i, (of_source, of_target) in enumerate(pairs):
        end = at + of_source.shape[2]
        _store(of_source, low[at:end], factor[at:end], source[..., at:end])
        if i:
            inside = target[border:-border, border:-border, at:end]
            _store(of_target, low[at:end], factor[at:end], inside)
        at = end
    _fill_border(target, border, wrap)
    count = style.shape[2]
    return JointMaps(source, target, count, low[:count], factor[:count], unit, wrap)


def _distinct(guide: Guide) -> tuple[np.ndarray, np.ndarray]:
    """Source and target of a guide; of a gray picture in three equal channels only one."""
    maps = (guide.source, guide.target)
    if all(map(_is_gray, maps)):
        return maps[0][..., :1], maps[1][..., :1]
    return maps


def _is_gray(values: np.ndarray) -> bool:
    """Whether all channels are the same."""
    first = values[..., 0]
    channels = range(1, values.shape[2])
    return remembered(
        values, "gray", lambda: all(np.array_equal(values[..., c], first) for c in channels)
    )


def _extent(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest of each channel."""
    from analogies.matching.pixels import storing

    def measured() -> tuple[np.ndarray, np.ndarray]:
        found = np.empty((2, values.shape[2]), np.float32)
        storing.extent(values, found)
        return found[0], found[1]

    return remembered(values, "extent", measured)


def _store(
    values: np.ndarray,
    low: np.ndarray,
    factor: np.ndarray,
    to: np.ndarray,
    most: np.ndarray | None = None,
) -> None:
    """Put whole numbers for values in their place; those of a picture stay within what A' has."""
    from analogies.matching.pixels import storing

    least, limit = (-ANY, ANY) if most is None else (0, most)
    channels = values.shape[2]
    limits = [np.full(channels, x, np.float32) for x in (least, limit)]
    storing.store(values, low, factor, *limits, to)


def _fill_border(padded: np.ndarray, border: int, wrap: Wrap) -> None:
    """Continue a map beyond its sides, by its last pixels or by its other side."""
    h, w = (side - 2 * border for side in padded.shape[:2])
    rows, cols = beyond(h, border, wrap[0]) + border, beyond(w, border, wrap[1]) + border
    padded[:border], padded[h + border :] = padded[rows[:border]], padded[rows[-border:]]
    padded[:, :border] = padded[:, cols[:border]]
    padded[:, w + border :] = padded[:, cols[-border:]]


def beyond(count: int, border: int, wrap: bool) -> np.ndarray:
    """Which of `count` rows stands at each place from `-border` up to `count + border`."""
    rows = np.arange(-border, count + border)
    return rows % count if wrap else np.clip(rows, 0, count - 1)
