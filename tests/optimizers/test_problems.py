"""The named problems, against SciPy's L-BFGS-B in float64 with equal memory."""

import functools

import pytest

from benchmarks.far_problems import far_problems
from benchmarks.optimization_problems import problems
from benchmarks.optimizer_comparison import Comparison, compare, geometric_mean

NEAR = {problem.name: problem for problem in problems()}
FAR = {problem.name: problem for problem in far_problems()}
SUITE = NEAR | FAR
LONG = ("Rosenbrock 1000", "Quadratic 1e6, 50", "Rotated quadratic 1e6, 200")  # thousands of turns
BRIEF = tuple(name for name in NEAR if name not in LONG)
BRIEF_FAR = (
    "Penalty I 50",
    "Penalty II 10",
    "Powell badly scaled",
    "Helical valley, 100 x",
    "Brown and Dennis, 10 x",
    "Biggs EXP6",
    "Variably dimensioned 100",
    "Exponentials 20 from 20",
    "Wood, 10 x",
    "Penalty I 50 in [-1, 40]",
    "Brown badly scaled in box",
    "Brown and Dennis in box",
    "Biggs EXP6 in box",
    "Square and quartic 50 in box",
)
REST = tuple(name for name in SUITE if name not in BRIEF + BRIEF_FAR)


@functools.cache
def comparison(name: str) -> Comparison:
    return compare(SUITE[name])


def test_the_suite_is_large_enough() -> None:
    assert len(NEAR) >= 25
    assert len(SUITE) == len(NEAR) + len(FAR)  # no name twice
    assert sum(problem.bounds is None for problem in FAR.values()) >= 10
    assert sum(problem.bounds is not None for problem in FAR.values()) >= 10


@pytest.mark.parametrize(
    "name", [*BRIEF, *BRIEF_FAR, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)]
)
def test_ends_as_low_as_scipy_within_the_bounds(name: str) -> None:
    row = comparison(name)
    assert row.as_good, (row.ours.final, row.scipy.final)
    assert not row.ours.strayed


def arrives(name: str) -> bool:
    """Whether we come near a minimum, or SciPy does not either."""
    row = comparison(name)
    return row.our_evaluations < float("inf") or row.scipy_evaluations == float("inf")


@pytest.mark.parametrize("names", [BRIEF, BRIEF_FAR], ids=["near", "far"])
def test_needs_about_as_many_evaluations_as_scipy(names: tuple[str, ...]) -> None:
    """At most 1.15 times as many, in the geometric mean."""
    assert [name for name in names if not arrives(name)] == []
    assert geometric_mean(comparison(name).ratio for name in names) <= 1.15


@pytest.mark.slow
def test_needs_about_as_many_evaluations_as_scipy_on_long_runs() -> None:
    assert geometric_mean(comparison(name).ratio for name in LONG) <= 1.15


@pytest.mark.slow
def test_needs_about_as_many_evaluations_as_scipy_from_far_away() -> None:
    assert [name for name in FAR if not arrives(name)] == []
    assert geometric_mean(comparison(name).ratio for name in FAR) <= 1.15
