"""Which method makes which levels, from what is asked for, what the pictures are, and how large."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analogies.errors import InputError
from analogies.matching.pixels.places import leaves_patches
from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.controls import resized_mask
from analogies.synthesis.decision import decide
from analogies.synthesis.method import Method
from analogies.synthesis.pixels.method import PixelMethod
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import References

if TYPE_CHECKING:
    from analogies.synthesis.network_methods import Limits


@dataclass(frozen=True)
class Plan:
    """The levels of a run and who makes them.

    Attributes:
        levels: coarse to fine, the network's before those of pixels.
        methods: {`made_by` of the levels: method}.
        notes: for the person.
        decisions: what was decided by looking at the pictures, and why.
    """

    levels: tuple[Level, ...]
    methods: Mapping[str, Method]
    notes: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()

    def method(self, level: Level, options: Options) -> Method:
        """The method of a level, in pieces where its pictures are too large to be worked on."""
        method = self.methods[level.made_by]
        if level.made_by == "pixels":
            return method
        from analogies.synthesis.network_methods import fitting

        largest = max([level.size_a, *filter(None, level.size_pairs)], key=math.prod)
        return fitting(method, largest, level.size_b, options)


def plan(options: Options, references: References) -> Plan:
    """Who makes what.

    Raises:
        InputError: no level is large enough, or a pair is too small for all of them.
    """
    decision = decide(options, references)
    sizes = [a.shape[:2] for a, _ in references.arrays]
    size_b = references.array_b.shape[:2]
    size_out = pyramid.result_size(size_b, options)
    mode, factor = options.a_scale_mode, options.a_scale
    full = [pyramid.scaled_size(size, size_b, size_out, mode, factor) for size in sizes]
    made = Plan((), {}, decisions=decision.why)
    if decision.network:
        from analogies.synthesis.network_methods import limits, method_for

        method = method_for(options, decision.transfer)
        levels = _network_levels(options, full, size_out, decision.share, limits(method, options))
        levels = _within_masks(levels, references, options)
        made = replace(made, levels=levels.levels, methods={"network": method}, notes=levels.notes)
    if not decision.pixels:
        return made
    share = decision.share if decision.network else None
    pixels: Any = PixelMethod(options, decision.kind, references, share, full, size_out)
    return replace(
        made, levels=(*made.levels, *pixels.levels), methods={**made.methods, "pixels": pixels}
    )


def _within_masks(
    levels: pyramid.Pyramid, references: References, options: Options
) -> pyramid.Pyramid:
    """Without the levels that are too coarse for a patch to lie inside of what may be sampled.

    Raises:
        InputError: all of them are.
    """
    if not references.controls.masked:
        return levels
    fitting = tuple(level for level in levels.levels if _fits(level, references, options))
    if not fitting:
        side = options.patch_size * levels.levels[-1].cell
        raise InputError(
            f"the part of A' that may be sampled must hold a patch of the network, {side} px wide; "
            "--patch-size makes it smaller, --coarse-side 0 does without a network. Received: a "
            "narrower part"
        )
    return replace(levels, levels=fitting)


def _fits(level: Level, references: References, options: Options) -> bool:
    """Whether a patch lies inside of what may be sampled of some pair."""
    sizes = (level.size_a, *level.size_pairs)
    side = options.patch_size * level.cell
    for number, size in enumerate(sizes):
        mask = references.controls.usable_of(number)
        if size is None:
            continue
        if mask is None or leaves_patches(resized_mask(mask, size, 0.999), side):
            return True
    return False


def _network_levels(
    options: Options,
    full: list[tuple[int, int]],
    size_out: tuple[int, int],
    share: float,
    limits: "Limits",
) -> pyramid.Pyramid:
    """The network's levels, the finest at a share of the full size."""
    small = [pyramid.times(size, share) for size in (size_out, *full)]
    made = pyramid.plan(
        small[1],
        small[0],
        small[0],
        scales=options.scales,
        min_scale=options.min_scale,
        patch_size=options.patch_size,
        smallest_side=limits.smallest_side,
        cell_pairs=limits.cell_pairs,
        size_pairs=small[2:],
        model=options.model if options.match_mode == "joint" else "exact",
        copies=pyramid.count_copies(options),
    )
    if any(options.tiled):
        made = made.tiled(options.tiled, limits.multiple)
    return made if share == 1.0 else made.shrunk(share)
