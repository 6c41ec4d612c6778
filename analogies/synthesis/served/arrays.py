"""Maps of any size resized, reduced and blurred: `images.scaling`, `likeness` in graphs."""

import tensorflow as tf

from analogies.images.resampling import resize

ANY_MAP = tf.TensorSpec((None, None, None), tf.float32)
SIZE = tf.TensorSpec((2,), tf.int32)
NUMBER = tf.TensorSpec((), tf.float32)
LUMINANCE = (0.299, 0.587, 0.114)


def scaled(image: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """As `images.scaling.scaled`: `(h', w', c)` within the range of the image."""
    return _with_channels_of(image, _scaled(image, size))


@tf.function(input_signature=[ANY_MAP, SIZE], autograph=False)
def _scaled(image: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    found = resize(image, size, "cubic", mirrored=False)
    return tf.clip_by_value(found, tf.reduce_min(image), tf.reduce_max(image))


def reduced(values: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """As `matching.pixels.reduced`: rows and columns left out."""
    old = tf.shape(values)
    rows, cols = (tf.range(size[axis]) * old[axis] // size[axis] for axis in (0, 1))
    return tf.gather(tf.gather(values, rows), cols, axis=1)


def blurred(picture: tf.Tensor, sigma: float) -> tf.Tensor:
    """As `likeness.blurred`: under a Gaussian window of `sigma` px, mirrored at the edges."""
    return _with_channels_of(picture, _blurred(picture, sigma))


@tf.function(input_signature=[ANY_MAP, NUMBER], autograph=False)
def _blurred(picture: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
    reach = tf.cast(3.0 * sigma, tf.int32)
    offsets = tf.range(-reach, reach + 1)
    window = tf.exp(-(tf.cast(offsets, tf.float32) ** 2) / (2.0 * sigma**2))
    window /= tf.reduce_sum(window)
    for _ in range(2):  # down the rows, then, turned, down the columns
        picture = tf.transpose(_blurred_down(picture, offsets, window), (1, 0, 2))
    return picture


def _blurred_down(picture: tf.Tensor, offsets: tf.Tensor, window: tf.Tensor) -> tf.Tensor:
    height = tf.shape(picture)[0]

    def body(i: tf.Tensor, total: tf.Tensor) -> tuple:
        rows = (tf.range(height) + offsets[i]) % (2 * height)
        rows = tf.where(rows < height, rows, 2 * height - 1 - rows)
        return i + 1, total + window[i] * tf.gather(picture, rows)

    _, total = tf.while_loop(
        lambda i, _: i < tf.size(window), body, (tf.constant(0), tf.zeros_like(picture))
    )
    return total


def detail(picture: tf.Tensor, sigma: float) -> tf.Tensor:
    """A picture less its Gaussian blur."""
    return picture - blurred(picture, sigma)


def luminance(picture: tf.Tensor) -> tf.Tensor:
    """`(h, w, 1)` of `(h, w, 3)`."""
    return tf.reduce_sum(picture * tf.constant(LUMINANCE), -1, keepdims=True)


def _with_channels_of(image: tf.Tensor, found: tf.Tensor) -> tf.Tensor:
    """A map with its number of channels known where that of an image is."""
    found.set_shape((None, None, image.shape[2]))
    return found
