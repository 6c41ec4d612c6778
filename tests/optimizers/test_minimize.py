"""The contract of `minimize`: results, limits, resuming, tracing and errors."""

import numpy as np
import pytest
import tensorflow as tf

from analogies.optimizers import OptimizeResult, minimize, start

TYPES = (tf.float32, tf.float64)


def rosenbrock(x):
    """Chained Rosenbrock with its gradient written out."""
    valley = x[1:] - x[:-1] ** 2
    value = tf.reduce_sum(100 * valley**2 + (1 - x[:-1]) ** 2)
    left = -400 * valley * x[:-1] - 2 * (1 - x[:-1])
    return value, tf.pad(left, [[0, 1]]) + tf.pad(200 * valley, [[1, 0]])


def bowl(x):
    return tf.reduce_sum((x - 3) ** 2), 2 * (x - 3)


X0 = tf.constant(np.tile([-1.2, 1.0], 5))


@pytest.fixture(scope="module", params=[None, (-2.0, 0.9)], ids=["free", "bounded"])
def bounds(request):
    return request.param


@pytest.fixture(scope="module")
def whole(bounds) -> OptimizeResult:
    return minimize(rosenbrock, X0, bounds)


class TestResult:
    def test_fields_are_scipys(self, whole):
        value, gradient = rosenbrock(whole.x)
        assert whole.x.shape == X0.shape
        assert whole.x.dtype == whole.fun.dtype == whole.jac.dtype == tf.float64
        np.testing.assert_allclose(whole.fun, value, rtol=1e-12)
        np.testing.assert_allclose(whole.jac, gradient, atol=1e-10)
        assert bool(whole.success)
        assert int(whole.status) == 0
        assert whole.message.startswith("CONVERGENCE")
        assert int(whole.nit) < int(whole.nfev) == int(whole.njev)
        assert whole["fun"] is whole.fun

    def test_history_has_the_start_and_every_iterate(self, whole, bounds):
        history = whole.history.numpy()
        first = X0 if bounds is None else tf.clip_by_value(X0, *map(float, bounds))
        assert len(history) == int(whole.nit) + 1
        assert history[0] == pytest.approx(float(rosenbrock(first)[0]))
        assert (np.diff(history) <= 0).all()
        assert history[-1] == float(whole.fun)

    @pytest.mark.parametrize("dtype", TYPES)
    def test_any_shape_and_both_dtypes(self, dtype):
        target = tf.reshape(tf.range(6, dtype=dtype), [2, 3, 1])

        def function(x):
            return tf.reduce_sum((x - target) ** 4 + (x - target) ** 2), (
                4 * (x - target) ** 3 + 2 * (x - target)
            )

        result = minimize(function, tf.fill([2, 3, 1], tf.constant(9.0, dtype)))
        assert result.x.dtype == result.history.dtype == dtype
        np.testing.assert_allclose(result.x, target, atol=1e-3)

    def test_starting_at_the_minimum(self):
        result = minimize(bowl, tf.fill([4], 3.0))
        assert bool(result.success)
        assert (int(result.nit), int(result.nfev)) == (0, 1)


class TestBounds:
    def test_start_is_clipped(self):
        result = minimize(bowl, [5.0, -5.0], bounds=(0.0, 2.0), max_evaluations=1)
        np.testing.assert_array_equal(result.x, [2.0, 0.0])

    def test_scalar_and_broadcast_bounds(self):
        lower = [[-np.inf], [4.0]]
        upper = np.array([1.0, 5.0, np.inf], np.float32)
        result = minimize(bowl, tf.zeros([1, 3]), bounds=(lower[0], upper))
        np.testing.assert_allclose(result.x, [[1, 3, 3]], atol=1e-5)
        result = minimize(bowl, tf.zeros([2, 3]), bounds=(lower, 5.0))
        np.testing.assert_allclose(result.x, [[3, 3, 3], [4, 4, 4]], atol=1e-5)

    def test_fixed_elements_stay(self):
        x0 = tf.constant([1.0, 7.0, -2.0])
        result = minimize(bowl, x0, bounds=([-9.0, 7.0, -9.0], [9.0, 7.0, 9.0]))
        np.testing.assert_allclose(result.x, [3, 7, 3], atol=1e-5)
        assert result.x[1] == 7.0

    @pytest.mark.parametrize("dtype", TYPES)
    def test_every_evaluation_is_within_them_exactly(self, dtype):
        outside = []
        low, high = 0.1, 0.7  # neither is a float

        def function(x):
            def look(x):
                outside.append(int(((x < x.dtype.type(low)) | (x > x.dtype.type(high))).sum()))
                return np.bool_(True)

            with tf.control_dependencies([tf.numpy_function(look, [x], tf.bool)]):
                return rosenbrock(x)

        x0 = tf.cast(tf.linspace(-1.0, 1.0, 20), dtype)
        result = minimize(function, x0, bounds=(low, high))
        assert sum(outside) == 0
        assert len(outside) == int(result.nfev)
        assert (result.x.numpy() == dtype.as_numpy_dtype(low)).any()


class TestLimits:
    def test_evaluations_are_exact(self):
        @tf.function
        def limited(limit):
            return minimize(rosenbrock, X0, max_evaluations=limit)

        for limit in (1, 2, 5, 12):
            result = limited(tf.constant(limit))
            assert int(result.nfev) == limit
            assert int(result.status) == 1
            assert not bool(result.success)
            assert "EVALUATIONS" in result.message

    def test_iterations(self):
        result = minimize(rosenbrock, X0, max_iterations=3)
        assert int(result.nit) == 3
        assert len(result.history) == 4
        assert int(result.status) == 1
        assert "ITERATIONS" in result.message

    def test_best_point_even_within_a_line_search(self):
        """A run cut off anywhere returns the least loss evaluated."""
        losses = []

        def function(x):
            value, gradient = rosenbrock(x)
            note = tf.numpy_function(lambda f: losses.append(f) or np.bool_(True), [value], tf.bool)
            with tf.control_dependencies([note]):
                return tf.identity(value), gradient

        traced = tf.function(lambda state: minimize(function, state=state, max_evaluations=1))
        state = start(X0)
        for _ in range(40):
            result = traced(state)
            state = result.state
            assert float(result.fun) == min(losses)
            np.testing.assert_allclose(rosenbrock(result.x)[0], result.fun, rtol=1e-12)
            np.testing.assert_allclose(rosenbrock(result.x)[1], result.jac, rtol=1e-9, atol=1e-9)

    def test_callback_sees_iterates_and_stops(self):
        seen = []

        def callback(x, loss, iteration):
            np.testing.assert_allclose(rosenbrock(x)[0], loss, rtol=1e-12)
            seen.append((float(loss), int(iteration)))
            return iteration == 5

        result = minimize(rosenbrock, X0, callback=callback)
        assert [iteration for _, iteration in seen] == [0, 1, 2, 3, 4, 5]
        np.testing.assert_array_equal([loss for loss, _ in seen], result.history)
        assert int(result.status) == 99

    def test_callback_may_raise_stop_iteration(self):
        def callback(x, loss, iteration):
            raise StopIteration

        assert int(minimize(bowl, [0.0, 9.0], callback=callback).status) == 99


class TestResuming:
    def test_pieces_make_the_iterates_of_the_whole(self, whole, bounds):
        @tf.function
        def piece(state, evaluations):
            return minimize(rosenbrock, bounds=bounds, state=state, max_evaluations=evaluations)

        for chunk in (1, 7):
            state, history, evaluations = start(X0, bounds), [], 0
            while True:
                result = piece(state, tf.constant(chunk))
                state = result.state
                history.append(result.history.numpy())
                evaluations += int(result.nfev)
                if int(result.status) != 1:
                    break
            np.testing.assert_array_equal(np.concatenate(history), whole.history)
            np.testing.assert_array_equal(result.x, whole.x)
            assert evaluations == int(whole.nfev) == int(state.evaluations)
            assert int(state.iterations) == int(whole.nit)

    @pytest.mark.parametrize("length", [None, 10], ids=["open", "known"])
    def test_a_state_can_be_gone_on_from_twice_on_a_gpu_too(
        self, monkeypatch, whole, bounds, length
    ):
        """A GPU's ways to write the pairs, on the CPU; one of them writes in place."""
        monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: ["a GPU"])
        first = minimize(rosenbrock, X0, bounds, max_iterations=9).state
        specs = tf.nest.map_structure(
            lambda x: tf.TensorSpec([length if n == 10 else n for n in x.shape], x.dtype), first
        )

        @tf.function(input_signature=[specs])
        def rest(state):
            return minimize(rosenbrock, bounds=bounds, state=state)

        rows = first.pairs.rows.numpy()
        once, again = rest(first), rest(first)
        np.testing.assert_array_equal(first.pairs.rows, rows)
        np.testing.assert_array_equal(once.x, whole.x)
        np.testing.assert_array_equal(again.x, whole.x)

    def test_after_iterations(self, whole, bounds):
        first = minimize(rosenbrock, X0, bounds, max_iterations=9)
        second = minimize(rosenbrock, bounds=bounds, state=first.state)
        np.testing.assert_array_equal(
            np.concatenate([first.history, second.history]), whole.history
        )

    def test_a_converged_run_does_nothing_more(self, whole, bounds):
        again = minimize(rosenbrock, bounds=bounds, state=whole.state)
        assert int(again.nfev) == 0
        assert len(again.history) == 0
        assert again.message == whole.message


class TestTracing:
    def test_same_in_a_function_and_with_unknown_shape(self, whole, bounds):
        signature = [tf.TensorSpec([None], tf.float64)]

        @tf.function(input_signature=signature)
        def traced(x0):
            return minimize(rosenbrock, x0, bounds)

        result = traced(X0)
        np.testing.assert_array_equal(result.history, whole.history)
        assert result.message == whole.message

    def test_same_under_jit_compile(self):
        bounds = (-2.0, 0.9)
        whole = minimize(rosenbrock, X0, bounds)
        jitted = tf.function(lambda x0: minimize(rosenbrock, x0, bounds), jit_compile=True)
        result = jitted(X0)
        np.testing.assert_allclose(result.history[:20], whole.history[:20], rtol=1e-8)
        np.testing.assert_allclose(result.x, whole.x, rtol=1e-4)
        assert bool(result.success)

    def test_the_function_is_traced_once(self):
        traces = []

        def function(x):
            traces.append(x)
            return bowl(x)

        minimize(function, [0.0, 1.0])
        assert len(traces) == 1

    def test_python_control_flow_in_the_function(self):
        def function(x):
            if tf.reduce_sum(x) > 100.0:
                return bowl(x)
            return bowl(x + 0.0)

        np.testing.assert_allclose(minimize(function, [0.0, 1.0]).x, [3, 3], atol=1e-5)


class TestErrors:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"x0": [0.0, np.nan]}, "NaN"),
            ({"x0": [0, 1]}, "float32 or float64"),
            ({"x0": None}, "x0"),
            ({"bounds": (1.0, 0.0)}, "lower bound"),
            ({"bounds": (np.nan, 0.0)}, "NaN"),
            ({"bounds": 3.0}, "pair"),
            ({"bounds": ([0.0, 0.0, 0.0], 1.0)}, "broadcast"),
            ({"bounds": ([[0.0], [0.0]], 1.0)}, "broadcast"),
            ({"memory": 0}, "memory"),
            ({"max_evaluations": 0}, "max_evaluations"),
            ({"max_iterations": -1}, "max_iterations"),
            ({"max_line_search": 0}, "max_line_search"),
            ({"ftol": -1.0}, "ftol"),
            ({"gtol": np.nan}, "gtol"),
            ({"rel_ftol": -1e-9}, "rel_ftol"),
            ({"rel_gtol": np.nan}, "rel_gtol"),
        ],
    )
    def test_bad_arguments(self, arguments, words):
        with pytest.raises(ValueError, match=words) as caught:
            minimize(bowl, **({"x0": [0.0, 1.0]} | arguments))
        assert "Received: " in str(caught.value)

    def test_function_of_the_wrong_shape(self):
        with pytest.raises(ValueError, match="Received: shapes"):
            minimize(lambda x: (x, x), [0.0, 1.0])
        with pytest.raises(ValueError, match="Received: shapes"):
            minimize(lambda x: (tf.reduce_sum(x), x[:1]), [0.0, 1.0])
