"""How far pictures are from those that are wanted: pixels, features, and how these are spread.

    pixels     mean (x - y)^2, of values in [-1, 1]
    features   mean over layers of mean |f(x) - f(y)|
    sliced     mean over layers and directions d of mean (sort(d.[f(x), g]) - sort(d.[f(y), g]))^2
    patches    the same for patches of the pictures themselves, at two sizes

The last two compare distributions (Heitz et al., "A Sliced Wasserstein Loss for Neural Texture
Synthesis", CVPR 2021; of patches, Elnekave and Weiss, "Generating Natural Images with Direct Patch
Distributions Matching", ECCV 2022): where there are many pictures that would do they ask for one of
them, and not for their mean. Features tell materials apart, patches hold contrast and color. The
guide g, the same for both, tells apart what belongs to different places of it.
"""

from collections.abc import Mapping

import tensorflow as tf

DIRECTIONS = 32
SAMPLES = 2048  # cells of a map that are sorted
PATCH = 7  # px
POOLED = (1, 2)  # px that are averaged before patches are cut
CONTRAST = 0.28  # deviation, of values in [-1, 1], of which a texture counts as features do

Maps = Mapping[str, tf.Tensor]


def pixel_distance(made: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    """Mean squared difference of pictures in [0, 255], any shape, as of values in [-1, 1]."""
    return tf.reduce_mean(tf.square((made - wanted) / 127.5))


def feature_distance(made: Maps, wanted: Maps) -> tf.Tensor:
    """Mean absolute difference of the maps `(n, h, w, c)` of each layer, mean over the layers."""
    parts = [tf.reduce_mean(tf.abs(made[name] - wanted[name])) for name in wanted]
    return tf.add_n(parts) / len(parts)


def gram_distance(made: Maps, wanted: Maps) -> tf.Tensor:
    """Mean over layers and pictures of the squared difference of Gram matrices, made relative.

    Johnson et al., "Perceptual Losses for Real-Time Style Transfer" (2016), equation 4.

    Args:
        made: {layer: maps `(n, h, w, c)`}.
        wanted: {layer: Gram matrix `(c, c)`}, see `gram_matrices`.
    """
    grams = {name: gram_matrices(made[name]) for name in wanted}
    parts = [
        tf.reduce_mean(tf.reduce_sum(tf.square(grams[name] - wanted[name]), (1, 2)))
        / (tf.reduce_sum(tf.square(wanted[name])) + 1e-9)
        for name in wanted
    ]
    return tf.add_n(parts) / len(parts)


def gram_matrices(maps: tf.Tensor) -> tf.Tensor:
    """Second moments of the channels of every map of `(n, h, w, c)`, per cell: `(n, c, c)`."""
    cells = tf.cast(tf.shape(maps)[1] * tf.shape(maps)[2], maps.dtype)
    return tf.einsum("nhwc,nhwd->ncd", maps, maps) / cells


def sliced_distance(made: Maps, wanted: Maps, guide: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Sliced Wasserstein distance of the maps of each layer, mean over the layers.

    Args:
        made, wanted: {layer: `(n, h, w, c)`}; all cells of a layer are one distribution.
        guide: `(n, h0, w0, g)`, averaged to the size of the maps; how much it counts is
            in its values.
        seed: int32 `(2,)`, of the directions and of the cells that are looked at.
    """
    parts = []
    for number, name in enumerate(wanted):
        channels = wanted[name].shape[-1]
        stride = tf.shape(guide)[1] // tf.shape(wanted[name])[1]
        beside = _averaged(guide, stride, tf.shape(wanted[name])[1:3])
        own = seed + tf.constant([number, 0])
        cells = tf.random.experimental.stateless_shuffle(tf.range(tf.shape(beside)[0]), own)
        shape = (channels + guide.shape[-1], DIRECTIONS)
        directions = tf.random.stateless_normal(shape, own)
        directions /= tf.norm(directions[:channels], axis=0)
        rows = [
            _projected(maps[name], beside, cells[:SAMPLES], directions) for maps in (made, wanted)
        ]
        parts.append(tf.reduce_mean(tf.square(rows[0] - rows[1])))
    return tf.add_n(parts) / len(parts)


def patch_distance(
    made: tf.Tensor, wanted: tf.Tensor, guide: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor:
    """Sliced Wasserstein distance of the patches of pictures, mean over `POOLED`.

    A patch along a direction is a convolution, so no patch is ever cut out. Past the edges of the
    pictures are zeros, the same for both.

    Args:
        made, wanted: `(n, h, w, 3)` in [0, 255]; all patches are one distribution.
        guide: `(n, h, w, g)`, taken at the middle of a patch; how much it counts is in its values.
        seed: int32 `(2,)`, of the directions and of the patches that are looked at.
    """
    parts, both = [], tf.concat([made, wanted], 0) / (127.5 * CONTRAST)
    for number, factor in enumerate(POOLED):
        maps, beside = (tf.nn.avg_pool2d(x, factor, factor, "SAME") for x in (both, guide))
        own = seed + tf.constant([100 + number, 0])
        directions = tf.random.stateless_normal((PATCH, PATCH, 3, DIRECTIONS), own)
        directions /= tf.sqrt(tf.reduce_sum(tf.square(directions), (0, 1, 2)))
        of_guide = tf.random.stateless_normal((guide.shape[-1], DIRECTIONS), own + 1)
        along = tf.reshape(tf.nn.conv2d(maps, directions, 1, "SAME"), (2, -1, DIRECTIONS))
        along += tf.matmul(tf.reshape(beside, (-1, guide.shape[-1])), of_guide)
        cells = tf.random.experimental.stateless_shuffle(tf.range(tf.shape(along)[1]), own)
        rows = tf.sort(tf.transpose(tf.gather(along, cells[:SAMPLES], axis=1), (0, 2, 1)), axis=2)
        parts.append(tf.reduce_mean(tf.square(rows[0] - rows[1])))
    return tf.add_n(parts) / len(parts)


def _averaged(guide: tf.Tensor, stride: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Means of the squares of a guide that are the cells of a map of `size`, `(n h w, g)`."""
    count, channels = tf.shape(guide)[0], guide.shape[-1]
    cut = guide[:, : size[0] * stride, : size[1] * stride]
    shape = tf.stack([count, size[0], stride, size[1], stride, channels])
    return tf.reshape(tf.reduce_mean(tf.reshape(cut, shape), (2, 4)), (-1, channels))


def _projected(
    maps: tf.Tensor, beside: tf.Tensor, cells: tf.Tensor, directions: tf.Tensor
) -> tf.Tensor:
    """Some cells of a map, with what lies beside, along all directions, each in order."""
    joined = tf.concat([tf.reshape(maps, (-1, maps.shape[-1])), beside], 1)
    return tf.sort(tf.transpose(tf.matmul(tf.gather(joined, cells), directions)), axis=1)
