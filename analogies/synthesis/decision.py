"""What a run will do, decided by looking at options and pictures. Plain NumPy.

residual   what a rule of A leaves of A' is carried over, by the network on all levels: where A
           explains the detail of A' and B looks like A
picture    A' itself is carried over: by the network where the result is small, else pixels of
           A' are put together, guided by B and, where that helps, by what the network made
"""

import weakref
from dataclasses import dataclass, replace

import numpy as np

from analogies.options.presets import EBSYNTH
from analogies.options.table import NETWORK_OPTIONS, Options, usual
from analogies.synthesis.likeness import (
    EXPLAINED,
    STRANGE,
    evenly_varied,
    explained_detail,
    strangeness,
)
from analogies.synthesis.pixels.kinds import (
    ALIKE,
    FILL,
    FILL_EVENLY,
    GUIDES,
    STYLE,
    TEXTURE,
    UNLIKE,
    Kind,
)
from analogies.synthesis.pyramid import coarse_share, result_size
from analogies.synthesis.references import References

COARSE_SIDE = 192  # px, see the option; where nobody asks for another
GUIDE = 3  # channels of a guide, before it is known
TEXTURE_SIDE = 384  # the same for textures, whose motifs the network keeps together


@dataclass(frozen=True)
class Decision:
    """Who makes what.

    Attributes:
        transfer: "residual" or "picture".
        kind: of the job, as pixels see it.
        network, pixels: whether any level is made by the network, any of pixels.
        share: size of what the network makes, as a fraction of the result, in (0, 1].
        why: for the person.
        guides: channels of the guides that are given.
        masked: whether a part of A' may not be sampled.
        kept: whether a part of B' stays as it is.
    """

    transfer: str
    kind: Kind
    network: bool
    pixels: bool
    share: float
    why: tuple[str, ...] = ()
    guides: int = 0
    masked: bool = False
    kept: bool = False


_last: list[tuple[list[weakref.ref], Options, Decision]] = []  # of the last pictures asked for


def decide(options: Options, references: References) -> Decision:
    """Who makes what, for these pictures; asked again for the same, it is remembered."""
    arrays = [array for pair in references.arrays for array in pair] + [references.array_b]
    for known, asked, decision in _last:
        if asked == options and _same(known, arrays):
            return _controlled(decision, references)
    decision = _decided(options, references)
    _last[:] = [([weakref.ref(array) for array in arrays], options, decision)]
    return _controlled(decision, references)


def _controlled(decision: Decision, references: References) -> Decision:
    """The same with what guides and masks take."""
    controls = references.controls
    count = sum(guide.channels for guide in controls.guides)
    anew = controls.kept is not None and controls.kept.anew
    kind = decision.kind
    if anew and kind == TEXTURE:
        kind = FILL_EVENLY if evenly_varied(references.arrays[0][1]) else FILL
    kept = controls.kept is not None
    known = decision.kind, decision.guides, decision.masked, decision.kept
    if (kind, count, controls.masked, kept) == known:
        return decision
    return replace(decision, kind=kind, guides=count, masked=controls.masked, kept=kept)


def _same(known: list[weakref.ref], arrays: list[np.ndarray]) -> bool:
    """Whether these are the very arrays."""
    return len(known) == len(arrays) and all(
        ref() is array for ref, array in zip(known, arrays, strict=True)
    )


def _decided(options: Options, references: References) -> Decision:
    follow = options.analogy_w > 0 or options.b_content_w > 0
    same = all(np.array_equal(a, a_prime) for a, a_prime in references.arrays)
    far = 0.0 if same else strangeness(references.array_b, [a for a, _ in references.arrays])
    kind = STYLE if same else ALIKE if far <= STRANGE else UNLIKE
    kind = kind if follow else _unfollowed(options)
    transfer, why = _transfer(options, references, same, far)
    return _made(options, transfer, kind, references.array_b.shape[:2], why)


def _unfollowed(options: Options) -> Kind:
    """The kind of a job in which B has no say."""
    return GUIDES if options.preset == EBSYNTH else TEXTURE


def foreseen(options: Options, size_b: tuple[int, int]) -> Decision:
    """Who makes what before the pictures are known: the cheaper way where they have a say.

    Args:
        options: of the run.
        size_b: `(height, width)` of B as given, px.
    """
    follow = options.analogy_w > 0 or options.b_content_w > 0
    kind = STYLE if options.preset == "style" else UNLIKE
    kind = kind if follow else _unfollowed(options)
    told = options.transfer != "auto" and options.match_mode == "joint"
    way = _made(options, options.transfer if told else "picture", kind, size_b)
    masked = options.a_mask is not None or options.masks_pairs
    kept = options.b_mask is not None or any(options.margins) or options.seam > 0
    return replace(way, guides=GUIDE * len(options.guide), masked=masked, kept=kept)


def at_size(decision: Decision, options: Options, size_b: tuple[int, int]) -> Decision:
    """The same for a result of another size, of which `options` have the width and height."""
    way = _made(options, decision.transfer, decision.kind, size_b, decision.why)
    return replace(way, guides=decision.guides, masked=decision.masked, kept=decision.kept)


def _made(
    options: Options,
    transfer: str,
    kind: Kind,
    size_b: tuple[int, int],
    why: tuple[str, ...] = (),
) -> Decision:
    """Who makes what, where it is known what is carried over."""
    size_out = result_size(size_b, options)
    side = _coarse_side(options, kind, transfer, size_out)
    share = coarse_share(size_out, side) if side else 1.0
    pixels = side == 0 or _ends_in_pixels(options, transfer, share)
    return Decision(transfer, kind, side > 0, pixels, share if pixels else 1.0, why)


def _transfer(
    options: Options, references: References, same: bool, far: float
) -> tuple[str, tuple[str, ...]]:
    """What is carried over, and why where that was found out."""
    if options.transfer != "auto" and options.match_mode == "joint":
        return options.transfer, ()
    if options.match_mode == "layer" or same or options.ends_in_pixels:
        return "picture", ()
    explained = explained_detail(references.arrays)
    transfer = "residual" if explained >= EXPLAINED and far <= STRANGE else "picture"
    figures = (
        f"A explains {max(explained, 0.0):.2f} of the detail of A', B is {far:.2f} times as far"
    )
    return transfer, (f"the {transfer} is carried over: {figures} from A as A from itself",)


def _coarse_side(options: Options, kind: Kind, transfer: str, size_out: tuple[int, int]) -> int:
    """Side of what the network makes where pixels finish it, px; 0: there is no network."""
    if options.coarse_side is not None:
        return options.coarse_side
    if kind == TEXTURE:
        return TEXTURE_SIDE
    asked = asks_for_network(options)
    small = kind == ALIKE and coarse_share(size_out, COARSE_SIDE) == 1.0
    alone = transfer == "residual" or options.analogy_w == options.mrf_w == 0 or small
    needed = alone and options.finish == "auto" and not options.ends_in_pixels
    return COARSE_SIDE if asked or needed else 0


def asks_for_network(options: Options) -> bool:
    """Whether options are given that mean nothing without a network."""
    usually = usual(options.preset, options.speed)
    given = {name for name, value in usually.items() if getattr(options, name) != value}
    asked = not given.isdisjoint(NETWORK_OPTIONS) or options.match_mode == "layer"
    asked = asked or ("b_content_w" in given and options.analogy_w > 0)
    asked = asked or ("init" in given and options.init in ("b", "noise"))
    return asked or options.transfer == "residual" or options.finish == "network"


def _ends_in_pixels(options: Options, transfer: str, share: float) -> bool:
    """Whether the fine levels are put together from pixels of A'."""
    if options.finish != "auto":
        return options.finish == "pixels"
    if options.ends_in_pixels:
        return True
    if share == 1.0 or options.analogy_w == options.mrf_w == 0:
        return False
    return options.match_mode == "layer" or transfer == "picture"
