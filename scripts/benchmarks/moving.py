"""Moving pictures: a clip made in sequence against its frames made one by one, and planted motion.

clip      warping error (Lai et al. 2018, flow of the input), sharpness, time
planted   a painting by a known rule on a camera that pans, zooms and turns: gray levels of error
"""

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analogies import images
from analogies.images.frames.source import open_frames
from analogies.images.scaling import scaled
from analogies.matching.flow import consistent, engine, flow, grid, sampled, warped
from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs.run import run as run_still
from analogies.synthesis.decision import decide
from analogies.synthesis.references import References
from analogies.synthesis.sequence.carrying import Anchor, Frame
from analogies.synthesis.sequence.loop import in_sequence, one_by_one, warping_error
from analogies.synthesis.sequence.making import ByPatches, Known

CAMERAS: Mapping[str, Mapping[str, Any]] = {
    "pan": {"pan": (0.4, 1.1)},
    "zoom": {"zoom": 0.006},
    "turn": {"turn": 0.008},
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of this table."""
    parser.add_argument("clip", help="a clip, a folder of frames or an animation")
    parser.add_argument("style", help="a painting")
    parser.add_argument("--height", type=int, default=128, help="of the frames, px")
    parser.add_argument("--frames", type=int, default=12, help="how many of them")
    parser.add_argument("--coherence", type=float, default=0.8)


def run(args: argparse.Namespace) -> None:
    """Print the table."""
    source = open_frames(args.clip)
    size = args.height, round(source.size[1] * args.height / source.size[0])
    read = source.read(range(args.frames))
    frames = [Frame(i, images.to_uint8(scaled(x.pixels, size))) for i, x in enumerate(read)]
    print(f"flow: {engine()}")
    _in_sequence(frames, images.read(args.style).pixels, args.coherence)
    whole = next(source.read(range(1))).pixels
    for name, camera in CAMERAS.items():
        near, far = planted(whole, camera)
        print(f"planted {name:5} error at frame 4 {near:.2f}, at frame 40 {far:.2f} gray levels")


def _in_sequence(frames: Sequence[Frame], style: np.ndarray, coherence: float) -> None:
    options = Options.parse({"preset": "style", "quiet": True})

    def whole(frame: Frame) -> np.ndarray:
        made = run_still(jobs.plan(style, style, frame.shown, None, options))
        return made.picture.astype(np.float32)

    first = frames[0].shown
    pairs = [(style, style)]
    kind = decide(options, References(pairs, first.astype(np.float32))).kind
    maker = ByPatches(options, kind, pairs, (first.shape[0], first.shape[1]), whole)
    alone, alone_seconds = _timed(lambda: [x.picture for x in one_by_one(frames, maker)])
    made, seconds = _timed(lambda: list(in_sequence(frames, maker, coherence)))
    begins = [x.cut for x in made]
    rows = {
        "input": [x.shown for x in frames],
        "one by one": alone,
        "in sequence": [x.picture for x in made],
    }
    for name, pictures in rows.items():
        error = mean_error(frames, pictures, begins)
        print(f"{name:12} warping error {error:.6f}  sharpness {sharpness(pictures):.3f}")
    print(f"processor time {seconds:.1f} s, one by one {alone_seconds:.1f} s")


def _timed(function):  # type: ignore[no-untyped-def]
    started = time.process_time()
    return function(), time.process_time() - started


def mean_error(
    frames: Sequence[Frame], pictures: Sequence[np.ndarray], begins: Sequence[bool]
) -> float:
    """The mean warping error of pictures along the flow of the frames.

    Args:
        frames: what they show.
        pictures: uint8 `(h, w, 3)`.
        begins: whether another scene begins with a frame, which is not counted then.
    """
    found = []
    for i in [i for i in range(1, len(frames)) if not begins[i]]:
        now, before = frames[i].shown, frames[i - 1].shown
        motion = flow(now, before)
        trusted = consistent(motion, flow(before, now))
        error = warping_error(pictures[i], warped(pictures[i - 1], motion), motion, trusted)
        found += [] if error is None else [error]
    return float(np.mean(found))


def sharpness(pictures: Sequence[np.ndarray]) -> float:
    """The mean difference of neighboring pixels, gray levels."""
    steps = [np.abs(np.diff(x.astype(np.float32), axis=a)).mean() for x in pictures for a in (0, 1)]
    return float(np.mean(steps))


def planted(
    scene: np.ndarray, camera: Mapping[str, Any], size: tuple[int, int] = (96, 128)
) -> list[float]:
    """The error at frames 4 and 40 of a painting that is carried, where it is."""
    frames = [Frame(i, _seen(scene, i, size, **camera)) for i in range(41)]
    keys = {0: Anchor(frames[0].shown, _painted(frames[0].shown))}
    made = list(in_sequence(frames, _Truth(), 0.8, keys=keys))
    found = []
    for number in (4, 40):
        covered = made[number].memory.tracks.anchor == 0  # type: ignore[union-attr]
        left = np.abs(made[number].picture.astype(float) - _painted(frames[number].shown))
        found.append(float(left[covered].mean()))
    return found


class _Truth:
    """Makes what the rule says."""

    def whole(self, frame: Frame) -> np.ndarray:
        return _painted(frame.shown).astype(np.float32)

    def part(self, frame: Frame, known: Known) -> np.ndarray:
        return np.where(known.lost[..., np.newaxis], self.whole(frame), known.picture)


def _painted(frame: np.ndarray) -> np.ndarray:
    return np.rint(255 - 0.8 * frame[..., ::-1]).astype(np.uint8)


def _seen(
    scene: np.ndarray,
    number: int,
    size: tuple[int, int],
    pan: tuple[float, float] = (0.0, 0.0),
    zoom: float = 0.0,
    turn: float = 0.0,
) -> np.ndarray:
    """What a camera over a scene shows."""
    angle, scale = turn * number, 1 + zoom * number
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / scale
    middle = np.array(scene.shape[:2]) / 2 + np.array(pan) * number
    places = (grid(*size) - np.array(size) / 2) @ rotation.T + middle
    return images.to_uint8(sampled(scene, places.astype(np.float32)))
