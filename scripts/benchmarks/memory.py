"""The `memory` table: the estimate made before a run against the memory that the run takes.

Every job runs in a process of its own through the public command, with few evaluations: what is
held does not depend on their number. Full-width networks get random weights.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from analogies.errors import InputError
from analogies.features.networks import layer_table
from analogies.options.presets import with_preset
from analogies.options.table import Options
from analogies.synthesis import memory
from benchmarks.run import one_run

FEW = {"evaluations": 4, "votes": 1}
TOLERANCE = 0.3


class Case(NamedTuple):
    """One job: sides of square pictures in px, and options."""

    name: str
    side_a: int
    side_b: int
    options: dict[str, str | int | float]

    def network(self) -> str:
        """The network that it runs on."""
        return str(self.options.get("features", "slim"))


CASES = (
    Case("default-128", 128, 128, {}),
    Case("default-256", 256, 256, {}),
    Case("default-512", 512, 512, {}),
    Case("default-1024", 1024, 1024, {}),
    Case("default-1536", 1536, 1536, {"model": "patchmatch"}),
    Case("small-a-1024", 256, 1024, {}),
    Case("large-a-512", 1024, 512, {}),
    Case("style-768", 768, 768, {"preset": "style"}),
    Case("neural-style-768", 768, 768, {"preset": "neural-style"}),
    Case("vgg16-256", 256, 256, {"features": "vgg16"}),
    Case("vgg16-512", 512, 512, {"features": "vgg16"}),
    Case(
        "vgg19-two-layers-512",
        512,
        512,
        {
            "features": "vgg19",
            "analogy_layers": "conv3_1,conv4_1",
            "mrf_layers": "conv3_1,conv4_1",
        },
    ),
    Case("vgg16-1024", 1024, 1024, {"features": "vgg16"}),
    Case("default-2048", 2048, 2048, {"model": "patchmatch"}),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this table understands."""
    names = ", ".join(case.name for case in CASES)
    parser.add_argument(
        "--cases", metavar="NAMES", help=f"with commas, among {names}; default: all but the last"
    )


def run(args: argparse.Namespace) -> None:
    """Print the table."""
    known = {case.name: case for case in CASES}
    names = args.cases.split(",") if args.cases else list(known)[:-1]
    if wrong := [name for name in names if name not in known]:
        raise InputError(f"there are the cases {', '.join(known)}. Received: {wrong[0]!r}")
    print(f"{'MiB':24}{'estimate':>10}{'measured':>10}{'ratio':>8}")
    far = []
    for name in names:
        estimated, measured = compare(known[name])
        ratio = estimated / measured
        print(f"{name:24}{estimated:10.0f}{measured:10.0f}{ratio:8.2f}", flush=True)
        far += [name] * (abs(ratio - 1) > TOLERANCE)
    if far:
        print(f"further off than {TOLERANCE:.0%}: {', '.join(far)}", file=sys.stderr)


def compare(case: Case) -> tuple[float, float]:
    """Estimated and measured memory of a job, MiB."""
    options = Options.parse(with_preset({**FEW, **case.options}))
    with tempfile.TemporaryDirectory() as folder:
        given = {**FEW, **case.options}
        if case.network() != "slim":
            given["vgg_weights"] = str(Path(folder, "weights.npz"))
            write_weights(Path(folder, "weights.npz"), case.network())
        pictures = [str(Path(folder, f"{name}.png")) for name in ("a", "a-prime", "b")]
        for seed, (path, side) in enumerate(
            zip(pictures, (case.side_a, case.side_a, case.side_b), strict=True)
        ):
            Image.fromarray(picture(side, seed)).save(path)
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        measured = one_run(pictures, [*arguments, "--device", "cpu"])["memory"]
    size_a, size_b = (case.side_a, case.side_a), (case.side_b, case.side_b)
    estimated = memory.estimate(size_a, size_b, options, case.network()).total / 2**20
    return estimated, measured


def picture(side: int, seed: int) -> np.ndarray:
    """Soft blots and noise, uint8 `(side, side, 3)`."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((side, side)) / side
    waves = [
        np.sin(9 * rows * p + q) * np.cos(9 * columns * q) for p, q in rng.uniform(0.5, 3, (3, 2))
    ]
    noisy = 128 + 80 * np.stack(waves, -1) + rng.normal(0, 8, (side, side, 3))
    return noisy.clip(0, 255).astype(np.uint8)


def write_weights(path: Path, network: str) -> None:
    """He-normal kernels of a network up to block 4, as `.npz`."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for info in layer_table(network):
        if info.name > "block5_conv1":
            break
        shape = (3, 3, info.inputs, info.channels)
        scale = np.float32((2 / (9 * info.inputs)) ** 0.5)
        arrays[f"{info.name}/kernel"] = rng.standard_normal(shape, np.float32) * scale
        arrays[f"{info.name}/bias"] = np.zeros(info.channels, np.float32)
    np.savez(path, **arrays)
