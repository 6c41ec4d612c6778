"""The named problems, against SciPy's L-BFGS-B in float64 with equal memory."""

import functools

import pytest

from analogies.benchmarks.optimization_problems import problems
from analogies.benchmarks.optimizer_comparison import Comparison, compare, geometric_mean

SUITE = {problem.name: problem for problem in problems()}


@functools.cache
def comparison(name: str) -> Comparison:
    return compare(SUITE[name])


def test_the_suite_is_large_enough() -> None:
    assert len(SUITE) >= 25


@pytest.mark.parametrize("name", SUITE)
def test_ends_as_low_as_scipy_within_the_bounds(name: str) -> None:
    row = comparison(name)
    assert row.as_good, (row.ours.final, row.scipy.final)
    assert not row.ours.strayed


def test_needs_about_as_many_evaluations_as_scipy() -> None:
    """At most 1.15 times as many, in the geometric mean."""
    assert geometric_mean(comparison(name).ratio for name in SUITE) <= 1.15
