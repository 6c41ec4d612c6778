"""Textures of A' for the labels of A, made by the program and kept beside the examples' B'."""

import hashlib
import time
from collections.abc import Callable

import numpy as np

from analogies import images
from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs.inputs import Pair
from analogies.runs.learning import kept_pictures
from analogies.runs.learning.lesson import Lesson
from analogies.runs.machine.versions import version
from analogies.runs.run import run
from analogies.synthesis.student.labels import Textures, labels_of, region_of
from analogies.synthesis.student.sizes import CELL, PERIOD

SHARE = 1 / 3  # of the minutes, at most
PATCH = 5  # px, side of what a region must have room for
ROOM = 64  # places of such patches in a region that makes a texture
GAIN = 1.15  # of a texture's contrast, and one over that the least
# What of the options of the analogy is that of its textures, too.
_KEPT = ("features", "vgg_weights", "pool_mode", "device", "precision", "seed")

Told = Callable[[int, int], None]


def made(lesson: Lesson, told: Told) -> Textures | None:
    """A texture for each label of A, where it is a map of labels.

    A label that covers too little of A gets the mean of its colors.

    Args:
        lesson: with its pictures.
        told: called with how many are made, and of how many, after each.

    Returns:
        None where A is no map of labels, or where making them would take more than `SHARE` of the
        minutes, by the time that the first one takes.

    Raises:
        KeyboardInterrupt: what was made by then is kept.
    """
    labels = labels_of([pair.a for pair in lesson.pairs])
    if labels is None:
        return None
    period = min([PERIOD, *(side for pair in lesson.pairs for side in pair.a_prime.shape[:2])])
    period = period // CELL * CELL
    seconds = None if lesson.learning.learn_steps else lesson.learning.minutes * 60 * SHARE
    tiles: list[np.ndarray] = []
    for label in labels:
        started = time.monotonic()
        tiles.append(_of_label(lesson, label, period))
        told(len(tiles), len(labels))
        if seconds is not None and (time.monotonic() - started) * len(labels) > seconds:
            return None
    return Textures(labels, np.stack(tiles))


def _of_label(lesson: Lesson, label: np.ndarray, period: int) -> np.ndarray:
    """The texture of a label, uint8 `(period, period, 3)`, of the contrast that A' has there."""
    regions = [region_of(pair.a, label) for pair in lesson.pairs]
    room = [_places(region) for region in regions]
    best = int(np.argmax(room))
    if room[best] < ROOM:
        pixels = [pair.a_prime[r] for pair, r in zip(lesson.pairs, regions, strict=True)]
        mean = np.concatenate(pixels).mean(0)
        return images.to_uint8(np.broadcast_to(mean, (period, period, 3)))
    pair, options = lesson.pairs[best], _options(lesson.options, period)
    path = lesson.cache / f"texture-{_key(pair, regions[best], options)}.png"
    found = kept_pictures.read(path, (period, period))
    if found is None:
        mask = regions[best].astype(np.uint8) * 255
        a = a_prime = pair.a_prime
        outcome = run(jobs.plan(a, a_prime, a, None, options, masks={"a_mask": mask}))
        if outcome.ended is not None:
            raise outcome.ended
        found = outcome.picture
        images.write(path, found)
    return _leveled(found, pair.a_prime[regions[best]])


def _leveled(tile: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """A texture with the mean and the deviation of each color that some pixels `(n, 3)` have.

    Patches of A' that overlap are averaged, so that a texture has some percent less contrast.
    """
    values = tile.reshape(-1, 3).astype(np.float64)
    gain = (pixels.std(0) + 1e-3) / (values.std(0) + 1e-3)
    gain = np.clip(gain, 1 / GAIN, GAIN)
    values = (values - values.mean(0)) * gain + pixels.mean(0, dtype=np.float64)
    return images.to_uint8(values.reshape(tile.shape))


def _options(options: Options, period: int) -> Options:
    """How a texture is made."""
    same = {name: getattr(options, name) for name in _KEPT}
    size = {"width": period, "height": period}
    return Options.parse({"preset": "texture", "tile": "both", "quiet": True, **size, **same})


def _places(region: np.ndarray) -> int:
    """How many patches lie in a region `(h, w)` as wholes."""
    if min(region.shape) < PATCH:
        return 0
    windows = np.lib.stride_tricks.sliding_window_view
    rows = windows(region, PATCH, 0).all(-1)
    return int(windows(rows, PATCH, 1).all(-1).sum())


def _key(pair: Pair, region: np.ndarray, options: Options) -> str:
    """Of everything that a texture depends on."""
    known = hashlib.sha256(f"{version()} {options.fingerprint()}".encode())
    for part in (pair.a_prime, region):
        known.update(np.ascontiguousarray(part).tobytes())
    return known.hexdigest()[:12]
