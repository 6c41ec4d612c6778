"""What a minimization returns and what it goes on from."""

from typing import Any, NamedTuple

import tensorflow as tf

from analogies.optimizers.line_search import LineSearch
from analogies.optimizers.pairs import Pairs

# Why a minimization stopped, with SciPy's status number for it and a message like SciPy's.
(
    RUNNING,
    GRADIENT,
    DECREASE,
    REL_GRADIENT,
    REL_DECREASE,
    ITERATIONS,
    EVALUATIONS,
    LINE_SEARCH,
    NOT_FINITE,
    CALLBACK,
) = range(10)
_REASONS = (
    (1, "STOP: NOT FINISHED"),
    (0, "CONVERGENCE: NORM OF PROJECTED GRADIENT <= GTOL"),
    (0, "CONVERGENCE: RELATIVE REDUCTION OF F <= FTOL"),
    (0, "CONVERGENCE: NORM OF PROJECTED GRADIENT <= REL_GTOL OF THE START'S"),
    (0, "CONVERGENCE: REDUCTION OF F <= REL_FTOL OF F ITSELF"),
    (1, "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT"),
    (1, "STOP: TOTAL NO. OF F,G EVALUATIONS REACHED LIMIT"),
    (2, "ABNORMAL: LINE SEARCH FOUND NO LOWER F"),
    (2, "ABNORMAL: F OR ITS GRADIENT IS NOT FINITE AT THE START"),
    (99, "STOP: CALLBACK ASKED FOR IT"),
)


class State(NamedTuple):
    """Everything a minimization knows between two evaluations, on the device.

    The vectors are flat, (n,), except `x`, which has the shape it was given in.
    """

    x: tf.Tensor  # the current iterate
    gradient: tf.Tensor
    direction: tf.Tensor
    pairs: Pairs
    search: LineSearch  # along the direction, from x
    best_gradient: tf.Tensor  # at the search's best step
    loss: tf.Tensor  # float64, as all scalars that are not counts
    decrease: tf.Tensor  # of the loss over the last iteration
    largest_loss: tf.Tensor  # the larger absolute value before and after it
    gradient_norm: tf.Tensor  # largest element of the gradient where no bound halts x
    first_gradient_norm: tf.Tensor
    gradient_step: tf.Tensor  # largest element of the step down the gradient within the bounds
    iterations: tf.Tensor  # int32, since the very start
    evaluations: tf.Tensor  # int32, since the very start
    reason: tf.Tensor  # int32, why it stopped for good, or RUNNING


class OptimizeResult(NamedTuple):
    """The outcome, with SciPy's names.

    `x` and `jac` have the shape and dtype of x0, the other tensors are scalars. `nit`, `nfev` and
    `njev` count this call alone. The fields are tensors, so that a result can leave a traced
    function; `status`, `success`, `message` and `history` are worked out from them when asked for.
    """

    x: tf.Tensor
    fun: tf.Tensor
    jac: tf.Tensor
    nit: tf.Tensor
    nfev: tf.Tensor
    njev: tf.Tensor
    reason: tf.Tensor
    losses: tf.Tensor  # history with NaN behind it
    recorded: tf.Tensor  # length of the history
    state: State

    @property
    def status(self) -> tf.Tensor:
        """SciPy's number, int32: 0 converged, 1 a limit was reached, 2 abnormal, 99 callback."""
        return tf.gather([status for status, _ in _REASONS], self.reason)

    @property
    def success(self) -> tf.Tensor:
        """Whether a convergence test was met, bool."""
        return tf.equal(self.status, 0)

    @property
    def message(self) -> str:
        """Why it stopped, in words. Not available while a function is being traced."""
        return _REASONS[int(self.reason)][1]

    @property
    def history(self) -> tf.Tensor:
        """Loss of every iterate this call reached, in order; the start too if it began there.

        The histories of a chain of resumed calls, joined, are the history of one long call. Its
        length is known only at run time, so inside `jit_compile=True` use `losses`.
        """
        return self.losses[: self.recorded]

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if isinstance(key, str) else tuple.__getitem__(self, key)
