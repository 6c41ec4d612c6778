"""The methods of the network, and their steps, which are kept with their traces."""

import os
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from analogies.options.table import Options, defaults
from analogies.synthesis.joint.method import JointMethod
from analogies.synthesis.joint.objective import Objective
from analogies.synthesis.joint.pieces import Pieces
from analogies.synthesis.joint.steps import JointSteps
from analogies.synthesis.layerwise.method import LayerMethod
from analogies.synthesis.layerwise.steps import LayerSteps
from analogies.synthesis.memory import piece_side
from analogies.synthesis.method import Method
from analogies.synthesis.network import Network

# Options that no step looks at: what is traced serves whatever they are.
SET_PER_JOB = (
    *("preset", "width", "height", "scales", "min_scale", "iters", "votes", "evaluations"),
    *("speed", "a_scale_mode", "a_scale", "init", "transfer", "contrast"),
    *("finish", "coarse_side", "pixel_patch"),
    *("pair", "rotations", "rescales", "guide", "a_mask", "b_mask"),
    *("output_full", "device", "logdir", "quiet", "verbose"),
    *("checkpoint", "resume", "memory", "fit"),
    *("save_field", "nearest", "from_other", "extend", "seam"),
)


class Limits(NamedTuple):
    """What a method needs of a pyramid: see `pyramid.plan`."""

    smallest_side: int
    cell_pairs: float
    multiple: int = 1  # px that sides of pictures that tile are made of


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
    steps = method.steps
    return Limits(steps.smallest_side, steps.cell_pairs, steps.multiple)


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
