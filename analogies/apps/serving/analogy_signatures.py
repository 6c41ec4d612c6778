"""The whole analogy as a module for TensorFlow Serving.

Encoded pictures of any sizes in, an encoded picture out, the network's weights inside.
"""

import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from analogies.apps.serving import decoding, saved_models
from analogies.errors import InputError
from analogies.images.colors import match_colors
from analogies.options.presets import EBSYNTH
from analogies.options.table import SMALLEST_SIDE, Options, defaults, kinds
from analogies.synthesis.graph_loop import GraphLoop
from analogies.synthesis.joint.objective import Objective
from analogies.synthesis.joint.steps import JointSteps
from analogies.synthesis.network import Network
from analogies.synthesis.served.analogy import ServedAnalogy
from analogies.synthesis.served.decision import ways

WARMUP_SIDE = 48  # px, at least
OF_FILES = ("fill", "repeat", EBSYNTH)  # presets that need masks, fields or guides

_SEED = tf.TensorSpec(None, tf.int32, name="seed")


def _file(name: str) -> tf.TensorSpec:
    return tf.TensorSpec(None, tf.string, name=name)


_INPUTS = [_file("a_bytes"), _file("a_prime_bytes"), _file("b_bytes"), _SEED]


class AnalogyServable(tf.Module):
    """An image analogy for one set of options, with the functions that a server calls.

    Args:
        options: of the analogy; `seed`, `device` and the options of output files play no part.

    Raises:
        InputError: `init` is a picture, histograms of colors are asked for, the `match_mode` is not
            joint, the `precision` not float32, or an option is asked for that cannot be exported.
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        if options.init not in ("auto", "noise", "b"):
            raise InputError(f"init cannot be a picture in an export. Received: {options.init!r}")
        for name, kind in kinds().items():
            value = getattr(options, name)
            if not kind.exported and value != defaults()[name]:
                raise InputError(f"{name} cannot be exported. Received: {value}")
        if options.preset in OF_FILES:
            hint = "a request has A, A' and B alone"
            raise InputError(f"preset {options.preset} cannot be exported: {hint}")
        if options.match_color == "histogram":
            raise InputError("match_color histogram cannot be exported; covariance can")
        if options.model == "patchmatch":
            raise InputError("model patchmatch cannot be exported; exact and auto can")
        if options.match_mode != "joint":
            raise InputError(f"match_mode {options.match_mode} cannot be exported; joint can")
        if options.precision != "float32":
            raise InputError(f"precision {options.precision} cannot be exported; float32 can")
        self._options = options
        self._smallest_side = SMALLEST_SIDE
        self.values: list[tf.Variable] = []
        loop = self._network() if ways(options).network else None
        served = ServedAnalogy(options, loop)
        self._served = lambda: served  # behind a function: layers need no saving

    def _network(self) -> GraphLoop:
        """The network's levels; both ways of them share one copy of the weights."""
        options = self._options
        objective = Objective(options, Network(options))
        transfers = ("residual", "picture") if options.transfer == "auto" else (options.transfer,)
        steps = [JointSteps(options, transfer, objective) for transfer in transfers]
        self._smallest_side = steps[0].smallest_side
        self.values += [variable.value for variable in objective.network.model.variables]
        return GraphLoop(options, steps)

    @tf.function(input_signature=_INPUTS, autograph=False)
    def analogy(self, a_bytes, a_prime_bytes, b_bytes, seed) -> dict[str, tf.Tensor]:
        """B' of PNG or JPEG files.

        Args:
            a_bytes, a_prime_bytes, b_bytes: string, one file each; A and A' of one size.
            seed: int32, one number; of random starts.

        Returns:
            `b_prime_bytes`, a PNG, string; `loss`, the last, float32: of pixels their mean energy.

        Raises:
            tf.errors.InvalidArgumentError: when run: no pictures, pictures that are too small, A
                and A' of two sizes.
        """
        pictures = self._decode(a_bytes, a_prime_bytes, b_bytes)
        image, loss = self._served().whole(pictures, tf.reshape(seed, [-1])[0])
        return {"b_prime_bytes": decoding.encode(image), "loss": loss}

    @tf.function(input_signature=_INPUTS, autograph=False)
    def first_pass(self, a_bytes, a_prime_bytes, b_bytes, seed) -> dict[str, tf.Tensor]:
        """The first steps on the coarsest level, to compare one machine or version with another.

        They are the network's, but pixels' where options leave nothing to the network.

        Returns:
            decoded pixels `a`, `a_prime` and `b`; `sizes` of B' by level; `features` of A' at the
            first layer matched (of pixels: A' and guides); `rows` and `cols` of the first match;
            `loss`, the first.
        """
        pictures = self._decode(a_bytes, a_prime_bytes, b_bytes)
        found = self._served().first_pass(pictures, tf.reshape(seed, [-1])[0])
        return {**dict(zip(("a", "a_prime", "b"), pictures, strict=True)), **found}

    def save(self, folder: str | os.PathLike, version: int | None = None) -> Path:
        """Write a version of the servable; see `saved_models.save`."""
        side = max(WARMUP_SIDE, 2 * self._smallest_side, 2 * self._options.patch_size)
        names = ("a_bytes", "a_prime_bytes", "b_bytes")
        inputs = {name: saved_models.sample_png(side, side, i) for i, name in enumerate(names)}
        warmup = [saved_models.Request("serving_default", inputs | {"seed": np.int32(0)})]
        signatures = {"serving_default": self.analogy, "first_pass": self.first_pass}
        return saved_models.save(self, folder, signatures, warmup, version)

    def _decode(self, *files: tf.Tensor) -> list[tf.Tensor]:
        """A, A' and B `(h, w, 3)`."""
        names = [spec.name for spec in _INPUTS[:3]]
        a, a_prime, b = (_decode_one(file, name) for file, name in zip(files, names, strict=True))
        sizes = [tf.shape(image)[:2] for image in (a, a_prime)]
        check = tf.debugging.Assert(
            tf.reduce_all(tf.equal(*sizes)),
            ["A and A' must have the same size. Received: heights and widths", *sizes],
        )
        with tf.control_dependencies([check]):
            a = tf.identity(a)
        recolored = self._options.match_color == "covariance"
        return [a, match_colors(a_prime, b) if recolored else a_prime, b]


@tf.function(
    input_signature=[tf.TensorSpec(None, tf.string), tf.TensorSpec((), tf.string)], autograph=False
)
def _decode_one(file: tf.Tensor, name: tf.Tensor) -> tf.Tensor:
    """A picture `(h, w, 3)`; a function of its own, so that an export holds it once."""
    message = tf.strings.join([name, " must be one file. Received: shape"])
    check = tf.debugging.Assert(tf.equal(tf.size(file), 1), [message, tf.shape(file)])
    with tf.control_dependencies([check]):
        return decoding.decode(tf.reshape(file, []), name)
