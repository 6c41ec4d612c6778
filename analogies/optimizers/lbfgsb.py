"""L-BFGS-B for TensorFlow: minimize a function under box bounds without leaving the device."""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from analogies.optimizers import iteration, line_search, result
from analogies.optimizers import pairs as memory_pairs
from analogies.optimizers.box import Box, make_box, project
from analogies.optimizers.result import OptimizeResult, State

ValueAndGradients = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
Callback = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Any]


class Limits(NamedTuple):
    """When to stop; the counts are of this call."""

    max_iterations: int
    max_evaluations: int
    ftol: float
    gtol: float
    rel_ftol: float
    rel_gtol: float
    max_line_search: int


@tf.autograph.experimental.do_not_convert
def minimize(
    value_and_gradients: ValueAndGradients,
    x0: Any = None,
    bounds: tuple[Any, Any] | None = None,
    *,
    memory: int = 10,
    max_iterations: int = 15000,
    max_evaluations: int = 15000,
    ftol: float = 2.220446049250313e-09,
    gtol: float = 1e-5,
    rel_ftol: float = 0.0,
    rel_gtol: float = 0.0,
    max_line_search: int = 20,
    callback: Callback | None = None,
    state: State | None = None,
) -> OptimizeResult:
    """Minimize a function of a tensor, from x0, within bounds.

    The method is L-BFGS-B in spirit: a limited-memory BFGS matrix in compact form (`pairs`), a
    two-metric projection for the bounds (`direction`), the line search of Moré and Thuente
    (`line_search`), each in its module with its sources. The whole is one `tf.while_loop` of which
    every turn is one evaluation, so that the function is traced once. It can be called eagerly
    (it then traces itself anew at each call), in a `tf.function`, with shapes known or not, and
    under `jit_compile=True`; on a GPU that needs shapes that are known while tracing.

    Args:
        value_and_gradients: traceable function of a tensor of the shape and dtype of x0, returning
            the loss, a scalar, and its gradient, of the shape of x.
        x0: where to start, any shape, float32 or float64; clipped to the bounds. May be left out
            where `state` is given.
        bounds: None, or (lower, upper), each a scalar or of a shape that broadcasts to that of x0;
            infinite where there is no bound. Every point evaluated lies within them, exactly.
        memory: pairs of vectors kept, at least 1.
        max_iterations: iterations this call may make, at least 1.
        max_evaluations: evaluations this call may make, at least 1; kept to exactly, even within a
            line search, from where a resumed call goes on.
        ftol: SciPy's test, converged when an iteration lowers the loss by at most
            `ftol` max(|f_k|, |f_k+1|, 1). It is absolute where losses are below 1.
        gtol: SciPy's test, converged when no element of P(x - g) - x, where P puts a point into
            the bounds, is larger than `gtol`. Without bounds that is the gradient itself.
        rel_ftol: converged when an iteration lowers the loss by at most
            `rel_ftol` max(|f_k|, |f_k+1|), whatever the scale of the loss.
        rel_gtol: converged when the largest element of the gradient, those left out that a bound
            keeps x from following, is at most `rel_gtol` times what it was at the start.
        max_line_search: trials of one line search, at least 1.
        callback: called after each iteration with (x, loss, iterations so far), eager tensors; the
            minimization stops if it returns true or raises StopIteration. It runs in Python, so
            it costs a synchronization per iteration and rules out `jit_compile=True`.
        state: `state` of an earlier result, or of `start`, to go on from. `bounds` must be those
            it was made with. A run in pieces makes the iterates of an uninterrupted run.

    What has a name of SciPy's means what it means there, and has its default. A loss without a
    scale of its own, of order 1 or tiny, wants `ftol=0.0, gtol=0.0` and the relative tests: SciPy's
    would take it for solved. A tolerance of 0 holds only where nothing is left to gain.

    Returns:
        An `OptimizeResult` with the best point seen. Its loss is never NaN unless it is so at x0.

    Raises:
        ValueError: NaN in x0, bounds out of order, shapes that do not fit, counts below 1. Values
            known only at run time are not checked while tracing.

    Example:
        >>> square = lambda x: (tf.reduce_sum((x - 3) ** 2), 2 * (x - 3))
        >>> minimize(square, [0.0, 5.0], bounds=(0.0, 2.0)).x.numpy()
        array([2., 2.], dtype=float32)
    """
    limits = Limits(
        max_iterations, max_evaluations, ftol, gtol, rel_ftol, rel_gtol, max_line_search
    )
    _check_counts(memory=memory, **limits._asdict())
    if state is None:
        if x0 is None:
            raise ValueError("Either x0 or state must be given. Received: x0=None, state=None")
        state = start(x0, bounds, memory=memory)
    box = make_box(bounds, state.x)

    def run(state: State) -> OptimizeResult:
        return _run(value_and_gradients, state, box, limits, callback)

    if not tf.executing_eagerly():
        return run(state)
    return tf.function(run, autograph=False).get_concrete_function(state)(state)


def start(x0: Any, bounds: tuple[Any, Any] | None = None, *, memory: int = 10) -> State:
    """Return the state of a minimization about to begin at x0, clipped to the bounds.

    Nothing is evaluated. `minimize(..., state=start(x0))` is `minimize(..., x0)`; with it one
    traced function serves the first chunk of a run and all others. Raises ValueError for NaN in
    x0 and for bounds that do not fit it.
    """
    x = tf.convert_to_tensor(x0)
    if x.dtype not in (tf.float32, tf.float64):
        raise ValueError(f"x0 must be float32 or float64. Received: dtype {x.dtype.name}")
    known = tf.get_static_value(x)
    if known is not None and (known != known).any():
        raise ValueError(f"x0 must not contain NaN. Received: x0={x0!r}")
    box = make_box(bounds, x)
    flat = project(box, tf.reshape(x, [-1]))
    zeros = tf.zeros_like(flat)
    infinity = tf.constant(float("inf"), tf.float64)
    zero = tf.constant(0.0, tf.float64)
    return State(
        x=tf.reshape(flat, tf.shape(x)),
        gradient=zeros,
        direction=zeros,
        pairs=memory_pairs.empty(memory, tf.size(flat), x.dtype),
        search=line_search.begin(infinity, zero, zero, zero),
        best_gradient=zeros,
        loss=infinity,
        decrease=infinity,
        largest_loss=zero,
        gradient_norm=infinity,
        first_gradient_norm=zero,
        gradient_step=infinity,
        iterations=tf.constant(0),
        evaluations=tf.constant(0),
        reason=tf.constant(result.RUNNING),
    )


def _check_counts(**numbers: Any) -> None:
    for name, number in numbers.items():
        least = 0 if name.endswith("tol") else 1
        if not tf.is_tensor(number) and not number >= least:
            raise ValueError(f"{name} must be at least {least}. Received: {name}={number!r}")


def _run(
    value_and_gradients: ValueAndGradients,
    state: State,
    box: Box | None,
    limits: Limits,
    callback: Callback | None,
) -> OptimizeResult:
    """Run the loop; each turn of it is one evaluation."""
    # A tf.function converts Python control flow. Not inlined, because oneDNN rewrites a graph in
    # an order that a loop around it upsets: pooling's gradient then runs ten times slower.
    function = tf.function(value_and_gradients, experimental_attributes={"_noinline": True})
    shaped = state.x
    losses = _empty_history(limits, shaped.dtype)

    def turn(state: State, losses: tf.Tensor, recorded: tf.Tensor) -> tuple[Any, ...]:
        trial = iteration.next_trial(state, box)
        loss, gradient = _evaluate(function, _like(trial, shaped))
        state, moved = iteration.take_in(state, box, trial, loss, gradient, limits.max_line_search)
        place = tf.where(moved, recorded, tf.size(losses) - 1)
        entry = tf.where(moved, tf.cast(state.loss, losses.dtype), losses[-1])
        losses = tf.tensor_scatter_nd_update(losses, [[place]], [entry])
        if callback is not None:
            state = _call(callback, state, shaped, moved)
        return state, losses, recorded + tf.cast(moved, tf.int32)

    end, losses, recorded = tf.while_loop(
        lambda end, losses, recorded: _reason(end, state, limits) == result.RUNNING,
        turn,
        (state._replace(x=tf.reshape(shaped, [-1])), losses, tf.constant(0)),
    )
    x, loss, gradient = iteration.best_point(end, box)
    evaluations = end.evaluations - state.evaluations
    return OptimizeResult(
        x=_like(x, shaped),
        fun=tf.cast(loss, shaped.dtype),
        jac=_like(gradient, shaped),
        nit=end.iterations - state.iterations,
        nfev=evaluations,
        njev=evaluations,
        reason=_reason(end, state, limits),
        losses=losses,
        recorded=recorded,
        state=end._replace(x=_like(end.x, shaped)),
    )


def _reason(now: State, before: State, limits: Limits) -> tf.Tensor:
    """Return why to stop, or RUNNING; int32. The last of the tests that holds is the reason."""
    begun = now.evaluations > 0
    scale = tf.maximum(now.largest_loss, 1.0)
    tests = (
        (now.evaluations - before.evaluations >= limits.max_evaluations, result.EVALUATIONS),
        (now.iterations - before.iterations >= limits.max_iterations, result.ITERATIONS),
        (begun & (now.decrease <= limits.rel_ftol * now.largest_loss), result.REL_DECREASE),
        (
            begun & (now.gradient_norm <= limits.rel_gtol * now.first_gradient_norm),
            result.REL_GRADIENT,
        ),
        (begun & (now.decrease <= limits.ftol * scale), result.DECREASE),
        (begun & (now.gradient_step <= limits.gtol), result.GRADIENT),
        (now.reason != result.RUNNING, now.reason),
    )
    reason = tf.constant(result.RUNNING)
    for holds, name in tests:
        reason = tf.where(holds, name, reason)
    return reason


def _empty_history(limits: Limits, dtype: tf.DType) -> tf.Tensor:
    """Return NaN for every loss that may be recorded."""
    length = tf.minimum(tf.cast(limits.max_iterations, tf.int32) + 1, limits.max_evaluations)
    known = tf.get_static_value(length)
    return tf.fill([length if known is None else int(known)], tf.constant(float("nan"), dtype))


def _like(flat: tf.Tensor, shaped: tf.Tensor) -> tf.Tensor:
    return tf.ensure_shape(tf.reshape(flat, tf.shape(shaped)), shaped.shape)


def _evaluate(value_and_gradients: ValueAndGradients, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the loss, a scalar, and the flat gradient; raise ValueError for other shapes."""
    loss, gradient = value_and_gradients(x)
    loss, gradient = tf.convert_to_tensor(loss), tf.convert_to_tensor(gradient)
    if not loss.shape.is_compatible_with([]) or not gradient.shape.is_compatible_with(x.shape):
        raise ValueError(
            "value_and_gradients must return a scalar and a gradient of the shape of x, "
            f"{tuple(x.shape)}. Received: shapes {tuple(loss.shape)} and {tuple(gradient.shape)}"
        )
    return tf.cast(loss, tf.float64), tf.reshape(tf.cast(gradient, x.dtype), [-1])


def _call(callback: Any, state: State, shaped: tf.Tensor, moved: tf.Tensor) -> State:
    """Show a new iterate to the callback, which runs in Python, outside the graph."""

    def ask(x: tf.Tensor, loss: tf.Tensor, iterations: tf.Tensor) -> bool:
        try:
            return bool(callback(x, loss, iterations))
        except StopIteration:
            return True

    def show() -> tf.Tensor:
        x = tf.reshape(state.x, tf.shape(shaped))
        return tf.py_function(ask, [x, state.loss, state.iterations], tf.bool)

    stop = tf.cond(moved, show, lambda: tf.constant(False))
    stop = tf.ensure_shape(stop, [])
    return state._replace(reason=tf.where(stop, result.CALLBACK, state.reason))
