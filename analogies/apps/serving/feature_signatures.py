"""The signatures of a served feature model."""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from analogies.apps.serving import decoding
from analogies.apps.serving.saved_models import Request, sample_png, save
from analogies.features.vgg import FeatureModel
from analogies.images.resampling import resize

WARMUP_SIDE = 64  # px, at least

_BATCH = tf.TensorSpec((None, None, None, None), tf.float32, name="images")
_FILES = tf.TensorSpec(None, tf.string, name="image_bytes")
_SIZE = tf.TensorSpec((2,), tf.int32, name="size")
_PIXELS = tf.TensorSpec((None, None, 3), tf.float32)


class FeatureServable(tf.Module):
    """A `FeatureModel` with the functions that a server calls.

    Args:
        model: what to serve.
        coarsest: px per cell of its coarsest map; smaller pictures have no cell there.
    """

    def __init__(self, model: FeatureModel, coarsest: int) -> None:
        super().__init__()
        self._call = lambda images: model(images)  # a function: the layers need no saving
        self.coarsest = coarsest
        self.values = [variable.value for variable in model.variables]  # saved with the module

    @tf.function(input_signature=[_BATCH], autograph=False)
    def of_images(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Maps `{layer: (n, h', w', c)}` of pictures `(n, h, w, 3)` in [0, 255].

        Raises:
            tf.errors.InvalidArgumentError: when run, for other shapes, small pictures, NaN.
        """
        shape = tf.shape(images)
        side = self.coarsest
        checks = [
            tf.debugging.Assert(
                tf.equal(shape[3], 3), ["images must be RGB, (n, h, w, 3). Received: shape", shape]
            ),
            tf.debugging.Assert(
                tf.reduce_all(shape >= [1, side, side, 1]),
                [f"images must be at least one, {side} px high and wide. Received: shape", shape],
            ),
            tf.debugging.Assert(
                tf.reduce_all(tf.math.is_finite(images)),
                ["images must be finite numbers in [0, 255]. Received: NaN or infinite values"],
            ),
        ]
        with tf.control_dependencies(checks):
            images = tf.ensure_shape(tf.identity(images), (None, None, None, 3))
        return self._call(images)

    @tf.function(input_signature=[_FILES, _SIZE], autograph=False)
    def of_files(self, image_bytes: tf.Tensor, size: tf.Tensor) -> dict[str, tf.Tensor]:
        """Maps of PNG or JPEG files, one or a batch.

        Args:
            image_bytes: string, any shape; the pictures are counted in its order.
            size: `(height, width)` in px that all are resized to; where it is 0, that of the first.
        """
        files = tf.reshape(image_bytes, [-1])
        check = tf.debugging.Assert(
            tf.size(files) > 0, ["image_bytes must hold at least one file. Received: none"]
        )
        positive = tf.debugging.Assert(
            tf.reduce_all((size >= 0) & (size <= 65500)),
            ["size must be height and width, each 0 to 65500 px. Received:", size],
        )
        with tf.control_dependencies([check, positive]):
            first = decoding.decode(files[0])
            wanted = tf.where(size > 0, size, tf.shape(first)[:2])

        def load(data: tf.Tensor) -> tf.Tensor:
            pixels = decoding.decode(data)
            fits = tf.reduce_all(tf.equal(tf.shape(pixels)[:2], wanted))
            return tf.cond(fits, lambda: pixels, lambda: resize(pixels, wanted))

        return self.of_images(tf.map_fn(load, files, fn_output_signature=_PIXELS))

    def save(self, folder: str | os.PathLike, version: int | None = None) -> Path:
        """Write a version of the servable; see `saved_models.save`."""
        side = max(WARMUP_SIDE, self.coarsest)
        files = np.array([sample_png(side, side)], object)
        warmup = [
            Request("serving_default", {"images": np.zeros((1, side, side, 3), "f")}),
            Request("image_bytes", {"image_bytes": files, "size": np.zeros(2, np.int32)}),
        ]
        signatures = {"serving_default": self.of_images, "image_bytes": self.of_files}
        return save(self, folder, signatures, warmup, version)
