"""What of a frame's B' is known from earlier frames, and from where in them.

Every pixel knows the frame in which it was made, its *anchor*, and its place there, between pixels.
The places are brought along the flow from frame to frame; the colors are looked up in the anchor
only in the end, so that they are interpolated once, however long the way was, and do not blur.

    places_t(p) = places_{t-1}(p + flow(p))        flow from frame t to frame t - 1
    seen_t(p)   = frame_{anchor(p)}(places_t(p))   what the frame should look like, if that is right
    places_t(p) += CORRECTION * (places_t(p + rest(p)) - places_t(p))
                                                   rest: the step from frame t to `seen`
    B'_t(p)     = B'_{anchor(p)}(places_t(p))

The correction keeps small errors of the flow from adding up; a part of it at a time, so that what
is carried does not tremble. A pixel is lost, and made anew, where the flow there and the flow back
disagree (it was hidden before) and `seen` differs from the frame at all, where its place lies
outside of its anchor, and where `seen` differs by more than the tolerance. In flat areas flows
disagree as they like, and nothing is wrong; in drawings of flat regions it is also lost where a
region came free of another one with what was painted beyond that one's border.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from analogies.matching.flow import Between, fine, grid, nearby, sampled_from, wider
from analogies.synthesis.likeness import blurred
from analogies.synthesis.sequence.tracking import move

CORRECTION, ROUGH_CORRECTION = 0.15, 0.3  # the second where flows are rough, and places drift
FARTHEST = 2.0  # px, of a correction; a larger one is an error of its own
TORN = 2.0  # px: neighbors whose places differ by more are not interpolated between
WINDOW = 1.5  # px, sigma, of what is compared
SPECK = 0.5  # of a pixel's neighborhood that must be lost for it to be
ANCHORS = 12  # at most; beyond that those of the fewest pixels are put together in one
DOUBT = 3.0  # gray levels, up to which a frame is as it should be wherever the flow leads
ONE = 20.0  # gray levels: unit of the tolerance
OLD = 8  # frames after which what was made stays as it is
NEAR = 6  # px from what is lost, within which what was made lately is made again


class Frame(NamedTuple):
    """A frame to be made: its number, and what it shows, uint8 `(h, w, 3)`."""

    number: int
    shown: np.ndarray


class Anchor(NamedTuple):
    """A frame that pixels were made in: what it showed, and its B', uint8 `(h, w, 3)`."""

    frame: np.ndarray
    picture: np.ndarray


class Tracks(NamedTuple):
    """Where the pixels of a frame come from.

    Attributes:
        anchor: int32 `(h, w)`, numbers of frames.
        places: float32 `(h, w, 2)`, row and column there.
        age: uint8 `(h, w)`, the frames since the pixel was made, at most `OLD`.
    """

    anchor: np.ndarray
    places: np.ndarray
    age: np.ndarray


class Carried(NamedTuple):
    """What is known of a frame's B'.

    Attributes:
        tracks: of all pixels, those that are lost included.
        picture: float32 `(h, w, 3)` in [0, 255], what they show.
        lost: bool `(h, w)`, where that is not right.
        misfit: float32 `(h, w)`, gray levels by which the frame differs from what it should show.
        motion: float32 `(h, w, 2)`, the flow to the frame before.
        trusted: bool `(h, w)`, where that flow and the one back agree.
    """

    tracks: Tracks
    picture: np.ndarray
    lost: np.ndarray
    misfit: np.ndarray
    motion: np.ndarray
    trusted: np.ndarray


def began(number: int, size: tuple[int, int]) -> Tracks:
    """Tracks of a frame that is its own anchor."""
    return Tracks(np.full(size, number, np.int32), grid(*size), np.full(size, OLD, np.uint8))


def tolerance(coherence: float) -> float:
    """Gray levels by which a frame may differ from what it should show, for a coherence in [0, 1].

    >>> [round(tolerance(x), 3) for x in (0, 0.5, 0.8, 1)]
    [0.0, 5.0, 20.0, inf]
    """
    return float("inf") if coherence >= 1 else ONE / 4 * coherence / (1 - coherence)


def carried(
    frame: np.ndarray,
    seen: Between,
    tracks: Tracks,
    anchors: Mapping[int, Anchor],
    coherence: float,
) -> Carried:
    """What of a frame is known from the one before.

    Args:
        frame: uint8 `(h, w, 3)`.
        seen: what lies between it and the one before.
        tracks: of that.
        anchors: {number: anchor} of all in the tracks.
        coherence: in [0, 1].
    """
    motion, trusted, freed = seen
    moved, misfit = _corrected(_moved(tracks, motion), frame, anchors)
    inside = _inside(moved, frame.shape[:2])
    lost = (~trusted & (misfit > DOUBT)) | ~inside | (misfit > tolerance(coherence))
    lost = _without_specks(lost) | ~inside
    if freed is not None:
        lost |= _with_young(~inside, moved.age) | freed
    picture = looked_up(moved, {number: anchor.picture for number, anchor in anchors.items()})
    moved = moved._replace(age=np.minimum(moved.age + np.uint8(1), np.uint8(OLD)))
    return Carried(moved, picture, lost, misfit, motion, trusted)


def looked_up(tracks: Tracks, pictures: Mapping[int, np.ndarray]) -> np.ndarray:
    """float32 `(h, w, 3)`: what the anchors' pictures show at the places."""
    return sampled_from(pictures, tracks.anchor, tracks.places)


def made_anew(tracks: Tracks, lost: np.ndarray, number: int) -> Tracks:
    """The tracks after the lost pixels were made: they begin in this frame."""
    anchor = np.where(lost, np.int32(number), tracks.anchor)
    places = np.where(lost[..., np.newaxis], grid(*lost.shape), tracks.places)
    return Tracks(anchor, places, np.where(lost, np.uint8(0), tracks.age))


def fewer(tracks: Tracks, number: int, most: int = ANCHORS) -> Tracks:
    """The same with no more anchors than `most`: the smaller half begins in this frame.

    Every one of their pixels is interpolated once more; by halves that happens seldom.
    """
    numbers, counts = np.unique(tracks.anchor, return_counts=True)
    if len(numbers) <= most:
        return tracks
    small = numbers[np.argsort(counts, kind="stable")][: len(numbers) - most // 2]
    return made_anew(tracks, np.isin(tracks.anchor, small), number)._replace(age=tracks.age)


def _moved(tracks: Tracks, motion: np.ndarray) -> Tracks:
    """Tracks brought along a flow; between neighbors of one anchor places are interpolated."""
    moved = Tracks(*map(np.empty_like, tracks))
    move(*map(np.ascontiguousarray, (*tracks, motion)), np.float32(TORN), *moved)
    return moved


def _corrected(
    tracks: Tracks, frame: np.ndarray, anchors: Mapping[int, Anchor]
) -> tuple[Tracks, np.ndarray]:
    """Tracks nearer to where the anchors show what the frame does, and the misfit there."""
    frames = {number: anchor.frame for number, anchor in anchors.items()}
    seen = looked_up(tracks, frames)
    rest = nearby(frame, seen)
    small = (np.abs(rest) <= FARTHEST).all(-1, keepdims=True)
    share = CORRECTION if fine() else ROUGH_CORRECTION
    nearer = _moved(tracks, blurred(share * rest * small, 1.0))
    before, after = _misfit(frame, seen), _misfit(frame, looked_up(nearer, frames))
    better = (after <= before) & (nearer.anchor == tracks.anchor)
    places = np.where(better[..., np.newaxis], nearer.places, tracks.places)
    return tracks._replace(places=places), np.where(better, after, before)


def _misfit(frame: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """float32 `(h, w)`: root of the mean squared difference in a window."""
    apart = frame - seen
    squares = np.einsum("ijc,ijc->ij", apart, apart)[..., np.newaxis] / apart.shape[2]
    return np.sqrt(blurred(squares, WINDOW))[..., 0]


def _inside(tracks: Tracks, size: tuple[int, int]) -> np.ndarray:
    last = np.array([size[0] - 1, size[1] - 1], np.float32)
    return np.all((tracks.places >= -0.5) & (tracks.places <= last + 0.5), axis=-1)


def _without_specks(lost: np.ndarray) -> np.ndarray:
    """Lost areas without single pixels, and a pixel wider."""
    most = blurred(lost[..., np.newaxis].astype(np.float32), 1.0)[..., 0] > SPECK
    return blurred(most[..., np.newaxis].astype(np.float32), 0.7)[..., 0] > 0.25


def _with_young(outside: np.ndarray, age: np.ndarray) -> np.ndarray:
    """What comes into view at an edge of the frame, with what did lately.

    In every frame that is a narrow strip; made by itself each would be of what is next to it, and
    all together of streaks.
    """
    return outside | ((age < OLD) & wider(outside, NEAR))
