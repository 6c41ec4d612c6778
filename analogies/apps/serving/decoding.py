"""Pictures as bytes to pixels and back inside TensorFlow graphs, where Pillow cannot go.

Agrees with `images.read` to the byte for JPEG and PNG of every kind, their EXIF orientation and
transparent color with it. Other formats are refused; color profiles and what XMP says of the
orientation are not looked at.
"""

import tensorflow as tf

from analogies.apps.serving.file_headers import jpeg_exif, orientation, png_chunk

JPEG_START = b"\xff\xd8\xff"
PNG_START = b"\x89PNG\r\n\x1a\n"


def decode(data: tf.Tensor, name: str | tf.Tensor = "image_bytes") -> tf.Tensor:
    """The pixels of a PNG or JPEG file; transparency is put on white.

    Args:
        data: string, scalar.
        name: of the input, for errors; a string or a string scalar.

    Returns:
        float32 `(h, w, 3)` in [0, 255].

    Raises:
        tf.errors.InvalidArgumentError: when run, for anything but a whole PNG or JPEG.
    """
    is_jpeg = tf.equal(tf.strings.substr(data, 0, len(JPEG_START)), JPEG_START)
    is_png = tf.equal(tf.strings.substr(data, 0, len(PNG_START)), PNG_START)
    message = tf.strings.join([name, " must be the bytes of a PNG or JPEG file. Received:"])
    check = tf.debugging.Assert(
        is_jpeg | is_png, [message, tf.strings.length(data), "bytes, no such file"]
    )
    with tf.control_dependencies([check]):
        data = tf.identity(data)
    pixels = tf.cond(is_jpeg, lambda: _decode_jpeg(data), lambda: _on_white(_decode_png(data)))
    exif = tf.cond(is_jpeg, lambda: jpeg_exif(data), lambda: png_chunk(data, b"eXIf"))
    return tf.ensure_shape(_upright(pixels, orientation(exif)), (None, None, 3))


def encode(pixels: tf.Tensor) -> tf.Tensor:
    """A PNG of `(h, w, 3)` pixels, clipped to [0, 255] and rounded; string, scalar."""
    rounded = tf.cast(tf.round(tf.clip_by_value(pixels, 0.0, 255.0)), tf.uint8)
    return tf.io.encode_png(rounded)


def _decode_jpeg(data: tf.Tensor) -> tf.Tensor:
    # TensorFlow's default is a faster, less exact transform than that of other programs.
    pixels = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.cast(pixels, tf.float32)


def _upright(pixels: tf.Tensor, turn: tf.Tensor) -> tf.Tensor:
    """A picture as it is seen, by its EXIF orientation."""
    mirrored = tf.reduce_any(tf.equal(turn, [2, 3, 6, 7]))
    upside_down = tf.reduce_any(tf.equal(turn, [3, 4, 7, 8]))
    pixels = tf.cond(turn >= 5, lambda: tf.transpose(pixels, (1, 0, 2)), lambda: pixels)
    pixels = tf.cond(mirrored, lambda: tf.reverse(pixels, [1]), lambda: pixels)
    return tf.cond(upside_down, lambda: tf.reverse(pixels, [0]), lambda: pixels)


def _decode_png(data: tf.Tensor) -> tf.Tensor:
    """Gray and alpha, RGB or RGBA `(h, w, 2..4)`, float32 in [0, 255]."""
    head = tf.cast(tf.io.decode_raw(tf.strings.substr(data, 24, 2), tf.uint8), tf.int32)
    depth, kind = head[0], head[1]
    plain = tf.equal(kind, 0) | tf.equal(kind, 2)  # gray or RGB, without alpha
    return tf.cond(
        plain,
        lambda: _decode_plain(data, depth, tf.equal(kind, 0)),
        lambda: tf.cast(tf.io.decode_png(data, channels=0), tf.float32),
    )


def _decode_plain(data: tf.Tensor, depth: tf.Tensor, gray: tf.Tensor) -> tf.Tensor:
    """Gray or RGB as RGBA, where one color may be transparent, which TensorFlow passes over."""
    deep = gray & tf.equal(depth, 16)
    color = tf.cond(
        deep,
        lambda: tf.cast(tf.io.decode_png(data, channels=3, dtype=tf.uint16), tf.float32),
        lambda: tf.cast(tf.io.decode_png(data, channels=3), tf.float32),
    )
    key = tf.io.decode_raw(png_chunk(data, b"tRNS"), tf.uint16, little_endian=False)
    key = tf.cast(tf.bitwise.bitwise_and(tf.cast(key, tf.int32), 2**depth - 1), tf.float32)
    white = tf.cast(2**depth - 1, tf.float32)
    upper = tf.equal(depth, 16) & ~gray  # of 16 bits the upper 8 are read, but of gray all
    key = tf.where(deep, key, tf.where(upper, key // 256.0, key * (255.0 / white)))
    channels = tf.where(gray, 1, 3)
    key = tf.pad(key, [[0, 3]], constant_values=-1.0)[:channels]  # no color where there is none
    opaque = tf.reduce_any(tf.not_equal(color, key), axis=-1, keepdims=True)
    color = tf.where(deep, color * (255.0 / 65535.0), color)
    return tf.concat([color, tf.where(opaque, 255.0, 0.0)], axis=-1)


def _on_white(values: tf.Tensor) -> tf.Tensor:
    """Gray, gray and alpha, RGB or RGBA `(h, w, 1..4)` to RGB."""
    channels = tf.shape(values)[-1]
    has_alpha = tf.equal(channels % 2, 0)
    color = values[..., : channels - tf.cast(has_alpha, tf.int32)]
    color = tf.broadcast_to(color, tf.concat([tf.shape(values)[:2], [3]], 0))
    share = values[..., -1:] / 255.0
    return tf.where(has_alpha, color * share + 255.0 * (1.0 - share), color)
