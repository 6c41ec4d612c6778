"""Giving one picture the colors of another."""

import numpy as np
import tensorflow as tf

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as in YIQ and YCbCr


def match_colors(image: tf.Tensor, example: tf.Tensor) -> tf.Tensor:
    """Give an image the mean color and the color covariance of an example.

        x -> S_e^(1/2) S_x^(-1/2) (x - mean_x) + mean_e

    with symmetric square roots; the linear color transfer of Gatys et al., "Preserving Color in
    Neural Artistic Style Transfer" (2016), section 5.1. A color that does not vary in the image is
    not amplified.

    Args:
        image: float32 `(h, w, 3)` in [0, 255].
        example: float32 `(h2, w2, 3)` in [0, 255].

    Returns:
        float32 `(h, w, 3)`, clipped to [0, 255].
    """
    mean_x, covariance_x = _moments(image)
    mean_e, covariance_e = _moments(example)
    change = tf.matmul(_power(covariance_x, -0.5), _power(covariance_e, 0.5))
    moved = tf.tensordot(image - mean_x, change, 1) + mean_e
    return tf.clip_by_value(moved, 0.0, 255.0)


def match_histograms(image: np.ndarray, example: np.ndarray) -> np.ndarray:
    """Give each channel of an image the histogram of the example's.

    A value goes to the example's value of the same rank, as a share of all; the same value always
    goes to the same. The rank of a value is the middle of those that have it: a large area of one
    value takes what lies in the middle of as much of the example, not at its end. Unlike
    `match_colors` this does not turn colors into one another, but makes them as rare as in the
    example: Gatys et al. (2016) name it beside the linear transfer.

    Args:
        image: float `(h, w, 3)` in [0, 255].
        example: float `(h2, w2, 3)` in [0, 255].

    Returns:
        float32 `(h, w, 3)` in [0, 255].

    Example:
        >>> ramp = np.tile(np.arange(4.0)[None, :, None], (1, 1, 3))
        >>> match_histograms(ramp, 100 + 10 * ramp)[0, :, 0]
        array([100., 110., 120., 130.], dtype=float32)
    """
    found = np.empty(image.shape, np.float32)
    for channel in range(image.shape[-1]):
        _, places, counts = np.unique(image[..., channel], return_inverse=True, return_counts=True)
        values, wanted = np.unique(example[..., channel], return_counts=True)
        shares, wanted_shares = ((np.cumsum(n) - n / 2) / n.sum() for n in (counts, wanted))
        moved = np.interp(shares, wanted_shares, values)
        found[..., channel] = moved[places].reshape(image.shape[:2])
    return found


def preserve_color(image: np.ndarray, example: np.ndarray) -> np.ndarray:
    """Keep the brightness of an image and give it the color of an example, pixel by pixel.

        Y_i + s (x_e - Y_e),   Y = 0.299 R + 0.587 G + 0.114 B

    The luminance-only transfer of Gatys et al. (2016), section 5.2: a color less its luminance is
    what the chrominance of YIQ and YCbCr says. This differs from the paper: a color that the
    brightness leaves no room for is paled by s, in [0, 1], instead of being clipped, so that the
    luminance is kept.

    Args:
        image: float32 `(h, w, 3)` in [0, 255].
        example: float32 `(h, w, 3)` in [0, 255].

    Returns:
        float32 `(h, w, 3)` in [0, 255].

    Example:
        >>> preserve_color(np.full((1, 1, 3), 100.0), np.array([[[90.0, 60.0, 30.0]]])).round(1)
        array([[[124.4,  94.4,  64.4]]], dtype=float32)
    """
    luma = (np.clip(image, 0, 255) @ LUMA)[..., None]  # (h, w, 1)
    chroma = example - (example @ LUMA)[..., None]
    room = np.where(chroma > 0, 255 - luma, luma)
    scale = np.min(room / np.maximum(np.abs(chroma), 1e-3), axis=-1, keepdims=True)
    return (luma + np.minimum(scale, 1.0) * chroma).astype(np.float32)


def _moments(image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean `(3,)` and covariance `(3, 3)` of the colors; one level of noise is added."""
    colors = tf.reshape(image, (-1, 3))
    mean = tf.reduce_mean(colors, axis=0)
    centered = colors - mean
    count = tf.cast(tf.shape(colors)[0], tf.float32)
    return mean, tf.matmul(centered, centered, transpose_a=True) / count + tf.eye(3)


def _power(covariance: tf.Tensor, power: float) -> tf.Tensor:
    values, vectors = tf.linalg.eigh(covariance)
    return tf.matmul(vectors * tf.pow(tf.maximum(values, 1e-3), power), vectors, transpose_b=True)
