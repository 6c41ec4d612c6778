"""How far the matches found on one network's features are the matches of a teacher.

For pictures i and j, the 3x3 patches of i are matched exactly in j by normalized
cross-correlation of the features under test. The agreement is the mean of the *teacher's*
correlation at those matches, as a share between random matches (0) and its own best ones (1).
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from analogies.errors import InputError
from analogies.features.networks import check_layers
from analogies.features.vgg import FeatureModel
from distillation.losses import patches
from distillation.pictures import list_pictures, read_fitted, split
from distillation.teachers import Teacher

Maps = Mapping[str, Any]

CHUNK = 1024  # query patches scored at once: bounds the memory of a score matrix


@dataclass(frozen=True)
class Agreement:
    """Mean correlations of the teacher: at the matches found, at random, at its own best."""

    reached: float
    chance: float
    best: float

    @property
    def share(self) -> float:
        """Agreement in [.., 1]: 0 is chance, 1 is the teacher itself."""
        return (self.reached - self.chance) / (self.best - self.chance)


def pair_correlations(query, reference, teacher_query, teacher_reference) -> np.ndarray:
    """Teacher's mean correlation over all patches of one picture in another.

    All four maps are (1, h, w, c), those of one picture on the same grid.

    Returns:
        float64 (3,): at the matches under test, at random, at the teacher's best matches.
    """
    ours = patches(query, 1)[0], ops.transpose(patches(reference, 1)[0])  # (P, 9c), (9c, R)
    theirs = patches(teacher_query, 1)[0], ops.transpose(patches(teacher_reference, 1)[0])
    total, rows = np.zeros(3), ours[0].shape[0]
    for start in range(0, rows, CHUNK):
        chunk = slice(start, start + CHUNK)
        found = ops.argmax(ops.matmul(ours[0][chunk], ours[1]), axis=-1)
        scores = ops.matmul(theirs[0][chunk], theirs[1])  # (CHUNK, R)
        reached = ops.take_along_axis(scores, found[:, None], axis=-1)
        best = ops.max(scores, axis=-1)
        total += [float(ops.sum(v)) for v in (reached, ops.mean(scores, axis=-1), best)]
    return total / rows


def evaluate(
    maps_of: Callable[[Any], Maps],
    teacher: Callable[[Any], Maps],
    pictures: Sequence[np.ndarray],
    layers: Sequence[str],
    partners: Sequence[int] = (1, 2),
) -> dict[str, Agreement]:
    """Agreement per layer over the pairs (i, i + d) of `pictures`, d in `partners`.

    Args:
        maps_of: float RGB (1, h, w, 3) in [0, 255] to {layer: (1, h', w', c)}, the model on trial.
        teacher: the same, the judge.
        pictures: uint8 (H, W, 3).
        layers: names that both return.
    """
    batches = [picture[None].astype("float32") for picture in pictures]
    judged = [teacher(batch) for batch in batches]
    tried = [
        {layer: _on_grid(value[layer], goal[layer]) for layer in layers}
        for value, goal in zip(map(maps_of, batches), judged, strict=True)
    ]
    results = {}
    for layer in layers:
        sums = np.zeros(3)
        for i in range(len(pictures)):
            for j in ((i + d) % len(pictures) for d in partners):
                sums += pair_correlations(
                    tried[i][layer], tried[j][layer], judged[i][layer], judged[j][layer]
                )
        results[layer] = Agreement(*(sums / (len(pictures) * len(partners))))
    return results


def rgb_maps(layers: Sequence[str]) -> Callable[[Any], Maps]:
    """The picture itself in the place of every layer."""
    return lambda images: dict.fromkeys(layers, ops.convert_to_tensor(images))


def _on_grid(value, goal):
    """`value` resized to the rows and columns of `goal`."""
    if value.shape[1:3] == goal.shape[1:3]:
        return value
    return ops.image.resize(value, goal.shape[1:3], antialias=True, data_format="channels_last")


def build_parser() -> argparse.ArgumentParser:
    """Command line of `scripts/evaluate_features.py`."""
    parser = argparse.ArgumentParser(
        prog="evaluate_features.py", description=__doc__, allow_abbrev=False
    )
    parser.add_argument(
        "models",
        nargs="*",
        default=["slim"],
        metavar="MODEL",
        help="slim (embedded), vgg16, vgg19, a weight file, random or rgb (default: slim)",
    )
    parser.add_argument("--teacher", action="append", required=True, metavar="FILE")
    parser.add_argument("--layers", nargs="+", default=["conv3_1", "conv4_1"])
    parser.add_argument("--images", type=Path, required=True, help="folder of pictures")
    parser.add_argument(
        "--held-out",
        type=int,
        default=24,
        help="pictures of the folder that training leaves out; 0 takes all (default: %(default)s)",
    )
    parser.add_argument("--validation", action="store_true", help="the validation pictures instead")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Prints a table in Markdown; returns the exit code."""
    options = build_parser().parse_args(argv)
    try:
        _print_table(options)
    except InputError as error:
        print(f"evaluate_features.py: {error}", file=sys.stderr)
        return 2
    return 0


def _print_table(options: argparse.Namespace) -> None:
    layers = check_layers("vgg19", options.layers)
    teacher = Teacher(options.teacher, layers)
    paths = list_pictures(options.images)
    if options.held_out:
        _, validation, test = split(paths, options.held_out)
        paths = validation if options.validation else test
    pictures = [read_fitted(path) for path in paths]
    for layer, origin in teacher.origin.items():
        print(f"{layer} judged by {origin} on {len(pictures)} pictures")
    print(f"| features | {' | '.join(layers)} |\n|---{'|---' * len(layers)}|")
    for model in options.models:
        results = evaluate(_maps_of(model, layers), teacher, pictures, layers)
        cells = [f"{results[layer].share:.3f}" for layer in layers]
        print(f"| {Path(model).name} | {' | '.join(cells)} |", flush=True)


def _maps_of(model: str, layers: Sequence[str]) -> Callable[[Any], Maps]:
    if model == "rgb":
        return rgb_maps(layers)
    if model == "random":
        keras.utils.set_random_seed(0)
        return FeatureModel("slim", layers, weights="random")
    if model in ("slim", "vgg16", "vgg19"):
        return FeatureModel(model, layers)
    return FeatureModel(None, layers, weights=model)
