"""What stands between an RGB picture and the first convolution of a network, as Keras layers."""

import keras
import numpy as np
from keras import ops

# Mean of the ImageNet training pictures, RGB, as Caffe's VGG release subtracts it.
IMAGENET_MEAN = (123.68, 116.779, 103.939)


@keras.saving.register_keras_serializable(package="analogies")
class CaffePreprocessing(keras.layers.Layer):
    """RGB in [0, 255] to BGR with the ImageNet mean subtracted, in new arrays.

    Float (n, h, w, 3) to float (n, h, w, 3). The VGG16 and VGG19 of Keras expect this.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", "trainable": False, **kwargs})

    def call(self, images):
        """BGR - mean of RGB `images`."""
        mean = np.array(IMAGENET_MEAN[::-1], "float32")
        return images[..., ::-1] - ops.cast(mean, images.dtype)

    def compute_output_shape(self, input_shape):
        """The same shape."""
        return input_shape


@keras.saving.register_keras_serializable(package="analogies")
class ReflectionPadding(keras.layers.Layer):
    """One pixel of reflection on each side: (n, h, w, c) to (n, h + 2, w + 2, c).

    The border row mirrors the second row, as in `numpy.pad(..., mode="reflect")`. A map that is
    one pixel high or wide has no second row, so there its only row is repeated.

    Args:
        thin: whether such maps may come where the size is known only at run time. Without them
            the graph is smaller: it traces in a third of the time, gradient included.
    """

    def __init__(self, thin=True, **kwargs):
        super().__init__(**{"dtype": "float32", "trainable": False, **kwargs})
        self.thin = thin

    def get_config(self):
        """What makes the same layer again."""
        return {**super().get_config(), "thin": self.thin}

    def call(self, x):
        """`x` with its border."""
        if keras.backend.backend() == "tensorflow":
            return _pad_tensorflow(x, self.thin)
        modes = ["reflect" if size is None or size > 1 else "symmetric" for size in x.shape[1:3]]
        x = ops.pad(x, [(0, 0), (1, 1), (0, 0), (0, 0)], mode=modes[0])
        return ops.pad(x, [(0, 0), (0, 0), (1, 1), (0, 0)], mode=modes[1])

    def compute_output_shape(self, input_shape):
        """Two rows and two columns more."""
        n, h, w, c = input_shape
        return (n, None if h is None else h + 2, None if w is None else w + 2, c)


@keras.saving.register_keras_serializable(package="analogies")
class WrapPadding(keras.layers.Layer):
    """One pixel on each side: of the other side along the axes that wrap, else as it is without.

    (n, h, w, c) to (n, h + 2, w + 2, c). Maps of convolutions and poolings padded so roll with the
    picture, by whole strides.

    Args:
        wrap: whether rows and columns go on at their other side.
        beyond: what stands beyond the other sides, "reflect" or "zero".
    """

    def __init__(self, wrap=(True, True), beyond="reflect", **kwargs):
        super().__init__(**{"dtype": "float32", "trainable": False, **kwargs})
        self.wrap, self.beyond = tuple(wrap), beyond

    def get_config(self):
        """What makes the same layer again."""
        return {**super().get_config(), "wrap": self.wrap, "beyond": self.beyond}

    def call(self, x):
        """`x` with its border."""
        for axis, wraps in enumerate(self.wrap, 1):
            border = [(0, 0)] * 4
            border[axis] = (1, 1)
            if wraps:
                last, first = ((slice(None),) * axis + (i,) for i in (slice(-1, None), slice(0, 1)))
                x = ops.concatenate([x[last], x, x[first]], axis=axis)
            else:
                x = ops.pad(x, border, mode="reflect" if self.beyond == "reflect" else "constant")
        return x

    def compute_output_shape(self, input_shape):
        """Two rows and two columns more."""
        n, h, w, c = input_shape
        return (n, None if h is None else h + 2, None if w is None else w + 2, c)


def _pad_tensorflow(x, thin):
    """One `MirrorPad`: measured faster, gradient included, than slices and concatenation."""
    import tensorflow as tf

    border = [[0, 0], [1, 1], [1, 1], [0, 0]]
    if not thin or all(size is not None and size > 1 for size in x.shape[1:3]):
        return tf.pad(x, border, mode="REFLECT")

    height, width = tf.shape(x)[1], tf.shape(x)[2]
    return tf.cond(
        tf.minimum(height, width) > 1,
        lambda: tf.pad(x, border, mode="REFLECT"),
        lambda: _pad_thin(x, height, width),
    )


def _pad_thin(x, height, width):
    """The same for maps with a side of one pixel, by indices: 0 on both sides of row 0."""
    import tensorflow as tf

    def mirrored(size):
        inner = tf.range(size)
        return tf.concat([[tf.minimum(1, size - 1)], inner, [tf.maximum(size - 2, 0)]], 0)

    return tf.gather(tf.gather(x, mirrored(height), axis=1), mirrored(width), axis=2)
