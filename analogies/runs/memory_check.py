"""Whether a run fits into the memory there is, and what would. Plain Python."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from analogies.errors import InputError
from analogies.options.table import SMALLEST_SIDE, Options
from analogies.runs.machine import free_memory
from analogies.runs.machine.free_memory import Room
from analogies.synthesis.decision import Decision, foreseen
from analogies.synthesis.memory import Size, estimate, needs_tensorflow
from analogies.synthesis.pyramid import result_size

GB = 10**9
STEPS = 200  # of a size that is looked for, between the one asked for and nothing
LEAST_SHARE = 0.5  # smaller results than that only with A and A' made as much smaller


class TooLargeError(InputError):
    """A run takes more memory than there is."""


class Fitted(NamedTuple):
    """Options with which a run fits.

    Attributes:
        options: those asked for, or others.
        note: on what was changed in them, or "".
    """

    options: Options
    note: str


def checked(
    size_a: Size,
    size_b: Size,
    options: Options,
    network: str,
    room: Room | None = None,
    pairs: Sequence[Size] = (),
    decision: Decision | None = None,
) -> Fitted:
    """The options, if the run fits; with `fit` others with which it does.

    Args:
        size_a, size_b: `(height, width)` of A and B as given, px.
        options: of the run; with a device that may be a GPU's nothing is said before `room` is
            known.
        network: one of `NETWORKS`.
        pairs: `(height, width)` of further pairs of A and A'.
        room: of the device; None: `options.memory`, or what the machine has.
        decision: who makes what, where the pictures are known; else what is foreseen.

    Raises:
        TooLargeError: (an InputError) it does not fit; with the estimate, the room, and what would:
            smaller pieces, or else the size.
    """
    if options.memory is not None:
        room = Room(int(options.memory * GB), "allowed by --memory")
    elif room is None and _on_cpu(options, decision or foreseen(options, size_b)):
        room = free_memory.available()
    need = estimate(size_a, size_b, options, network, pairs, decision).total
    if room is None or need <= room.size:
        return Fitted(options, "")
    in_pieces = _in_pieces(size_a, size_b, options, network, room, pairs, decision)
    smaller = in_pieces or largest(size_a, size_b, options, network, room.size, pairs, decision)
    asked = _size(result_size(size_b, options))
    lack = (
        f"a result of {asked} px from A of {_size(size_a)} px takes about {need / GB:.1f} GB of "
        f"memory, more than the {room.size / GB:.1f} GB {room.source}"
    )
    if smaller is None:
        raise TooLargeError(f"{lack}; no size would fit")
    made = f"--height {smaller.height} --width {smaller.width}"
    if in_pieces:
        made = f"--memory {smaller.memory:g} (in smaller pieces)"
    if smaller.a_scale != options.a_scale:
        made += f" --a-scale {smaller.a_scale:.3g}"
    if not options.fit:
        raise TooLargeError(f"{lack}; {made} would fit, and --fit chooses that by itself")
    return Fitted(smaller, f"{lack}; made with {made}")


def _in_pieces(
    size_a: Size,
    size_b: Size,
    options: Options,
    network: str,
    room: Room,
    pairs: Sequence[Size],
    decision: Decision | None,
) -> Options | None:
    """Options with which the run fits at the size asked for, if it does in smaller pieces."""
    limit = room.size // (GB // 10) / 10
    if options.memory is not None or limit <= 0:
        return None
    made = replace(options, memory=limit)
    fits = estimate(size_a, size_b, made, network, pairs, decision).total <= limit * GB
    return made if fits else None


def largest(
    size_a: Size,
    size_b: Size,
    options: Options,
    network: str,
    room: int,
    pairs: Sequence[Size] = (),
    decision: Decision | None = None,
) -> Options | None:
    """Options like these with the largest size of the result that fits into `room` bytes.

    A and A' keep their size where that leaves at least half of the result's sides; else they are
    made smaller with it, so that patches keep their size beside what they show. None where
    nothing fits.
    """
    height, width = result_size(size_b, options)
    for with_a in (False, True):
        for step in range(STEPS - 1, 0, -1):
            share = step / STEPS
            size = round(height * share), round(width * share)
            if min(size) < SMALLEST_SIDE or (not with_a and share < LEAST_SHARE):
                break
            scale = options.a_scale
            if with_a and options.a_scale_mode == "none":  # the other modes scale it with B'
                scale = float(f"{scale * share:.3g}")
            made = replace(options, height=size[0], width=size[1], a_scale=scale)
            if estimate(size_a, size_b, made, network, pairs, decision).total <= room:
                return made
    return None


def _on_cpu(options: Options, way: Decision) -> bool:
    """Whether a run takes the machine's memory and not that of a GPU."""
    alone = not needs_tensorflow(options, way)
    return alone or options.device == "cpu" or not free_memory.has_gpu()


def _size(size: Size) -> str:
    return f"{size[1]}x{size[0]}"
