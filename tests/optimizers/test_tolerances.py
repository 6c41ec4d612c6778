"""When a minimization counts as converged: SciPy's tests under SciPy's names, and the relative."""

import functools
from inspect import signature

import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize

from analogies.optimizers import minimize

SCALES = (1e-6, 1.0, 1e6)
BOUNDS = (None, (-2.0, 0.5))
X0 = np.tile([-1.2, 1.0], 3)


def rosenbrock(x, scale=1.0):
    """Loss and gradient in NumPy, written apart from what is minimized; the least loss is 1."""
    valley = x[1:] - x[:-1] ** 2
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * valley * x[:-1] - 2 * (1 - x[:-1])
    gradient[1:] += 200 * valley
    return scale * (1 + (100 * valley**2 + (1 - x[:-1]) ** 2).sum()), scale * gradient


def reductions(losses):
    """What each iteration took off the loss, and the larger absolute loss beside it."""
    losses = np.asarray(losses)
    return losses[:-1] - losses[1:], np.maximum(abs(losses[:-1]), abs(losses[1:]))


def gradient_steps(points, scale, bounds):
    lower, upper = bounds or (-np.inf, np.inf)
    steps = [np.clip(x - rosenbrock(x, scale)[1], lower, upper) - x for x in points]
    return np.array([abs(step).max() for step in steps])


def halted_gradients(points, scale, bounds):
    lower, upper = bounds or (-np.inf, np.inf)
    largest = []
    for x in points:
        gradient = rosenbrock(x, scale)[1]
        halted = (x >= upper) & (gradient < 0) | (x <= lower) & (gradient > 0)
        largest.append(abs(np.where(halted, 0.0, gradient)).max())
    return np.array(largest)


def our_run(scale, bounds, **tolerances):
    points, losses = [], []

    def function(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            valley = x[1:] - x[:-1] ** 2
            loss = scale * (1 + tf.reduce_sum(100 * valley**2 + (1 - x[:-1]) ** 2))
        return loss, tape.gradient(loss, x)

    def callback(x, loss, _):
        points.append(x.numpy())
        losses.append(float(loss))

    none = dict.fromkeys(("ftol", "gtol", "rel_ftol", "rel_gtol"), 0.0)
    result = minimize(
        function, tf.constant(X0), bounds, callback=callback, **none | tolerances, memory=5
    )
    return points, losses, result.message


def scipys_run(scale, bounds, **tolerances):
    points = [np.clip(X0, *bounds) if bounds else X0]
    optimize.minimize(
        functools.partial(rosenbrock, scale=scale),
        points[0],
        jac=True,
        method="L-BFGS-B",
        bounds=optimize.Bounds(*bounds) if bounds else None,
        callback=lambda x: points.append(x.copy()),
        options={"ftol": 0.0, "gtol": 0.0, "maxcor": 5} | tolerances,
    )
    return points, [rosenbrock(x, scale)[0] for x in points], ""


@pytest.mark.parametrize("run", [our_run, scipys_run], ids=["ours", "scipy"])
@pytest.mark.parametrize("bounds", BOUNDS, ids=["free", "bounded"])
@pytest.mark.parametrize("scale", SCALES)
class TestSciPysNames:
    """The last iterate is the first to pass the test as written here, in both programs."""

    def test_gtol_is_the_step_down_the_gradient_within_the_bounds(self, run, bounds, scale):
        gtol = 1e-4 if scale < 1 else 1e-2 * scale**0.5
        points, _, message = run(scale, bounds, gtol=gtol)
        passed = gradient_steps(points, scale, bounds) <= gtol
        assert passed.nonzero()[0].tolist() == [len(points) - 1]
        assert message in ("", "CONVERGENCE: NORM OF PROJECTED GRADIENT <= GTOL")

    def test_ftol_is_relative_to_losses_above_one_alone(self, run, bounds, scale):
        _, losses, message = run(scale, bounds, ftol=1e-7)
        drop, larger = reductions(losses)
        passed = drop <= 1e-7 * np.maximum(larger, 1.0)
        assert passed.nonzero()[0].tolist() == [len(drop) - 1]
        assert message in ("", "CONVERGENCE: RELATIVE REDUCTION OF F <= FTOL")


@pytest.mark.parametrize("bounds", BOUNDS, ids=["free", "bounded"])
def test_the_relative_tests_know_no_scale(bounds):
    for tolerance, message in (("rel_ftol", "REL_FTOL"), ("rel_gtol", "REL_GTOL")):
        lengths = set()
        for scale in (2.0**-40, 1.0, 2.0**40):  # powers of 2 change no digit
            points, losses, said = our_run(scale, bounds, **{tolerance: 1e-4})
            drop, larger = reductions(losses)
            norms = halted_gradients(points, scale, bounds)
            small = drop <= 1e-4 * larger
            passed = small if tolerance == "rel_ftol" else norms[1:] <= 1e-4 * norms[0]
            assert passed.nonzero()[0].tolist() == [len(points) - 2]
            assert message in said
            lengths.add(len(points))
        assert len(lengths) == 1


def test_defaults_are_scipys():
    ours = signature(minimize).parameters
    theirs = signature(optimize._lbfgsb_py._minimize_lbfgsb).parameters
    pairs = {"ftol": "ftol", "gtol": "gtol", "memory": "maxcor", "max_line_search": "maxls"}
    pairs |= {"max_iterations": "maxiter", "max_evaluations": "maxfun"}
    for name, scipys in pairs.items():
        assert ours[name].default == theirs[scipys].default


def test_far_start_is_not_taken_for_solved():
    """Penalty function I from 1 to 50: the gradient falls from 1e7 to 1 in three evaluations."""
    x0 = np.arange(1.0, 51.0)

    def in_numpy(x):
        sphere = (x**2).sum() - 0.25
        return 1e-5 * ((x - 1) ** 2).sum() + sphere**2, 2e-5 * (x - 1) + 4 * sphere * x

    def function(x):
        sphere = tf.reduce_sum(x**2) - 0.25
        loss = 1e-5 * tf.reduce_sum((x - 1) ** 2) + sphere**2
        return loss, 2e-5 * (x - 1) + 4 * sphere * x

    theirs = optimize.minimize(in_numpy, x0, jac=True, method="L-BFGS-B")
    ours = minimize(function, tf.constant(x0))
    assert float(ours.fun) <= 4.32e-4
    assert float(ours.fun) <= theirs.fun + 1e-6
    assert int(ours.nfev) <= 1.15 * theirs.nfev
