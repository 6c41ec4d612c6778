"""The named problems, against SciPy's L-BFGS-B in float64 with equal memory."""

import functools

import pytest

from benchmarks.optimization_problems import problems
from benchmarks.optimizer_comparison import Comparison, compare, geometric_mean

SUITE = {problem.name: problem for problem in problems()}
LONG = ("Rosenbrock 1000", "Quadratic 1e6, 50", "Rotated quadratic 1e6, 200")  # thousands of turns
BRIEF = tuple(name for name in SUITE if name not in LONG)


@functools.cache
def comparison(name: str) -> Comparison:
    return compare(SUITE[name])


def test_the_suite_is_large_enough() -> None:
    assert len(SUITE) >= 25


@pytest.mark.parametrize(
    "name", [*BRIEF, *(pytest.param(name, marks=pytest.mark.slow) for name in LONG)]
)
def test_ends_as_low_as_scipy_within_the_bounds(name: str) -> None:
    row = comparison(name)
    assert row.as_good, (row.ours.final, row.scipy.final)
    assert not row.ours.strayed


def test_needs_about_as_many_evaluations_as_scipy() -> None:
    """At most 1.15 times as many, in the geometric mean."""
    assert geometric_mean(comparison(name).ratio for name in BRIEF) <= 1.15


@pytest.mark.slow
def test_needs_about_as_many_evaluations_as_scipy_on_long_runs() -> None:
    assert geometric_mean(comparison(name).ratio for name in LONG) <= 1.15
