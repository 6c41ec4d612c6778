"""Textures of A' for the labels of A, or for its tones, made by the program.

They are kept beside the examples' B'.
"""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from analogies import images
from analogies.images.scaling import scaled
from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs.learning import kept_pictures
from analogies.runs.learning.lesson import Lesson
from analogies.runs.machine.versions import version
from analogies.runs.run import run
from analogies.synthesis.pyramid import result_size
from analogies.synthesis.student.labels import (
    TONES,
    Textures,
    labels_of,
    region_of,
    tones_among,
    tones_of,
)
from analogies.synthesis.student.sizes import CELL, PERIOD

SHARE = 1 / 3  # of the minutes, at most
PATCH = 5  # px, side of what a region must have room for
ROOM = 64  # places of such patches in a region that makes a texture
STYLE_SIDE = 384  # px
BLUR = 3  # px, of what tones are compared with
GAIN = 1.15  # of a texture's contrast, and one over that the least
# What of the options of the analogy is that of its textures, too.
_KEPT = ("features", "vgg_weights", "pool_mode", "device", "precision", "seed")

# Strokes come out of pixels alone; a network makes hatching of them where regions are narrow.
_STROKES = {"coarse_side": 0, "finish": "pixels"}

Told = Callable[[int, int], None]


def of_labels(lesson: Lesson, told: Told) -> Textures | None:
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
    a, paintings = ([pair[i] for pair in lesson.pairs] for i in range(2))
    labels = labels_of(a)
    if labels is None:
        return None
    regions = [[region_of(x, label) for x in a] for label in labels]
    tiles = _tiles(lesson, paintings, regions, told, {})
    return None if tiles is None else Textures(labels, tiles)


def of_tones(lesson: Lesson, pictures: Sequence[np.ndarray], told: Told) -> Textures | None:
    """A texture for each tone of a painting, the strokes of where it is as bright.

    Args:
        lesson: with its pictures.
        pictures: of B's kind, `(h, w, 3)` in [0, 255].
        told: called with how many are made, and of how many, after each.

    Returns:
        None where making them would take more than `SHARE` of the minutes.
    """
    paintings = [_as_small(pair.a_prime) for pair in lesson.pairs]
    tones = tones_of(paintings)
    regions = [[x == tone for x in tones] for tone in range(TONES)]
    tiles = _tiles(lesson, paintings, regions, told, _STROKES)
    return None if tiles is None else Textures(tones_among(pictures), tiles, BLUR)


def _as_small(painting: np.ndarray) -> np.ndarray:
    """A painting as small as a square of `STYLE_SIDE`: its strokes suit pictures of that size."""
    height, width = painting.shape[:2]
    share = min(1.0, STYLE_SIDE / (height * width) ** 0.5)
    return scaled(painting, (round(height * share), round(width * share)))


def _tiles(
    lesson: Lesson,
    paintings: Sequence[np.ndarray],
    regions: Sequence[Sequence[np.ndarray]],
    told: Told,
    more: Mapping[str, Any],
) -> np.ndarray | None:
    """Textures, each of some regions of the paintings, or None where there is no time for them.

    Args:
        lesson, told: as for `of_labels`.
        paintings: `(h, w, 3)` in [0, 255].
        regions: of each texture, of each painting, bool `(h, w)`.
        more: options of the textures.
    """
    period = min([PERIOD, *(side for x in paintings for side in x.shape[:2])]) // CELL * CELL
    seconds = None if lesson.learning.learn_steps else lesson.learning.minutes * 60 * SHARE
    tiles: list[np.ndarray] = []
    for own in regions:
        started = time.monotonic()
        tiles.append(_tile(lesson, paintings, own, _options(lesson.options, period, more)))
        told(len(tiles), len(regions))
        if seconds is not None and (time.monotonic() - started) * len(regions) > seconds:
            return None
    return np.stack(tiles)


def _tile(
    lesson: Lesson,
    paintings: Sequence[np.ndarray],
    regions: Sequence[np.ndarray],
    options: Options,
) -> np.ndarray:
    """The texture of regions, uint8 `(period, period, 3)`, of the contrast that A' has there."""
    size = result_size(paintings[0].shape[:2], options)
    room = [_places(region) for region in regions]
    best = int(np.argmax(room))
    if room[best] < ROOM:
        pixels = [x[region] for x, region in zip(paintings, regions, strict=True)]
        mean = np.concatenate(pixels).mean(0)
        return images.to_uint8(np.broadcast_to(mean, (*size, 3)))
    painting = paintings[best]
    path = lesson.cache / f"texture-{_key(painting, regions[best], options)}.png"
    found = kept_pictures.read(path, size)
    if found is None:
        mask = regions[best].astype(np.uint8) * 255
        a = a_prime = b = painting
        outcome = run(jobs.plan(a, a_prime, b, None, options, masks={"a_mask": mask}))
        if outcome.ended is not None:
            raise outcome.ended
        found = outcome.picture
        images.write(path, found)
    return _leveled(found, painting[regions[best]])


def _leveled(tile: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """A texture with the mean and the deviation of each color that some pixels `(n, 3)` have.

    Patches of A' that overlap are averaged, so that a texture has some percent less contrast.
    """
    values = tile.reshape(-1, 3).astype(np.float64)
    gain = (pixels.std(0) + 1e-3) / (values.std(0) + 1e-3)
    gain = np.clip(gain, 1 / GAIN, GAIN)
    values = (values - values.mean(0)) * gain + pixels.mean(0, dtype=np.float64)
    return images.to_uint8(values.reshape(tile.shape))


def _options(options: Options, period: int, more: Mapping[str, Any]) -> Options:
    """How a texture is made."""
    same = {name: getattr(options, name) for name in _KEPT}
    size = {"width": period, "height": period}
    return Options.parse(
        {"preset": "texture", "tile": "both", "quiet": True, **size, **same, **more}
    )


def _places(region: np.ndarray) -> int:
    """How many patches lie in a region `(h, w)` as wholes."""
    if min(region.shape) < PATCH:
        return 0
    windows = np.lib.stride_tricks.sliding_window_view
    rows = windows(region, PATCH, 0).all(-1)
    return int(windows(rows, PATCH, 1).all(-1).sum())


def _key(painting: np.ndarray, region: np.ndarray, options: Options) -> str:
    """Of everything that a texture depends on."""
    known = hashlib.sha256(f"{version()} {options.fingerprint()}".encode())
    for part in (painting, region):
        known.update(np.ascontiguousarray(part).tobytes())
    return known.hexdigest()[:12]
