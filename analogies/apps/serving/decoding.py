"""Pictures as bytes to pixels and back inside TensorFlow graphs, where Pillow cannot go.

Agrees with `images.read` to the byte for 8-bit PNG and for JPEG. Other formats are refused; EXIF
orientation and color profiles are not looked at.
"""

import tensorflow as tf

JPEG_START = b"\xff\xd8\xff"
PNG_START = b"\x89PNG\r\n\x1a\n"


def decode(data: tf.Tensor, name: str = "image_bytes") -> tf.Tensor:
    """The pixels of a PNG or JPEG file; transparency is put on white.

    Args:
        data: string, scalar.
        name: of the input, for errors.

    Returns:
        float32 `(h, w, 3)` in [0, 255].

    Raises:
        tf.errors.InvalidArgumentError: when run, for anything but a whole PNG or JPEG.
    """
    is_jpeg = tf.equal(tf.strings.substr(data, 0, len(JPEG_START)), JPEG_START)
    is_png = tf.equal(tf.strings.substr(data, 0, len(PNG_START)), PNG_START)
    message = f"{name} must be the bytes of a PNG or JPEG file. Received:"
    check = tf.debugging.Assert(
        is_jpeg | is_png, [message, tf.strings.length(data), "bytes, no such file"]
    )
    with tf.control_dependencies([check]):
        data = tf.identity(data)
    pixels = tf.cond(is_jpeg, lambda: _decode_jpeg(data), lambda: _on_white(_decode_png(data)))
    return tf.ensure_shape(pixels, (None, None, 3))


def encode(pixels: tf.Tensor) -> tf.Tensor:
    """A PNG of `(h, w, 3)` pixels, clipped to [0, 255] and rounded; string, scalar."""
    rounded = tf.cast(tf.round(tf.clip_by_value(pixels, 0.0, 255.0)), tf.uint8)
    return tf.io.encode_png(rounded)


def _decode_jpeg(data: tf.Tensor) -> tf.Tensor:
    # TensorFlow's default is a faster, less exact transform than that of other programs.
    pixels = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.cast(pixels, tf.float32)


def _decode_png(data: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.io.decode_png(data, channels=0), tf.float32)


def _on_white(values: tf.Tensor) -> tf.Tensor:
    """Gray, gray and alpha, RGB or RGBA `(h, w, 1..4)` to RGB."""
    channels = tf.shape(values)[-1]
    has_alpha = tf.equal(channels % 2, 0)
    color = values[..., : channels - tf.cast(has_alpha, tf.int32)]
    color = tf.broadcast_to(color, tf.concat([tf.shape(values)[:2], [3]], 0))
    share = values[..., -1:] / 255.0
    return tf.where(has_alpha, color * share + 255.0 * (1.0 - share), color)
