"""The program as a teacher: it makes the examples' B', which are kept for the next time."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analogies import images
from analogies.images.scaling import scaled
from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs.learning import kept_pictures
from analogies.runs.learning.lesson import Lesson, teaching
from analogies.runs.machine.versions import version
from analogies.runs.record import digest
from analogies.runs.run import run
from analogies.runs.telling import tell
from analogies.synthesis.pyramid import result_size
from analogies.synthesis.student import drawn
from analogies.synthesis.student.crops import Example

LARGEST_SIDE = 256  # px; larger examples are made as small as a square of it, unless told otherwise
DRAWN = 224  # px, side of pictures that are drawn
SHARE = 2 / 3  # of the minutes, at most, unless there is nothing to learn from yet

Told = Callable[[int, int], None]
More = Callable[[], bool]  # whether another picture may be begun
Keep = Callable[[int, np.ndarray], None]  # takes B' of a number, uint8 of B's size
# Makes B' of many B in any order, with the arguments of `in_turn`.
Maker = Callable[[Lesson, Mapping[int, np.ndarray], Options, More, Keep], None]


class Wanted(NamedTuple):
    """B, uint8 `(h, w, 3)`, and the file where its B' is kept."""

    b: np.ndarray
    kept: Path


def in_turn(
    lesson: Lesson,
    pictures: Mapping[int, np.ndarray],
    options: Options,
    more: More,
    keep: Keep,
) -> None:
    """A `Maker`: one picture after the other, in this process.

    Args:
        lesson: with its pictures.
        pictures: {number: B, uint8 `(h, w, 3)`}.
        options: of the analogy, as `make` takes them.
        more: is asked before each; when it says no, what is in work is the last.
        keep: is called with each number and its B', in the thread of the caller.
    """
    for number, b in pictures.items():
        if not more():
            return
        keep(number, make(lesson, b, options))


def taught(
    lesson: Lesson, seconds: float | None, told: Told, maker: Maker = in_turn
) -> list[Example]:
    """The examples and what the program makes of them.

    Args:
        lesson: with its pictures.
        seconds: no further picture is begun after so many; None: all are made.
        told: called with how many are done, and of how many, after each.
        maker: of the pictures.

    Raises:
        InputError: an example cannot be used.
        KeyboardInterrupt: what was made by then is kept.
    """
    started, options = time.monotonic(), teaching(lesson.options)
    wanted = []
    for path in lesson.examples:
        b = _as_small(images.read(path).pixels, options)
        kept = lesson.cache / f"{path.stem[:80]}-{_key(lesson, digest(path), options)}.png"
        wanted.append(Wanted(b, kept))
    found = _examples(lesson, wanted, options, _end(started, seconds), told, maker)
    if len(found) < len(wanted):
        tell([
            f"{len(found)} of {len(wanted)} examples were made in the time; the same "
            "command again, or more --minutes, makes the others"
        ])  # fmt: skip
    return found


def drawn_examples(
    lesson: Lesson,
    count: int,
    scenes: bool,
    seconds: float | None,
    told: Told,
    maker: Maker = in_turn,
) -> list[Example]:
    """Pictures put together of A's own regions, and what the program makes of them.

    Args:
        count: how many.
        scenes: whether every other one is a drawn scene instead.
        lesson, seconds, told, maker: as for `taught`.
    """
    started, options = time.monotonic(), teaching(lesson.options)
    a = images.to_uint8(lesson.pictures["a"].pixels)
    wanted = []
    for number in range(count):
        seed = lesson.options.seed + number
        is_scene = scenes and number % 2 == 0
        picture = drawn.scene(DRAWN, DRAWN, seed) if is_scene else drawn.mixture(a, seed)
        b = _as_small(picture.astype(np.float32), options)
        key = _key(lesson, hashlib.sha256(b.tobytes()).hexdigest(), options)
        wanted.append(Wanted(b, lesson.cache / f"drawn{number}-{key}.png"))
    return _examples(lesson, wanted, options, _end(started, seconds), told, maker)


def _end(started: float, seconds: float | None) -> float:
    """When no further picture is begun any more, on the clock `time.monotonic`."""
    return float("inf") if seconds is None else started + seconds


def _examples(
    lesson: Lesson,
    wanted: Sequence[Wanted],
    options: Options,
    end: float,
    told: Told,
    maker: Maker,
) -> list[Example]:
    """Examples taken from where they are kept or, until `end`, made; one at least."""
    found: dict[int, Example] = {}

    def took(number: int, after: np.ndarray) -> None:
        found[number] = Example(wanted[number].b, after)
        told(len(found), len(wanted))

    def keep(number: int, after: np.ndarray) -> None:
        images.write(wanted[number].kept, after)
        took(number, after)

    missing = {}
    for number, (b, kept) in enumerate(wanted):
        after = kept_pictures.read(kept, b.shape[:2])
        if after is not None:
            took(number, after)
        else:
            missing[number] = b
    if missing:
        maker(lesson, missing, options, lambda: not found or time.monotonic() <= end, keep)
    return [found[number] for number in sorted(found)]


def make(lesson: Lesson, b: np.ndarray, options: Options) -> np.ndarray:
    """B' as the program makes it, uint8 of B's size."""
    a, a_prime = lesson.sources["a"], lesson.sources["a_prime"]
    outcome = run(jobs.plan(a, a_prime, b, None, of_its_size(options)))
    if outcome.ended is not None:
        raise outcome.ended
    return outcome.picture


def of_its_size(options: Options) -> Options:
    """The options for a B that has the size already that is learned from."""
    return Options.parse({**options.as_dict(), "width": None, "height": None})


def _as_small(b: np.ndarray, options: Options) -> np.ndarray:
    """An example at the size that is learned from, uint8, as a file holds it."""
    if options.width or options.height:
        size = result_size((b.shape[0], b.shape[1]), options)
    else:
        share = min(1.0, LARGEST_SIDE / (b.shape[0] * b.shape[1]) ** 0.5)
        size = round(b.shape[0] * share), round(b.shape[1] * share)
    return images.to_uint8(scaled(b, size))


def _key(lesson: Lesson, b: str, options: Options) -> str:
    """Of everything that B' depends on."""
    known = hashlib.sha256(f"{version()} {options.fingerprint()} {LARGEST_SIDE}".encode())
    for picture in lesson.pictures.values():
        known.update(np.ascontiguousarray(picture.pixels).tobytes())
    known.update(b.encode())
    return known.hexdigest()[:12]
