"""Resizing of images and feature maps on the device.

One implementation for everything that is resized. A side is cut into blocks of a few new cells, and
a block is a small matrix product with the few old cells that its cells are made of: so it takes
memory and time in proportion to the picture, not to the square of its side, has a gradient,
compiles under XLA and takes sizes that are known only at run time.
"""

import tensorflow as tf

CUBIC = -0.5  # Keys (1981), equation 8: third-order convergence
_REACH = {"linear": 1, "cubic": 2}  # half of a kernel's width, in cells
_BLOCK = 16  # new cells; more multiply more zeros, fewer read more cells twice


def resize(
    image: tf.Tensor,
    size: tuple[int, int] | tf.Tensor,
    kernel: str = "linear",
    wrap: tuple[bool, bool] = (False, False),
    mirrored: bool = True,
) -> tf.Tensor:
    """Resample a map to another size; pixel centers are at half-integers, images are mirrored at
    their edges.

    When a side shrinks its kernel is widened by the factor, so that nothing aliases. A side of
    the size asked for is left as it is.

    Args:
        image: float32 `(h, w, c)`.
        size: `(h', w')`, integers or an int32 tensor of two.
        kernel: `"linear"` (never leaves the range of the input) or `"cubic"` (Keys 1981;
            sharper, can overshoot).
        wrap: whether rows and columns go on at their other side, instead of being mirrored.
        mirrored: else nothing lies beyond the edges, and what is inside counts for it; as Pillow
            has it.

    Returns:
        float32 `(h', w', c)`.
    """
    if kernel not in _REACH:
        raise ValueError(f"kernel must be linear or cubic. Received: kernel={kernel!r}")
    image = tf.convert_to_tensor(image, tf.float32)
    beyond = ["wrap" if wraps else "mirror" if mirrored else "nothing" for wraps in wrap]
    tall = _resize_side(image, 0, size[0], kernel, beyond[0])  # (h', w, c)
    return _resize_side(tall, 1, size[1], kernel, beyond[1])


def _resize_side(
    image: tf.Tensor, side: int, new: int | tf.Tensor, kernel: str, beyond: str
) -> tf.Tensor:
    """Resample rows (0) or columns (1) of `(h, w, c)`, if there are not as many already."""

    def resized() -> tf.Tensor:
        if side == 0:
            return _resample(image, new, kernel, beyond)
        turned = _resample(tf.transpose(image, (1, 0, 2)), new, kernel, beyond)
        return tf.transpose(turned, (1, 0, 2))

    old, wanted = image.shape[side], tf.get_static_value(new)
    if old is not None and wanted is not None:
        return image if old == wanted else resized()
    return tf.cond(tf.equal(tf.shape(image)[side], new), lambda: image, resized)


def _resample(image: tf.Tensor, new: int | tf.Tensor, kernel: str, beyond: str) -> tf.Tensor:
    """Resample the rows of `(h, w, c)` to `(new, w, c)`."""
    width, channels = (image.shape[i] or tf.shape(image)[i] for i in (1, 2))
    rows = tf.reshape(image, (-1, width * channels))
    cells, weights = _blocks(tf.shape(image)[0], new, kernel, beyond)
    blocks = tf.matmul(weights, tf.gather(rows, cells))  # (blocks, block, w * c)
    found = tf.reshape(blocks, (-1, width * channels))[:new]
    return tf.reshape(found, (new, width, channels))


def _blocks(
    old: tf.Tensor, new: int | tf.Tensor, kernel: str, beyond: str = "mirror"
) -> tuple[tf.Tensor, tf.Tensor]:
    """What blocks of new cells are made of.

    Beyond its ends the column of old cells is mirrored, or begins anew ("wrap"), or there is
    "nothing".

    Returns:
        the old cells that a block reads, int32 `(blocks, read)`, and their weights in each of its
        cells, float32 `(blocks, block, read)`, whose sum over what is read is 1.
    """
    block = tf.minimum(_BLOCK, new)
    # In float64: float32 knows the place of the 40,000th cell to 0.002 cells.
    step = tf.cast(old, tf.float64) / tf.cast(new, tf.float64)
    support = tf.maximum(step, 1.0)
    reach = _REACH[kernel] * support
    count = (new + block - 1) // block
    places = tf.minimum(tf.reshape(tf.range(count * block), (count, block)), new - 1)
    centers = (tf.cast(places, tf.float64) + 0.5) * step - 0.5  # in cells of the old column
    first = tf.math.ceil(centers[:, :1] - reach)
    read = tf.cast(tf.math.ceil(tf.cast(block - 1, tf.float64) * step + 2.0 * reach), tf.int32) + 1
    found = first + tf.cast(tf.range(read), tf.float64)  # (blocks, read), some beyond the ends
    distances = (found[:, tf.newaxis] - centers[:, :, tf.newaxis]) / support
    weights = _kernel(tf.cast(distances, tf.float32), kernel)
    cells = tf.cast(found, tf.int32)
    if beyond == "wrap":
        return cells % old, weights / tf.reduce_sum(weights, axis=-1, keepdims=True)
    if beyond == "mirror":
        counted = (cells >= -old) & (cells < 2 * old)
    else:
        counted = (cells >= 0) & (cells < old)
    weights = tf.where(counted[:, tf.newaxis], weights, 0.0)
    cells = tf.where(cells < 0, -1 - cells, cells)
    cells = tf.where(cells >= old, 2 * old - 1 - cells, cells)
    weights /= tf.reduce_sum(weights, axis=-1, keepdims=True)
    return tf.clip_by_value(cells, 0, old - 1), weights


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
