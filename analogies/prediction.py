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


class Prediction(NamedTuple):
    """What the fitted function makes of A and of B.

    Attributes:
        a: float32 `(h, w, 3)`, f(A); values in [0, 255] are not enforced.
        b: float32 `(h2, w2, 3)`, f(B).
        explained: float32 scalar in [0, 1), share of the variance of held-out pixels of A' that
            f explains (the coefficient of determination R^2).
        variance: float32 scalar, mean variance of the channels of A'.
    """

    a: tf.Tensor
    b: tf.Tensor
    explained: tf.Tensor
    variance: tf.Tensor


def predict(a: tf.Tensor, a_prime: tf.Tensor, b: tf.Tensor) -> Prediction:
    """Fit f to the pair and apply it to A and B.

    Args:
        a, a_prime: float32 `(h, w, 3)` in [0, 255].
        b: float32 `(h2, w2, 3)` in [0, 255].
    """
    samples, targets, fold = _samples(_normalized(a), _normalized(a_prime))
    weights, error = _fit(samples, targets, fold)
    variance = tf.reduce_mean(tf.math.reduce_variance(_normalized(a_prime), axis=(0, 1)))
    explained = tf.maximum(1.0 - tf.cast(error, tf.float32) / tf.maximum(variance, 1e-9), 0.0)
    weights = tf.cast(weights, tf.float32)
    return Prediction(
        a=_apply(a, weights),
        b=_apply(b, weights),
        explained=tf.where(variance > 1e-9, tf.minimum(explained, 0.9999), 0.0),
        variance=variance * 127.5**2,
    )


def _normalized(image: tf.Tensor) -> tf.Tensor:
    return image / 127.5 - 1.0


def _samples(a: tf.Tensor, a_prime: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Values of all basis functions at pixels of A, the pixels of A', and their fold (0 or 1)."""
    height, width = tf.shape(a)[0], tf.shape(a)[1]
    step = tf.maximum(height * width // SAMPLES, 1) | 1  # odd: does not stay in a column
    places = tf.range(0, height * width, step)
    rows, columns = places // width, places % width
    padded = _padded(a)
    offsets = [(dy, dx) for dy in range(FILTER) for dx in range(FILTER)]
    neighbors = tf.stack([rows, columns], -1)[:, tf.newaxis] + tf.constant(offsets)
    near = tf.reshape(tf.gather_nd(padded, neighbors), (-1, 3 * FILTER**2))
    pixels = tf.gather(tf.reshape(a, (-1, 3)), places)
    curve = tf.maximum(pixels[:, tf.newaxis] - tf.constant(KNOTS, tf.float32)[:, tf.newaxis], 0.0)
    curve = tf.reshape(curve, (-1, 3 * len(KNOTS)))  # (n, knot, channel) flattened
    samples = tf.concat([tf.ones_like(pixels[:, :1]), curve, near], axis=1)
    block = tf.clip_by_value(tf.minimum(height, width) // 4, 1, BLOCK)
    fold = (rows // block + columns // block) % 2
    return samples, tf.gather(tf.reshape(a_prime, (-1, 3)), places), fold


def _padded(image: tf.Tensor) -> tf.Tensor:
    edge = FILTER // 2
    return tf.pad(image, [[edge, edge], [edge, edge], [0, 0]], "SYMMETRIC")


def _fit(samples: tf.Tensor, targets: tf.Tensor, fold: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Weights `(terms, 3)` of the model with the least held-out error, and that error per value.

    Everything follows from the two halves' sums of products, so the pixels are looked at once.
    """
    halves = [_moments(samples, targets, fold == half) for half in (0, 1)]
    whole = tuple(x + y for x, y in zip(*halves, strict=True))
    best_weights = tf.zeros((_TERMS, 3), tf.float64)
    best_error = tf.constant(np.inf, tf.float64)
    for model, ridge in product(_MODELS, RIDGES):
        terms = np.concatenate([[0], model])
        error = tf.constant(0.0, tf.float64)
        for train, test in (halves, halves[::-1]):
            error += _squared_error(_solve(train, terms, ridge), test, terms)
        error /= tf.maximum(whole[3] * 3.0, 1.0)
        weights = _solve(whole, terms, ridge)
        weights = tf.scatter_nd(terms[:, np.newaxis], weights, (_TERMS, 3))
        better = error < best_error
        best_weights = tf.where(better, weights, best_weights)
        best_error = tf.where(better, error, best_error)
    return best_weights, best_error


def _moments(samples, targets, chosen):
    """X'X, X'Y, sum of Y squared, and the number of pixels, float64."""
    x = tf.cast(tf.boolean_mask(samples, chosen), tf.float64)
    y = tf.cast(tf.boolean_mask(targets, chosen), tf.float64)
    count = tf.cast(tf.shape(x)[0], tf.float64)
    return (
        tf.matmul(x, x, transpose_a=True),
        tf.matmul(x, y, transpose_a=True),
        tf.reduce_sum(y * y),
        count,
    )


def _solve(moments, terms, ridge: float) -> tf.Tensor:
    gram, products, _, count = moments
    gram = tf.gather(tf.gather(gram, terms), terms, axis=1)
    penalty = np.full(len(terms), ridge)
    penalty[0] = 1e-9  # the constant is free; the rest keeps an empty half solvable
    gram += tf.linalg.diag(tf.constant(penalty, tf.float64) * tf.maximum(count, 1.0))
    return tf.linalg.solve(gram, tf.gather(products, terms))


def _squared_error(weights, moments, terms) -> tf.Tensor:
    gram, products, squares, _ = moments
    gram = tf.gather(tf.gather(gram, terms), terms, axis=1)
    cross = tf.reduce_sum(weights * tf.gather(products, terms))
    return squares - 2.0 * cross + tf.reduce_sum(weights * tf.matmul(gram, weights))


def _apply(image: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """f of every pixel of an image in [0, 255], float32 `(h, w, 3)`."""
    x = _normalized(image)
    kernel = tf.reshape(tf.gather(weights, _FILTER), (FILTER, FILTER, 3, 3))
    result = tf.nn.conv2d(_padded(x)[tf.newaxis], kernel, 1, "VALID")[0] + weights[0]
    curve = tf.reshape(tf.gather(weights, _CURVE), (len(KNOTS), 3, 3))
    for k, knot in enumerate(KNOTS):
        result += tf.tensordot(tf.maximum(x - knot, 0.0), curve[k], 1)
    return (result + 1.0) * 127.5
