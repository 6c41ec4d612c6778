"""Our minimizer and SciPy's L-BFGS-B on a picture: features held to targets, in float32."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from analogies.features import FeatureModel
from analogies.matching import match, vote
from analogies.optimizers import minimize, start

LAYERS = ("block3_conv1", "block4_conv1")
MARKS = (20, 50, 100)  # evaluations after which losses are compared
CHUNK = 10
PIXELS = (0.0, 255.0)

Objective = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


@dataclass(frozen=True)
class PictureRun:
    """Least loss after each of `MARKS` and the median seconds per evaluation."""

    name: str
    losses: tuple[float, ...]
    seconds: float


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


def run_bare(objective: Objective, x0: np.ndarray) -> PictureRun:
    """Time the loss and gradient alone, the picture staying where it is."""
    function = tf.function(objective)
    x = tf.constant(x0)
    loss, _ = function(x)

    def once() -> None:
        function(x)[1].numpy()

    return PictureRun("loss and gradient", (float(loss),) * 3, _median([once] * 40))


def run_ours(objective: Objective, x0: np.ndarray, memory: int) -> PictureRun:
    """Minimize in chunks, each synchronized."""

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
    seconds, least = [], {}
    for done in range(CHUNK, MARKS[-1] + 1, CHUNK):
        begun = time.perf_counter()
        result = chunk(state)
        least[done] = float(result.fun)
        seconds.append((time.perf_counter() - begun) / CHUNK)
        state = result.state
    losses = tuple(least[mark] for mark in MARKS)
    return PictureRun(f"analogies, m = {memory}", losses, float(np.median(seconds)))


def run_scipy(
    objective: Objective, x0: np.ndarray, memory: int, restart: int | None = None
) -> PictureRun:
    """Minimize with SciPy in float64; with `restart`, as the predecessors did.

    They called it anew for every `restart` evaluations, with its own stopping tests.
    """
    from scipy import optimize

    function = tf.function(objective)
    losses: list[float] = []

    def flat(x: np.ndarray) -> tuple[float, np.ndarray]:
        loss, gradient = function(tf.constant(x.reshape(x0.shape), tf.float32))
        losses.append(float(loss))
        return losses[-1], gradient.numpy().astype(np.float64).ravel()

    flat(x0)
    losses.clear()
    x = x0.astype(np.float64).ravel()
    options: dict[str, float] = {"maxcor": memory, "maxfun": restart or MARKS[-1]}
    if restart is None:
        options |= {"ftol": 0.0, "gtol": 0.0}
    begun = time.perf_counter()
    while len(losses) < MARKS[-1]:
        box = optimize.Bounds(*PIXELS)
        found = optimize.minimize(flat, x, jac=True, method="L-BFGS-B", bounds=box, options=options)
        if restart is None or np.array_equal(found.x, x):
            break
        x = found.x
    seconds = (time.perf_counter() - begun) / len(losses)
    least = np.minimum.accumulate(losses)
    name = f"SciPy, m = {memory}" + (f", restarted every {restart}" if restart else "")
    return PictureRun(name, tuple(float(least[min(m, len(least)) - 1]) for m in MARKS), seconds)


def _median(calls: list[Callable[[], None]]) -> float:
    seconds = []
    for call in calls:
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return float(np.median(seconds))
