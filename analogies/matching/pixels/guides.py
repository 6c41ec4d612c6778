"""What is given to pixel synthesis and what comes out of it, checked once at the border."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analogies.errors import InputError

PATCH_SIZES = (3, 5, 7)
ENGINES = ("auto", "compiled", "tensorflow")


@dataclass(frozen=True)
class Guide:
    """What the source shows and what the result should show in the same terms.

    Give guides the range of the style, mostly 0 to 255, or a weight to make up for it: labels of 0
    and 1 count for nothing beside gray levels.

    Attributes:
        source: `(hA, wA)` or `(hA, wA, c)`, any numbers, of A'.
        target: `(h, w)` or `(h, w, c)`, the same kind of numbers, of B'.
        weight: What squared differences count; the channels share it, so that a gray guide and
            the same guide in RGB weigh alike. A sequence gives one weight per level, coarsest
            first, its last for all that follow.
    """

    source: np.ndarray
    target: np.ndarray
    weight: float | Sequence[float] = 1.0


@dataclass(frozen=True)
class Settings:
    """How patches are searched and weighed.

    Attributes:
        patch_size: 3, 5 or 7 pixels.
        uniformity: What it costs to use parts of A' more often than others, in squared gray
            levels. A match costs its distance and `uniformity` times the mean occurrence of its
            pixels, where 1 is the occurrence that they all have if A' is used evenly. As in
            EbSynth, whose default it has; 0 lets patches repeat freely.
        rounds: Searches, each followed by a vote, per level.
        sweeps: Sweeps of PatchMatch per search.
        still: A patch none of whose pixels a vote has changed by this much, in any channel, rests
            in the next search; where all rest the level ends. 0 searches everywhere, always.
        seed: Of the random search.
        threads: How many; None is as many as there are processors. The result is the same.
        engine: "compiled" for a CPU, "tensorflow" for a GPU; their results are of one kind but not
            the same. "auto" is "compiled": choosing the other imports TensorFlow.
        tile: Whether B' goes on at its other side, below its last row and to the right of its last
            column, so that it tiles a plane without a seam.
    """

    patch_size: int = 5
    uniformity: float = 3500.0
    rounds: int = 6
    sweeps: int = 4
    still: float = 2.0
    seed: int = 0
    threads: int | None = None
    engine: str = "auto"
    tile: tuple[bool, bool] = (False, False)

    def __post_init__(self) -> None:
        if self.patch_size not in PATCH_SIZES:
            raise InputError(
                f"Patches are 3, 5 or 7 pixels wide. Received: patch_size={self.patch_size}."
            )
        if self.engine not in ENGINES:
            raise InputError(
                f"The engine must be one of {', '.join(ENGINES)}. Received: {self.engine}."
            )
        least = {"uniformity": 0, "rounds": 0, "sweeps": 0, "still": 0, "seed": 0}
        for name, value in least.items():
            if not getattr(self, name) >= value:
                raise InputError(
                    f"{name} must be {value} or more. Received: {getattr(self, name)}."
                )
        if self.threads is not None and self.threads < 1:
            raise InputError(
                f"threads must be 1 or more, or None for all. Received: {self.threads}."
            )


@dataclass(frozen=True)
class Synthesized:
    """A picture made of patches of A', and where they come from.

    Attributes:
        image: float32 `(h, w, c)`, the vote of all patches, in the range of A'.
        rows: int32 `(h, w)`, row in A' of the middle of the patch matched with the patch around
            each pixel.
        cols: int32 `(h, w)`, its column.
        energy: float32 `(h, w)`, weighted squared distance of the two patches, summed over their
            pixels; what uniformity adds is not in it.
    """

    image: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    energy: np.ndarray

    @property
    def mean_energy(self) -> float:
        """The mean of `energy`."""
        return float(self.energy.mean())


def as_map(values: np.ndarray, name: str) -> np.ndarray:
    """Float32 `(h, w, c)` of a map with or without channels.

    Raises:
        InputError: if it has no pixels, another number of axes, or values that are not finite.
    """
    array = np.asarray(values)
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or 0 in array.shape or array.dtype.kind not in "buif":
        raise InputError(
            f"{name} must be numbers of shape (height, width) or (height, width, channels)."
            f" Received: {array.dtype} of shape {np.shape(values)}."
        )
    array = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(array).all():
        raise InputError(f"{name} must be finite. Received: values that are not.")
    return array


def checked(
    style: np.ndarray, guides: Sequence[Guide], size: tuple[int, int] | None, patch_size: int
) -> tuple[np.ndarray, list[Guide], tuple[int, int]]:
    """The style and guides as float32 `(h, w, c)`, and the target's height and width.

    Raises:
        InputError: for maps whose sizes do not go together or that are smaller than a patch, for
            weights below 0, and for a size that is neither given nor told by a guide.
    """
    style = as_map(style, "The style")
    found = []
    for i, guide in enumerate(guides):
        source = as_map(guide.source, f"The source of guide {i}")
        target = as_map(guide.target, f"The target of guide {i}")
        if source.shape[:2] != style.shape[:2]:
            raise InputError(
                f"The source of guide {i} must be as large as the style, {style.shape[:2]}."
                f" Received: {source.shape[:2]}."
            )
        if source.shape[2] != target.shape[2]:
            raise InputError(
                f"Source and target of guide {i} must have the same channels."
                f" Received: {source.shape[2]} and {target.shape[2]}."
            )
        if size is not None and target.shape[:2] != tuple(size):
            raise InputError(
                f"The target of guide {i} must be as large as B', {tuple(size)}."
                f" Received: {target.shape[:2]}."
            )
        if not np.all(np.asarray(guide.weight) >= 0):
            raise InputError(f"Weights must be 0 or more. Received: {guide.weight}.")
        size = target.shape[:2]
        found.append(Guide(source, target, guide.weight))
    if min(style.shape[:2]) < patch_size:
        raise InputError(
            f"The style must be at least {patch_size} pixels high and wide, as patches are."
            f" Received: {style.shape[:2]}."
        )
    if size is None or len(size) != 2 or min(size) < 1:
        raise InputError(
            f"Without guides the size must be given as (height, width). Received: {size}."
        )
    return style, found, (int(size[0]), int(size[1]))


def at_level(weight: float | Sequence[float], level: int) -> float:
    """The weight at a level, 0 the coarsest."""
    if isinstance(weight, (int, float)):
        return float(weight)
    return float(weight[min(level, len(weight) - 1)])
