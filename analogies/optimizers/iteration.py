"""One turn of the minimization: where to evaluate next, and what to make of the answer."""

import tensorflow as tf

from analogies.optimizers import line_search, result
from analogies.optimizers.box import Box, project, projected_gradient, step_within, stopped
from analogies.optimizers.direction import find
from analogies.optimizers.line_search import ACCEPT_BEST, ACCEPT_TRIAL, CONTINUE, FAIL
from analogies.optimizers.pairs import epsilon, remember
from analogies.optimizers.result import State

# How far beyond a trial a search may extrapolate. The first step is a guess that may be far too
# short; but where no bounds end it, a long one can go past a valley to its far side, so that x then
# changes by no more than `FIRST_WAY` of its largest element.
FIRST_REACH = 10.0, 100.0
FIRST_WAY = 0.5
REACH = 4.0


def next_trial(state: State, box: Box | None) -> tf.Tensor:
    """Return the point (n,) to evaluate next."""
    return _along(state, box, state.search.step)


def _along(state: State, box: Box | None, step: tf.Tensor) -> tf.Tensor:
    """Return the point of the search path at a float64 step; beyond 1 the path bends at bounds."""
    return project(box, state.x + tf.cast(step, state.x.dtype) * state.direction)


def take_in(
    state: State,
    box: Box | None,
    trial: tf.Tensor,
    loss: tf.Tensor,
    gradient: tf.Tensor,
    max_line_search: int,
) -> tuple[State, tf.Tensor]:
    """Go on from an evaluated trial; also return whether it or an earlier one is a new iterate."""
    slope, finite = _slope(state, box, trial, loss, gradient)
    first = tf.equal(state.evaluations, 0)
    search, verdict, better = line_search.advance(
        state.search, loss, slope, finite, 10 * epsilon(trial.dtype), max_line_search
    )
    verdict = tf.where(first, ACCEPT_TRIAL, verdict)
    state = state._replace(
        evaluations=state.evaluations + 1,
        reason=tf.where(first & ~finite, result.NOT_FINITE, state.reason),
    )

    def look_on() -> State:
        kept = tf.cond(better, lambda: gradient, lambda: state.best_gradient)
        return state._replace(search=search, best_gradient=kept)

    def settle() -> State:
        x, new_loss, new_gradient = tf.switch_case(
            verdict - ACCEPT_TRIAL,
            [
                lambda: (trial, loss, gradient),
                lambda: best_point(state, box),
                lambda: (state.x, state.loss, state.gradient),
            ],
        )
        return _next_iterate(state, box, x, new_loss, new_gradient, first, verdict == FAIL)

    new_state = tf.cond(tf.equal(verdict, CONTINUE), look_on, settle)
    return new_state, (verdict == ACCEPT_TRIAL) | (verdict == ACCEPT_BEST)


def _slope(
    state: State, box: Box | None, trial: tf.Tensor, loss: tf.Tensor, gradient: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the slope of the search path just beyond a trial, and whether all is finite there."""
    uphill = gradient * state.direction
    halted = stopped(box, trial, state.direction)
    if halted is not None:
        uphill *= tf.cast(~halted, uphill.dtype)  # keeps NaN
    slope = tf.cast(tf.reduce_sum(uphill), tf.float64)
    total = tf.reduce_sum(gradient)  # sees what a direction of 0 hides
    finite = tf.math.is_finite(loss) & tf.math.is_finite(slope) & tf.math.is_finite(total)
    return slope, finite


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
    pairs, new, kept = remember(state.pairs, step, change)
    hopeless = failed & (state.pairs.count == 0)
    pairs = pairs._replace(count=tf.where(failed, 0, pairs.count))
    direction, slope, pairs = find(pairs, new, kept, box, x, gradient, loss)
    norm = tf.cast(tf.reduce_max(tf.abs(projected_gradient(box, x, gradient))), tf.float64)
    infinity = tf.constant(float("inf"), tf.float64)
    gradient_step = tf.cast(tf.reduce_max(tf.abs(step_within(box, x, -gradient))), tf.float64)
    reach = tf.where(
        pairs.count > 0, tf.constant(REACH, tf.float64), _first_reach(box, x, direction)
    )
    return State(
        x=x,
        gradient=gradient,
        direction=direction,
        pairs=pairs,
        search=line_search.begin(loss, slope, tf.ones((), tf.float64), reach),
        best_gradient=gradient,
        loss=loss,
        decrease=tf.where(first | failed, infinity, state.loss - loss),
        largest_loss=tf.where(first, tf.abs(loss), tf.maximum(tf.abs(state.loss), tf.abs(loss))),
        gradient_norm=norm,
        first_gradient_norm=tf.where(first, norm, state.first_gradient_norm),
        gradient_step=gradient_step,
        iterations=state.iterations + tf.where(first | failed, 0, 1),
        evaluations=state.evaluations,
        reason=tf.where(hopeless, result.LINE_SEARCH, state.reason),
    )


def _first_reach(box: Box | None, x: tf.Tensor, direction: tf.Tensor) -> tf.Tensor:
    """Return how far a search without pairs may extrapolate, float64."""
    if box is not None:
        return tf.constant(FIRST_REACH[1], tf.float64)
    largest, fastest = (tf.cast(tf.reduce_max(tf.abs(v)), tf.float64) for v in (x, direction))
    sensible = FIRST_WAY * tf.math.divide_no_nan(largest, fastest)
    return tf.clip_by_value(sensible, *FIRST_REACH)


def best_point(state: State, box: Box | None) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the best point seen, its loss and its gradient: an iterate or a trial beyond it."""
    step, loss = state.search.best_step, state.search.best_loss
    beyond = step > 0.0
    x = tf.where(beyond, _along(state, box, step), state.x)
    gradient = tf.where(beyond, state.best_gradient, state.gradient)
    return x, tf.where(beyond, loss, state.loss), gradient
