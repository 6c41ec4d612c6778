"""The losses of image-analogies, as sums over cells and channels; see `synthesis.layerwise`.

Unlike `energies`, these grow with the size of the maps and with the strength of the features, so
that the weights of image-analogies mean the same here. `losses` of a layer are multiplied by the
weight of their term and divided by the number of its layers.
"""

import tensorflow as tf


def squared_distance(x: tf.Tensor, target: tf.Tensor, weight: tf.Tensor | float = 1.0) -> tf.Tensor:
    """`sum_p weight[p] sum_c (x[p, c] - target[p, c])^2`, scalar.

    Args:
        x, target: float `(h, w, c)`.
        weight: of the cells, `(h, w, 1)` or a number.
    """
    return tf.reduce_sum(weight * tf.math.squared_difference(x, target))


def gram_sum(features: tf.Tensor) -> tf.Tensor:
    """`G[i, j] = sum_p F[p, i] F[p, j]` of a map `(h, w, c)`: float `(c, c)`."""
    flat = tf.reshape(features, (-1, features.shape[-1]))
    return tf.matmul(flat, flat, transpose_a=True)


def gram_distance(x: tf.Tensor, target: tf.Tensor, pixels: tf.Tensor) -> tf.Tensor:
    """`sum((G(x) - target)^2) / (4 * 3^2 * pixels^2)`, scalar.

    Gatys et al. (2015), equation 4, with the size of the picture in the place of the layer's, as
    in image-analogies and the example of Keras that it took this from.

    Args:
        x: float `(h, w, c)`.
        target: `gram_sum` of another map, `(c, c)`.
        pixels: height times width of the picture, float.
    """
    return tf.reduce_sum(tf.math.squared_difference(gram_sum(x), target)) / (36.0 * pixels**2)


def variation_sum(image: tf.Tensor, power: float = 1.25) -> tf.Tensor:
    """`sum((dx^2 + dy^2)^power)` of an image `(h, w, c)` in [0, 255], scalar.

    Over the pixels that have a right and a lower neighbor; Mahendran & Vedaldi (2015), equation 5.
    """
    corner = image[:-1, :-1]
    squared = tf.square(image[:-1, 1:] - corner) + tf.square(image[1:, :-1] - corner)
    return tf.reduce_sum(tf.pow(squared, power))
