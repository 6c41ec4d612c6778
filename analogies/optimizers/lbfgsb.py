"""L-BFGS-B for TensorFlow: minimize a function under box bounds without leaving the device."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from analogies.optimizers import line_search, result
from analogies.optimizers import pairs as memory_pairs
from analogies.optimizers.box import Box, make_box, project, projected_gradient, stopped
from analogies.optimizers.direction import find
from analogies.optimizers.line_search import ACCEPT_BEST, CONTINUE, FAIL, LineSearch
from analogies.optimizers.result import OptimizeResult, State

ValueAndGradients = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
FIRST_REACH = 100.0  # extrapolation of the first search, whose first step is a guess
REACH = 4.0


@tf.autograph.experimental.do_not_convert
def minimize(
    value_and_gradients: ValueAndGradients,
    x0: Any = None,
    bounds: tuple[Any, Any] | None = None,
    *,
    memory: int = 10,
    max_iterations: int = 15000,
    max_evaluations: int = 15000,
    ftol: float = 2.2e-9,
    gtol: float = 1e-8,
    max_line_search: int = 20,
    callback: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Any] | None = None,
    state: State | None = None,
) -> OptimizeResult:
    """Minimize a function of a tensor, from x0, within bounds.

    The method is L-BFGS-B in spirit: a limited-memory BFGS matrix in compact form (`pairs`), a
    two-metric projection for the bounds (`direction`), the line search of Moré and Thuente
    (`line_search`), each in its module with its sources. The whole is one `tf.while_loop` of which
    every turn is one evaluation, so that the function is traced once. It can be called eagerly
    (it then traces itself anew at each call), in a `tf.function`, with shapes known or not, and
    under `jit_compile=True` at known shapes.

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
        ftol: converged when an iteration lowers the loss by at most `ftol` times the larger of the
            absolute losses before and after it. Unlike SciPy's test this has no absolute part.
        gtol: converged when the largest element of the projected gradient is at most `gtol` times
            what it was at the start.
        max_line_search: trials of one line search, at least 1.
        callback: called after each iteration with (x, loss, iterations so far), eager tensors; the
            minimization stops if it returns true or raises StopIteration. It runs in Python, so
            it costs a synchronization per iteration and rules out `jit_compile=True`.
        state: `state` of an earlier result, or of `start`, to go on from. `bounds` must be those
            it was made with. A run in pieces makes the iterates of an uninterrupted run.

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
    _check_counts(
        memory=memory,
        max_iterations=max_iterations,
        max_evaluations=max_evaluations,
        max_line_search=max_line_search,
    )
    if state is None:
        if x0 is None:
            raise ValueError("Either x0 or state must be given. Received: x0=None, state=None")
        state = start(x0, bounds, memory=memory)
    box = make_box(bounds, state.x)

    def run(state: State) -> OptimizeResult:
        return _run(
            value_and_gradients,
            state,
            box,
            max_iterations,
            max_evaluations,
            ftol,
            gtol,
            max_line_search,
            callback,
        )

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
        search=line_search.begin(infinity, zero, zero, zero + FIRST_REACH),
        best_gradient=zeros,
        loss=infinity,
        decrease=infinity,
        gradient_norm=infinity,
        first_gradient_norm=zero,
        iterations=tf.constant(0),
        evaluations=tf.constant(0),
        reason=tf.constant(result.RUNNING),
    )


def _check_counts(**counts: Any) -> None:
    for name, count in counts.items():
        if not tf.is_tensor(count) and not count >= 1:
            raise ValueError(f"{name} must be at least 1. Received: {name}={count!r}")


def _run(
    value_and_gradients: ValueAndGradients,
    state: State,
    box: Box | None,
    max_iterations: int,
    max_evaluations: int,
    ftol: float,
    gtol: float,
    max_line_search: int,
    callback: Any,
) -> OptimizeResult:
    """Run the loop; each turn of it is one evaluation."""
    function = tf.function(value_and_gradients)  # converts Python control flow in it
    shape = tf.shape(state.x)
    static_shape = state.x.shape
    dtype = state.x.dtype
    iterations_before, evaluations_before = state.iterations, state.evaluations
    length = tf.minimum(tf.cast(max_iterations, tf.int32) + 1, max_evaluations)
    known_length = tf.get_static_value(length)
    losses = tf.fill([length if known_length is None else int(known_length)], _nan(dtype))

    def reason_to_stop(state: State) -> tf.Tensor:
        begun = state.evaluations > 0
        reason = tf.where(state.evaluations - evaluations_before >= max_evaluations, 4, 0)
        reason = tf.where(state.iterations - iterations_before >= max_iterations, 3, reason)
        reason = tf.where(begun & (state.decrease <= ftol), result.DECREASE, reason)
        flat = state.gradient_norm <= gtol * state.first_gradient_norm
        reason = tf.where(begun & flat, result.GRADIENT, reason)
        return tf.where(state.reason != result.RUNNING, state.reason, reason)

    def turn(state: State, losses: tf.Tensor, recorded: tf.Tensor) -> tuple[Any, ...]:
        step = tf.cast(state.search.step, dtype)
        trial = project(box, state.x + step * state.direction)
        shaped = tf.reshape(trial, shape)
        shaped.set_shape(static_shape)
        loss, gradient = _evaluate(function, shaped)
        state, moved = _take_in(state, box, trial, loss, gradient, max_line_search)
        at = tf.where(moved, recorded, tf.size(losses) - 1)[None]
        entry = tf.where(moved, tf.cast(state.loss, dtype), losses[-1])[None]
        losses = tf.tensor_scatter_nd_update(losses, at[:, None], entry)
        if callback is not None:
            state = _call(callback, state, shape, moved)
        return state, losses, recorded + tf.cast(moved, tf.int32)

    state = state._replace(x=tf.reshape(state.x, [-1]))
    state, losses, recorded = tf.while_loop(
        lambda state, losses, recorded: reason_to_stop(state) == result.RUNNING,
        turn,
        (state, losses, tf.constant(0)),
    )
    x, loss, gradient = _best_point(state, box)
    x = tf.reshape(x, shape)
    x.set_shape(static_shape)
    evaluations = state.evaluations - evaluations_before
    return OptimizeResult(
        x=x,
        fun=tf.cast(loss, dtype),
        jac=tf.ensure_shape(tf.reshape(gradient, shape), static_shape),
        nit=state.iterations - iterations_before,
        nfev=evaluations,
        njev=evaluations,
        reason=reason_to_stop(state),
        losses=losses,
        recorded=recorded,
        state=state._replace(x=tf.ensure_shape(tf.reshape(state.x, shape), static_shape)),
    )


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


def _take_in(
    state: State,
    box: Box | None,
    trial: tf.Tensor,
    loss: tf.Tensor,
    gradient: tf.Tensor,
    max_line_search: int,
) -> tuple[State, tf.Tensor]:
    """Go on from an evaluated trial; also return whether it or an earlier one is a new iterate."""
    uphill = gradient * state.direction
    halted = stopped(box, trial, state.direction)
    if halted is not None:
        uphill *= tf.cast(~halted, uphill.dtype)
    slope = tf.cast(tf.reduce_sum(uphill), tf.float64)
    sum_of_gradient = tf.reduce_sum(gradient)
    finite = tf.math.is_finite(loss) & tf.math.is_finite(slope)
    finite &= tf.math.is_finite(tf.cast(sum_of_gradient, tf.float64))
    rounding = 10 * memory_pairs.epsilon(trial.dtype)
    first = tf.equal(state.evaluations, 0)
    search, verdict, better = line_search.advance(
        state.search, loss, slope, finite, rounding, max_line_search
    )
    verdict = tf.where(first, line_search.ACCEPT_TRIAL, verdict)
    state = state._replace(
        evaluations=state.evaluations + 1,
        reason=tf.where(first & ~finite, result.NOT_FINITE, state.reason),
    )

    def look_on() -> State:
        kept = tf.cond(better, lambda: gradient, lambda: state.best_gradient)
        return state._replace(search=search, best_gradient=kept)

    def settle() -> State:
        chosen = tf.where(verdict == ACCEPT_BEST, search.best_step, state.search.step)
        chosen = tf.where(verdict == FAIL, tf.zeros_like(chosen), chosen)
        x = project(box, state.x + tf.cast(chosen, trial.dtype) * state.direction)
        new_loss = tf.where(verdict == ACCEPT_BEST, search.best_loss, loss)
        new_loss = tf.where(verdict == FAIL, state.loss, new_loss)
        new_gradient = tf.switch_case(
            tf.cast(verdict - 1, tf.int32),
            [lambda: gradient, lambda: state.best_gradient, lambda: state.gradient],
        )
        return _next_iterate(state, box, x, new_loss, new_gradient, first, verdict == FAIL)

    new_state = tf.cond(verdict == CONTINUE, look_on, settle)
    return new_state, (verdict != CONTINUE) & (verdict != FAIL)


def _next_iterate(
    state: State,
    box: Box | None,
    x: tf.Tensor,
    loss: tf.Tensor,
    gradient: tf.Tensor,
    first: tf.Tensor,
    failed: tf.Tensor,
) -> State:
    """Move to x, learn from the step and open the next line search.

    After a failed search x is where it was; the pairs are forgotten, and if there were none to
    blame, the minimization is over.
    """
    step = x - state.x
    change = gradient - state.gradient
    if box is not None:
        change = tf.where(step == 0, tf.zeros_like(change), change)
    pairs, new, kept = memory_pairs.remember(state.pairs, step, change)
    hopeless = failed & (state.pairs.count == 0)
    pairs = pairs._replace(count=tf.where(failed, 0, pairs.count))
    direction, slope, pairs = find(pairs, new, kept, box, x, gradient, loss)
    norm = tf.cast(tf.reduce_max(tf.abs(projected_gradient(box, x, gradient))), tf.float64)
    infinity = tf.constant(float("inf"), tf.float64)
    decrease = (state.loss - loss) / tf.maximum(
        tf.maximum(tf.abs(state.loss), tf.abs(loss)), 5e-324
    )
    reach = tf.where(pairs.count > 0, tf.constant(REACH, tf.float64), FIRST_REACH)
    return State(
        x=x,
        gradient=gradient,
        direction=direction,
        pairs=pairs,
        search=line_search.begin(loss, slope, tf.ones((), tf.float64), reach),
        best_gradient=gradient,
        loss=loss,
        decrease=tf.where(first | failed, infinity, decrease),
        gradient_norm=norm,
        first_gradient_norm=tf.where(first, norm, state.first_gradient_norm),
        iterations=state.iterations + tf.where(first | failed, 0, 1),
        evaluations=state.evaluations,
        reason=tf.where(hopeless, result.LINE_SEARCH, state.reason),
    )


def _best_point(state: State, box: Box | None) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the best point seen, its loss and its gradient: an iterate or a trial beyond it."""
    search: LineSearch = state.search
    step = tf.cast(search.best_step, state.x.dtype)
    beyond = search.best_step > 0.0
    x = tf.where(beyond, project(box, state.x + step * state.direction), state.x)
    gradient = tf.where(beyond, state.best_gradient, state.gradient)
    return x, tf.where(beyond, search.best_loss, state.loss), gradient


def _call(callback: Any, state: State, shape: tf.Tensor, moved: tf.Tensor) -> State:
    """Show a new iterate to the callback, which runs in Python, outside the graph."""

    def ask(x: tf.Tensor, loss: tf.Tensor, iterations: tf.Tensor) -> bool:
        try:
            return bool(callback(x, loss, iterations))
        except StopIteration:
            return True

    def show() -> tf.Tensor:
        x = tf.reshape(state.x, shape)
        return tf.py_function(ask, [x, state.loss, state.iterations], tf.bool)

    stop = tf.cond(moved, show, lambda: tf.constant(False))
    stop = tf.ensure_shape(stop, [])
    return state._replace(reason=tf.where(stop, result.CALLBACK, state.reason))


def _nan(dtype: tf.DType) -> tf.Tensor:
    return tf.constant(float("nan"), dtype)
