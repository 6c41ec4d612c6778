"""The program as a teacher: it makes the examples' B', which are kept for the next time."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from analogies import images
from analogies.errors import InputError
from analogies.images.scaling import scaled
from analogies.options.table import Options
from analogies.runs import job as jobs
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


def taught(lesson: Lesson, seconds: float | None, told: Told) -> list[Example]:
    """The examples and what the program makes of them.

    Args:
        lesson: with its pictures.
        seconds: no further picture is begun after so many; None: all are made.
        told: called with how many are done, and of how many, after each.

    Raises:
        InputError: an example cannot be used.
        KeyboardInterrupt: what was made by then is kept.
    """
    started = time.monotonic()
    found: list[Example] = []
    options = teaching(lesson.options)
    for number, path in enumerate(lesson.examples):
        kept = lesson.cache / f"{path.stem[:80]}-{_key(lesson, digest(path), options)}.png"
        late = seconds is not None and time.monotonic() - started > seconds
        if late and found and not kept.exists():
            continue
        b = _as_small(images.read(path).pixels, options)
        found.append(_example(lesson, b, kept, options))
        told(number + 1, len(lesson.examples))
    if len(found) < len(lesson.examples):
        tell([
            f"{len(found)} of {len(lesson.examples)} examples were made in the time; the same "
            "command again, or more --minutes, makes the others"
        ])  # fmt: skip
    return found


def drawn_examples(
    lesson: Lesson, count: int, scenes: bool, seconds: float | None, told: Told
) -> list[Example]:
    """Pictures put together of A's own regions, and what the program makes of them.

    Args:
        count: how many.
        scenes: whether every other one is a drawn scene instead.
        lesson, seconds, told: as for `taught`.
    """
    started = time.monotonic()
    found: list[Example] = []
    options = teaching(lesson.options)
    a = images.to_uint8(lesson.pictures["a"].pixels)
    for number in range(count):
        if seconds is not None and found and time.monotonic() - started > seconds:
            break
        seed = lesson.options.seed + number
        is_scene = scenes and number % 2 == 0
        picture = drawn.scene(DRAWN, DRAWN, seed) if is_scene else drawn.mixture(a, seed)
        b = _as_small(picture.astype(np.float32), options)
        known = hashlib.sha256(images.to_uint8(b).tobytes()).hexdigest()
        kept = lesson.cache / f"drawn{number}-{_key(lesson, known, options)}.png"
        found.append(_example(lesson, b, kept, options))
        told(number + 1, count)
    return found


def _example(lesson: Lesson, b: np.ndarray, kept: Path, options: Options) -> Example:
    """An example, made or taken from where it is kept."""
    if kept.exists():
        after = _kept(kept)
        if after is not None and after.shape == b.shape:
            return Example(images.to_uint8(b), after)
    after = make(lesson, b, options)
    images.write(kept, after)
    return Example(images.to_uint8(b), after)


def make(lesson: Lesson, b: np.ndarray, options: Options) -> np.ndarray:
    """B' as the program makes it, uint8 of B's size."""
    a, a_prime = lesson.sources["a"], lesson.sources["a_prime"]
    sized = Options.parse({**options.as_dict(), "width": None, "height": None})
    outcome = run(jobs.plan(a, a_prime, b, None, sized))
    if outcome.ended is not None:
        raise outcome.ended
    return outcome.picture


def _as_small(b: np.ndarray, options: Options) -> np.ndarray:
    """An example at the size that is learned from."""
    if options.width or options.height:
        return scaled(b, result_size((b.shape[0], b.shape[1]), options))
    share = min(1.0, LARGEST_SIDE / (b.shape[0] * b.shape[1]) ** 0.5)
    return scaled(b, (round(b.shape[0] * share), round(b.shape[1] * share)))


def _kept(path: Path) -> np.ndarray | None:
    """A picture that was kept, uint8; None where it is damaged."""
    try:
        return images.to_uint8(images.read(path).pixels)
    except InputError:
        return None


def _key(lesson: Lesson, b: str, options: Options) -> str:
    """Of everything that B' depends on."""
    known = hashlib.sha256(f"{version()} {options.fingerprint()} {LARGEST_SIDE}".encode())
    for picture in lesson.pictures.values():
        known.update(np.ascontiguousarray(picture.pixels).tobytes())
    known.update(b.encode())
    return known.hexdigest()[:12]
