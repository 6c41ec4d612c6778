"""The pictures that patches come from: pairs of A and A', and turned and scaled copies of them.

Where there are several their maps are put below one another and matched as one; a bias keeps
patches off the seams and off what a rotation left empty.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from analogies.matching.field import NearestNeighborField
from analogies.synthesis.controls import NONE, Controls

if TYPE_CHECKING:
    import tensorflow as tf

    Pair = tuple[tf.Tensor, tf.Tensor]
else:  # nothing heavy is imported for a name
    Pair = tuple


@dataclass(frozen=True)
class Part:
    """One picture of the stack.

    Attributes:
        label: what it is, for people.
        whole: whether it is a picture as given, neither turned nor scaled.
        top: px, its first row in the stack.
        size: `(height, width)` in px, padded to whole cells.
    """

    label: str
    whole: bool
    top: int
    size: tuple[int, int]


class References:
    """The pictures of a run: those that patches come from, and B.

    Args:
        pairs: of A and A' at full size, float32 `(h, w, 3)` in [0, 255].
        b: the same.
        rotations, rescales: see `augmented`.
        controls: guides and masks of these pictures.

    Attributes:
        arrays: the pairs, as they are given.
        array_b: B, the same.
        copies: rotations and rescales.
        several: whether patches come from more than one picture, or from a part of one.
    """

    def __init__(
        self,
        pairs: Sequence[tuple[np.ndarray, np.ndarray]],
        b: np.ndarray,
        rotations: int = 0,
        rescales: int = 0,
        controls: Controls = NONE,
    ) -> None:
        self.arrays, self.array_b = list(pairs), b
        self.copies, self.controls = (rotations, rescales), controls
        self.several = len(pairs) > 1 or any(self.copies) or controls.masked

    @cached_property
    def pairs(self) -> "list[Pair]":
        """The pairs on the device."""
        return [(_tensor(a), _tensor(a_prime)) for a, a_prime in self.arrays]

    @cached_property
    def b(self) -> "tf.Tensor":
        """B on the device."""
        return _tensor(self.array_b)


def shares(
    field: NearestNeighborField | None, parts: Sequence[Part], cell: int
) -> dict[str, float]:
    """{label: share of the matches that lie in it}, the largest first; none without parts."""
    if field is None or not parts:
        return {}
    tops = np.array([part.top // cell for part in parts])
    index = np.searchsorted(tops, np.asarray(field.rows).ravel(), side="right") - 1
    counts = np.bincount(index, minlength=len(tops)) / max(index.size, 1)
    order = np.argsort(-counts, kind="stable")
    return {parts[i].label: float(counts[i]) for i in order if counts[i]}


def boxes(
    parts: Sequence[Part],
    cell: int,
    whole: tuple[int, int],
    random: np.random.Generator,
    shape: tuple[int, ...],
) -> Any:
    """First row, rows and columns in cells of a picture as given, drawn at random.

    Args:
        parts: of the reference, none where it is one picture.
        cell: px.
        whole: rows and columns of the reference, in cells.
        random: is not asked where there is one picture.
        shape: of each of the three arrays; with one picture they are integers.
    """
    if not parts:
        return 0, *whole
    found = np.array([(part.top, *part.size) for part in parts if part.whole]) // cell
    return np.moveaxis(found[random.integers(0, len(found), shape)], -1, 0)


def _tensor(image: np.ndarray) -> "tf.Tensor":
    import tensorflow as tf

    return tf.convert_to_tensor(image, tf.float32)


def label(number: int, angle: float, factor: float) -> str:
    """What a copy is, for people."""
    words = [f"pair {number}"]
    if angle:
        words.append(f"turned {math.degrees(angle):+.1f} degrees")
    if factor != 1.0:
        words.append(f"scaled {factor:.2f}")
    return ", ".join(words)
