"""The command that trains the slim network: `scripts/distill_features.py`."""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from analogies.errors import InputError
from analogies.features.networks import check_layers, layer_info
from distillation.evaluation import evaluate
from distillation.pictures import Crops, list_pictures, read_fitted, split
from distillation.student import CENTER, SPREAD, Distiller, Recipe, export_arrays, write_weights
from distillation.teachers import Teacher


def build_parser() -> argparse.ArgumentParser:
    """Command line of `scripts/distill_features.py`."""
    parser = argparse.ArgumentParser(
        prog="distill_features.py",
        description="Trains the slim network to find the matches of a teacher.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    recipe = Recipe()
    add = parser.add_argument
    add(
        "--teacher",
        action="append",
        required=True,
        metavar="NAME|FILE",
        help="vgg16, vgg19 or a weight file; each layer comes from the first that has it",
    )
    add("--images", type=Path, required=True, help="folder of pictures to train on")
    add("--out", type=Path, default=Path("slim.weights.h5"), help="weights to write")
    add("--work", type=Path, default=Path("distillation"), help="folder of checkpoint and curves")
    add("--layers", nargs="+", default=["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"])
    add("--held-out", type=int, default=24, help="pictures set aside (and as many to validate)")
    add("--batch", type=int, default=64, help="crops per step")
    add("--crop", type=int, default=128, help="side of a crop in pixels")
    add("--steps", type=int, default=40000, help="steps of the whole schedule")
    add("--minutes", type=float, default=None, help="whole schedule in this time instead")
    add("--epoch", type=int, default=250, help="steps between curves, checkpoints, learning rates")
    add("--evaluate-every", type=int, default=8, help="epochs between validations; 0 is never")
    add("--learning-rate", type=float, default=1e-3, help="peak; decays to 1%% as a cosine")
    add("--regression", type=float, default=recipe.regression, help="weight of the regression")
    add("--divergence", type=float, default=recipe.divergence, help="weight of match divergence")
    add("--shortfall", type=float, default=recipe.shortfall, help="weight of expected match loss")
    add("--temperature", type=float, default=recipe.temperature, help="of match distributions")
    add("--dormancy", type=float, default=recipe.dormancy, help="weight of waking dead channels")
    add("--seed", type=int, default=0)
    add("--workers", type=int, default=2, help="threads that cut crops")
    add("--resume", action="store_true", help="go on from the checkpoint in --work")
    return parser


class Schedule(keras.callbacks.Callback):
    """Cosine decay of the learning rate by steps or minutes, checkpoints, curves, validation."""

    def __init__(self, options: argparse.Namespace, judge: Any, state: dict[str, float]):
        super().__init__()
        self.options, self.judge, self.state = options, judge, state
        self.start = time.monotonic() - state["seconds"]
        self.writer = _writer(options.work)

    def progress(self) -> float:
        """Share of the schedule done, in [0, 1]."""
        if self.options.minutes is not None:
            done = (time.monotonic() - self.start) / (60 * self.options.minutes)
        else:
            done = self.state["steps"] / self.options.steps
        return min(1.0, done)

    def on_epoch_begin(self, epoch, logs=None):
        """Warm-up over the first 2 %, then a cosine down to 1 %."""
        done = self.progress()
        factor = min(1.0, 0.05 + done / 0.02) * (0.505 + 0.495 * math.cos(math.pi * done))
        self.model.optimizer.learning_rate = self.options.learning_rate * factor

    def on_epoch_end(self, epoch, logs=None):
        """Curves, checkpoint, now and then the agreement on the validation pictures."""
        self.state["steps"] += self.options.epoch
        self.state["seconds"] = time.monotonic() - self.start
        self.state["epochs"] += 1
        logs = dict(logs or {})
        every = self.options.evaluate_every
        last = self.progress() >= 1.0
        if every and (last or self.state["epochs"] % every == 0):
            logs |= self.judge()
        _report(self.state, logs)
        for name, value in logs.items():
            if self.writer is not None:
                self.writer.add_scalar(name, float(value), step=int(self.state["steps"]))
        if last:
            self.model.stop_training = True
        if last or self.state["epochs"] % 8 == 0:
            save_checkpoint(self.options.work, self.model, self.state)


def main(argv: Sequence[str] | None = None) -> int:
    """Trains, validates and writes the weights; returns the exit code."""
    options = build_parser().parse_args(argv)
    try:
        train(options)
    except InputError as error:
        print(f"distill_features.py: {error}", file=sys.stderr)
        return 2
    return 0


def train(options: argparse.Namespace) -> None:
    """The whole way from pictures to `options.out`."""
    keras.utils.set_random_seed(options.seed)
    options.work.mkdir(parents=True, exist_ok=True)
    teacher = Teacher(options.teacher, check_layers("slim", options.layers))
    training, validation, _ = split(list_pictures(options.images), options.held_out)
    weights = (options.regression, options.divergence, options.shortfall)
    recipe = Recipe(*weights, options.temperature, options.dormancy)
    model = Distiller(teacher, recipe, seed=options.seed)
    model.compile(keras.optimizers.Adam(options.learning_rate), jit_compile=_jit())
    model.optimizer.build(model.trainable_variables)
    state = {"steps": 0, "seconds": 0.0, "epochs": 0}
    if options.resume:
        state = load_checkpoint(options.work, model)
    crops = Crops(
        training,
        options.batch,
        options.crop,
        options.epoch,
        options.seed,
        first_item=int(state["steps"]),
        workers=options.workers,
    )
    print(f"{len(training)} pictures; " + ", ".join(f"{k}: {v}" for k, v in teacher.origin.items()))
    pictures = [read_fitted(path) for path in validation]
    judged = [name for name in teacher.layers if layer_info("slim", name).stride >= 4]

    def judge() -> dict[str, float]:
        results = evaluate(
            lambda images: model.student((images - CENTER) / SPREAD),
            teacher,
            pictures,
            judged,
            (1,),
        )
        return {f"{name}/agreement": result.share for name, result in results.items()}

    schedule = Schedule(options, judge, state)
    model.fit(crops, epochs=10**6, verbose=0, callbacks=[schedule])
    natural = [read_fitted(path) for path in training[::8]]
    write_weights(options.out, export_arrays(model.student, natural))
    print(f"Wrote {options.out} after {state['steps']} steps, {state['seconds']:.0f} s")


def save_checkpoint(folder: Path, model: Distiller, state: dict[str, float]) -> None:
    """All trained variables and the optimizer's, by position, replaced in one step."""
    variables = [*model.trainable_variables, *model.optimizer.variables]
    arrays = {str(i): keras.ops.convert_to_numpy(v) for i, v in enumerate(variables)}
    partial = folder / "checkpoint.partial.npz"
    np.savez(partial, state=np.frombuffer(json.dumps(state).encode(), np.uint8), **arrays)
    os.replace(partial, folder / "checkpoint.npz")


def load_checkpoint(folder: Path, model: Distiller) -> dict[str, float]:
    """Fills the variables; returns the state to go on from.

    Raises:
        InputError: when there is no checkpoint.
    """
    path = folder / "checkpoint.npz"
    if not path.is_file():
        raise InputError(f"There is no checkpoint to resume from. Received: {str(path)!r}")
    with np.load(path, allow_pickle=False) as file:
        for index, variable in enumerate([*model.trainable_variables, *model.optimizer.variables]):
            variable.assign(file[str(index)])
        return json.loads(file["state"].tobytes())


def _jit() -> bool | str:
    """XLA where it is the native way (JAX); slower for convolutions elsewhere."""
    return keras.backend.backend() == "jax"


def _writer(folder: Path) -> Any:
    """A TensorBoard writer that works under any Keras backend; None without TensorBoard."""
    try:
        from tensorboard.summary import Writer
    except ImportError:
        return None
    return Writer(str(folder / "curves"))


def _report(state: dict[str, float], logs: dict[str, float]) -> None:
    head = f"step {int(state['steps'])} {state['seconds']:.0f}s loss {logs.get('loss', 0):.4f}"
    shares = [f"{k} {v:.3f}" for k, v in logs.items() if k.endswith("/agreement")]
    if shares:
        losses = [f"{k} {v:.3f}" for k, v in logs.items() if "_conv1_" in k]
        head += " | " + " ".join(shares) + " | " + " ".join(losses)
    head += f" dormancy {logs.get('dormancy', 0):.4f}"
    print(head, flush=True)
