"""Pixel synthesis over a pyramid, coarse to fine."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.matching.pixels.guides import (
    Guide,
    Settings,
    Synthesized,
    as_map,
    at_level,
    checked,
)
from analogies.matching.pixels.kept import as_kept
from analogies.matching.pixels.levels import Field, synthesize_level
from analogies.matching.pixels.places import leaves_patches, upsampled
from analogies.matching.pixels.remembering import remembered


@dataclasses.dataclass(frozen=True)
class LevelDone:
    """A level that has ended.

    Attributes:
        number: 0 for the coarsest.
        count: How many there are.
        source_size: Height and width of A' at this level, to which the field refers.
        result: What it has come to.
    """

    number: int
    count: int
    source_size: tuple[int, int]
    result: Synthesized


def synthesize(
    style: np.ndarray,
    guides: Sequence[Guide] = (),
    settings: Settings | None = None,
    *,
    size: tuple[int, int] | None = None,
    levels: int | None = None,
    init: np.ndarray | None = None,
    field: Field | None = None,
    style_weight: float | Sequence[float] = 1.0,
    a_mask: np.ndarray | None = None,
    b_mask: np.ndarray | None = None,
    known: np.ndarray | None = None,
    extra_pass: bool = False,
    on_level: Callable[[LevelDone], bool | None] | None = None,
) -> Synthesized:
    """Make B' of patches of A', such that the guides of both agree.

    Patches are compared by squared distance, over A' and B' as it stands and over all guides; a
    match also costs what `Settings.uniformity` says. The way is that of EbSynth (Jamriška et al.,
    Stylizing Video by Example, 2019), with the search of PatchMatch (Barnes et al. 2009) and the
    vote of Wexler et al. 2007, from a coarse level to the full size.

    Arguments:
        style: A', uint8 or float `(hA, wA)` or `(hA, wA, c)`.
        guides: What A' and B' show.
        settings: How to search; None for the defaults.
        size: Height and width of B'; needed only without guides.
        levels: How many, each twice the size of the one before; None: so many that patches still
            have some choice at the coarsest.
        init: `(h, w, c)`, what B' looks like at the start; the coarsest level starts from it.
        field: Rows and columns in A' of middles of patches, `(h, w)` or of another size; the
            coarsest level starts from it.
        style_weight: What squared differences between A' and B' count, shared by the channels;
            a sequence as for guides.
        a_mask: `(hA, wA)`, where A' may be used; patches must lie inside it, also at the coarsest
            level, of which there are fewer for a narrow mask.
        b_mask, known: `(h, w)` and `(h, w, c)`: where B' is made, and B' in the range of A', which
            stays elsewhere; see `synthesize_level`.
        extra_pass: Go once more over the last level, with patches of 3 and without uniformity.
        on_level: Called after each level; all ends where it returns True.

    Returns:
        B', its field and energies, of the last level.

    Raises:
        InputError: for inputs that do not go together.

    Example:
        >>> import numpy as np
        >>> a = np.tile(np.repeat([0, 255], 6), (48, 4))  # upright stripes
        >>> a_prime, b = 200 - a // 2, np.roll(a, 3, axis=1)
        >>> made = synthesize(a_prime, [Guide(a, b)])
        >>> made.image.shape, bool(np.allclose(made.image[..., 0], 200 - b // 2))
        ((48, 48, 1), True)
    """
    settings = settings or Settings()
    style, guides, size = checked(style, guides, size, settings.patch_size)
    init = None if init is None else as_map(init, "B' at the start")
    if levels is not None and levels < 1:
        raise InputError(f"levels must be 1 or more, or None. Received: {levels}.")
    masks = {
        name: None if mask is None else np.asarray(mask, bool)
        for name, mask in (("a_mask", a_mask), ("b_mask", b_mask))
    }
    kept = as_kept(masks["b_mask"], known, size, style.shape[2])
    count = levels or _level_count(style.shape[:2], size, settings.patch_size, masks["a_mask"])
    refers_to = style.shape[:2]
    start = field

    def at(number: int, of_source: tuple[int, int], of_target: tuple[int, int]) -> dict[str, Any]:
        """What does not depend on the levels before."""
        return {
            "style": reduced(style, of_source),
            "guides": [
                Guide(
                    reduced(guide.source, of_source),
                    reduced(guide.target, of_target),
                    at_level(guide.weight, number),
                )
                for guide in guides
            ],
            "size": of_target,
            "style_weight": at_level(style_weight, number),
            "a_mask": _reduced(masks["a_mask"], of_source),
            "b_mask": _reduced(masks["b_mask"], of_target),
            "known": _reduced(None if kept is None else kept.known, of_target),
        }

    for number in range(count):
        of_source, of_target = (
            level_size(whole, count - 1 - number) for whole in (style.shape[:2], size)
        )
        if start is not None:
            start = upsampled(*start, (refers_to, of_source), of_target)
        result = synthesize_level(
            **at(number, of_source, of_target),
            settings=dataclasses.replace(settings, seed=settings.seed + number),
            init=reduced(init, of_target) if init is not None and number == 0 else None,
            field=start,
        )
        start, refers_to = (result.rows, result.cols), of_source
        if on_level is not None and on_level(LevelDone(number, count, of_source, result)):
            return result
    if extra_pass:
        result = synthesize_level(
            **at(count - 1, refers_to, size),
            settings=dataclasses.replace(settings, patch_size=3, uniformity=0.0),
            init=result.image,
            field=start,
        )
    return result


def level_size(size: tuple[int, int], halvings: int) -> tuple[int, int]:
    """Height and width after so many halvings."""
    return (max(size[0] >> halvings, 1), max(size[1] >> halvings, 1))


def reduced(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A smaller map by leaving out rows and columns.

    A mean would make patches at coarse levels duller than any at the fine ones. Of its own size
    it is the map itself.
    """
    if values.shape[:2] == tuple(size):
        return np.ascontiguousarray(values)
    return remembered(values, ("reduced", tuple(size)), lambda: _thinned(values, size))


def _thinned(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    rows, cols = (np.arange(new) * old // new for new, old in zip(size, values.shape, strict=False))
    found = np.ascontiguousarray(values[rows][:, cols])
    found.flags.writeable = values.flags.writeable
    return found


def _reduced(values: np.ndarray | None, size: tuple[int, int]) -> np.ndarray | None:
    return None if values is None else reduced(values, size)


def _level_count(
    source: tuple[int, int], target: tuple[int, int], patch_size: int, a_mask: np.ndarray | None
) -> int:
    count = 1
    while min(level_size(source, count) + level_size(target, count)) > 2 * patch_size:
        if a_mask is not None and not leaves_patches(
            reduced(a_mask, level_size(source, count)), patch_size
        ):
            break
        count += 1
    return count
