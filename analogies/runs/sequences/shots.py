"""The shots of a moving picture: made apart from one another, and put one behind the other.

What a frame takes from those before it ends where another scene begins. Where scenes begin is
foreseen from what the frames show, so that their shots can be made at once, elsewhere. Whether it
is so is known when the shot before is there: only where nothing of that is carried on, a shot made
apart is what a run in one piece makes; else it is made once more, from where the one before ends.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from analogies.images.scaling import scaled
from analogies.runs.sequences.job import MovingJob
from analogies.synthesis.sequence.carrying import Anchor, Frame, Tracks, began
from analogies.synthesis.sequence.loop import Made, Memory, begins_anew, in_sequence, one_by_one
from analogies.synthesis.sequence.making import Maker

FEW = 8  # frames that are made at once where each is made by itself
SIDE = 32  # px, of small pictures that are compared first
SAME = 8.0  # gray levels by which those differ at least where another scene begins
Keep = Callable[[int, bytes], None]


class ShotMaker(Protocol):
    """Who makes shots, somewhere else."""

    def __call__(self, job: MovingJob, shots: Sequence[range], keep: Keep) -> None:
        """Make shots, in any order.

        Args:
            job: of all frames.
            shots: numbers of the frames of each.
            keep: is called with the place of each shot and what `packed` gives of it, in the
                thread of the caller; it may raise.

        Raises:
            InputError: what is given cannot be used.
            Interrupted: a signal came.
        """


class Shot(NamedTuple):
    """Frames that were made apart.

    Attributes:
        frames: without what the next ones depend on.
        tracks: of the last frame; None where frames are made by themselves.
        anchors: {number: B' as it was made there} of the frames that the tracks lead to.
    """

    frames: list[Made]
    tracks: Tracks | None
    anchors: dict[int, np.ndarray]

    def memory(self, last: Frame, shown: dict[int, np.ndarray]) -> Memory | None:
        """What the frame behind depends on.

        Args:
            last: of the frames.
            shown: {number: what the frame shows, uint8 `(h, w, 3)`} of those in `anchors`.
        """
        if self.tracks is None:
            return None
        anchors = {
            number: Anchor(shown[number], picture) for number, picture in self.anchors.items()
        }
        return Memory(last, self.frames[-1].picture, self.tracks, anchors)


def foreseen(
    frames: Iterable[Frame], coherence: float, before: Frame | None = None
) -> Iterator[tuple[int, bool]]:
    """Each frame's number, and whether another scene seems to begin there.

    Args:
        frames: in order.
        coherence: in [0, 1].
        before: the frame before the first, if any; else that begins.
    """
    small = None if before is None else _small(before)
    for frame in frames:
        now = _small(frame)
        if before is None or small is None:
            begins = True
        else:
            differs = float(np.abs(now - small).mean()) >= SAME
            begins = differs and begins_anew(frame, _fresh(before), coherence)
        yield frame.number, begins
        before, small = frame, now


def few_by_few(frames: Iterable[Frame]) -> Iterator[tuple[int, bool]]:
    """The same where each frame is made by itself."""
    for index, frame in enumerate(frames):
        yield frame.number, index % FEW == 0


def parted(begins: Iterable[tuple[int, bool]], step: int) -> list[range]:
    """The numbers of the frames of each shot, in order.

    >>> parted([(0, True), (2, False), (4, True)], 2)
    [range(0, 4, 2), range(4, 6, 2)]
    """
    found: list[list[int]] = []
    for number, first in begins:
        if first or not found:
            found.append([])
        found[-1].append(number)
    return [range(numbers[0], numbers[-1] + step, step) for numbers in found]


def made_apart(
    frames: Iterable[Frame],
    maker: Maker,
    alone: bool,
    coherence: float,
    heard: Callable[[Made], object],
) -> bytes:
    """A shot, packed.

    Args:
        frames: of it.
        maker: of frames.
        alone: whether each is made by itself.
        coherence: in [0, 1].
        heard: called with each.
    """
    made: list[Made] = []
    for one in one_by_one(frames, maker) if alone else in_sequence(frames, maker, coherence):
        heard(one)
        if made:
            made[-1] = made[-1]._replace(memory=None)
        made.append(one)
    return packed(made)


def packed(made: Sequence[Made]) -> bytes:
    """Frames, and the tracks of the last, as bytes."""
    arrays = {
        "number": np.array([each.number for each in made], np.int64),
        "picture": np.stack([each.picture for each in made]),
        "anew": np.array([each.anew for each in made], np.float64),
        "cut": np.array([each.cut for each in made], bool),
        "flicker": np.array([_or_nan(each.flicker) for each in made], np.float64),
    }
    if made[-1].memory is not None:
        tracks, anchors = made[-1].memory.tracks, made[-1].memory.anchors
        arrays |= {
            **tracks._asdict(),
            "made_in": np.array(list(anchors), np.int64),
            "made": np.stack([anchor.picture for anchor in anchors.values()]),
        }
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def unpacked(data: bytes) -> Shot | None:
    """What `packed` has packed; None where it is damaged."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            known = {name: arrays[name] for name in arrays.files}
        tracks, anchors = None, {}
        if "anchor" in known:
            tracks = Tracks(known["anchor"], known["places"], known["age"])
            anchors = dict(zip(known["made_in"].tolist(), known["made"], strict=True))
        frames = [
            Made(int(number), picture, None, float(anew), bool(cut), _or_none(float(flicker)))
            for number, picture, anew, cut, flicker in zip(
                *(known[name] for name in ("number", "picture", "anew", "cut", "flicker")),
                strict=True,
            )
        ]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return Shot(frames, tracks, anchors)


def _fresh(frame: Frame) -> Memory:
    """What is known behind a frame of which all was made anew."""
    size = frame.shown.shape[:2]
    own = {frame.number: Anchor(frame.shown, frame.shown)}
    return Memory(frame, frame.shown, began(frame.number, (size[0], size[1])), own)


def _small(frame: Frame) -> np.ndarray:
    return scaled(frame.shown.astype(np.float32), (SIDE, SIDE))


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
