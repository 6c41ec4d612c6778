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
        stored = _stored(image, self.low, self.factor, self.most)
        self.target[border:-border, border:-border, : self.style_channels] = stored
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
        source[..., at:end] = _stored(of_source, low[at:end], factor[at:end])
        if i:
            inside = target[border:-border, border:-border, at:end]
            inside[:] = _stored(of_target, low[at:end], factor[at:end])
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
    return remembered(values, "gray", lambda: bool((values == values[..., :1]).all()))


def _extent(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest of each channel."""
    return remembered(values, "extent", lambda: (values.min((0, 1)), values.max((0, 1))))


def _stored(
    values: np.ndarray, low: np.ndarray, factor: np.ndarray, most: np.ndarray | None = None
) -> np.ndarray:
    """Whole numbers for values; those of a picture stay within what A' has."""
    stored = np.rint((values - low) * factor)
    if most is not None:
        stored = np.clip(stored, 0, most)
    return stored.astype(np.int16)


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
