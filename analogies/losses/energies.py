"""The arithmetic of the losses, as pure functions of maps.

All are normalized so that a weight means the same at every size, layer and network: a map that is
all zero scores about 1 against any target, however many cells it has and whatever their scale.
The predecessors sum over cells and channels instead, so their weights keep their meaning only
relative to each other.
"""

import tensorflow as tf

TINY = 1e-12


def relative_squared_error(x: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """`mean((x - target)^2) / mean(target^2)`, scalar; shapes `[...]`, equal."""
    scale = mean_square(tf.stop_gradient(target))
    return mean_square(x - target) / (scale + TINY)


def mean_square(x: tf.Tensor) -> tf.Tensor:
    """`mean(x^2)`, scalar; its gradient is one product with x."""
    return tf.nn.l2_loss(x) * (2.0 / tf.cast(tf.size(x), x.dtype))


def gram_matrix(features: tf.Tensor) -> tf.Tensor:
    """`G[i, j] = mean_p F[p, i] F[p, j]` of a map `(h, w, c)`: float `(c, c)`.

    Gatys et al. (2015), equation 3, divided by the number of cells so that maps of different
    sizes can be compared.
    """
    flat = tf.reshape(features, (-1, tf.shape(features)[-1]))
    cells = tf.cast(tf.shape(flat)[0], flat.dtype)
    return tf.matmul(flat, flat, transpose_a=True) / cells


def total_variation(image: tf.Tensor, power: float = 1.25) -> tf.Tensor:
    """`mean(((dx^2 + dy^2) / 255^2)^power)` of an image `(h, w, c)` in [0, 255], scalar.

    The total variation of Mahendran & Vedaldi (2015), equation 5, with beta = 2 power;
    image-analogies uses power 1.25, CNNMRF the plain square (power 1). Per pixel, in units of the
    pixel range, over the pixels that have a right and a lower neighbor.
    """
    image = image / 255.0
    corner = image[:-1, :-1]
    squared = tf.square(image[:-1, 1:] - corner) + tf.square(image[1:, :-1] - corner)
    # The power has an infinite slope at zero below 1 and none of its own kind above; TINY is
    # far below one step of 8 bits, (1/255)^2.
    return tf.reduce_mean(tf.pow(squared + TINY, power))
