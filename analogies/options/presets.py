"""Presets: the kinds of job as rows of a table, each with its pictures and its option values.

A preset is nothing but values for options; a value that is given beside it wins.

>>> PRESETS["texture"].usage()
'EXAMPLE OUT'
>>> with_preset({"preset": "texture", "seed": 3})["analogy_w"]
0.0
>>> with_preset({"preset": "texture", "analogy_w": 1})["analogy_w"]
1
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from analogies.errors import InputError
from analogies.files import expanded

DEFAULT = "analogy"
EBSYNTH = "ebsynth"

_ANALOGY = {"A": ("a",), "A'": ("a_prime",), "B": ("b",)}
_STYLE = {"STYLE": ("a", "a_prime"), "CONTENT": ("b",)}
_STYLE_LAYERS = ("block2_conv1", "block3_conv1", "block4_conv1")
_OLD_LAYERS = ("block3_conv1", "block4_conv1")  # image-analogies' and CNNMRF's

# Pixels without a network; what was there says nothing of what comes there.
_ANEW = {
    "transfer": "picture",
    "finish": "pixels",
    "coarse_side": 0,
    "analogy_w": 0.0,
    "a_scale_mode": "none",
    "uniformity": 0.003,
}

# Its weights of 1e-4 for the patches and 1e-3 for smoothness, times 1e4 and by our formulas.
_CNNMRF = {
    "match_mode": "layer",
    "model": "exact",
    "patch_size": 3,
    "patch_stride": 2,
    "iters": 5,
    "evaluations": 20,
    "analogy_w": 0.0,
    "mrf_w": 1.0,
    "mrf_layers": _OLD_LAYERS,
    "tv_w": 3.0,
    "a_scale_mode": "none",
}


@dataclass(frozen=True)
class Preset:
    """A kind of job.

    Attributes:
        help: what it makes, one line for `--help`.
        pictures: {name in the usage: what it stands for among a, a_prime, b, b_mask}, in order. The
            four names A A' B OUT are accepted with every preset. One alone has none of these: a
            field and a map.
        values: {option: value} where they differ from the defaults.
    """

    help: str
    pictures: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _ANALOGY)
    values: Mapping[str, Any] = field(default_factory=dict)

    def usage(self) -> str:
        """The names that it takes on a command line."""
        return " ".join([*self.pictures, "OUT"])


PRESETS = {
    "analogy": Preset("B changed as A was changed into A'; texture by numbers"),
    "style": Preset(
        "the content repainted with patches of the style",
        _STYLE,
        {
            "transfer": "picture",
            "init": "b",
            "votes": 0,
            "patch_size": 3,
            "analogy_layers": _STYLE_LAYERS,
            "mrf_layers": _STYLE_LAYERS,
            "b_content_w": 0.8,
            "content_layers": ("block3_conv1", "block4_conv1"),
        },
    ),
    "texture": Preset(
        "more of the example, at any --width and --height",
        {"EXAMPLE": ("a", "a_prime", "b")},
        {"transfer": "picture", "analogy_w": 0.0, "a_scale_mode": "none"},
    ),
    "fill": Preset(
        "what is white in MASK made anew from the rest of the picture",
        {"PICTURE": ("a", "a_prime", "b"), "MASK": ("b_mask",)},
        _ANEW,
    ),
    "tile": Preset(
        "the picture with bands along its sides made anew, so that it repeats without a seam",
        {"PICTURE": ("a", "a_prime", "b")},
        {**_ANEW, "tile": "both", "seam": 12.0},
    ),
    "repeat": Preset(
        "the patches of a run with --save-field, of another map of its A'",
        {"FIELD": ("field",), "MAP": ("map",)},
    ),
    "pixels": Preset(
        "B remade of pixels of A', without a network, as EbSynth does it",
        values={"transfer": "picture", "finish": "pixels", "coarse_side": 0},
    ),
    EBSYNTH: Preset(
        "the style put where --guide maps say, as EbSynth does it: STYLE OUT --guide A_MAP B_MAP W",
        {"STYLE": ("a", "a_prime")},
        {
            "transfer": "picture",
            "finish": "pixels",
            "coarse_side": 0,
            "analogy_w": 0.0,
            "a_scale_mode": "none",
        },
    ),
    "superres": Preset("B sharpened as the blurred A was into the sharp A'"),
    "recolor": Preset("gray B colored as the gray A was into A'"),
    "neural-style": Preset(
        "the content with the style's Gram matrices (Gatys et al.); no patches",
        _STYLE,
        {
            "transfer": "picture",
            "init": "b",
            "votes": 0,
            "analogy_w": 0.0,
            "mrf_w": 0.0,
            "b_content_w": 1.0,
            "content_layers": ("block4_conv1",),
            "nstyle_w": 1.0,
            "nstyle_layers": ("block1_conv1", *_STYLE_LAYERS),
            "tv_w": 1.0,
            "evaluations": 100,
        },
    ),
    "image-analogies": Preset(
        "as image-analogies (Wentz) made it: its losses, weights and settings",
        values={
            "match_mode": "layer",
            "model": "patchmatch",
            "patch_size": 1,
            "init": "noise",
            "iters": 5,
            "evaluations": 20,
            "analogy_layers": _OLD_LAYERS,
            "mrf_layers": _OLD_LAYERS,
            "tv_w": 1.0,
            "a_scale_mode": "none",
            "contrast": 0.02,
        },
    ),
    "cnnmrf": Preset(
        "the content repainted as CNNMRF (Li & Wand) did it: its losses, a field per layer",
        _STYLE,
        {
            **_CNNMRF,
            "init": "b",
            "rotations": 1,
            "rescales": 1,
            "b_content_w": 1.0,
            "content_layers": ("block4_conv2",),
        },
    ),
    "cnnmrf-texture": Preset(
        "more of the example as CNNMRF made it, at any --width and --height",
        {"EXAMPLE": ("a", "a_prime", "b")},
        {**_CNNMRF, "init": "noise"},
    ),
}


def with_preset(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options as they were given, before them the values of the preset that is among them."""
    name = given.get("preset", DEFAULT)
    preset = PRESETS.get(name) if isinstance(name, str) else None
    return {**(preset.values if preset else {}), **given}


def with_target(name: Any, slots: Mapping[str, Any], guides: Sequence[Any]) -> dict[str, Any]:
    """The pictures of a preset, B among them: where it takes none, the first guide's map of B.

    Args:
        name: of the preset.
        slots: a, a_prime and, where it is given, b.
        guides: checked, or sources of maps, B's last.

    Raises:
        InputError: there is no guide.
    """
    if "b" in slots:
        return dict(slots)
    if not guides:
        raise InputError(f"--preset {name} needs at least one --guide A_MAP B_MAP [WEIGHT]")
    return {**slots, "b": guides[0].maps[-1]}


def choose(given: Mapping[str, Any], a: Any, a_prime: Any, b: Any) -> tuple[dict[str, Any], str]:
    """Choose a preset by the pictures where none is given.

    A pair of one and the same picture has no change to carry over: what is wanted is its style,
    or, where B is that picture too, more of its texture.

    Args:
        given: options by name.
        a, a_prime, b: paths or arrays.

    Returns:
        the options with the preset's name among them, and a note, empty where there is nothing
        to say.
    """
    if "preset" in given or not _same(a, a_prime):
        return dict(given), ""
    if _same(a, b):
        name, which = "texture", "A, A' and B"
    else:
        name, which = "style", "A and A'"
    note = f"{which} are one picture: the preset {name} is used; the preset {DEFAULT} forbids it"
    return {**given, "preset": name}, note


def _same(one: Any, other: Any) -> bool:
    """Whether two paths, files' bytes or arrays hold one picture, as it shows undecoded."""
    if one is other:
        return True
    if all(isinstance(source, bytes | bytearray | memoryview) for source in (one, other)):
        return bytes(one) == bytes(other)
    if not all(isinstance(source, str | os.PathLike) for source in (one, other)):
        both = isinstance(one, np.ndarray) and isinstance(other, np.ndarray)
        return both and np.array_equal(one, other)
    try:
        paths = Path(expanded(one)), Path(expanded(other))
        if not all(path.is_file() for path in paths):
            return False
        if paths[0].samefile(paths[1]):
            return True
        same_length = paths[0].stat().st_size == paths[1].stat().st_size
        return same_length and paths[0].read_bytes() == paths[1].read_bytes()
    except (OSError, ValueError):  # told where the pictures are read
        return False
