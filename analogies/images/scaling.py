"""Resizing of arrays without TensorFlow, by Pillow's filters."""

import numpy as np
from PIL import Image


def scaled(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """An image at another size; averaged where it shrinks, cubic where it grows.

    Args:
        image: float32 `(h, w, c)`.
        size: `(h', w')`, px.

    Returns:
        float32 `(h', w', c)` within the range of the image; the image itself for its own size.
    """
    if image.shape[:2] == tuple(size):
        return image
    channels = [
        Image.fromarray(np.ascontiguousarray(channel)).resize(size[::-1], Image.Resampling.BICUBIC)
        for channel in np.moveaxis(image.astype(np.float32, copy=False), -1, 0)
    ]
    found = np.stack([np.asarray(channel, np.float32) for channel in channels], -1)
    return np.clip(found, image.min(), image.max())
