"""Resizing of images and feature maps on the device.

One implementation for everything that is resized: two small matrix products, so it has a
gradient, compiles under XLA and takes sizes that are known only at run time.
"""

import tensorflow as tf

CUBIC = -0.5  # Keys (1981), equation 8: third-order convergence


def resize(
    image: tf.Tensor, size: tuple[int, int] | tf.Tensor, kernel: str = "linear"
) -> tf.Tensor:
    """Resample a map to another size; pixel centers are at half-integers, images are mirrored at
    their edges.

    When a side shrinks its kernel is widened by the factor, so that nothing aliases. A map of
    the size asked for comes back unchanged to rounding.

    Args:
        image: float32 `(h, w, c)`.
        size: `(h', w')`, integers or an int32 tensor of two.
        kernel: `"linear"` (never leaves the range of the input) or `"cubic"` (Keys 1981;
            sharper, can overshoot).

    Returns:
        float32 `(h', w', c)`.
    """
    if kernel not in ("linear", "cubic"):
        raise ValueError(f"kernel must be linear or cubic. Received: kernel={kernel!r}")
    image = tf.convert_to_tensor(image, tf.float32)
    rows = resampling_matrix(tf.shape(image)[0], size[0], kernel)  # (h', h)
    columns = resampling_matrix(tf.shape(image)[1], size[1], kernel)  # (w', w)
    tall = tf.tensordot(rows, image, 1)  # (h', w, c)
    return tf.einsum("xw,hwc->hxc", columns, tall)


def resampling_matrix(old: tf.Tensor, new: tf.Tensor, kernel: str = "linear") -> tf.Tensor:
    """Matrix that resamples a column of `old` values to `new` ones, float32 `(new, old)`.

    Every row sums to 1. Beyond its ends the column is mirrored.
    """
    old_size, new_size = tf.cast(old, tf.float32), tf.cast(new, tf.float32)
    step = old_size / new_size
    support = tf.maximum(step, 1.0)
    places = tf.cast(tf.range(new), tf.float32)[:, tf.newaxis]
    centers = (places + 0.5) * step - 0.5  # in cells of the old column
    # Distances to the column's cells and to their mirror images beyond both ends.
    cells = tf.cast(tf.range(old), tf.float32)[tf.newaxis]
    weights = _kernel((cells - centers) / support, kernel)
    before = _kernel((-1.0 - cells - centers) / support, kernel)
    behind = _kernel((2.0 * old_size - 1.0 - cells - centers) / support, kernel)
    weights += before + behind
    return weights / tf.reduce_sum(weights, axis=1, keepdims=True)


def _kernel(x: tf.Tensor, kernel: str) -> tf.Tensor:
    x = tf.abs(x)
    if kernel == "linear":
        return tf.maximum(1.0 - x, 0.0)
    a = CUBIC
    near = ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    far = ((x - 5.0) * x + 8.0) * a * x - 4.0 * a
    return tf.where(x < 1.0, near, tf.where(x < 2.0, far, 0.0))


def pad_to_multiple(image: tf.Tensor, multiple: int) -> tf.Tensor:
    """Extend a map below and to the right by its mirror image until `multiple` divides its sides.

    Args:
        image: `(h, w, c)`; each side at least as long as what is added, at most `multiple - 1`.
        multiple: cells.
    """
    size = tf.shape(image)
    below, right = -size[0] % multiple, -size[1] % multiple
    return tf.pad(image, [[0, below], [0, right], [0, 0]], "SYMMETRIC")
