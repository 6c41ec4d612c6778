"""Our minimizer and SciPy's L-BFGS-B side by side on the named problems."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from analogies.optimizers import minimize
from benchmarks.optimization_problems import Problem, nearest_minimum

MAX_EVALUATIONS = 6500
TOLERANCE = 1e-9  # of the gradient that no bound halts, relative to a near start, for both
PROGRESS = 1e-8  # of the way from the start to the minimum that may be left; or of max(1, |f*|)


@dataclass(frozen=True)
class Run:
    """What one minimizer did: final loss, loss of each evaluation, strayed out of bounds or not."""

    final: float
    losses: tuple[float, ...]
    strayed: bool
    message: str


@dataclass(frozen=True)
class Comparison:
    """Both runs on one problem and the evaluations each needed to come near its minimum."""

    problem: Problem
    ours: Run
    scipy: Run
    our_evaluations: float
    scipy_evaluations: float

    @property
    def ratio(self) -> float:
        """Return our evaluations over SciPy's; NaN where neither came near a minimum."""
        return self.our_evaluations / self.scipy_evaluations

    @property
    def as_good(self) -> bool:
        """Return whether our final loss is not above SciPy's, or is that of a known minimum.

        The slack is 1e-6 max(1, |f|), or 1e-6 of the loss at the start for scaled problems.
        """
        reference = self.scipy.losses[0] if self.problem.relative else self.scipy.final
        slack = 1e-6 * (abs(reference) if self.problem.relative else max(1.0, abs(reference)))
        known = any(abs(self.ours.final - m) <= slack for m in self.problem.minima)
        return self.ours.final <= self.scipy.final + slack or known


def compare(problem: Problem, memory: int = 10) -> Comparison:
    """Run both minimizers, in float64 with equal memory, far beyond the point of comparison."""
    ours, scipy = run_ours(problem, memory), run_scipy(problem, memory)
    counts = (
        _evaluations_to(run, nearest_minimum(problem, run.final, (other.final,)), problem.far)
        for run, other in ((ours, scipy), (scipy, ours))
    )
    return Comparison(problem, ours, scipy, *counts)


def geometric_mean(ratios: Iterable[float]) -> float:
    """Return the geometric mean of ratios; those where SciPy, or neither, arrived are left out."""
    both = [ratio for ratio in ratios if ratio > 0]
    return float(np.exp(np.mean(np.log(both))))


def box_of(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Return both bounds (n,), infinite where there are none."""
    lower, upper = problem.bounds or (-np.inf, np.inf)
    shape = problem.start.shape
    return np.broadcast_to(lower, shape).astype(float), np.broadcast_to(upper, shape).astype(float)


def run_ours(problem: Problem, memory: int = 10) -> Run:
    """Minimize with `analogies.optimizers.minimize`."""
    lower, upper = box_of(problem)
    losses: list[float] = []
    strayed: list[bool] = []

    def note(value: np.ndarray, x: np.ndarray) -> np.bool_:
        losses.append(float(value))
        strayed.append(not bool(((x >= lower) & (x <= upper)).all()))
        return np.bool_(True)

    def function(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        value, gradient = problem.value_and_gradients(x)
        with tf.control_dependencies([tf.numpy_function(note, [value, x], tf.bool)]):
            return tf.identity(value), gradient

    result = minimize(
        function,
        tf.constant(problem.start, tf.float64),
        problem.bounds,
        memory=memory,
        max_evaluations=MAX_EVALUATIONS,
        ftol=0.0,
        gtol=0.0,
        rel_gtol=_tolerance(problem),
    )
    return Run(float(result.fun), tuple(losses), any(strayed), result.message)


def run_scipy(problem: Problem, memory: int = 10) -> Run:
    """Minimize with `scipy.optimize.minimize(method="L-BFGS-B")`."""
    from scipy import optimize

    traced = tf.function(problem.value_and_gradients)
    lower, upper = box_of(problem)
    losses: list[float] = []

    def function(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = traced(tf.constant(x))
        losses.append(float(value))
        return losses[-1], gradient.numpy()

    x0 = np.clip(problem.start, lower, upper)
    uphill = -traced(tf.constant(x0))[1].numpy()
    movable = ~(((x0 <= lower) & (uphill < 0)) | ((x0 >= upper) & (uphill > 0)))
    options = {
        "maxcor": memory,
        "ftol": 0.0,
        "gtol": _tolerance(problem) * float(np.abs(uphill * movable).max()),  # SciPy's is absolute
        "maxfun": MAX_EVALUATIONS,
    }
    result = optimize.minimize(
        function,
        x0,
        jac=True,
        method="L-BFGS-B",
        bounds=None if problem.bounds is None else optimize.Bounds(lower, upper),
        options=options,
    )
    return Run(float(result.fun), tuple(losses), False, str(result.message))


def _tolerance(problem: Problem) -> float:
    """Return when to stop; from far away the first gradient says nothing about the last."""
    return 0.0 if problem.far else TOLERANCE


def _evaluations_to(run: Run, minimum: float, far: bool) -> float:
    """Return how many evaluations it took to come within `PROGRESS` of a minimum."""
    way = max(1.0, abs(minimum)) if far else run.losses[0] - minimum
    target = minimum + PROGRESS * way
    target += 1e-15 * abs(target)
    reached = [i for i, loss in enumerate(run.losses, 1) if loss <= target]
    return reached[0] if reached else float("inf")
