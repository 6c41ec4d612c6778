"""A run over the frames of a moving picture: each is made and kept, then all are put together.

From the first frame on nothing is lost: every frame is a file as soon as it is made, a signal or a
failure ends the run with what there is put together, and another run goes on with the same bytes.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analogies import images
from analogies.errors import InputError
from analogies.files import reason, write_atomically
from analogies.runs import finishing
from analogies.runs import record as records
from analogies.runs.checkpoints.lock import locked
from analogies.runs.machine.signals import signals_noted
from analogies.runs.sequences.destination import assemble, write_frame
from analogies.runs.sequences.job import MovingJob, read_frames
from analogies.runs.sequences.keeping import Keeper
from analogies.runs.sequences.order import Order, backwards
from analogies.runs.sequences.record import describe
from analogies.runs.telling import loudness, tell
from analogies.synthesis.sequence.carrying import Frame
from analogies.synthesis.sequence.joining import Behind, behind
from analogies.synthesis.sequence.loop import (
    Made,
    Memory,
    begins_anew,
    carried_back,
    in_sequence,
    one_by_one,
)
from analogies.synthesis.sequence.making import ByWholes

if TYPE_CHECKING:
    from analogies.runs.sequences.shots import ShotMaker
    from analogies.synthesis.sequence.making import Maker


@dataclass(frozen=True)
class FrameDone:
    """A frame that is made and kept, for those who listen.

    Attributes:
        place: in the order in which they are made, from 0.
        count: how many there are.
        number: of the frame.
        picture: uint8 `(h, w, 3)`.
        seconds: since the run began.
        here: how many were made by this run.
        row: what the record says of it.
    """

    place: int
    count: int
    number: int
    picture: np.ndarray
    seconds: float
    here: int
    row: dict[str, Any]


FrameListener = Callable[[FrameDone], None]


@dataclass(frozen=True)
class MovingOutcome:
    """What a run has come to.

    Attributes:
        job: as it was run.
        count: frames that are there.
        ended: what ended it before its time, or None.
        problem: why the result is not where it was to be, or "".
        late: numbers of the signals that came when it was there already.
    """

    job: MovingJob
    count: int
    ended: BaseException | None = None
    problem: str = ""
    late: tuple[int, ...] = ()


def run_sequence(
    job: MovingJob,
    listeners: Sequence[FrameListener] = (),
    maker: "Maker | None" = None,
    elsewhere: "ShotMaker | None" = None,
) -> MovingOutcome:
    """Make the frames of a job and put them together.

    Args:
        job: checked.
        listeners: called with every frame, beside those that the options ask for.
        maker: of frames, in place of the one that the job asks for; it also gives them B's colors,
            where the options say so.
        elsewhere: makes the shots, without key frames; the bytes are the same.

    Raises:
        InputError: the folder for what it takes to go on holds another job, or one to go on with
            that nobody asked for.
        KeyboardInterrupt: before there was a frame.
    """
    assert job.destination is not None
    assert job.folder is not None
    keeper = Keeper(job.folder, job.destination, job.made_from)
    known = keeper.check(job.resume)
    with loudness(job.options), locked(job.folder):
        tell(job.notes())
        listeners = [*listeners, *_curves(job)]
        run = _Run(job, keeper, maker, elsewhere)
        ended: BaseException | None = None
        try:
            run.go_on(known)
            keeper.prepare()
            run.make(partial(_heard, listeners))
        except (Exception, KeyboardInterrupt) as error:
            if not run.files():
                raise
            ended = error
        with signals_noted() as late:
            problem = run.put_together(ended)
            if not ended and not problem:
                keeper.remove()
    return MovingOutcome(job, len(run.files()), ended, problem, tuple(late))


class _Run:
    """The steps of a run."""

    def __init__(
        self,
        job: MovingJob,
        keeper: Keeper,
        maker: "Maker | None",
        elsewhere: "ShotMaker | None",
    ) -> None:
        self._job, self._keeper, self._maker, self._elsewhere = job, keeper, maker, elsewhere
        self._recolored = job.options.preserve_color and maker is None
        self._alone = job.moving.coherence == 0
        self._order = Order(job.numbers, tuple(job.keys))
        self._begin = self._done = 0
        self._memory: Memory | None = None
        self._started = time.monotonic()

    def go_on(self, known: bool) -> None:
        """Find where to begin."""
        last = self._keeper.last() if known else None
        if last is None:
            if self._job.resume:
                tell(["nothing to go on from; starts from the first frame"])
            return
        self._begin = self._done = last.place + 1
        order = len(self._order)
        tell([f"goes on behind frame {last.number}: {self._begin} of {order} are there"])
        if last.memory is not None and self._begin < order:
            frame = next(self._read(range(last.number, last.number + 1)))[0]
            self._memory = last.memory(frame)

    def make(self, heard: Callable[[FrameDone], object]) -> None:
        """Make what is left, and keep it."""
        for segment in self._order.rest(self._begin):
            if self._elsewhere is not None:
                self._make_apart(segment, self._elsewhere, heard)
            else:
                self._make_here(segment, heard)

    def _make_here(self, segment: range, heard: Callable[[FrameDone], object]) -> None:
        """Make frames one after the other."""
        alphas: dict[int, tuple[np.ndarray | None, np.ndarray]] = {}

        def noted(frames: Iterator[tuple[Frame, np.ndarray | None]]) -> Iterator[Frame]:
            for frame, alpha in frames:
                alphas[frame.number] = alpha, frame.shown
                yield frame

        forward = segment.step > 0
        read = self._read(segment) if forward else backwards(self._read, segment)
        for made in self._made(noted(read), forward):
            alpha, seen = alphas.pop(made.number)
            self._keep(made, seen, alpha, heard)

    def _make_apart(
        self, segment: range, elsewhere: "ShotMaker", heard: Callable[[FrameDone], object]
    ) -> None:
        """Have shots made elsewhere, and keep them in order."""
        from analogies.runs.sequences import shots

        coherence, before = self._job.moving.coherence, self._memory and self._memory.frame
        self._find_maker()
        frames = (frame for frame, _ in self._read(segment))
        alone = self._alone
        begins = shots.few_by_few(frames) if alone else shots.foreseen(frames, coherence, before)
        found = list(begins)
        parts = shots.parted(found, segment.step)
        if found and not found[0][1]:  # the rest of a shot, of which the beginning is there
            self._make_here(parts.pop(0), heard)
        waiting = dict(enumerate(parts))

        def joined() -> None:
            """Take the shots that are there and whose turn it is."""
            while waiting and self._keeper.shot(waiting[first := min(waiting)]).exists():
                numbers = waiting.pop(first)
                self._join(numbers, heard)

        def keep(place: int, data: bytes) -> None:
            write_atomically(self._keeper.shot(missing[place]), data)
            joined()

        joined()
        missing = [each for each in waiting.values() if not self._keeper.shot(each).exists()]
        if missing:
            elsewhere(self._job, missing, keep)

    def _join(self, numbers: range, heard: Callable[[FrameDone], object]) -> None:
        """Keep a shot that was made elsewhere, if it is what would have been made here."""
        from analogies.runs.sequences.shots import unpacked

        file = self._keeper.shot(numbers)
        shot = unpacked(file.read_bytes())
        if shot is None or not self._begins(numbers):
            self._make_here(numbers, heard)
        else:
            shown, last, anchors = {}, numbers[-1], shot.anchors
            for made, (frame, alpha) in zip(shot.frames, self._read(numbers), strict=True):
                if made.number in anchors:
                    shown[made.number] = frame.shown
                if made.number == last:
                    made = made._replace(memory=shot.memory(frame, shown))
                self._memory = made.memory
                self._keep(made, frame.shown, alpha, heard, self._alone or made.number == last)
        file.unlink(missing_ok=True)

    def _begins(self, numbers: range) -> bool:
        """Whether nothing is carried into a shot from the one before."""
        if self._memory is None:
            return True
        frame, _ = next(self._read(numbers[:1]))
        return begins_anew(frame, self._memory, self._job.moving.coherence)

    def _keep(
        self,
        made: Made,
        seen: np.ndarray,
        alpha: np.ndarray | None,
        heard: Callable[[FrameDone], object],
        goes_on: bool = True,
    ) -> None:
        """Write a frame, and what it takes to go on behind it."""
        self._write(made, seen, alpha)
        row = {
            "frame": made.number,
            "anew": round(made.anew, 4),
            "begins": made.cut,
            "warping_error": made.flicker,
        }
        place = self._done
        if goes_on:
            self._keeper.add(place, made, row)
        else:
            self._keeper.note(row)
        self._done = place + 1
        seconds = time.monotonic() - self._started
        here, count = self._done - self._begin, len(self._order)
        heard(FrameDone(place, count, made.number, made.picture, seconds, here, row))

    def files(self) -> list[Path]:
        """Of the frames that are there, in the order in which they are shown."""
        return [self._file(number) for number in self._numbers()]

    def put_together(self, ended: BaseException | None) -> str:
        """Write the result and its record; returns what went wrong, or ""."""
        job = self._job
        assert job.destination is not None
        problem, numbers = "", self._numbers()
        try:
            assemble(job.destination, self.files(), numbers, job.numbers.step, job.frames)
        except Exception as error:
            problem = reason(error)
        try:
            seconds = time.monotonic() - self._started
            said = describe(job, numbers, self._keeper.rows, not ended, seconds)
            records.write(job.destination.record, said)
        except Exception as error:
            tell([f"the record of the run: {reason(error)}"])
        return problem

    def _made(self, frames: Iterator[Frame], forward: bool) -> Iterator[Made]:
        """The frames of a segment."""
        job, maker = self._job, self._find_maker()
        if self._alone:
            beside = isinstance(maker, ByWholes) and maker.beside
            yield from one_by_one(frames, maker, beside)
            return
        behind_too = forward and len(job.keys) > 1
        for made in in_sequence(
            frames,
            maker,
            job.moving.coherence,
            self._memory,
            job.keys,
            self._from_behind if behind_too else lambda number: None,
        ):
            self._memory = made.memory
            yield made

    def _find_maker(self) -> "Maker":
        """Who makes the frames; whether each is made by itself is known then, too."""
        if self._maker is None:
            from analogies.runs.sequences import makers

            self._maker, alone = makers.maker_of(self._job)
            self._alone = self._alone or alone
        return self._maker

    def _from_behind(self, number: int) -> tuple[Behind, float] | None:
        """What was carried from the key frame behind."""
        before, after = self._order.keys_around(number)
        if before is None or after is None:
            return None
        found = self._keeper.read_behind(number)
        if found is None:
            gap = range(after, number - 1, -self._job.numbers.step)[1:]
            key = self._job.keys[after]
            frames = (frame for frame, _ in backwards(self._read, gap))
            for other, known in carried_back(frames, after, key, self._job.moving.coherence):
                self._keeper.write_behind(other, behind(known))
            found = self._keeper.read_behind(number)
        self._keeper.forget_behind(number - self._job.numbers.step)
        return None if found is None else (found, (number - before) / (after - before))

    def _read(self, numbers: range) -> Iterator[tuple[Frame, np.ndarray | None]]:
        """Frames at the result's size, and their transparency."""
        count = 0
        for frame in read_frames(self._job.frames, numbers, self._job.size):
            count += 1
            yield frame
        if count < len(numbers):
            if not count and numbers.start == self._job.numbers.start:
                raise InputError(
                    f"B: no frame can be read. Received: {str(self._job.frames.path)!r}"
                )
            tell([f"{self._job.frames.path} ends before frame {numbers[count]}: it is damaged"])

    def _write(self, made: Made, seen: np.ndarray, alpha: np.ndarray | None) -> None:
        picture = made.picture
        if self._recolored:
            pixels, b = picture.astype(np.float32), seen.astype(np.float32)
            picture = images.to_uint8(finishing.finish(pixels, b, self._job.options))
        quick = self._keeper.frames.parent == self._keeper.folder  # it is put together and removed
        write_frame(self._file(made.number), picture, alpha, quick)

    def _file(self, number: int) -> Path:
        return self._keeper.file(self._job.frames.name(number))

    def _numbers(self) -> list[int]:
        there = set(self._order.made(self._done))
        return [number for number in self._job.numbers if number in there]


def _curves(job: MovingJob) -> list[Any]:
    """Who writes what TensorBoard shows, where the options ask for it."""
    if job.options.logdir is None:
        return []
    from analogies.runs.monitors.frame_curves import FrameCurves

    assert job.destination is not None
    return [FrameCurves(Path(job.options.logdir), job.destination.result.stem)]


def _heard(listeners: Sequence[FrameListener], done: FrameDone) -> None:
    for listener in listeners:
        try:
            listener(done)
        except Exception as error:
            tell([f"{type(listener).__name__}: {reason(error)}; the run goes on"])
