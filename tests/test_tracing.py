"""Functions traced once, and the time counted."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest
import tensorflow as tf

from analogies import tracing
from analogies.tracing import Traced

MAP = tf.TensorSpec((None, None), tf.float32)


@pytest.fixture
def slow():
    """A function that takes a tenth of a second to trace, and how often it was."""
    count = []

    def double(values):
        time.sleep(0.1)
        count.append(1)
        return 2.0 * values

    return double, count


def test_one_trace_serves_all_sizes_and_its_time_is_counted(slow):
    function, count = slow
    before = tracing.seconds()
    traced = Traced(function, [MAP])
    assert tracing.seconds() == before
    np.testing.assert_array_equal(traced(tf.ones((2, 3))), np.full((2, 3), 2.0))
    after = tracing.seconds()
    assert 0.1 <= after - before < 5.0
    np.testing.assert_array_equal(traced(tf.ones((5, 4))), np.full((5, 4), 2.0))
    np.testing.assert_array_equal(traced.concrete()(tf.ones((1, 1))), [[2.0]])
    assert len(count) == 1
    assert tracing.seconds() - after < 0.1


def test_tracing_within_tracing_is_counted_once(slow):
    function, _ = slow
    inner = Traced(function, [MAP])
    outer = Traced(lambda values: inner(values) + 1.0, [MAP])
    before, started = tracing.seconds(), time.monotonic()
    np.testing.assert_array_equal(outer(tf.ones((1, 2))), [[3.0, 3.0]])
    assert 0.1 <= tracing.seconds() - before <= time.monotonic() - started


def test_a_trace_that_fails_is_counted_and_tried_again():
    fails = [False, True]

    def function(values):
        time.sleep(0.05)
        if fails.pop():
            raise ValueError("not now")
        return values

    traced = Traced(function, [MAP])
    for failures in (1, 0):
        before = tracing.seconds()
        with pytest.raises(ValueError, match="not now") if failures else nullcontext():
            np.testing.assert_array_equal(traced(tf.ones((1, 1))), [[1.0]])
        assert tracing.seconds() - before >= 0.05


def test_threads_count_their_own_time(slow):
    function, _ = slow
    before = tracing.seconds()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: Traced(function, [MAP]).concrete()).result() is not None
        assert pool.submit(tracing.seconds).result() >= 0.1
    assert tracing.seconds() == before
