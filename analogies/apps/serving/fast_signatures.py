"""The signatures of a served network that learned an analogy."""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from analogies.apps.serving import decoding, saved_models
from analogies.errors import InputError
from analogies.files import reason, write_atomically
from analogies.runs.learning import net_file
from analogies.runs.learning.fast_analogy import options_of
from analogies.synthesis.student import using

WARMUP_SIDE = 64  # px
TOLERANCE = 1.0  # of 255, between a TFLite model and the network

_FILES = tf.TensorSpec(None, tf.string, name="image_bytes")
_BATCH = tf.TensorSpec((None, None, None, None), tf.float32, name="images")


class FastServable(tf.Module):
    """A network that learned an analogy, with the functions that a server calls.

    Args:
        net: the file.

    Raises:
        InputError: it cannot be used.
    """

    def __init__(self, net: str | os.PathLike) -> None:
        super().__init__()
        read = net_file.read(Path(net))
        model = read.model
        self._chance, self._seed = read.chance, options_of(read.about).seed
        # A function: the layers need no saving.
        self._call = lambda *given: model(list(given) if len(given) > 1 else given[0])
        self.values = [variable.value for variable in model.variables]  # saved with the module

    @tf.function(input_signature=[_FILES], autograph=False)
    def of_files(self, image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        """B' of PNG or JPEG files of any sizes.

        Args:
            image_bytes: string, any shape.

        Returns:
            `b_prime_bytes`, PNG files, string of the same shape.
        """

        def one(data: tf.Tensor) -> tf.Tensor:
            return decoding.encode(self.make(decoding.decode(data)[tf.newaxis])[0])

        files = tf.map_fn(one, tf.reshape(image_bytes, [-1]))
        return {"b_prime_bytes": tf.reshape(files, tf.shape(image_bytes))}

    @tf.function(input_signature=[_BATCH], autograph=False)
    def of_images(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """B' of pictures `(n, h, w, 3)` in [0, 255], the same shape.

        Raises:
            tf.errors.InvalidArgumentError: when run, for other shapes, NaN or infinite values.
        """
        shape = tf.shape(images)
        checks = [
            tf.debugging.Assert(
                tf.equal(shape[3], 3), ["images must be RGB, (n, h, w, 3). Received: shape", shape]
            ),
            tf.debugging.Assert(
                tf.reduce_all(shape > 0), ["images must not be empty. Received: shape", shape]
            ),
            tf.debugging.Assert(
                tf.reduce_all(tf.math.is_finite(images)),
                ["images must be finite numbers in [0, 255]. Received: NaN or infinite values"],
            ),
        ]
        with tf.control_dependencies(checks):
            images = tf.ensure_shape(tf.identity(images), (None, None, None, 3))
        return {"b_prime": self.make(images)}

    def make(self, pictures: tf.Tensor) -> tf.Tensor:
        """B' of pictures `(n, h, w, 3)` in [0, 255], the same shape."""
        return using.whole(self._call, pictures, self._chance, self._seed)

    def save(self, folder: str | os.PathLike, version: int | None = None) -> Path:
        """Write a version of the servable; see `saved_models.save`."""
        side = WARMUP_SIDE
        files = np.array([saved_models.sample_png(side, side)], object)
        warmup = [
            saved_models.Request("serving_default", {"image_bytes": files}),
            saved_models.Request("images", {"images": np.zeros((1, side, side, 3), "f")}),
        ]
        signatures = {"serving_default": self.of_files, "images": self.of_images}
        return saved_models.save(self, folder, signatures, warmup, version)


def write_tflite(path: Path, servable: FastServable, size: tuple[int, int]) -> Path:
    """Write a TFLite model of a network, once its interpreter makes of it what the network makes.

    Raises:
        InputError: TensorFlow brings no converter, or the file cannot be written.
    """
    spec = tf.TensorSpec((1, *size, 3), tf.float32, name="picture")
    function = tf.function(servable.make, input_signature=[spec], autograph=False)
    try:
        concrete = function.get_concrete_function()
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], servable)
        data = converter.convert()
        interpreter = tf.lite.Interpreter(model_content=data)
    except (AttributeError, ImportError) as error:
        raise InputError(f"this TensorFlow has no TFLite converter: {reason(error)}") from None
    sample = np.random.default_rng(0).uniform(0, 255, (1, *size, 3)).astype(np.float32)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], sample)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    apart = float(np.abs(found - function(tf.constant(sample)).numpy()).max())
    if not apart <= TOLERANCE:
        raise InputError(f"the TFLite model is off by {apart:.1f} of 255; it was not written")
    write_atomically(path, data)
    return path
