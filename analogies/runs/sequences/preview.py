"""One frame of a job, as a picture; of one with key frames carried from those around it."""

from collections.abc import Iterator

import numpy as np

from analogies import images
from analogies.runs import job as stills
from analogies.runs.job import Job
from analogies.runs.run import run
from analogies.runs.sequences.job import MovingJob, read_frames
from analogies.runs.sequences.order import Order, backwards
from analogies.runs.telling import loudness, tell
from analogies.synthesis.sequence.carrying import Carried, Frame
from analogies.synthesis.sequence.joining import behind, joined
from analogies.synthesis.sequence.loop import carried_back, whole_levels
from analogies.synthesis.sequence.making import ByKeys


def preview(job: MovingJob) -> None:
    """Make the frame that `job.moving.frame` names, and write it.

    What lies between it and a key frame is not made; parts that were seen only there are made anew.
    Without key frames it is made as any picture.

    Raises:
        InputError: the picture cannot be written.
    """
    assert job.moving.frame is not None
    assert job.still is not None
    if not job.keys:
        outcome = run(stills.with_pictures(as_still(job)))
        if outcome.ended is not None:
            raise outcome.ended
        return
    number = job.moving.frame
    with loudness(job.options):
        tell(job.notes())
        (frame, alpha), *_ = read_frames(job.frames, range(number, number + 1), job.size)
        images.write(job.still, _made(job, frame), alpha)


def as_still(job: MovingJob) -> Job:
    """The job of one picture that a frame without key frames is, checked."""
    number = job.moving.frame
    assert number is not None
    frame = next(iter(job.frames.read(range(number, number + 1))))
    pixels = frame.pixels if frame.alpha is None else np.dstack([frame.pixels, frame.alpha])
    a, a_prime = job.sources["a"], job.sources["a_prime"]
    return stills.check(a, a_prime, pixels, job.still, job.options, remark=job.remark)


def _made(job: MovingJob, frame: Frame) -> np.ndarray:
    """uint8 `(h, w, 3)`."""
    if frame.number in job.keys:
        return job.keys[frame.number].picture
    before, after = Order(job.numbers, tuple(job.keys)).keys_around(frame.number)
    known, other = (_carried(job, key, frame.number) for key in (before, after))
    if known is not None and other is not None:
        assert before is not None
        assert after is not None
        share = (frame.number - before) / (after - before)
        both = joined(known, behind(other), share)
        known = known._replace(picture=both.picture, lost=both.lost)
    known = known or other
    assert known is not None
    picture = known.picture
    if known.lost.any():
        picture = ByKeys(job.options, job.keys).part(frame, known)
    return whole_levels(picture)


def _carried(job: MovingJob, key: int | None, number: int) -> Carried | None:
    """What of a frame is known from a key frame."""
    if key is None:
        return None

    def read(numbers: range) -> list[Frame]:
        return [frame for frame, _ in read_frames(job.frames, numbers, job.size)]

    found: Iterator[Frame]
    if key < number:
        found = (
            frame for frame, _ in read_frames(job.frames, range(key + 1, number + 1), job.size)
        )
    else:
        found = backwards(lambda x: iter(read(x)), range(key - 1, number - 1, -1))
    return [known for _, known in carried_back(found, key, job.keys[key], job.moving.coherence)][-1]
