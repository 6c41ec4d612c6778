"""The frames one after another: what is known is carried along, what is lost is made anew."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analogies.matching.flow import Between, between, fine, moving_edges, warped
from analogies.synthesis.sequence.ahead import ahead
from analogies.synthesis.sequence.carrying import (
    Anchor,
    Carried,
    Frame,
    Tracks,
    began,
    carried,
    fewer,
    made_anew,
)
from analogies.synthesis.sequence.joining import Behind, joined

if TYPE_CHECKING:
    from analogies.synthesis.sequence.making import Maker

CUT = 0.6  # of a frame that is lost: another scene begins
# Share of the frame before in what is shown, times the coherence; the second where flows are rough,
# and the frame before comes to lie beside its place.
EASE, ROUGH_EASE = 0.9, 0.6


class Memory(NamedTuple):
    """All of the frames before that the next one depends on.

    Attributes:
        frame: the one before.
        picture: its B', uint8 `(h, w, 3)`.
        tracks: of its pixels.
        anchors: that they lead to, the frame itself among them if some begin there.
    """

    frame: Frame
    picture: np.ndarray
    tracks: Tracks
    anchors: Mapping[int, Anchor]


class Made(NamedTuple):
    """A frame that is made.

    Attributes:
        number: of the frame.
        picture: uint8 `(h, w, 3)`.
        memory: what the next one depends on; None where frames are made by themselves.
        anew: share of it that was made anew, in [0, 1].
        cut: whether nothing was carried.
        flicker: the warping error to the frame before, see `warping_error`; None at a beginning.
    """

    number: int
    picture: np.ndarray
    memory: Memory | None
    anew: float = 1.0
    cut: bool = True
    flicker: float | None = None


def one_by_one(frames: Iterable[Frame], maker: "Maker", beside: bool = False) -> Iterator[Made]:
    """Every frame by itself.

    Args:
        frames: in the order in which they are made.
        maker: of all of them.
        beside: whether another thread makes each while the one before is seen to.
    """

    def work(frame: Frame) -> Made:
        return Made(frame.number, whole_levels(maker.whole(frame)), None)

    if beside:
        yield from (made() for _, made in ahead(frames, work))
    else:
        yield from map(work, frames)


def in_sequence(
    frames: Iterable[Frame],
    maker: "Maker",
    coherence: float,
    memory: Memory | None = None,
    keys: Mapping[int, Anchor] | None = None,
    from_behind: Callable[[int], tuple[Behind, float] | None] = lambda number: None,
) -> Iterator[Made]:
    """Each frame with what is known from those before it.

    Args:
        frames: in the order in which they are made, forward or backward.
        maker: of the rest.
        coherence: in [0, 1].
        memory: of the frame before the first, None to begin.
        keys: frames that are given.
        from_behind: for a number what was carried from the key frame behind, and the share of the
            way between the keys.
    """
    keys = keys or {}
    for frame, seen in _with_motion(frames, memory and memory.frame):
        if frame.number in keys:
            made = _given(frame, keys[frame.number])
        elif memory is None:
            made = _begun(frame, maker)
        else:
            other = from_behind(frame.number)
            made = _next(frame, maker, coherence, memory, other, seen())
        memory = made.memory
        yield made


def _with_motion(
    frames: Iterable[Frame], before: Frame | None
) -> Iterator[tuple[Frame, Callable[[], Between | None]]]:
    """Frames with what lies between each and the one before."""

    def pairs() -> Iterator[tuple[Frame, Frame | None]]:
        last = before
        for frame in frames:
            yield frame, last
            last = frame

    def work(pair: tuple[Frame, Frame | None]) -> Between | None:
        return pair[1] and between(pair[0].shown, pair[1].shown)

    return ((frame, seen) for (frame, _), seen in ahead(pairs(), work))


def begins_anew(frame: Frame, memory: Memory, coherence: float) -> bool:
    """Whether nothing is carried into a frame from the one before, for too much would be lost."""
    seen = between(frame.shown, memory.frame.shown)
    known = carried(frame.shown, seen, memory.tracks, memory.anchors, coherence)
    return float(known.lost.mean()) > CUT


def carried_back(
    frames: Iterable[Frame], number: int, key: Anchor, coherence: float
) -> Iterator[tuple[int, Carried]]:
    """A key frame carried along frames, without anything made; what is lost stays so.

    Args:
        frames: in their order from the key frame on.
        number: of the key frame.
        key: it and its painting.
    """
    size = key.frame.shape[:2]
    tracks, gone = began(number, (size[0], size[1])), np.zeros(size[:2], bool)
    for frame, seen in _with_motion(frames, Frame(number, key.frame)):
        found = seen()
        assert found is not None
        known = carried(frame.shown, found, tracks, {number: key}, coherence)
        ends = np.rint(known.motion + np.moveaxis(np.indices(size), 0, -1)).astype(int)
        rows, cols = (np.clip(ends[..., i], 0, size[i] - 1) for i in (0, 1))
        gone = gone[rows, cols] | known.lost
        yield frame.number, known._replace(lost=gone)
        tracks = known.tracks


def warping_error(
    picture: np.ndarray, there: np.ndarray, motion: np.ndarray, trusted: np.ndarray
) -> float | None:
    """How much a picture differs from the one before where the same is seen.

    Lai et al., "Learning Blind Video Temporal Consistency" (2018), equation 6: the mean squared
    difference, of colors in [0, 1], of the frame and the one before brought along the flow.

    Args:
        picture: uint8 `(h, w, 3)`.
        there: float32 `(h, w, 3)`, the one before where the flow leads.
        motion: flow of the input from this frame to the one before.
        trusted: where the same is seen in both.

    Returns:
        the error; None where nothing can be compared.
    """
    mask = trusted & ~moving_edges(motion)
    if not mask.any():
        return None
    left = picture - there
    return float(np.square(left / 255).sum(-1)[mask].mean())


def _given(frame: Frame, key: Anchor) -> Made:
    tracks = began(frame.number, frame.shown.shape[:2])
    memory = Memory(frame, key.picture, tracks, {frame.number: key})
    return Made(frame.number, key.picture, memory, 0.0)


def _begun(frame: Frame, maker: "Maker") -> Made:
    picture = whole_levels(maker.whole(frame))
    anchors = {frame.number: Anchor(frame.shown, picture)}
    tracks = began(frame.number, frame.shown.shape[:2])
    return Made(frame.number, picture, Memory(frame, picture, tracks, anchors))


def _next(
    frame: Frame,
    maker: "Maker",
    coherence: float,
    memory: Memory,
    other: tuple[Behind, float] | None,
    seen: Between | None,
) -> Made:
    assert seen is not None
    known = carried(frame.shown, seen, memory.tracks, memory.anchors, coherence)
    tracks = known.tracks
    if other is not None:
        both = joined(known, *other)
        known = known._replace(picture=both.picture, lost=both.lost)
        tracks = made_anew(tracks, both.taken, frame.number)
    anew = float(known.lost.mean())
    if anew > CUT:
        return _begun(frame, maker)
    picture = known.picture if not anew else maker.part(frame, known)
    tracks = fewer(made_anew(tracks, known.lost, frame.number), frame.number)
    anchors = {**memory.anchors, frame.number: Anchor(frame.shown, whole_levels(picture))}
    used = {int(number): anchors[int(number)] for number in np.unique(tracks.anchor)}
    share = coherence * (EASE if fine() else ROUGH_EASE)
    there = warped(memory.picture, known.motion)
    shown = whole_levels(eased(picture, there, known.trusted, share))
    flicker = warping_error(shown, there, known.motion, known.trusted)
    return Made(frame.number, shown, Memory(frame, shown, tracks, used), anew, False, flicker)


def eased(picture: np.ndarray, there: np.ndarray, trusted: np.ndarray, share: float) -> np.ndarray:
    """What was made, mixed with the frame before it where the same is seen in both.

        shown_t(p) = made_t(p) + share * (shown_{t-1}(p + flow(p)) - made_t(p))

    What interpolation makes tremble is evened out, and what was made anew comes in over a few
    frames; what was hidden is there at once. The mix never ages: what is shown is a mean of what
    was made in the last frames.

    Args:
        picture: float32 `(h, w, 3)`, what was made.
        there: float32 `(h, w, 3)`, what was shown of the frame before, where the flow leads.
        trusted: bool `(h, w)`, where the same is seen in both.
        share: of the frame before, in [0, 1).
    """
    return picture + share * trusted[..., np.newaxis] * (there - picture)


def whole_levels(picture: np.ndarray) -> np.ndarray:
    """A picture as it is kept, uint8."""
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
