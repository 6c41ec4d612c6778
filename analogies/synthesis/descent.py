"""Minimizing the pixels of B' towards targets that are held."""

from typing import Any

import tensorflow as tf

from analogies.optimizers import OptimizeResult, minimize
from analogies.optimizers.lbfgsb import start as start_minimizing
from analogies.optimizers.result import State

BOUNDS = (0.0, 255.0)
FTOL = 1e-5  # relative; a pass that gains less per iteration has stalled
GTOL = 1e-8  # relative to the gradient at its start


def begin(image, memory: int) -> State:
    """State of a minimization of pixels that starts at `image`."""
    return start_minimizing(image, BOUNDS, memory=memory)


def descend(objective: Any, state: State, targets: Any, evaluations) -> OptimizeResult:
    """At most `evaluations` more evaluations of L-BFGS-B.

    Args:
        objective: has `loss_and_gradient(image, targets)`, `memory` and `ftol`.
        state: of the minimization.
        targets: for the objective.
        evaluations: int32 scalar.
    """

    @tf.autograph.experimental.do_not_convert  # it is a graph's already
    def value_and_gradients(image):
        return objective.loss_and_gradient(image, targets)

    return minimize(
        value_and_gradients,
        bounds=BOUNDS,
        state=state,
        memory=objective.memory,
        max_iterations=evaluations,
        max_evaluations=evaluations,
        ftol=0.0,  # SciPy's tests are not made for losses of order 1
        gtol=0.0,
        rel_ftol=objective.ftol,
        rel_gtol=GTOL,
    )
