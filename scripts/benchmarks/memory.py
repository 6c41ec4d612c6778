"""The `memory` table: the estimate made before a run against the memory that the run takes.

Every job runs in a process of its own through the public command, the network's with few
evaluations: what is held does not depend on their number. Full-width networks get random weights.
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
from analogies.images import read
from analogies.options.presets import with_preset
from analogies.options.table import Options
from analogies.synthesis import memory
from analogies.synthesis.decision import decide
from analogies.synthesis.references import References
from benchmarks.run import one_run

FEW: dict[str, str | int | float] = {
    "evaluations": 4,
    "votes": 1,
    "finish": "network",
}  # of the network, alone
ALONE: dict[str, str | int | float] = {"coarse_side": 0}  # pixels
TOLERANCE = 0.3


class Case(NamedTuple):
    """One job: sizes of the pictures in px, and options; a side stands for a square.

    Attributes:
        size_a, size_b: side, or `(height, width)`.
        given: whether the options are all there are, with nothing of `FEW`.
        pairs: how many of A and A', all of a size.
    """

    name: str
    size_a: int | tuple[int, int]
    size_b: int | tuple[int, int]
    options: dict[str, str | int | float]
    given: bool = False
    pairs: int = 1

    def asked(self) -> dict[str, str | int | float]:
        """All options."""
        return self.options if self.given else {**FEW, **self.options}

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
    Case("pixels-256", 256, 256, ALONE, True),
    Case("pixels-512", 512, 512, ALONE, True),
    Case("pixels-1024", 1024, 1024, ALONE, True),
    Case("pixels-2048", 2048, 2048, ALONE, True),
    Case("pixels-wide", (32, 16000), (32, 16000), ALONE, True),
    Case("pixels-tall", (16000, 32), (16000, 32), ALONE, True),
    Case("pixels-very-wide", (16, 40000), (16, 40000), ALONE, True),
    Case("pixels-three-pairs-768", 768, 768, ALONE, True, 3),
    Case("network-then-pixels-1024", 1024, 1024, {"coarse_side": 192}, True),
    Case("texture-1024", 1024, 1024, {"preset": "texture"}, True),
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
    given = case.asked()
    options = Options.parse(with_preset(given))
    size_a, size_b = _size(case.size_a), _size(case.size_b)
    with tempfile.TemporaryDirectory() as folder:
        if case.network() != "slim":
            given = {**given, "vgg_weights": str(Path(folder, "weights.npz"))}
            write_weights(Path(folder, "weights.npz"), case.network())
        names = ["a", "a-prime", "b", *(f"{i}-{n}" for i in range(1, case.pairs) for n in "ab")]
        pictures = [str(Path(folder, f"{name}.png")) for name in names]
        for seed, (path, name) in enumerate(zip(pictures, names, strict=True)):
            Image.fromarray(picture(size_b if name == "b" else size_a, seed)).save(path)
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        for further in range(3, len(pictures), 2):
            arguments += ["--pair", *pictures[further : further + 2]]
        measured = one_run(pictures[:3], [*arguments, "--device", "cpu"])["memory"]
        images = [read(path).pixels for path in pictures]
    pairs = list(zip(images[3::2], images[4::2], strict=True))
    decision = decide(options, References([(images[0], images[1]), *pairs], images[2]))
    further_sizes = [size_a] * (case.pairs - 1)
    estimated = memory.estimate(size_a, size_b, options, case.network(), further_sizes, decision)
    return estimated.total / 2**20, measured


def _size(size: int | tuple[int, int]) -> tuple[int, int]:
    """`(height, width)`."""
    return (size, size) if isinstance(size, int) else size


def picture(size: tuple[int, int], seed: int) -> np.ndarray:
    """Soft blots and noise, uint8 `(*size, 3)`."""
    rng = np.random.default_rng(seed)
    rows, columns = (axis / side for axis, side in zip(np.indices(size), size, strict=True))
    waves = [
        np.sin(9 * rows * p + q) * np.cos(9 * columns * q) for p, q in rng.uniform(0.5, 3, (3, 2))
    ]
    noisy = 128 + 80 * np.stack(waves, -1) + rng.normal(0, 8, (*size, 3))
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
