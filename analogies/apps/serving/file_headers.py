"""What stands in JPEG and PNG files besides the pixels, found inside TensorFlow graphs."""

import tensorflow as tf

_ORIENTATION = 0x0112
_EXIF = b"Exif\0\0"
_SCAN = 0xDA  # the marker behind which the pixels of a JPEG stand


def png_chunk(data: tf.Tensor, kind: bytes) -> tf.Tensor:
    """The data of the first chunk of a kind in a PNG file, string; empty where there is none."""
    total = tf.strings.length(data)

    def unfinished(place: tf.Tensor, found: tf.Tensor, done: tf.Tensor) -> tf.Tensor:
        return ~done & (place + 8 <= total)

    def step(place: tf.Tensor, found: tf.Tensor, done: tf.Tensor) -> tuple:
        length = _number(data, place, 4)
        is_it = tf.equal(tf.strings.substr(data, place + 4, 4), kind)
        whole = (length >= 0) & (length <= total - place - 8)
        here = tf.strings.substr(data, place + 8, tf.where(whole, length, 0))
        found = tf.where(is_it & whole, here, found)
        return tf.where(whole, place + 12 + length, total), found, is_it | ~whole

    return tf.while_loop(unfinished, step, (tf.constant(8), tf.constant(b""), tf.constant(False)))[
        1
    ]


def jpeg_exif(data: tf.Tensor) -> tf.Tensor:
    """The EXIF data of a JPEG file, string; empty where there is none."""
    total = tf.strings.length(data)

    def unfinished(place: tf.Tensor, found: tf.Tensor, done: tf.Tensor) -> tf.Tensor:
        return ~done & (place + 4 <= total)

    def step(place: tf.Tensor, found: tf.Tensor, done: tf.Tensor) -> tuple:
        start, kind = _number(data, place, 1), _number(data, place + 1, 1)
        filled = tf.equal(kind, 0xFF)  # markers may begin with any number of these
        length = _number(data, place + 2, 2)
        whole = tf.equal(start, 0xFF) & (length >= 2) & (length <= total - place - 2)
        here = tf.strings.substr(data, place + 4, tf.where(whole, length - 2, 0))
        is_exif = tf.equal(kind, 0xE1) & tf.equal(tf.strings.substr(here, 0, len(_EXIF)), _EXIF)
        rest = tf.strings.substr(here, tf.where(is_exif, len(_EXIF), 0), -1)
        found = tf.where(is_exif & ~filled, rest, found)
        stop = is_exif | tf.equal(kind, _SCAN) | ~whole
        return tf.where(filled, place + 1, place + 2 + length), found, stop & ~filled

    return tf.while_loop(unfinished, step, (tf.constant(2), tf.constant(b""), tf.constant(False)))[
        1
    ]


def orientation(exif: tf.Tensor) -> tf.Tensor:
    """The orientation in EXIF data, int32 from 1 to 8; 1 where it says none or is damaged."""
    raw = tf.cast(tf.io.decode_raw(exif, tf.uint8), tf.int32)
    raw = tf.pad(raw, [[0, 16]])
    first = tf.where(tf.equal(raw[0], ord("I")), 1, -1)  # the order of bytes

    def number(values: tf.Tensor) -> tf.Tensor:
        """Of `(..., bytes)`."""
        ordered = tf.where(first > 0, tf.reverse(values, [-1]), values)
        powers = tf.constant([2**24, 2**16, 2**8, 1])[4 - tf.shape(values)[-1] :]
        return tf.reduce_sum(ordered * powers, axis=-1)

    length = tf.shape(raw)[0] - 16
    page = tf.clip_by_value(number(raw[4:8]), 0, tf.maximum(length - 2, 0))
    count = tf.clip_by_value(number(raw[page : page + 2]), 0, (length - page - 2) // 12)
    entries = tf.reshape(raw[page + 2 : page + 2 + 12 * count], (-1, 12))
    long = tf.equal(number(entries[:, 2:4]), 4)
    values = tf.where(long, number(entries[:, 8:12]), number(entries[:, 8:10]))
    wanted = tf.equal(number(entries[:, 0:2]), _ORIENTATION) & (values >= 1) & (values <= 8)
    return tf.reduce_max(tf.concat([[1], tf.boolean_mask(values, wanted)], 0))


def _number(data: tf.Tensor, place: tf.Tensor, size: int) -> tf.Tensor:
    """An unsigned number of up to four bytes, the highest first; int32."""
    raw = tf.cast(tf.io.decode_raw(tf.strings.substr(data, place, size), tf.uint8), tf.int32)
    powers = tf.constant([2**24, 2**16, 2**8, 1])[-size:]
    return tf.reduce_sum(raw * powers)
