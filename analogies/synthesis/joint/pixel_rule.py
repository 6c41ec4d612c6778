"""What of A' follows from A pixel by pixel: a smooth function of A, fitted by ridge regression.

Where A' is A in other tones, blurred, sharpened or embossed, a small additive model finds the
rule itself, to fractions of a tone, and patches need to carry only what is left: the residual
A' - f(A). Where A says nothing about A' but its mean, as a label map does, f is close to that mean
and the residual is A' itself. So one recipe serves both: B' starts as f(B) plus voted residuals.

The model is additive: piecewise linear curves of each channel and one linear filter,

    f(A)[p] = w_0 + sum_k W_k max(A[p] - t_k, 0) + sum_o K_o A[p + o],   o in 9 x 9,

in the spirit of Hastie & Tibshirani, "Generalized Additive Models" (1986). Which parts to use, and
how much to shrink them, is decided by their error on held-out blocks of A'.
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import tensorflow as tf

KNOTS = np.linspace(-1.0, 1.0, 24, endpoint=False)
FILTER = 9  # px, side of the linear filter
RIDGES = (1e-5, 1e-3, 1e-1)
SAMPLES = 32768  # pixels the model is fitted to, at most
BLOCK = 16  # px, side of the squares that are held out in turns

_CURVE = np.arange(1, 1 + 3 * len(KNOTS))
_FILTER = np.arange(1 + 3 * len(KNOTS), 1 + 3 * len(KNOTS) + 3 * FILTER**2)
_TERMS = 1 + len(_CURVE) + len(_FILTER)
_MODELS = (np.empty(0, int), _CURVE, _FILTER, np.concatenate([_CURVE, _FILTER]))


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """For every model and ridge: which terms it has (0 or 1), and their penalties."""
    used = np.zeros((len(_MODELS) * len(RIDGES), _TERMS))
    penalties = np.zeros_like(used)
    for row, (model, ridge) in enumerate(product(_MODELS, RIDGES)):
        used[row, [0, *model]] = 1.0
        penalties[row, model] = ridge
    penalties[:, 0] = 1e-9  # the constant is free; this keeps an empty half solvable
    return used, penalties


_USED, _PENALTIES = _tables()


class Prediction(NamedTuple):
    """What the fitted function makes of A and of B.

    Attributes:
        a: float32 `(h, w, 3)`, f(A); values in [0, 255] are not enforced.
        b: float32 `(h2, w2, 3)`, f(B), each channel within the range it has in A'.
        explained: float32 scalar in [0, 1), share of the variance of held-out pixels of A' that
            f explains (the coefficient of determination R^2).
        variance: float32 scalar, mean variance of the channels of A'.
    """

    a: tf.Tensor
    b: tf.Tensor
    explained: tf.Tensor
    variance: tf.Tensor


class Rule(NamedTuple):
    """The fitted function f.

    Attributes:
        weights: float32 `(terms, 3)`.
        low, high: float32 `(3,)`, the range of each channel of A', in [0, 255].
        explained, variance: see `Prediction`.
    """

    weights: tf.Tensor
    low: tf.Tensor
    high: tf.Tensor
    explained: tf.Tensor
    variance: tf.Tensor

    def of(self, image: tf.Tensor) -> tf.Tensor:
        """f of an image `(h, w, 3)` in [0, 255], of the same shape."""
        return _apply(image, self.weights)

    def within(self, image: tf.Tensor) -> tf.Tensor:
        """The same, within the range of A'."""
        return tf.clip_by_value(self.of(image), self.low, self.high)


def predict(a: tf.Tensor, a_prime: tf.Tensor, b: tf.Tensor) -> Prediction:
    """Fit f to the pair and apply it to A and B.

    Args:
        a, a_prime: float32 `(h, w, 3)` in [0, 255].
        b: float32 `(h2, w2, 3)` in [0, 255].
    """
    rule = fit([(a, a_prime)], b)
    return Prediction(rule.of(a), rule.within(b), rule.explained, rule.variance)


def fit(pairs: Sequence[tuple[tf.Tensor, tf.Tensor]], b: tf.Tensor) -> Rule:
    """Fit one f to all pairs.

    Args:
        pairs: of A and A', float32 `(h, w, 3)` in [0, 255], the two of a pair of one size.
        b: float32 `(h2, w2, 3)` in [0, 255], what f will be applied to.
    """
    samples, fold = _together(_samples(_normalized(a)) for a, _ in pairs)
    elsewhere, _ = _samples(_normalized(b))
    targets = [_normalized(a_prime) for _, a_prime in pairs]
    areas = [tf.cast(tf.size(target), tf.float32) for target in targets]
    means = [tf.reduce_mean(target, axis=(0, 1)) for target in targets]
    center = _mean(means, areas)
    bounds = _reduced(tf.reduce_min, targets), _reduced(tf.reduce_max, targets)
    (sampled,) = _together(
        (tf.gather(tf.reshape(target, (-1, 3)), _places(target)),) for target in targets
    )
    limits = tuple(bound - center for bound in bounds)
    weights, error = _fit(samples, sampled - center, fold, elsewhere, limits)
    weights = tf.cast(weights, tf.float32) + tf.pad(center[tf.newaxis], [[0, _TERMS - 1], [0, 0]])
    spreads = [tf.math.reduce_variance(target, axis=(0, 1)) for target in targets]
    if len(pairs) > 1:  # the variance within the pairs, and that between them
        spreads = [x + tf.square(mean - center) for x, mean in zip(spreads, means, strict=True)]
    variance = tf.reduce_mean(_mean(spreads, areas))
    explained = tf.maximum(1.0 - tf.cast(error, tf.float32) / tf.maximum(variance, 1e-9), 0.0)
    low, high = ((bound + 1.0) * 127.5 for bound in bounds)
    explained = tf.where(variance > 1e-9, tf.minimum(explained, 0.9999), 0.0)
    return Rule(weights, low, high, explained, variance * 127.5**2)


def _together(parts) -> list[tf.Tensor]:
    """Tuples of tensors, joined along the first axis."""
    columns = list(zip(*parts, strict=True))
    return [column[0] if len(column) == 1 else tf.concat(column, 0) for column in columns]


def _mean(values: Sequence[tf.Tensor], weights: Sequence[tf.Tensor]) -> tf.Tensor:
    if len(values) == 1:
        return values[0]
    products = [value * weight for value, weight in zip(values, weights, strict=True)]
    return tf.add_n(products) / tf.add_n(list(weights))


def _reduced(function, targets: Sequence[tf.Tensor]) -> tf.Tensor:
    """The smallest or the largest value of each channel, `(3,)`."""
    return function(tf.stack([function(target, axis=(0, 1)) for target in targets]), axis=0)


def _normalized(image: tf.Tensor) -> tf.Tensor:
    return image / 127.5 - 1.0


def _places(image: tf.Tensor) -> tf.Tensor:
    """Indices of the pixels that are looked at, int32 `(n,)`: about `SAMPLES`, evenly spread."""
    count = tf.shape(image)[0] * tf.shape(image)[1]
    step = tf.maximum((count + SAMPLES - 1) // SAMPLES, 1) | 1  # odd: not every second column
    return tf.range(0, count, step)


def _samples(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Values of all basis functions at some pixels, `(n, terms)`, and their fold (0 or 1)."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    places = _places(image)
    rows, columns = places // width, places % width
    padded = _padded(image)
    offsets = [(dy, dx) for dy in range(FILTER) for dx in range(FILTER)]
    neighbors = tf.stack([rows, columns], -1)[:, tf.newaxis] + tf.constant(offsets)
    near = tf.reshape(tf.gather_nd(padded, neighbors), (-1, 3 * FILTER**2))
    pixels = tf.gather(tf.reshape(image, (-1, 3)), places)
    curve = tf.maximum(pixels[:, tf.newaxis] - tf.constant(KNOTS, tf.float32)[:, tf.newaxis], 0.0)
    curve = tf.reshape(curve, (-1, 3 * len(KNOTS)))  # (n, knot, channel) flattened
    block = tf.clip_by_value(tf.minimum(height, width) // 4, 1, BLOCK)
    fold = (rows // block + columns // block) % 2
    return tf.concat([tf.ones_like(pixels[:, :1]), curve, near], axis=1), fold


def _padded(image: tf.Tensor) -> tf.Tensor:
    edge = FILTER // 2
    return tf.pad(image, [[edge, edge], [edge, edge], [0, 0]], "SYMMETRIC")


def _fit(
    samples: tf.Tensor, targets: tf.Tensor, fold: tf.Tensor, elsewhere: tf.Tensor, limits: tuple
) -> tuple[tf.Tensor, tf.Tensor]:
    """Weights `(terms, 3)` of the model with the least error, and that error per value.

    The error is that on held-out pixels of A', and how far f leaves the range of A' on B: a filter
    learned from soft edges can blow up sharp ones, which A alone does not show. All but the
    latter follows from the two halves' sums of products, so the pixels are looked at once and
    all models are solved for in one batch.
    """
    halves = [_moments(samples, targets, fold == half) for half in (0, 1)]
    whole = tuple(x + y for x, y in zip(*halves, strict=True))
    error = tf.zeros(len(_PENALTIES), tf.float64)
    for train, test in (halves, halves[::-1]):
        error += _squared_error(_solve(train), test)
    error /= tf.maximum(whole[3] * 3.0, 1.0)
    weights = _solve(whole)
    flat = tf.reshape(tf.transpose(weights, (1, 0, 2)), (_TERMS, -1))
    found = tf.matmul(elsewhere, tf.cast(flat, tf.float32))
    found = tf.reshape(found, (-1, len(_PENALTIES), 3))
    excess = found - tf.clip_by_value(found, *limits)
    error += tf.cast(tf.reduce_mean(tf.square(excess), axis=(0, 2)), tf.float64)
    best = tf.argmin(error)
    return weights[best], error[best]


def _moments(samples: tf.Tensor, targets: tf.Tensor, chosen: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """X'X, X'Y, sum of Y squared, and the number of pixels, float64."""
    x = tf.cast(tf.boolean_mask(samples, chosen), tf.float64)
    y = tf.cast(tf.boolean_mask(targets, chosen), tf.float64)
    gram, products = tf.matmul(x, x, transpose_a=True), tf.matmul(x, y, transpose_a=True)
    return gram, products, tf.reduce_sum(y * y), tf.cast(tf.shape(x)[0], tf.float64)


def _solve(moments: tuple[tf.Tensor, ...]) -> tf.Tensor:
    """Weights of every model, float64 `(models, terms, 3)`; those of terms left out are 0."""
    gram, products, _, count = moments
    used = tf.constant(_USED, tf.float64)  # (models, terms)
    gram *= used[:, :, tf.newaxis] * used[:, tf.newaxis]
    gram += tf.linalg.diag(_PENALTIES * tf.maximum(count, 1.0) + 1.0 - used)
    return tf.linalg.solve(gram, used[..., tf.newaxis] * products)


def _squared_error(weights: tf.Tensor, moments: tuple[tf.Tensor, ...]) -> tf.Tensor:
    """`sum((X W - Y)^2)` of every model, float64 `(models,)`."""
    gram, products, squares, _ = moments
    slope = tf.tensordot(weights, gram, [[1], [0]])  # (models, 3, terms)
    quadratic = tf.einsum("mct,mtc->m", slope, weights)
    return squares - 2.0 * tf.einsum("mtc,tc->m", weights, products) + quadratic


def _apply(image: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """f of every pixel of an image in [0, 255], float32 `(h, w, 3)`."""
    x = _normalized(image)
    kernel = tf.reshape(tf.gather(weights, _FILTER), (FILTER, FILTER, 3, 3))
    result = tf.nn.conv2d(_padded(x)[tf.newaxis], kernel, 1, "VALID")[0] + weights[0]
    curve = tf.reshape(tf.gather(weights, _CURVE), (len(KNOTS), 3, 3))
    pixels, knots = tf.reshape(x, (-1, 3)), tf.constant(KNOTS, tf.float32)

    def add_knot(k, total):  # one by one: all at once would take 24 times the memory
        return k + 1, total + tf.matmul(tf.maximum(pixels - knots[k], 0.0), curve[k])

    total = tf.while_loop(lambda k, _: k < len(KNOTS), add_knot, (0, tf.zeros_like(pixels)))[1]
    return (result + tf.reshape(total, tf.shape(x)) + 1.0) * 127.5
