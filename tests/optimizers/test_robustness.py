"""Functions that are flat, huge, tiny, noisy or not finite; and random ones against SciPy."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from analogies.optimizers import minimize


def by_tape(function):
    def value_and_gradients(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return value, tape.gradient(value, x)

    return value_and_gradients


def test_flat_function():
    result = minimize(lambda x: (tf.constant(2.0), tf.zeros_like(x)), [1.0, 2.0])
    assert bool(result.success)
    np.testing.assert_array_equal(result.x, [1, 2])


def test_nan_at_the_start():
    result = minimize(lambda x: (tf.reduce_sum(x) * np.nan, x), [1.0, 2.0])
    assert int(result.status) == 2
    assert "NOT FINITE" in result.message
    np.testing.assert_array_equal(result.x, [1, 2])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_steps_back_from_where_it_is_not_finite(bad):
    """x - log x, with the bad value wherever x <= 0, from where a first step leads there."""

    @by_tape
    def function(x):
        inside = tf.where(x > 0, x, 1.0)
        barrier = tf.where(x > 0, 1e3 * (inside - tf.math.log(inside)), bad)
        return tf.reduce_sum(barrier)

    result = minimize(function, [20.0, 0.05, 3.0])
    np.testing.assert_allclose(result.x, [1, 1, 1], atol=1e-3)
    assert np.isfinite(result.history).all()


def test_nan_in_the_gradient_alone():
    def function(x):
        gradient = tf.where(tf.abs(x) > 5.0, np.nan, 2 * (x - 4.9))
        return tf.reduce_sum((x - 4.9) ** 2), gradient

    result = minimize(function, [0.0, 1.0])
    np.testing.assert_allclose(result.x, [4.9, 4.9], atol=1e-3)


def test_nothing_but_nan_beyond_the_start():
    x0 = tf.constant([1.0, 2.0])

    def function(x):
        value = tf.reduce_sum(x)
        here = tf.reduce_all(x == x0)
        return tf.where(here, value, np.nan), tf.ones_like(x)

    result = minimize(function, x0)
    assert int(result.status) == 2
    assert float(result.fun) == 3.0
    np.testing.assert_array_equal(result.x, x0)


def test_unbounded_below_returns_numbers():
    result = minimize(lambda x: (-tf.reduce_sum(x), -tf.ones_like(x)), [1.0], max_evaluations=30)
    assert np.isfinite(result.fun)
    assert float(result.fun) < -1e3


def test_wrong_gradient_ends_abnormally():
    result = minimize(lambda x: (tf.reduce_sum(x**2), -2 * x), [1.0, 2.0])
    assert int(result.status) == 2
    assert float(result.fun) <= 5.0


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_scale_of_the_loss_changes_nothing_under_relative_tests(dtype):
    weights = tf.constant(np.logspace(0, 3, 30), dtype)

    @tf.function
    def solve(scale):
        def function(x):
            return scale * tf.reduce_sum(weights * (x - 1) ** 2) / 2, scale * weights * (x - 1)

        relative = {"rel_ftol": 2.2e-9, "rel_gtol": 1e-8}
        return minimize(function, tf.zeros([30], dtype), ftol=0.0, gtol=0.0, **relative)

    for scale in (1e-12, 1e-6, 1.0, 1e12):
        result = solve(tf.constant(scale, dtype))
        np.testing.assert_allclose(result.x, np.ones(30), atol=2e-3)
        assert bool(result.success)


def test_a_gradient_smaller_than_the_rounding_of_x_is_not_taken_for_none():
    """In float32 x - g is x, and so is what lies in the bounds."""

    def function(x):
        return 1e-9 * tf.reduce_sum((x - 9) ** 2), 2e-9 * (x - 9)

    for bounds in (None, (0.0, 10.0)):
        result = minimize(function, [8.0, 5.0], bounds, ftol=0.0, gtol=0.0, rel_gtol=1e-4)
        np.testing.assert_allclose(result.x, [9, 9], atol=1e-2)


def test_float32_where_losses_differ_by_rounding_alone():
    """A constant of 1e4 on top hides all changes of the loss below 1e-3."""
    weights = tf.constant(np.logspace(0, 2, 50), tf.float32)

    def function(x):
        return 1e4 + tf.reduce_sum(weights * x**2) / 2, weights * x

    result = minimize(function, tf.ones([50]), ftol=0.0, gtol=0.0, rel_gtol=1e-5)
    assert bool(result.success)
    assert float(result.fun) <= 1e4 + 2e-3
    assert np.abs(result.jac).max() < 0.2  # 100 at the start


N = 6


@tf.function(
    input_signature=[
        tf.TensorSpec([N, N], tf.float64),
        *[tf.TensorSpec([N], tf.float64)] * 4,
    ]
)
def solve_quadratic(matrix, vector, lower, upper, x0):
    def function(x):
        product = tf.linalg.matvec(matrix, x)
        return tf.reduce_sum(x * (product / 2 - vector)), product - vector

    return minimize(function, x0, bounds=(lower, upper), memory=5, gtol=1e-10, ftol=1e-15)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**31),
    condition=st.floats(0, 3),
    width=st.floats(0, 3),
    open_sides=st.lists(
        st.sampled_from(["none", "lower", "upper", "both"]), min_size=N, max_size=N
    ),
)
def test_random_bounded_convex_quadratics_against_scipy(seed, condition, width, open_sides):
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(random.standard_normal((N, N)))[0]
    matrix = turn * np.logspace(0, condition, N) @ turn.T
    vector = 10 ** (condition / 2) * random.standard_normal(N)
    lower = random.standard_normal(N)
    upper = lower + width * random.uniform(0, 1, N)
    lower[[side in ("lower", "both") for side in open_sides]] = -np.inf
    upper[[side in ("upper", "both") for side in open_sides]] = np.inf
    x0 = 3 * random.standard_normal(N)
    ours = solve_quadratic(matrix, vector, lower, upper, x0)
    x = ours.x.numpy()
    assert ((x >= lower) & (x <= upper)).all()
    theirs = optimize.minimize(
        lambda x: (x @ matrix @ x / 2 - vector @ x, matrix @ x - vector),
        np.clip(x0, lower, upper),
        jac=True,
        method="L-BFGS-B",
        bounds=optimize.Bounds(lower, upper),
        options={"maxcor": 5, "ftol": 1e-15, "gtol": 1e-10},
    )
    assert float(ours.fun) <= theirs.fun + 1e-7 * max(1.0, abs(theirs.fun))
