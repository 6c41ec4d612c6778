"""Our minimizer and SciPy's L-BFGS-B on a picture: features held to targets, in float32."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from analogies.features import FeatureModel
from analogies.matching import match, vote
from analogies.optimizers import minimize, start
from analogies.optimizers.result import State

LAYERS = ("block3_conv1", "block4_conv1")
MARKS = (20, 50, 100)  # evaluations after which losses are compared
CHUNK = 10
TURNS = 7
BARE = "loss and gradient alone"
PIXELS = (0.0, 255.0)

Objective = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


@dataclass(frozen=True)
class PictureRun:
    """Least loss after each of `MARKS` evaluations."""

    name: str
    losses: tuple[float, ...]


def analogy_objective(
    a: np.ndarray, a_prime: np.ndarray, b: np.ndarray, model: FeatureModel, smoothness: float = 0.1
) -> Objective:
    """Return the loss of B' (h, w, 3) and its gradient, with the targets held.

    The targets are the features of A' voted through the matches of B's features in A's. Each
    layer's mean squared difference is divided by the mean square of its target.
    """

    def features(picture: np.ndarray) -> list[tf.Tensor]:
        maps = model(tf.constant(picture, tf.float32)[None])
        return [maps[layer][0] for layer in LAYERS]

    targets = []
    for of_a, of_a_prime, of_b in zip(*map(features, (a, a_prime, b)), strict=True):
        field = match(of_b, of_a, 3)
        targets.append(vote(field, of_a_prime, 3, of_b.shape[:2]))
    energies = [float(tf.reduce_mean(target**2)) for target in targets]

    def objective(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            maps = model(x[None])
            loss = smoothness * _roughness(x / 255.0)
            for layer, target, energy in zip(LAYERS, targets, energies, strict=True):
                loss += tf.reduce_mean((maps[layer][0] - target) ** 2) / energy
        return loss, tape.gradient(loss, x)

    return objective


def _roughness(x: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean((x[1:] - x[:-1]) ** 2) + tf.reduce_mean((x[:, 1:] - x[:, :-1]) ** 2)


def run_ours(objective: Objective, x0: np.ndarray, memory: int) -> PictureRun:
    """Minimize in chunks, each synchronized."""
    chunk, state = _chunks(objective, x0, memory)
    least = {}
    for done in range(CHUNK, MARKS[-1] + 1, CHUNK):
        result = chunk(state)
        least[done] = float(result.fun)
        state = result.state
    return PictureRun(f"analogies, m = {memory}", tuple(least[mark] for mark in MARKS))


def _chunks(objective: Objective, x0: np.ndarray, memory: int) -> tuple[Callable, State]:
    """A traced function that takes a state `CHUNK` evaluations further, and the first state."""

    @tf.function
    def chunk(state):  # type: ignore[no-untyped-def]
        return minimize(
            objective,
            bounds=PIXELS,
            state=state,
            max_evaluations=CHUNK,
            ftol=0.0,
            gtol=0.0,
        )

    state = start(tf.constant(x0), PIXELS, memory=memory)
    chunk(state)
    return chunk, state


def run_scipy(
    objective: Objective, x0: np.ndarray, memory: int, restart: int | None = None
) -> PictureRun:
    """Minimize with SciPy in float64; with `restart`, as the predecessors did.

    They called it anew for every `restart` evaluations, with its own stopping tests.
    """
    losses: list[float] = []
    flat = _for_scipy(tf.function(objective), x0.shape, losses)
    x = x0.astype(np.float64).ravel()
    options: dict[str, float] = {} if restart else {"ftol": 0.0, "gtol": 0.0}
    while len(losses) < MARKS[-1]:
        found = _minimize_with_scipy(flat, x, memory, restart or MARKS[-1], **options)
        if restart is None or np.array_equal(found, x):
            break
        x = found
    least = np.minimum.accumulate(losses)
    name = f"SciPy, m = {memory}" + (f", restarted every {restart}" if restart else "")
    return PictureRun(name, tuple(float(least[min(m, len(least)) - 1]) for m in MARKS))


def _for_scipy(function: Objective, shape: tuple[int, ...], losses: list[float]) -> Callable:
    """The function of a flat float64 vector that SciPy asks for; records the losses."""

    def flat(x: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = function(tf.constant(x.reshape(shape), tf.float32))
        losses.append(float(loss))
        return losses[-1], gradient.numpy().astype(np.float64).ravel()

    return flat


def _minimize_with_scipy(
    flat: Callable, x: np.ndarray, memory: int, evaluations: int, **options: float
) -> np.ndarray:
    from scipy import optimize

    return optimize.minimize(
        flat,
        x,
        jac=True,
        method="L-BFGS-B",
        bounds=optimize.Bounds(*PIXELS),
        options={"maxcor": memory, "maxfun": evaluations, **options},
    ).x


def time_evaluations(
    objective: Objective, x0: np.ndarray, memories: Sequence[int]
) -> dict[str, tuple[float, float]]:
    """Time an evaluation alone and within each minimizer, taking turns.

    In a turn each makes `CHUNK` evaluations; of our minimizer all `memory` pairs are in use.

    Returns:
        {name as in the runs, or `BARE`: (median seconds of an evaluation, median of its ratio to
        the bare evaluation of the same turn)}.
    """
    function = tf.function(objective)
    x = tf.constant(x0)

    def bare() -> int:
        for _ in range(CHUNK):
            function(x)[1].numpy()
        return CHUNK

    calls: dict[str, Callable[[], int]] = {BARE: bare}
    for memory in memories:
        calls[f"analogies, m = {memory}"] = _our_turn(objective, x0, memory)
        calls[f"SciPy, m = {memory}"] = _scipys_turn(function, x0, memory)
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(1 + TURNS):
        for name, call in calls.items():
            begun = time.perf_counter()
            evaluations = call()
            if turn > 0:
                seconds[name].append((time.perf_counter() - begun) / evaluations)
    return {
        name: (float(np.median(found)), float(np.median(np.divide(found, seconds[BARE]))))
        for name, found in seconds.items()
    }


def _our_turn(objective: Objective, x0: np.ndarray, memory: int) -> Callable[[], int]:
    chunk, state = _chunks(objective, x0, memory)
    while int(state.pairs.count) < memory:
        state = chunk(state).state

    def turn() -> int:
        result = chunk(state)
        result.x.numpy()
        return int(result.nfev)

    return turn


def _scipys_turn(function: Objective, x0: np.ndarray, memory: int) -> Callable[[], int]:
    def turn() -> int:
        losses: list[float] = []
        flat = _for_scipy(function, x0.shape, losses)
        x = x0.astype(np.float64).ravel()
        _minimize_with_scipy(flat, x, memory, CHUNK, ftol=0.0, gtol=0.0)
        return len(losses)

    return turn
