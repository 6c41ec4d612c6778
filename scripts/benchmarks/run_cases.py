"""The analogies that the `run` table makes: sizes, networks, and what predecessors were timed on.

Wide networks get generated weights: time does not depend on their values.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analogies.errors import InputError
from analogies.features.networks import layer_table

SIZES = (128, 256, 512, 1024)
WIDE_SIZES = (128,)  # of the networks that are not slim, in the default set
WARM_UP_TO = 256  # px; larger ones are made once, cold
LAST_LAYER = "block4_conv1"
LAYERS = (
    "--analogy-layers",
    "block3_conv1,block4_conv1",
    "--mrf-layers",
    "block3_conv1,block4_conv1",
)


@dataclass(frozen=True)
class Case:
    """One analogy to time.

    Attributes:
        name: unique.
        options: of the command.
        network: whose weights are generated; "slim" has its own.
        warm: whether to make it a second time in the same process.
        threads: that it may use, or None for all.
        every_evaluation: whether passes go on to their last evaluation, though nothing improves.
    """

    name: str
    options: tuple[str, ...] = ()
    network: str = "slim"
    warm: bool = False
    threads: int | None = None
    every_evaluation: bool = False


def of_sizes(sizes: list[int] | None, networks: list[str] | None) -> list[Case]:
    """Square pictures of every size with every network; A as large as B'."""
    cases = []
    for network in networks or ("slim", "vgg16", "vgg19"):
        for size in sizes or (SIZES if network == "slim" else WIDE_SIZES):
            side = (f"--height={size}", f"--width={size}", "--a-scale-mode=match")
            cases.append(Case(f"{network} {size}", side, network, warm=size <= WARM_UP_TO))
    return cases


def of_peers() -> list[Case]:
    """As many evaluations at the same sizes and layers as predecessors were timed with, and one
    level of a wide network, where evaluating the loss should be nearly all.

    CNNMRF in PyTorch: 199x256 px, 3 levels of 100 evaluations, one thread. image-analogies: 3
    scales of 2 passes of 20 evaluations; patches of 1 at 89x129 px, patches of 3 at 177x256 px.
    """
    top = ("--width=256", "--height=256", "--scales=1", "--evaluations=100")
    long = ("--scales=3", "--iters=1", "--evaluations=100", "--a-scale-mode=match")
    short = ("--scales=3", "--iters=2", "--evaluations=20", "--a-scale-mode=match")
    return [
        Case(
            "vgg16 256x256, 100 evaluations",
            (*top, "--a-scale-mode=match", *LAYERS),
            "vgg16",
            every_evaluation=True,
        ),
        Case(
            "cnnmrf 199x256, one thread",
            ("--width=199", "--height=256", "--patch-size=3", *long, *LAYERS),
            "vgg19",
            threads=1,
            every_evaluation=True,
        ),
        Case(
            "image-analogies 89x129",
            ("--width=89", "--height=129", "--patch-size=1", *short, *LAYERS),
            "vgg16",
            every_evaluation=True,
        ),
        Case(
            "image-analogies 177x256",
            ("--width=177", "--height=256", "--patch-size=3", "--min-scale=0.5", *short, *LAYERS),
            "vgg16",
            every_evaluation=True,
        ),
    ]


def weight_options(network: str, folder: Path) -> tuple[str, ...]:
    """The options that choose a network, with He-normal weights written into a folder.

    Raises:
        InputError: there is no such network.
    """
    if network == "slim":
        return ()
    if network not in ("vgg16", "vgg19"):
        raise InputError(f"networks are slim, vgg16 and vgg19. Received: {network!r}")
    file = folder / f"{network}.npz"
    if not file.exists():
        random = np.random.default_rng(0)
        arrays = {}
        for row in layer_table(network):
            shape = (3, 3, row.inputs, row.channels)
            kernel = random.standard_normal(shape, np.float32) * (2 / (9 * row.inputs)) ** 0.5
            arrays[f"{row.name}/kernel"] = kernel.astype(np.float32)
            arrays[f"{row.name}/bias"] = np.zeros(row.channels, np.float32)
            if row.name == LAST_LAYER:
                break
        np.savez(file, **arrays)
    return (f"--features={network}", f"--vgg-weights={file}")
