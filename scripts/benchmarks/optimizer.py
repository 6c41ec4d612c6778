"""The `optimizer` table: our L-BFGS-B against SciPy's, on named problems and on a picture."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from benchmarks.optimization_problems import Problem

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this table understands."""
    parser.add_argument("--memory", type=int, default=10, help="pairs kept (default: 10)")
    parser.add_argument("--only", default="", help="only problems with this in their names")
    parser.add_argument("--skip-problems", action="store_true", help="only the picture")
    parser.add_argument("--skip-picture", action="store_true", help="only the named problems")
    parser.add_argument(
        "--pictures",
        nargs=3,
        metavar=("A", "A_PRIME", "B"),
        default=[str(EXAMPLES / f"landscape-{name}.png") for name in ("a", "a-prime", "b")],
        help="pictures of the analogy (default: the landscape among the examples)",
    )
    parser.add_argument("--size", type=int, default=160, help="pixels of a side (default: 160)")
    parser.add_argument("--network", default="slim", help="slim, vgg16 or vgg19 (default: slim)")
    parser.add_argument("--weights", help="weight file, or 'random' (default: the network's own)")
    parser.add_argument(
        "--scale", type=float, default=1e3, help="factor of the picture's loss (default: 1000)"
    )


def run(args: argparse.Namespace) -> None:
    """Print the tables."""
    if not args.skip_problems:
        _print_problems(args.memory, args.only)
    if not args.skip_picture:
        _print_picture(args)


def _print_problems(memory: int, only: str) -> None:
    from benchmarks.far_problems import far_problems
    from benchmarks.optimization_problems import problems

    print(f"float64, memory {memory}; evaluations until f <= f* + 1e-8 (f0 - f*)\n")
    _print_suite(problems(), memory, only)
    print("far away or badly scaled; evaluations until f <= f* + 1e-8 max(1, |f*|)\n")
    _print_suite(far_problems(), memory, only)


def _print_suite(suite: "Sequence[Problem]", memory: int, only: str) -> None:
    from benchmarks.optimizer_comparison import compare, geometric_mean

    print(f"{'problem':36}{'SciPy f':>13}{'our f':>13}{'SciPy':>8}{'ours':>8}{'ratio':>7}")
    ratios = []
    for problem in suite:
        if only.lower() not in problem.name.lower():
            continue
        row = compare(problem, memory)
        ratios.append(row.ratio)
        flags = ("" if row.as_good else " above SciPy") + (" strayed" if row.ours.strayed else "")
        print(
            f"{problem.name:36}{row.scipy.final:13.6g}{row.ours.final:13.6g}"
            f"{row.scipy_evaluations:8g}{row.our_evaluations:8g}{row.ratio:7.2f}{flags}",
            flush=True,
        )
    if ratios:
        print(f"{'geometric mean':36}{geometric_mean(ratios):49.3f}  of {len(ratios)} problems\n")


def _print_picture(args: argparse.Namespace) -> None:
    from analogies.features import FeatureModel
    from benchmarks import optimizer_pictures as pictures

    a, a_prime, b = (_load(path, args.size) for path in args.pictures)
    model = FeatureModel(args.network, layers=pictures.LAYERS, weights=args.weights)
    plain = pictures.analogy_objective(a, a_prime, b, model)

    def objective(x):  # type: ignore[no-untyped-def]
        loss, gradient = plain(x)
        return args.scale * loss, args.scale * gradient

    shape = b.shape
    x0 = np.random.default_rng(0).uniform(0, 255, shape).astype(np.float32)
    print(f"float32, {args.network} at {shape[0]} x {shape[1]} px, noise at the start, [0, 255]\n")
    marks = "".join(f"{mark:>12}" for mark in pictures.MARKS)
    print(f"{'loss after evaluations':32}{marks}")
    for memory in (4, args.memory):
        _print_run(pictures.run_ours(objective, x0, memory))
    for memory in (4, args.memory):
        _print_run(pictures.run_scipy(objective, x0, memory))
    _print_run(pictures.run_scipy(objective, x0, 4, restart=20))
    print(f"\n{'an evaluation, taking turns':32}{'ms':>12}{'of alone':>12}")
    for name, (seconds, ratio) in pictures.time_evaluations(
        objective, x0, (4, args.memory)
    ).items():
        print(f"{name:32}{1e3 * seconds:12.2f}{ratio:12.3f}", flush=True)


def _print_run(run) -> None:  # type: ignore[no-untyped-def]
    losses = "".join(f"{loss:12.3f}" for loss in run.losses)
    print(f"{run.name:32}{losses}", flush=True)


def _load(path: str, size: int) -> np.ndarray:
    """Return a picture as float32 (size, size, 3) in [0, 255]."""
    from PIL import Image

    with Image.open(path) as image:
        small = image.convert("RGB").resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(small, np.float32)
