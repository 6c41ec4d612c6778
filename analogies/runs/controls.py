"""Guides and masks of a run: which pictures they are, and what the synthesis gets of them."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analogies.errors import InputError
from analogies.images import controls as pictured
from analogies.images.pictures import Picture
from analogies.images.scaling import scaled
from analogies.images.spreading import spread
from analogies.matching.pixels.places import leaves_patches
from analogies.options.kinds import Kind, check, shorten
from analogies.options.presets import EBSYNTH
from analogies.options.table import Options
from analogies.runs.inputs import beside, is_path, mask_name, pair_names, spoken
from analogies.synthesis.controls import Controls, GuideMaps, KeptPart

MASKS = ("a_mask", "b_mask")
SMALLEST_PATCH = 3  # px; a mask in which none fits is of no use
SEMANTIC = "_sem"  # what neural-doodle's users call a map of A' or B, before the suffix
_COLOR = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_MOST_TOLD = 4  # colors

Size = tuple[int, int]


class Guide(NamedTuple):
    """A guide as a person gives it.

    Attributes:
        maps: sources of its maps, or colors like #00ff00; of A of each pair, then of B.
        weight: or None where none is given.
        mask: source, or None.
    """

    maps: tuple[Any, ...]
    weight: float | None = None
    mask: Any = None


def pair_sources(number: int, pair: Sequence[Any]) -> dict[str, Any]:
    """{name: source} of a further pair, A and A', and a mask where one is given.

    Raises:
        InputError: it is not that.

    >>> pair_sources(2, ("a.png", "b.png"))
    {'a2': 'a.png', 'a_prime2': 'b.png'}
    """
    if isinstance(pair, str) or not isinstance(pair, Sequence) or not 2 <= len(pair) <= 3:
        raise InputError(
            f"pair {number} must be (a, a_prime) or (a, a_prime, mask). Received: {shorten(pair)}"
        )
    a, a_prime, mask = (*pair, None)[:3]
    found = dict(zip(pair_names(number), (a, a_prime), strict=True))
    return found if mask is None else {**found, mask_name(number): as_mask(mask)}


def as_guide(number: int, given: Sequence[Any]) -> Guide:
    """A guide from `(a_map, b_map)`, and a weight and a mask where they are given.

    Raises:
        InputError: it is not that.
    """
    if isinstance(given, str) or not isinstance(given, Sequence) or not 2 <= len(given) <= 4:
        raise InputError(
            f"guide {number} must be (a_map, b_map), (a_map, b_map, weight) or"
            f" (a_map, b_map, weight, mask). Received: {shorten(given)}"
        )
    a_maps, b_map, weight, mask = (*given, None, None)[:4]
    several = isinstance(a_maps, list | tuple) and len(a_maps) > 0
    several = several and (is_path(a_maps[0]) or not np.isscalar(a_maps[0]))
    limits = Kind("number", "", "", minimum=0, maximum=1e6, optional=True)
    return Guide(
        (*(a_maps if several else [a_maps]), b_map),
        check(f"the weight of guide {number}", weight, limits),
        None if mask is None else as_mask(mask),
    )


def guide_sources(number: int, guide: Guide) -> dict[str, Any]:
    """{name: source} of the pictures of a guide.

    >>> guide_sources(1, Guide(("a.png", "b.png"), 2.0))
    {'guide1_a': 'a.png', 'guide1_b': 'b.png'}
    """
    *of_a, of_b = guide.maps
    names = [f"guide{number}_{pair_names(pair).a}" for pair in range(1, 1 + len(of_a))]
    found = {**dict(zip(names, of_a, strict=True)), f"guide{number}_b": of_b}
    return found if guide.mask is None else {**found, f"guide{number}_mask": guide.mask}


def color_of(source: Any) -> np.ndarray | None:
    """The color `(3,)` that stands for a map of it, or None where that is something else.

    >>> color_of("#00ff80"), color_of("a.png")
    (array([  0, 255, 128], dtype=uint8), None)
    """
    found = _COLOR.fullmatch(source) if isinstance(source, str) else None
    return np.array([int(x, 16) for x in found.groups()], np.uint8) if found else None


def sources(options: Options, guides: Sequence[Guide], masks: Mapping[str, Any]) -> dict[str, Any]:
    """{name: source} of all guides and masks, A's maps of a guide before B's.

    Args:
        options: name masks, too.
        guides: all of them.
        masks: {"a_mask", "b_mask": source}, used where the options name none.
    """
    found: dict[str, Any] = {}
    for number, guide in enumerate(guides, 1):
        found |= guide_sources(number, guide)
    for name in MASKS:
        source = getattr(options, name) or masks.get(name)
        if source is not None:
            found[name] = as_mask(source)
    return found


def as_mask(source: Any) -> Any:
    """A mask as `images.read` takes it: booleans and shares of 1 as gray values."""
    if is_path(source):
        return source
    try:
        values = np.asarray(source)
    except Exception:  # told where pictures are read
        return source
    whole = values.dtype.kind == "b" or (
        values.dtype.kind == "f" and values.size and values.max() <= 1
    )
    return np.asarray(values, np.float32) * 255 if whole else source


def check_pairs(guides: Sequence[Guide], pairs: int) -> None:
    """Every guide has a map of A for each pair.

    Raises:
        InputError: one has not.
    """
    for number, guide in enumerate(guides, 1):
        if len(guide.maps) != pairs + 1:
            wanted = " ".join([*(f"A_MAP{n}" if n > 1 else "A_MAP" for n in range(1, pairs + 1))])
            raise InputError(
                f"guide {number} must have a map for each A and one for B: {wanted} B_MAP."
                f" Received: {len(guide.maps)} maps"
            )


def check_sizes(
    sources: Mapping[str, Any], sizes: Mapping[str, Size], words: Mapping[str, str]
) -> None:
    """Maps and masks are as large as the pictures that they say something of.

    Args:
        sources: of all pictures, by name.
        sizes: `(height, width)`, px.
        words: what they are called.

    Raises:
        InputError: one is not; the line names both sizes.
    """
    for name in sizes:
        other = beside(name)
        if other is not None and sizes[name] != sizes[other]:
            source = f"{str(sources[name])!r} of " if is_path(sources[name]) else ""
            raise InputError(
                f"{words[name]} must be as large as {words[other]}, {_told(sizes[other])};"
                f" it is not stretched. Received: {source}{_told(sizes[name])}"
            )


def flat_maps(sources: Mapping[str, Any], sizes: Mapping[str, Size]) -> dict[str, np.ndarray]:
    """{name: map} of the guides' maps that are given as a color."""
    found = {}
    for name, source in sources.items():
        color, other = color_of(source), beside(name)
        if color is not None and other is not None:
            found[name] = np.broadcast_to(color, (*sizes[other], 3)).copy()
    return found


def notes(
    sources: Mapping[str, Any],
    pictures: Mapping[str, Picture],
    weights: Sequence[float],
    channels: Mapping[int, pictured.Channels],
) -> list[str]:
    """What a person may not expect of guides and masks."""
    found = [*_beside_it(sources)]
    for number, weight in enumerate(weights, 1):
        if not weight:
            found.append(f"guide {number} has no effect: its weight is 0")
            continue
        missing = channels[number].missing
        if missing:
            more = f" and {len(missing) - _MOST_TOLD} more" if len(missing) > _MOST_TOLD else ""
            found.append(
                f"B_MAP of guide {number} has colors that no A_MAP has: "
                f"{', '.join(missing[:_MOST_TOLD])}{more}; nothing of A' is meant for them"
            )
    for number in range(1, 1 + len(pictures)):
        names = pair_names(number)
        if names.a in pictures and any(pictures[name].alpha is not None for name in names):
            which = f" of pair {number}" if number > 1 else ""
            opaque = opaque_part(number, pictures) is not None
            told = "is not sampled" if opaque else "is sampled all the same: hardly any is opaque"
            found.append(f"what is transparent in A or A'{which} {told}")
    return found


def _beside_it(sources: Mapping[str, Any]) -> list[str]:
    """On maps that lie beside the pictures, named as another program wants them."""
    used = {os.path.abspath(source) for source in sources.values() if is_path(source)}
    found = {}
    for name in ("a_prime", "a", "b"):
        source = sources.get(name)
        if source is not None and is_path(source):
            path = Path(source)
            near = path.with_name(f"{path.stem}{SEMANTIC}{path.suffix}")
            if os.path.abspath(near) not in used and near.is_file():
                found[str(near)] = name
    if not found:
        return []
    of_a = next((path for path, name in found.items() if name != "b"), "A_MAP")
    of_b = next((path for path, name in found.items() if name == "b"), "B_MAP")
    return [f"{', '.join(found)} is there and not used; --guide {of_a} {of_b} uses it"]


def _told(size: Size) -> str:
    return f"{size[1]}x{size[0]} px"


def channels_of(
    pictures: Mapping[str, Picture], weights: Sequence[float], options: Options
) -> dict[int, pictured.Channels]:
    """{number: maps as channels} of the guides that have a weight, counted from 1."""
    classes = options.preset != EBSYNTH  # which knows none
    found = {}
    for number, weight in enumerate(weights, 1):
        if weight:
            name = re.compile(rf"guide{number}_(a\d*|b)")
            maps = [picture for given, picture in pictures.items() if name.fullmatch(given)]
            found[number] = pictured.channels(maps[:-1], maps[-1], classes)
    return found


def controls_of(
    pictures: Mapping[str, Picture],
    weights: Sequence[float],
    channels: Mapping[int, pictured.Channels],
    anew: bool = False,
) -> Controls:
    """Guides and masks as the synthesis gets them.

    Args:
        pictures: of a job.
        weights: of its guides.
        channels: of those that have a weight.
        anew: whether what is made knows nothing of what was there.

    Raises:
        InputError: a mask leaves nothing to be sampled, or nothing to be made.
    """
    guides = [
        _guide(number, pictures, weights[number - 1], maps) for number, maps in channels.items()
    ]
    usable = []
    for number in range(1, 2 + len(pictures)):
        if pair_names(number).a not in pictures:
            break
        usable.append(_usable(number, pictures))
    if all(mask is None for mask in usable):
        usable = []
    return Controls(tuple(guides), tuple(usable), _kept(pictures, anew))


def _guide(
    number: int, pictures: Mapping[str, Picture], weight: float, maps: pictured.Channels
) -> GuideMaps:
    mask = pictures.get(f"guide{number}_mask")
    where = None if mask is None else pictured.weights_of(mask)
    return GuideMaps(maps.a, maps.b, maps.colors is not None, weight, where)


def _usable(number: int, pictures: Mapping[str, Picture]) -> np.ndarray | None:
    """Where a pair may be sampled; None: everywhere."""
    usable = opaque_part(number, pictures)
    name = mask_name(number)
    if name not in pictures:
        return usable
    found = pictured.mask_of(pictures[name])
    both = found if usable is None else found & usable
    if not leaves_patches(both, SMALLEST_PATCH):
        raise InputError(
            f"{spoken(name)} must be white where A' may be sampled, at least {SMALLEST_PATCH} px"
            f" high and wide. Received: {int(both.sum())} such pixels of {both.size}"
        )
    return both


def opaque_part(number: int, pictures: Mapping[str, Picture]) -> np.ndarray | None:
    """Where both pictures of a pair are opaque; None: everywhere, or so little that all counts."""
    found = pictured.opaque([pictures[name] for name in pair_names(number)])
    return found if found is not None and leaves_patches(found, SMALLEST_PATCH) else None


def _kept(pictures: Mapping[str, Picture], anew: bool) -> KeptPart | None:
    """What of B' stays as it is: B, or the picture that the result starts from."""
    if "b_mask" not in pictures:
        return None
    made, b = pictured.mask_of(pictures["b_mask"]), pictures["b"]
    if not made.any():
        name, what = ("the mask", "the picture") if anew else ("--b-mask", "B'")
        raise InputError(
            f"{name} must be white where {what} is made. Received: none of {made.size} pixels is"
        )
    known = scaled(pictures.get("init", b).pixels, b.size)
    if not anew:
        return KeptPart(made, known)
    if made.all():
        raise InputError(
            "the mask must leave some of the picture, which is continued. "
            f"Received: all of {made.size} pixels are white"
        )
    return KeptPart(made, spread(known, made), anew)
