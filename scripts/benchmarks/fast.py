"""The `fast` table: networks that learned planted analogies, against the program itself.

One row per case and per time of learning: processor seconds, seconds and memory of it, what the
network's picture gains over B, and which share of the program's gain that is; for labels, accuracy,
sharpness and how far the patches are from the truth's, of both. Then the time of a 512 px square
picture, beside one pass of the slim network and the program's own.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import analogies
from analogies.errors import InputError
from analogies.options.learning import LearningOptions
from analogies.options.table import Options
from benchmarks import planted, quality

FAMILIES = ("recolor", "deblur", "emboss", "edges", "texture_by_numbers")
SIDE = 512  # px, of the pictures that are timed
MAPS = 12  # label maps that are drawn as examples
ROUNDS = 5
LABELS = len(planted.PAINTS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this table understands."""
    parser.add_argument("--families", nargs="+", metavar="NAME", default=list(FAMILIES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3], metavar="N")
    parser.add_argument("--size", type=int, default=160, help="px of a side (default: 160)")
    parser.add_argument(
        "--minutes",
        type=float,
        nargs="+",
        default=[5.0],
        metavar="N",
        help="of learning, each anew (default: 5)",
    )
    parser.add_argument(
        "--steps", type=int, nargs="+", metavar="N", help="of learning, instead of minutes"
    )
    parser.add_argument("--net-size", default="small", help="small or large (default: small)")
    parser.add_argument("--planted-module", metavar="PATH", help="other generators of cases")
    parser.add_argument(
        "--save", metavar="FOLDER", help="keep B, slow, fast and the truth as strips"
    )
    parser.add_argument("--no-speed", action="store_true", help="leave the times out")


def run(args: argparse.Namespace) -> None:
    """Print the table.

    Raises:
        InputError: something given is not known.
    """
    families = planted.FAMILIES | quality.load_families(args.planted_module, None)
    for name in args.families:
        if name not in FAMILIES:
            raise InputError(f"there are {', '.join(FAMILIES)}. Received: {name!r}")
        for seed in args.seeds:
            with tempfile.TemporaryDirectory() as folder:
                for row in rows(name, families[name], seed, args, Path(folder)):
                    print(row, flush=True)
    if not args.no_speed:
        print(speed(args.net_size), flush=True)


def rows(
    name: str, family: Callable[..., Any], seed: int, args: argparse.Namespace, folder: Path
) -> Iterator[str]:
    """The rows of a case, one per time of learning."""
    from analogies.runs.learning import learn, lesson

    case = family(seed, args.size, args.size)
    started = time.perf_counter()
    slow = quality.make(name, case, {})
    seconds = time.perf_counter() - started
    for key in ("A", "Ap"):
        Image.fromarray(case[key]).save(folder / f"{key}.png")
    examples = _maps(family, seed, args.size, folder) if name in quality.LABELED else None
    for number, (minutes, steps) in enumerate(_lengths(args)):
        learning = LearningOptions(
            examples=examples, minutes=minutes, learn_steps=steps, net_size=args.net_size
        )
        net = folder / f"net{number}.keras"  # with pictures of the teacher of its own
        planned = lesson.plan(net, folder / "A.png", folder / "Ap.png", Options(), learning)
        before, started = _processor(), time.perf_counter()
        outcome = learn.learn(planned)
        spent, passed = _processor() - before, time.perf_counter() - started
        fast = analogies.FastAnalogy(net)(case["B"])
        _save(args, f"{name}-{seed}-{number}", [case["B"], slow, fast, case["truth"]])
        told = f"{name:20}{seed:3}  {outcome.about['steps']:5} steps {spent:6.0f} CPU s"
        told += f" {passed:6.0f} s {_peak():5.0f} MB"
        yield told + _compared(name, case, slow, fast) + f"  slow {seconds:.1f} s"


def _lengths(args: argparse.Namespace) -> list[tuple[float, int | None]]:
    """Minutes, and steps where they are given, of each learning."""
    if args.steps:
        return [(LearningOptions().minutes, steps) for steps in args.steps]
    return [(minutes, None) for minutes in args.minutes]


def _compared(name: str, case: Mapping[str, Any], slow: np.ndarray, fast: np.ndarray) -> str:
    """The measures of both pictures."""
    figures, told = [quality.judge(name, dict(case), picture) for picture in (slow, fast)], ""
    for key in figures[0]:
        if key not in quality.GIVEN:
            told += f"  {key} {figures[1][key]:.3f} (slow {figures[0][key]:.3f})"
    if "gain dB" in figures[0]:
        told += f"  share {figures[1]['gain dB'] / figures[0]['gain dB']:.2f}"
    return told


def _save(args: argparse.Namespace, title: str, pictures: Sequence[np.ndarray]) -> None:
    """Keep pictures side by side, where that is asked for."""
    if args.save:
        Path(args.save).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.hstack(pictures)).save(Path(args.save) / f"{title}.png")


def _maps(family: Callable[..., Any], seed: int, size: int, folder: Path) -> str:
    """A folder of label maps of other cases."""
    place = folder / "maps"
    place.mkdir()
    for number in range(MAPS):
        drawn = family(1000 * (seed + 1) + number, size, size)["B"]
        Image.fromarray(drawn).save(place / f"{number:02}.png")
    return str(place)


def speed(size: str) -> str:
    """Times of a picture of `SIDE` px, in turn with a pass of the slim network."""
    import tensorflow as tf

    from analogies.features import FeatureModel
    from analogies.synthesis.student import network, using

    picture = np.random.default_rng(0).uniform(0, 255, (1, SIDE, SIDE, 3)).astype(np.float32)
    slim = FeatureModel("slim", ("block5_conv1",))
    function = tf.function(slim)
    given = tf.constant(picture)
    calls: dict[str, Callable[[], Any]] = {"a pass of the slim network": partial(function, given)}
    for title, model in _networks(size).items():
        needed = using.compiled(model), picture, network.chance_of(model)
        calls[f"B', {size}{title}"] = partial(using.make, *needed)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for number in range(ROUNDS + 1):
        for name, call in calls.items():
            wall, spent = time.perf_counter(), _processor()
            call()
            if number:
                found[name].append((time.perf_counter() - wall, _processor() - spent))
    lines = [f"\n{SIDE}x{SIDE} px, least of {ROUNDS}"]
    base = min(spent for _, spent in found["a pass of the slim network"])
    for name, rounds in found.items():
        wall, spent = (min(column) for column in zip(*rounds, strict=True))
        ratio = f"{spent / base:.2f} of a slim pass"
        lines.append(f"{name:32}{1000 * wall:8.0f} ms  {1000 * spent:8.0f} CPU ms  {ratio}")
    return "\n".join(lines)


def _networks(size: str) -> dict[str, Any]:
    """Untrained networks of each kind, by what is told of them."""
    from analogies.synthesis.joint.pixel_rule import FILTER, KNOTS
    from analogies.synthesis.student.labels import Textures
    from analogies.synthesis.student.network import RuleWeights, build
    from analogies.synthesis.student.sizes import PERIOD

    curves, kernel = np.zeros((len(KNOTS), 3, 3)), np.zeros((FILTER, FILTER, 3, 3))
    rule = RuleWeights(KNOTS, curves, kernel, np.zeros(3))
    tiles = np.random.default_rng(0).integers(0, 256, (LABELS, PERIOD, PERIOD, 3)).astype(np.uint8)
    textures = Textures(planted.PAINTS.astype(np.float32), tiles)
    return {
        "": build(size, False),
        ", with a rule": build(size, False, rule),
        ", with noise": build(size, True),
        ", with textures": build(size, True, textures=textures),
    }


def _processor() -> float:
    """Seconds of processor time of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """The most memory that this process has had so far, MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e6 if sys.platform == "darwin" else 1e3)
