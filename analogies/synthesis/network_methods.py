"""The methods of the network: their steps, kept with their traces, and what they carry over."""

import os
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from analogies.images.resampling import resize
from analogies.options.table import Options, defaults
from analogies.synthesis.joint import pixel_rule
from analogies.synthesis.joint.method import JointMethod
from analogies.synthesis.joint.objective import Objective
from analogies.synthesis.joint.pieces import Pieces
from analogies.synthesis.joint.steps import JointSteps
from analogies.synthesis.layerwise.method import LayerMethod
from analogies.synthesis.layerwise.steps import LayerSteps
from analogies.synthesis.likeness import STRANGE, explained_detail, strangeness
from analogies.synthesis.memory import piece_side
from analogies.synthesis.method import Method
from analogies.synthesis.network import Network
from analogies.synthesis.references import References

# Options that no step looks at: what is traced serves whatever they are.
SET_PER_JOB = (
    *("preset", "width", "height", "scales", "min_scale", "iters", "votes", "evaluations"),
    *("speed", "a_scale_mode", "a_scale", "init", "transfer", "contrast"),
    *("finish", "coarse_side"),
    *("pair", "rotations", "rescales"),
    *("output_full", "device", "logdir", "quiet", "verbose"),
    *("checkpoint", "resume", "memory", "fit"),
)

# Of the detail of A'. Measured: 0.76 and more where A' is A in other tones, blurred, embossed or
# seen by its edges; 0.03 and less where it is painted from labels.
EXPLAINED = 0.4
RULE_SIDE = 256  # px, of the pictures that are looked at


class Limits(NamedTuple):
    """What a method needs of a pyramid: see `pyramid.plan`."""

    smallest_side: int
    cell_pairs: float


class Transfer(NamedTuple):
    """What is carried over to B', "residual" or "picture", and why, for the person."""

    kind: str
    decisions: tuple[str, ...] = ()


def transfer_for(options: Options, references: References) -> Transfer:
    """What is carried over to B': what a rule leaves of A', or A' itself.

    A residual is carried over where A explains A' and B looks like A; the rule is then B's too.
    """
    if options.transfer != "auto" or options.match_mode == "layer":
        return Transfer("picture" if options.transfer == "auto" else options.transfer)
    if all(np.array_equal(a, a_prime) for a, a_prime in references.arrays):
        return Transfer("picture")
    pairs = [(_reduced(a), _reduced(a_prime)) for a, a_prime in references.pairs]
    rule = pixel_rule.fit(pairs, _reduced(references.b))
    explained = np.mean([explained_detail(y.numpy(), rule.of(x).numpy()) for x, y in pairs])
    far = strangeness(references.array_b, [a for a, _ in references.arrays])
    kind = "residual" if explained >= EXPLAINED and far <= STRANGE else "picture"
    why = (
        f"A explains {max(explained, 0):.2f} of the detail of A', B is {far:.2f} as far from A as A"
    )
    return Transfer(kind, (f"the {kind} is carried over: {why} from itself",))


def method_for(options: Options, transfer: str) -> Method:
    """The method of a run; its steps are those of the last few jobs alike, with their traces."""
    if options.match_mode == "layer":
        return LayerMethod(layer_steps(options), options)
    return JointMethod(joint_steps(options, transfer), options)


def limits(method: Method, options: Options) -> Limits:
    """What the pyramid must know of a method."""
    if isinstance(method, LayerMethod):
        return Limits(method.steps.smallest_side, float("inf"))  # no grid of cells is matched
    assert isinstance(method, JointMethod)
    return Limits(method.steps.smallest_side, method.steps.cell_pairs)


def fitting(
    method: Method, size_a: tuple[int, int], size_b: tuple[int, int], options: Options
) -> Method:
    """`method`, or the same in pieces where one of the pictures is too large to be one.

    Args:
        method: for small pictures.
        size_a, size_b: `(height, width)` in px of A and of B' at a level.
        options: of the run.
    """
    if not isinstance(method, JointMethod):
        return method
    network = method.steps.objective.network
    area = max(size_a[0] * size_a[1], size_b[0] * size_b[1])
    side = piece_side(network.model.network, network.layers, area, options)
    return method if side is None else JointMethod(in_pieces(method.steps, side), options)


def joint_steps(options: Options, transfer: str) -> JointSteps:
    """The steps of one field for all layers."""
    return _joint_steps(_of_steps(options), transfer, _version(options))


def layer_steps(options: Options) -> LayerSteps:
    """The steps of one field per layer."""
    return _layer_steps(_of_steps(options), _version(options))


@lru_cache(maxsize=2)
def in_pieces(steps: JointSteps, side: int) -> JointSteps:
    """The same steps on pictures in pieces of a side, px."""
    return JointSteps(steps.options, steps.transfer, Pieces(steps.objective, side))


@lru_cache(maxsize=4)
def _joint_steps(options: Options, transfer: str, version: int | None) -> JointSteps:
    return JointSteps(options, transfer, Objective(options, Network(options)))


@lru_cache(maxsize=4)
def _layer_steps(options: Options, version: int | None) -> LayerSteps:
    return LayerSteps(options, Network(options))


def _of_steps(options: Options) -> Options:
    """Options with everything at its default that no step looks at."""
    return replace(options, **{name: defaults()[name] for name in SET_PER_JOB})


def _version(options: Options) -> int | None:
    """When the file of weights was changed, so that another one is not taken for it."""
    file = options.vgg_weights
    return os.stat(file).st_mtime_ns if file and os.path.exists(file) else None


def _reduced(image: tf.Tensor) -> tf.Tensor:
    """An image no larger than the rule needs."""
    height, width = image.shape[:2]
    share = min(1.0, RULE_SIDE / (height * width) ** 0.5)
    return resize(image, (max(1, round(height * share)), max(1, round(width * share))))
