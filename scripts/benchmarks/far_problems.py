"""Named minimization problems that start far away or are badly scaled, free and in boxes.

Sources: Moré, Garbow and Hillstrom (1981, ACM TOMS 7, 17-41), whose numbers the docstrings give;
they start each problem also at 10 and 100 times the standard start, and so do some here. NONDQUAR,
the nondiagonal quartic, is from Bongartz, Conn, Gould and Toint (1995, ACM TOMS 21, 123-160).
"""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.optimization_problems import (
    INFINITY,
    Function,
    Problem,
    brown_badly_scaled,
    rosenbrock,
    trigonometric,
    wood,
)


def penalty_1(x: tf.Tensor) -> tf.Tensor:
    """23: two terms that pull apart, five orders of magnitude between them."""
    return 1e-5 * tf.reduce_sum((x - 1) ** 2) + (tf.reduce_sum(x**2) - 0.25) ** 2


def penalty_2(x: tf.Tensor) -> tf.Tensor:
    """24: the same with exponentials."""
    n = x.shape[0]
    index = np.arange(2, n + 1)
    wanted = tf.constant(np.exp(index / 10) + np.exp((index - 1) / 10), x.dtype)
    weights = tf.constant(np.arange(n, 0, -1), x.dtype)
    grown = tf.exp(x / 10)
    small = tf.reduce_sum((grown[1:] + grown[:-1] - wanted) ** 2)
    small += tf.reduce_sum((grown[1:] - math.exp(-0.1)) ** 2)
    return (x[0] - 0.2) ** 2 + 1e-5 * small + (tf.reduce_sum(weights * x**2) - 1) ** 2


def powell_badly_scaled(x: tf.Tensor) -> tf.Tensor:
    """3: the minimum is at (1.098e-5, 9.106)."""
    return (1e4 * x[0] * x[1] - 1) ** 2 + (tf.exp(-x[0]) + tf.exp(-x[1]) - 1.0001) ** 2


def helical_valley(x: tf.Tensor) -> tf.Tensor:
    """7: a valley that winds around the third axis."""
    half = tf.where(x[0] < 0, tf.constant(0.5, x.dtype), 0.0)
    angle = tf.atan(x[1] / x[0]) / (2 * math.pi) + half
    return 100 * ((x[2] - 10 * angle) ** 2 + (tf.norm(x[:2]) - 1) ** 2) + x[2] ** 2


def brown_and_dennis(x: tf.Tensor) -> tf.Tensor:
    """16: twenty fourth powers."""
    t = np.arange(1, 21) / 5
    first = x[0] + t * x[1] - np.exp(t)
    return tf.reduce_sum((first**2 + (x[2] + np.sin(t) * x[3] - np.cos(t)) ** 2) ** 2)


def biggs_exp6(x: tf.Tensor) -> tf.Tensor:
    """18: a sum of exponentials fitted to thirteen points."""
    t = np.arange(1, 14) / 10
    wanted = np.exp(-t) - 5 * np.exp(-10 * t) + 3 * np.exp(-4 * t)
    fitted = x[2] * tf.exp(-t * x[0]) - x[3] * tf.exp(-t * x[1]) + x[5] * tf.exp(-t * x[4])
    return tf.reduce_sum((fitted - wanted) ** 2)


def box_3d(x: tf.Tensor) -> tf.Tensor:
    """12: exponentials with a line of minima beside the isolated one."""
    t = np.arange(1, 11) / 10
    last = x[2] * (np.exp(-t) - np.exp(-10 * t))
    return tf.reduce_sum((tf.exp(-t * x[0]) - tf.exp(-t * x[1]) - last) ** 2)


def jennrich_sampson(x: tf.Tensor) -> tf.Tensor:
    """6: exponentials up to the tenth power; the loss never comes near 0."""
    i = np.arange(1.0, 11.0)
    return tf.reduce_sum((2 + 2 * i - tf.exp(i * x[0]) - tf.exp(i * x[1])) ** 2)


def freudenstein_roth(x: tf.Tensor) -> tf.Tensor:
    """2: cubic equations; a minimum of 0 and a local one."""
    a, b = x[0], x[1]
    return (a - 13 + ((5 - b) * b - 2) * b) ** 2 + (a - 29 + ((b + 1) * b - 14) * b) ** 2


def variably_dimensioned(x: tf.Tensor) -> tf.Tensor:
    """25: a fourth power of one weighted sum, which the start is far down in."""
    weights = tf.constant(np.arange(1, x.shape[0] + 1), x.dtype)
    weighted = tf.reduce_sum(weights * (x - 1))
    return tf.reduce_sum((x - 1) ** 2) + weighted**2 + weighted**4


def nondiagonal_quartic(x: tf.Tensor) -> tf.Tensor:
    """NONDQUAR: fourth powers of sums of three; the Hessian at the minimum is singular."""
    ends = (x[0] - x[1]) ** 2 + (x[-2] - x[-1]) ** 2
    return ends + tf.reduce_sum((x[:-2] + x[1:-1] + x[-1]) ** 4)


def steep_exponentials(x: tf.Tensor) -> tf.Tensor:
    """Sum of i/10 (exp(x_i) - x_i); its minimum is at 0, and far to the right it is a wall."""
    weights = tf.constant(np.arange(1, x.shape[0] + 1) / 10, x.dtype)
    return tf.reduce_sum(weights * (tf.exp(x) - x))


def quartic(x: tf.Tensor) -> tf.Tensor:
    """Sum of i (x_i - 1)^4."""
    weights = tf.constant(np.arange(1, x.shape[0] + 1), x.dtype)
    return tf.reduce_sum(weights * (x - 1) ** 4)


def square_and_quartic(x: tf.Tensor) -> tf.Tensor:
    """Sum of 1e-3 (x_i - 1)^2 + (x_i - 1)^4: the curvature falls by nine orders on the way."""
    return tf.reduce_sum(1e-3 * (x - 1) ** 2 + (x - 1) ** 4)


def far_problems() -> tuple[Problem, ...]:
    """Return the whole suite; `minima` are known from the sources, or have a closed form."""
    return (*_free(), *_bounded())


def _to(n: int) -> np.ndarray:
    return np.arange(1.0, n + 1)


def _make(name: str, function: Function, start: Any, *minima: float, bounds: Any = None) -> Problem:
    return Problem(name, function, np.asarray(start, float), minima, bounds, far=True)


def _free() -> list[Problem]:
    biggs = (0.0, 5.65564992e-3, 0.30636676)
    return [
        _make("Penalty I 4", penalty_1, _to(4), 2.24997e-5),
        _make("Penalty I 10", penalty_1, _to(10), 7.08765e-5),
        _make("Penalty I 50", penalty_1, _to(50)),
        _make("Penalty II 4", penalty_2, np.full(4, 0.5), 9.37629e-6),
        _make("Penalty II 10", penalty_2, np.full(10, 0.5), 2.93660e-4),
        _make("Penalty II 10, 10 x", penalty_2, np.full(10, 5.0), 2.93660e-4),
        _make("Powell badly scaled", powell_badly_scaled, [0, 1], 0.0),
        _make("Brown badly scaled, 10 x", brown_badly_scaled, [10, 10], 0.0),
        _make("Helical valley", helical_valley, [-1, 0, 0], 0.0),
        _make("Helical valley, 100 x", helical_valley, [-100, 0, 0], 0.0),
        _make("Brown and Dennis", brown_and_dennis, [25, 5, -5, -1], 85822.2016),
        _make("Brown and Dennis, 10 x", brown_and_dennis, [250, 50, -50, -10], 85822.2016),
        _make("Biggs EXP6", biggs_exp6, [1, 2, 1, 1, 1, 1], *biggs),
        _make("Box 3D", box_3d, [0, 10, 20], 0.0),
        _make("Jennrich and Sampson", jennrich_sampson, [0.3, 0.4], 124.362182),
        _make("Freudenstein and Roth, 10 x", freudenstein_roth, [5, -20], 0.0, 48.9842537),
        _make("Variably dimensioned 10", variably_dimensioned, 1 - _to(10) / 10, 0.0),
        _make("Variably dimensioned 100", variably_dimensioned, 1 - _to(100) / 100, 0.0),
        _make("Nondiagonal quartic 100", nondiagonal_quartic, np.tile([1.0, -1.0], 50), 0.0),
        _make("Quartic 50 from 1000", quartic, np.full(50, 1000.0), 0.0),
        _make("Square and quartic 50", square_and_quartic, 100 * _to(50), 0.0),
        _make("Exponentials 20 from 20", steep_exponentials, np.full(20, 20.0), 21.0),
        _make("Rosenbrock 2, 100 x", rosenbrock, [-120, 100], 0.0),
        _make("Rosenbrock 10, 10 x", rosenbrock, np.tile([-12.0, 10.0], 5), 0.0),
        _make("Wood, 10 x", wood, [-30, -10, -30, -10], 0.0),
        _make("Trigonometric 20", trigonometric, np.full(20, 1 / 20)),
        _make("Trigonometric 20 from 10", trigonometric, np.full(20, 10.0)),
    ]


def _boxed(name: str, function: Function, start: Any, lower: Any, upper: Any) -> Problem:
    return _make(name, function, start, bounds=(lower, upper))


def _bounded() -> list[Problem]:
    wave, biggs = np.tile([1.0, 0.1], 50), [1, 2, 1, 1, 1, 1]
    dennis = [25, 5, -5, -1], [-10, 0, -100, -20], [100, 15, 0, 0.2]
    line, floor = 1 - _to(10) / 10, np.tile([1.5, -9.0], 25)
    every_5, every_20, every_20th = np.full(10, 5.0), np.full(20, 20.0), np.full(20, 1 / 20)
    return [
        _boxed("Penalty I 50, x >= 0.1", penalty_1, _to(50), 0.1, INFINITY),
        _boxed("Penalty I 50 in [-1, 40]", penalty_1, _to(50), -1.0, 40.0),
        _boxed("Penalty II 10, x >= 0.1", penalty_2, every_5, 0.1, INFINITY),
        _boxed("Powell badly scaled in box", powell_badly_scaled, [0, 1], [0, 1], [1, 9]),
        _boxed("Brown badly scaled in box", brown_badly_scaled, [1, 1], [0, 3e-5], [1e6, 100]),
        _boxed("Helical valley in box", helical_valley, [-1, 0, 0], [-100, -1, -1], [0.8, 1, 1]),
        _boxed("Brown and Dennis in box", brown_and_dennis, *dennis),
        _boxed("Biggs EXP6 in box", biggs_exp6, biggs, [0, 0, 0, 1, 0, 0], [2, 8, 1, 7, 5, 5]),
        _boxed("Box 3D in box", box_3d, [0, 10, 20], [0, 5, 0], [2, 9.5, 20]),
        _boxed("Variably dimensioned 10, x <= 0.8", variably_dimensioned, line, -INFINITY, 0.8),
        _boxed("Nondiagonal quartic 100, x >= 0.1", nondiagonal_quartic, wave, 0.1, INFINITY),
        _boxed("Square and quartic 50 in box", square_and_quartic, 100 * _to(50), floor, INFINITY),
        _boxed("Exponentials 20, x >= 0.5", steep_exponentials, every_20, 0.5, INFINITY),
        _boxed("Wood, 10 x, in [-40, 0.5]", wood, [-30, -10, -30, -10], -40.0, 0.5),
        _boxed("Trigonometric 20, x >= 0.01", trigonometric, every_20th, 0.01, 1.0),
    ]
