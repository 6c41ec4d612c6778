"""A line search that advances by one function evaluation at a time.

The search of Moré and Thuente (1994, ACM TOMS 20, 286-307), as in MINPACK-2's `dcsrch` and
`dcstep`, which L-BFGS-B uses too, written as a state machine: `begin` opens a search along a
descent direction and names the first step, `advance` takes the loss and slope found at that step
and says what to do next. Everything is a float64 scalar, whatever the dtype of the function, so
that the bookkeeping adds no rounding of its own.

Differences from `dcsrch`:

* A step is also accepted under the approximate Wolfe conditions of Hager and Zhang (2005, SIAM J.
  Optim. 16, 170-192, eq. 27), which test slopes where the losses differ by rounding alone.
* A trial that is not finite closes the road: no later trial goes as far.
* When the search ends without a Wolfe point, it says which trial was the best, so that nothing is
  evaluated twice.
"""

from typing import Any, NamedTuple

import tensorflow as tf

DECREASE = 1e-3  # sufficient decrease: f(t) <= f(0) + DECREASE t f'(0)
CURVATURE = 0.9  # |f'(t)| <= CURVATURE |f'(0)|
INTERVAL = 0.1  # a bracket this narrow, relative to its far end, is not searched any further
MAX_STEP = 1e10
BACK_STEP = 0.2  # how much of the way is kept after a trial that is not finite

# What `advance` says.
CONTINUE, ACCEPT_TRIAL, ACCEPT_BEST, FAIL = range(4)


class LineSearch(NamedTuple):
    """A search in progress; float64 scalars except where noted.

    `low` is the end of the interval of uncertainty with the least loss, `high` the other end.
    """

    step: tf.Tensor  # the trial to evaluate next
    loss: tf.Tensor  # at step 0
    slope: tf.Tensor  # at step 0, negative
    bracketed: tf.Tensor  # bool
    second_stage: tf.Tensor  # bool
    low_step: tf.Tensor
    low_loss: tf.Tensor
    low_slope: tf.Tensor
    high_step: tf.Tensor
    high_loss: tf.Tensor
    high_slope: tf.Tensor
    width: tf.Tensor
    old_width: tf.Tensor
    max_step: tf.Tensor
    reach: tf.Tensor  # how far beyond the last advance an extrapolation may go
    best_step: tf.Tensor  # step of the least loss seen, 0 at first
    best_loss: tf.Tensor
    trials: tf.Tensor  # int32


def begin(loss: tf.Tensor, slope: tf.Tensor, step: tf.Tensor, reach: tf.Tensor) -> LineSearch:
    """Open a search from a point of the given loss along a direction of the given slope (< 0)."""
    zero = tf.zeros((), tf.float64)
    return LineSearch(
        step=step,
        loss=loss,
        slope=slope,
        bracketed=tf.constant(False),
        second_stage=tf.constant(False),
        low_step=zero,
        low_loss=loss,
        low_slope=slope,
        high_step=zero,
        high_loss=loss,
        high_slope=slope,
        width=tf.constant(MAX_STEP, tf.float64),
        old_width=tf.constant(2 * MAX_STEP, tf.float64),
        max_step=tf.constant(MAX_STEP, tf.float64),
        reach=reach,
        best_step=zero,
        best_loss=loss,
        trials=tf.constant(0),
    )


def advance(
    search: LineSearch,
    loss: tf.Tensor,
    slope: tf.Tensor,
    finite: tf.Tensor,
    rounding: float,
    max_trials: int,
) -> tuple[LineSearch, tf.Tensor, tf.Tensor]:
    """Take in the loss and slope at `search.step`.

    `rounding` is the relative error of the loss. Returns the search with its next step, the
    verdict (int32: CONTINUE, ACCEPT_TRIAL, ACCEPT_BEST or FAIL) and whether the trial was the best
    so far (bool).
    """
    better = finite & (loss < search.best_loss)
    seen = search._replace(
        best_step=tf.where(better, search.step, search.best_step),
        best_loss=tf.where(better, loss, search.best_loss),
        trials=search.trials + 1,
    )
    accepted = finite & _is_wolfe_point(search, loss, slope, rounding)
    narrowed, exhausted = _narrow(seen, loss, slope)
    after = _select(finite, narrowed, _step_back(seen))
    ended = (finite & exhausted) | (seen.trials >= max_trials) | ~(after.step > 0.0)
    gave_up = tf.where(seen.best_step > 0.0, tf.where(better, ACCEPT_TRIAL, ACCEPT_BEST), FAIL)
    verdict = tf.where(accepted, ACCEPT_TRIAL, tf.where(ended, gave_up, CONTINUE))
    return after, verdict, better


def _select(condition: tf.Tensor, yes: LineSearch, no: LineSearch) -> LineSearch:
    return LineSearch(
        *(a if a is b else tf.where(condition, a, b) for a, b in zip(yes, no, strict=True))
    )


def _is_wolfe_point(search: LineSearch, loss: Any, slope: Any, rounding: float) -> tf.Tensor:
    """Return whether the strong or the approximate Wolfe conditions hold at the trial."""
    flat = tf.abs(slope) <= CURVATURE * -search.slope
    decreased = loss <= search.loss + search.step * DECREASE * search.slope
    level = loss <= search.loss + rounding * tf.abs(search.loss)
    approximate = level & (slope <= (2 * DECREASE - 1) * search.slope)
    return flat & (decreased | approximate)


def _step_back(search: LineSearch) -> LineSearch:
    """Retreat toward the best end of the interval from a trial that is not finite."""
    step = search.low_step + BACK_STEP * (search.step - search.low_step)
    return search._replace(step=step, max_step=search.step)


def _narrow(search: LineSearch, loss: Any, slope: Any) -> tuple[LineSearch, tf.Tensor]:
    """Update the interval with a finite trial; also return whether it is exhausted."""
    tilt = DECREASE * search.slope
    sufficient = loss <= search.loss + search.step * tilt
    second_stage = search.second_stage | (sufficient & (slope >= 0.0))
    # The auxiliary function f(t) - tilt t is used until a step with sufficient decrease is found.
    auxiliary = ~second_stage & (loss <= search.low_loss) & ~sufficient
    tilt = tf.where(auxiliary, tilt, tf.zeros_like(tilt))
    low_step, high_step, bracketed, step, replaces_low, replaces_high = _interpolate(
        search, loss, slope, tilt
    )
    swaps = replaces_low & replaces_high  # the old low end becomes the high end
    trial = (search.step, loss, slope)
    low = (search.low_step, search.low_loss, search.low_slope)
    high = (search.high_step, search.high_loss, search.high_slope)
    new_low = [tf.where(replaces_low, t, o) for t, o in zip(trial, low, strict=True)]
    new_high = [
        tf.where(swaps, o, tf.where(replaces_high, t, h))
        for t, o, h in zip(trial, low, high, strict=True)
    ]
    width = tf.abs(high_step - low_step)
    slow = bracketed & (width >= 0.66 * search.old_width)
    step = tf.where(slow, low_step + 0.5 * (high_step - low_step), step)
    step = tf.minimum(step, search.max_step)
    near, far = tf.minimum(low_step, high_step), tf.maximum(low_step, high_step)
    exhausted = bracketed & ((far - near <= INTERVAL * far) | ~((step > near) & (step < far))) | (
        step == search.step
    )
    after = search._replace(
        step=step,
        bracketed=bracketed,
        second_stage=second_stage,
        low_step=new_low[0],
        low_loss=new_low[1],
        low_slope=new_low[2],
        high_step=new_high[0],
        high_loss=new_high[1],
        high_slope=new_high[2],
        width=tf.where(bracketed, width, search.width),
        old_width=tf.where(bracketed, search.width, search.old_width),
    )
    return after, exhausted


def _interpolate(search: LineSearch, loss: Any, slope: Any, tilt: Any) -> tuple[Any, ...]:
    """Return the safeguarded step of Moré and Thuente, section 4 (MINPACK-2 `dcstep`).

    Returns the ends of the new interval, whether it brackets a minimizer, the next step, and
    which ends the trial replaces (both where the old low end becomes the high one).
    """
    x, fx, dx = search.low_step, search.low_loss - search.low_step * tilt, search.low_slope - tilt
    y, fy, dy = (
        search.high_step,
        search.high_loss - search.high_step * tilt,
        search.high_slope - tilt,
    )
    t, ft, dt = search.step, loss - search.step * tilt, slope - tilt
    bracketed = search.bracketed
    smallest, largest = _limits(search)
    higher = ft > fx
    turned = dt * tf.sign(dx) < 0.0
    flatter = tf.abs(dt) < tf.abs(dx)

    cubic_x = _cubic_step(x, fx, dx, t, ft, dt)  # between the low end and the trial
    secant = t + dt / (dt - dx) * (x - t)
    quadratic = x + dx / ((fx - ft) / (t - x) + dx) / 2.0 * (t - x)

    # Case 1: a higher loss. The minimizer is bracketed.
    step1 = tf.where(
        tf.abs(cubic_x - x) < tf.abs(quadratic - x),
        cubic_x,
        cubic_x + (quadratic - cubic_x) / 2.0,
    )
    # Case 2: a lower loss and slopes of opposite sign. Bracketed too.
    step2 = tf.where(tf.abs(cubic_x - t) > tf.abs(secant - t), cubic_x, secant)
    # Case 3: a lower loss, the same sign, a flatter slope.
    cubic3 = _extrapolated_cubic(x, fx, dx, t, ft, dt, smallest, largest)
    closer = tf.abs(cubic3 - t) < tf.abs(secant - t)
    inside = tf.where(closer, cubic3, secant)
    guard = t + 0.66 * (y - t)
    inside = tf.where(t > x, tf.minimum(guard, inside), tf.maximum(guard, inside))
    outside = tf.clip_by_value(tf.where(closer, secant, cubic3), smallest, largest)
    step3 = tf.where(bracketed, inside, outside)
    # Case 4: a lower loss, the same sign, no flatter: go on.
    step4 = tf.where(
        bracketed, _cubic_step(y, fy, dy, t, ft, dt), tf.where(t > x, largest, smallest)
    )
    step = tf.where(higher, step1, tf.where(turned, step2, tf.where(flatter, step3, step4)))
    replaces_low = ~higher
    replaces_high = higher | turned
    low_step = tf.where(higher, x, t)
    high_step = tf.where(higher, t, tf.where(turned, x, y))
    step = tf.where(tf.math.is_finite(step), step, 0.5 * (low_step + high_step))
    return low_step, high_step, bracketed | higher | turned, step, replaces_low, replaces_high


def _limits(search: LineSearch) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the least and the greatest step that may follow the trial."""
    x, y, t = search.low_step, search.high_step, search.step
    smallest = tf.where(search.bracketed, tf.minimum(x, y), t + 1.1 * (t - x))
    largest = tf.where(search.bracketed, tf.maximum(x, y), t + search.reach * (t - x))
    return smallest, tf.minimum(largest, search.max_step)


def _cubic_step(x: Any, fx: Any, dx: Any, t: Any, ft: Any, dt: Any) -> tf.Tensor:
    """Return the minimizer of the cubic through both ends' losses and slopes."""
    theta = 3.0 * (fx - ft) / (t - x) + dx + dt
    scale = _scale(theta, dx, dt)
    root = scale * tf.sqrt(tf.nn.relu((theta / scale) ** 2 - dx / scale * (dt / scale)))
    root = tf.where(t < x, -root, root)
    return x + (root - dx + theta) / (root - dx + root + dt) * (t - x)


def _extrapolated_cubic(
    x: Any, fx: Any, dx: Any, t: Any, ft: Any, dt: Any, smallest: Any, largest: Any
) -> tf.Tensor:
    """Return the cubic's minimizer beyond the trial, or a limit where it has none there."""
    theta = 3.0 * (fx - ft) / (t - x) + dx + dt
    scale = _scale(theta, dx, dt)
    root = scale * tf.sqrt(tf.nn.relu((theta / scale) ** 2 - dx / scale * (dt / scale)))
    root = tf.where(t > x, -root, root)
    ratio = (root - dt + theta) / (root + (dx - dt) + root)
    limit = tf.where(t > x, largest, smallest)
    return tf.where((ratio < 0.0) & (root != 0.0), t + ratio * (x - t), limit)


def _scale(theta: Any, dx: Any, dt: Any) -> tf.Tensor:
    tiny = tf.constant(1e-300, tf.float64)
    largest = tf.maximum(tf.maximum(tf.abs(theta), tf.abs(dx)), tf.abs(dt))
    return tf.maximum(largest, tiny)
