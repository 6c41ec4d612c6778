"""Named minimization problems with their standard starts and known minima.

Sources: Moré, Garbow and Hillstrom (1981, ACM TOMS 7, 17-41); Hock and Schittkowski (1981, Test
Examples for Nonlinear Programming Codes); the maximum-entropy problem of SciPy's own tests; the
others from collections of test functions found everywhere.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

Function = Callable[[tf.Tensor], tf.Tensor]
INFINITY = math.inf


@dataclass(frozen=True)
class Problem:
    """A function (n,) -> scalar to minimize.

    `minima` are the values of its known local minima, least first; empty where none is known in
    closed form. `bounds` is (lower, upper) or None. Where `relative`, the function has no scale of
    its own and losses are compared relative to the one at the start. Where `far`, the start is so
    far away, or so badly scaled, that its loss says nothing about how near is near enough.
    """

    name: str
    function: Function
    start: np.ndarray
    minima: tuple[float, ...] = (0.0,)
    bounds: tuple[Any, Any] | None = None
    relative: bool = False
    far: bool = False

    def value_and_gradients(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the function and its gradient at x (n,)."""
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = self.function(x)
        return value, tape.gradient(value, x)


def rosenbrock(x: tf.Tensor) -> tf.Tensor:
    """Chained Rosenbrock: a curved valley, for any n >= 2."""
    return tf.reduce_sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def beale(x: tf.Tensor) -> tf.Tensor:
    """More, Garbow and Hillstrom 5."""
    a, b = x[0], x[1]
    return (1.5 - a * (1 - b)) ** 2 + (2.25 - a * (1 - b**2)) ** 2 + (2.625 - a * (1 - b**3)) ** 2


def booth(x: tf.Tensor) -> tf.Tensor:
    """Quadratic with its minimum at (1, 3)."""
    return (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


def himmelblau(x: tf.Tensor) -> tf.Tensor:
    """Four minima, all 0."""
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def matyas(x: tf.Tensor) -> tf.Tensor:
    """Flat quadratic with its minimum at 0."""
    return 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1]


def zakharov(x: tf.Tensor) -> tf.Tensor:
    """Quadratic plus the square and the fourth power of one weighted sum."""
    weights = tf.constant(0.5 * np.arange(1, x.shape[0] + 1), x.dtype)
    weighted = tf.reduce_sum(weights * x)
    return tf.reduce_sum(x**2) + weighted**2 + weighted**4


def powell_singular(x: tf.Tensor) -> tf.Tensor:
    """More, Garbow and Hillstrom 13; the Hessian at the minimum is singular."""
    a, b, c, d = x[0], x[1], x[2], x[3]
    return (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4


def wood(x: tf.Tensor) -> tf.Tensor:
    """More, Garbow and Hillstrom 14."""
    a, b, c, d = x[0], x[1], x[2], x[3]
    first = 100 * (b - a**2) ** 2 + (1 - a) ** 2 + 90 * (d - c**2) ** 2 + (1 - c) ** 2
    return first + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2) + 19.8 * (b - 1) * (d - 1)


def dixon_price(x: tf.Tensor) -> tf.Tensor:
    """Chained; a minimum of 0 and a local one of 2/3."""
    weights = tf.constant(np.arange(2, x.shape[0] + 1), x.dtype)
    return (x[0] - 1) ** 2 + tf.reduce_sum(weights * (2 * x[1:] ** 2 - x[:-1]) ** 2)


def styblinski_tang(x: tf.Tensor) -> tf.Tensor:
    """Separable quartic; two minima per element."""
    return 0.5 * tf.reduce_sum(x**4 - 16 * x**2 + 5 * x)


def brown_badly_scaled(x: tf.Tensor) -> tf.Tensor:
    """More, Garbow and Hillstrom 4; the minimum is at (1e6, 2e-6)."""
    return (x[0] - 1e6) ** 2 + (x[1] - 2e-6) ** 2 + (x[0] * x[1] - 2) ** 2


def trigonometric(x: tf.Tensor) -> tf.Tensor:
    """More, Garbow and Hillstrom 26."""
    n = x.shape[0]
    index = tf.constant(np.arange(1, n + 1), x.dtype)
    cosines = tf.cos(x)
    return tf.reduce_sum((n - tf.reduce_sum(cosines) + index * (1 - cosines) - tf.sin(x)) ** 2)


def maximum_entropy(x: tf.Tensor) -> tf.Tensor:
    """Dual of the machine-translation example of Berger, Della Pietra and Della Pietra (1996)."""
    features = tf.constant([[1, 1, 1], [1, 1, 0], [1, 0, 1], [1, 0, 0], [1, 0, 0]], x.dtype)
    expected = tf.constant([1, 0.3, 0.5], x.dtype)
    return tf.reduce_logsumexp(tf.linalg.matvec(features, x)) - tf.reduce_sum(expected * x)


def quadratic(n: int, condition: float, rotated: bool) -> Function:
    """Return a quadratic with eigenvalues from 1 to `condition` and its minimum at 1."""
    eigenvalues = np.logspace(0, math.log10(condition), n)
    mirror = np.random.default_rng(0).standard_normal(n) if rotated else np.zeros(n)
    mirror /= max(float(np.linalg.norm(mirror)), 1e-300)

    def function(x: tf.Tensor) -> tf.Tensor:
        normal = tf.constant(mirror, x.dtype)
        y = x - 1
        y -= 2 * normal * tf.reduce_sum(normal * y)  # Householder reflection
        return 0.5 * tf.reduce_sum(tf.constant(eigenvalues, x.dtype) * y**2)

    return function


def obstacle(x: tf.Tensor) -> tf.Tensor:
    """Membrane under a load that pushes up and down by turns; about half lies on the floor."""
    n = x.shape[0]
    load = tf.constant(np.sin(np.arange(n) * 40 * math.pi / n) * np.linspace(0.5, 2, n), x.dtype)
    stretch = tf.reduce_sum((x[1:] - x[:-1]) ** 2)
    return 0.5 * (100 * stretch + tf.reduce_sum(x**2)) - tf.reduce_sum(load * x)


def scaled_square(scale: float) -> Function:
    """Return scale (x - 1)^2."""
    return lambda x: scale * tf.reduce_sum((x - 1) ** 2)


def hock_schittkowski_3(x: tf.Tensor) -> tf.Tensor:
    """Nearly linear."""
    return x[1] + 1e-5 * (x[1] - x[0]) ** 2


def hock_schittkowski_4(x: tf.Tensor) -> tf.Tensor:
    """Minimum in a corner."""
    return (x[0] + 1) ** 3 / 3 + x[1]


def hock_schittkowski_5(x: tf.Tensor) -> tf.Tensor:
    """Sine along one diagonal, parabola along the other."""
    return tf.sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1


def hock_schittkowski_45(x: tf.Tensor) -> tf.Tensor:
    """Multilinear; minimum in a corner."""
    return 2 - tf.reduce_prod(x) / 120


def problems() -> tuple[Problem, ...]:
    """Return the whole suite."""
    return (*_free(), *_scaled(), *_bounded())


def _free() -> list[Problem]:
    wells = sorted(0.5 * (r**4 - 16 * r**2 + 5 * r) for r in (-2.903534027771, 2.746802709205))
    tang = tuple(wells[0] * (5 - k) + wells[1] * k for k in range(6))
    valley = np.array([-1.2, 1.0])
    starts = ((0, 0), (1, 1), (-4, 4), (4, -4), (-1, -1))
    return [
        *(
            Problem(f"Rosenbrock {n}", rosenbrock, np.tile(valley, n // 2))
            for n in (2, 10, 100, 1000)
        ),
        Problem("Beale", beale, np.array([1.0, 1.0])),
        Problem("Booth", booth, np.array([0.0, 0.0])),
        *(Problem(f"Himmelblau {s}", himmelblau, np.array(s, float)) for s in starts),
        Problem("Matyas", matyas, np.array([5.0, -7.0])),
        Problem("Zakharov 10", zakharov, np.full(10, 0.5)),
        Problem("Powell singular", powell_singular, np.array([3.0, -1.0, 0.0, 1.0])),
        Problem("Wood", wood, np.array([-3.0, -1.0, -3.0, -1.0])),
        Problem("Dixon-Price 10", dixon_price, np.ones(10), (0.0, 2 / 3)),
        Problem("Styblinski-Tang 5", styblinski_tang, np.array([-1.0, 1, -2, 3, 0.5]), tang),
        Problem("Brown badly scaled", brown_badly_scaled, np.array([1.0, 1.0])),
        Problem("Trigonometric 10", trigonometric, np.full(10, 0.1), (0.0, 2.79506e-5)),
        Problem("Maximum entropy", maximum_entropy, np.zeros(3), ()),
        Problem("Quadratic 1e6, 50", quadratic(50, 1e6, False), np.zeros(50)),
        Problem("Rotated quadratic 1e6, 200", quadratic(200, 1e6, True), np.zeros(200)),
    ]


def _scaled() -> list[Problem]:
    return [
        Problem(f"{scale:g} (x - 1)^2", scaled_square(scale), np.array([3.0]), relative=True)
        for scale in (1e-6, 1.0, 1e6, 1e12, 1e50)
    ]


def _bounded() -> list[Problem]:
    def box(number: int, start: Any, lower: Any, upper: Any, minimum: float) -> Problem:
        name = f"Rosenbrock in box {number}"
        return Problem(name, rosenbrock, np.array(start), (minimum,), (lower, upper))

    def hock(number: int, function: Function, start: Any, bounds: Any, *minima: float) -> Problem:
        name = f"Hock-Schittkowski {number}"
        return Problem(name, function, np.array(start, float), minima, bounds)

    corner = -math.sqrt(3) / 2 - math.pi / 3
    woods = (-3, -1, -3, -1)
    second = (0.0504261879, 4.9412293180)
    fixed = np.array([-1.2, 1.0, 0.5])
    return [
        box(1, [0.8, 1.2], [-1.0, -2.0], [2.0, 2.0], 0.0),
        box(2, [2.0, 0.0], [1.5, -2.0], [3.0, 0.5], 306.5),
        box(3, [2.0, 0.5], [0.0, -1.0], [3.0, 1.0], 0.0),
        hock(1, rosenbrock, (-2, 1), ([-INFINITY, -1.5], INFINITY), 0.0),
        hock(2, rosenbrock, (-2, 1), ([-INFINITY, 1.5], INFINITY), *second),
        hock(3, hock_schittkowski_3, (10, 1), ([-INFINITY, 0.0], INFINITY), 0.0),
        hock(4, hock_schittkowski_4, (1.125, 0.125), ([1.0, 0.0], INFINITY), 8 / 3),
        hock(5, hock_schittkowski_5, (0, 0), ([-1.5, -3.0], [4.0, 3.0]), corner),
        hock(38, wood, woods, (-10.0, 10.0), 0.0),
        hock(45, hock_schittkowski_45, (2, 2, 2, 2, 2), (0.0, [1.0, 2.0, 3.0, 4.0, 5.0]), 1.0),
        Problem("Obstacle 10000", obstacle, np.ones(10000), (), (0.0, INFINITY)),
        Problem("All fixed", rosenbrock, fixed, (), (fixed, fixed)),
        Problem("Lower bounds only", rosenbrock, np.full(10, 2.0), (), (1.2, INFINITY)),
        Problem("Upper bounds only", rosenbrock, np.full(10, -1.0), (), (-INFINITY, 0.7)),
        Problem("Some bounds", dixon_price, np.ones(10), (), ([0.9, *[-INFINITY] * 9], INFINITY)),
    ]


def nearest_minimum(problem: Problem, reached: float, others: tuple[float, ...] = ()) -> float:
    """Return the known minimum a run ended at: the largest that is not above its final value.

    Where no minimum is known it is the least value that any of the runs reached.
    """
    if not problem.minima:
        return min(reached, *others) if others else reached
    scale = max(1.0, abs(reached))
    below = [m for m in problem.minima if m <= reached + 1e-6 * scale]
    return max(below, default=reached)
