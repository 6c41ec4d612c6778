"""PNG files of every kind, written by the specification and without the code under test."""

import struct
import zlib

import numpy as np

# fmt: off
ADAM7 = (  # the first row and column of each pass, and the steps between them
    (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
    (1, 0, 2, 1),
)
# fmt: on
GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(values, kind, depth=8, *, palette=None, key=None, interlaced=False, before=b"", behind=b""):
    """The bytes of a PNG of `(h, w)` or `(h, w, c)` samples of a depth, bits.

    `key` is the transparent color, or the alphas of a palette; `before` and `behind` the pixels
    stand further chunks.
    """
    values = values.reshape(*values.shape[:2], -1)
    height, width, _ = values.shape
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    lines = b""
    for top, left, down, across in passes:
        part = values[top::down, left::across]
        lines += b"".join(b"\0" + _row(row, depth) for row in part if row.size)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    if palette is not None:
        data += chunk(b"PLTE", bytes(np.ravel(palette).tolist()))
    if key is not None:
        packed = bytes(key) if kind == PALETTE else struct.pack(f">{len(key)}H", *key)
        data += chunk(b"tRNS", packed)
    packed = zlib.compress(lines)
    middle = len(packed) // 2
    data += before + chunk(b"IDAT", packed[:middle]) + chunk(b"IDAT", packed[middle:])
    return data + behind + chunk(b"IEND", b"")


def _row(row, depth):
    samples = row.reshape(-1)
    if depth == 16:
        return samples.astype(">u2").tobytes()
    if depth == 8:
        return samples.astype(np.uint8).tobytes()
    bits = (samples[:, None] >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()
