"""The `hlo` table: a pass and a match as StableHLO text with their inputs, for any PJRT client.

Shapes are fixed. `pass` is features, loss, gradient and L-BFGS-B, so many evaluations of it;
`match` is `search` of a round. Beside `NAME.mlir` lies `NAME.npz` with the arguments of `@main` in
order (`in_000`, ...) and its results as computed here (`out_000`, ...).
"""

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.files import write_atomically
from analogies.options.table import SMALLEST_SIDE, Options
from benchmarks.run_cases import weight_options

SMALLEST = 2 * SMALLEST_SIDE


@dataclass(frozen=True)
class Program:
    """A computation of fixed shapes.

    Attributes:
        text: StableHLO, of one module with the function `main`.
        inputs: its arguments: pictures, targets and state, then the network's weights.
        outputs: its results.
    """

    text: str
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this table understands."""
    parser.add_argument("--out", default="hlo", metavar="FOLDER", help="default: hlo")
    parser.add_argument("--size", type=int, default=256, metavar="PX", help="default: 256")
    parser.add_argument("--network", default="slim", help="slim, vgg16 or vgg19 (default: slim)")
    parser.add_argument(
        "--evaluations", type=int, default=30, metavar="N", help="of the pass (default: 30)"
    )


def run(args: argparse.Namespace) -> None:
    """Write both programs."""
    if args.size < SMALLEST or args.evaluations < 1:
        raise InputError(f"--size must be at least {SMALLEST} and --evaluations 1")
    folder = Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    for name, program in programs(args.size, args.evaluations, args.network, folder).items():
        write_atomically(folder / f"{name}.mlir", program.text.encode())
        arrays = {f"in_{i:03}": array for i, array in enumerate(program.inputs)}
        arrays |= {f"out_{i:03}": array for i, array in enumerate(program.outputs)}
        np.savez(folder / f"{name}.npz", **arrays)  # type: ignore[arg-type]
        sizes = f"{len(program.text) / 2**20:.1f} MiB, {len(program.inputs)} arguments"
        print(f"{folder / name}.mlir: {sizes}")


def programs(size: int, evaluations: int, network: str, folder: Path) -> dict[str, Program]:
    """`pass` and `match` of an analogy of square pictures.

    Args:
        size: px of a side.
        evaluations: of the loss in the pass.
        network: "slim", or a wide one, whose weights are generated and written into the folder.
    """
    from analogies.runs.machine.device import start

    start("cpu")
    import tensorflow as tf

    from analogies.synthesis.descent import begin
    from analogies.synthesis.network_methods import joint_steps
    from analogies.synthesis.pyramid import plan

    words = [option.removeprefix("--").split("=") for option in weight_options(network, folder)]
    options = Options.parse({name.replace("-", "_"): value for name, value in words})
    steps = joint_steps(options, "residual")
    random = np.random.default_rng(0)
    pictures = [tf.constant(random.uniform(0, 255, (size, size, 3)), tf.float32) for _ in range(3)]
    shape = (size, size)
    level = plan(
        *(shape, shape, shape),
        scales=1,
        min_scale=1.0,
        patch_size=options.patch_size,
        a_scale_mode="none",
        a_scale=1.0,
        smallest_side=steps.smallest_side,
        cell_pairs=steps.cell_pairs,
    ).levels[-1]
    cell = tf.constant(level.cell)
    scene = steps.set_scene(*pictures, tf.constant(shape), tf.constant(shape), cell)
    patches = [side - options.patch_size + 1 for side in scene.reference.shape[:2]]
    usage = tf.zeros((*patches, 1))
    matches = steps.search(scene.base, scene, cell, 1.0, usage)
    targets = steps.aim(matches, scene, cell, scene.base)

    def one_pass(state: Any, targets: Any) -> Any:
        result = steps.descend(state, targets, tf.constant(evaluations))
        return result.x, result.fun

    def one_match(image: Any, scene: Any, usage: Any) -> Any:
        return steps.search(image, scene, level.cell, 1.0, usage)

    return {
        "pass": lower(one_pass, begin(targets.start, steps.objective.memory), targets),
        "match": lower(one_match, scene.base, scene, usage),
    }


def lower(function: Callable[..., Any], *arguments: Any) -> Program:
    """A function of (structures of) tensors as a program of the shapes of its arguments."""
    import tensorflow as tf

    flat = tf.nest.flatten(arguments)

    def on_flat(*values: Any) -> list[Any]:
        return tf.nest.flatten(function(*tf.nest.pack_sequence_as(arguments, values)))

    signature = [tf.TensorSpec.from_tensor(value) for value in flat]
    compiled = tf.function(on_flat, signature, autograph=False, jit_compile=True)
    text = compiled.experimental_get_compiler_ir(*flat)(stage="stablehlo")
    held = compiled.get_concrete_function().captured_inputs  # follow the arguments
    variables = {id(v.handle): v for v in compiled.get_concrete_function().variables}
    weights = [variables[id(x)].numpy() if id(x) in variables else x.numpy() for x in held]
    outputs = [value.numpy() for value in compiled(*flat)]
    return Program(portable(text), [*(value.numpy() for value in flat), *weights], outputs)


def portable(text: str) -> str:
    """The text without what other clients of StableHLO do not know, and without source places.

    TensorFlow marks copies in loops as `mhlo.copy`; a barrier says the same.
    """
    text = re.sub(r"^#loc.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^(module @\S+) attributes \{.*\} \{", r"\1 {", text, flags=re.MULTILINE)
    text = re.sub(r"mhlo\.copy (%\S+)", r"stablehlo.optimization_barrier \1", text)
    text = re.sub(r" \{mhlo\.frontend_attributes = \{[^}]*\}\}", "", text)
    return _without_places(text)


def _without_places(text: str) -> str:
    """The text without `loc(...)`, whatever is nested in its parentheses."""
    kept, at = [], 0
    for found in re.finditer(r" ?\bloc\(", text):
        if found.start() < at:
            continue
        kept.append(text[at : found.start()])
        depth, at = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
    return "".join([*kept, text[at:]])
