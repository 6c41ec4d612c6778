"""A feature model as a servable for TensorFlow Serving."""

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from analogies.errors import InputError
from analogies.features import weights as weight_files
from analogies.features.networks import NETWORKS, check_layers, layer_info

if TYPE_CHECKING:
    from analogies.apps.serving.feature_signatures import FeatureServable

LAYERS = "block3_conv1,block4_conv1"
WARMUP_SIDE = 64  # px


def main(argv: Sequence[str] | None = None) -> int:
    """Write a version of the servable; returns the exit code."""
    arguments = _parse(sys.argv[1:] if argv is None else argv)
    try:
        folder = export(
            arguments.folder,
            arguments.features,
            [name for name in arguments.layers.split(",") if name.strip()],
            arguments.vgg_weights,
            arguments.pool_mode,
            arguments.version,
        )
    except InputError as error:
        sys.stderr.write(f"export_feature_model.py: error: {error}\n")
        return 2
    print(folder)
    return 0


def export(
    folder: str,
    features: str | None,
    layers: Sequence[str],
    weights: str | None = None,
    pooling: str = "max",
    version: int | None = None,
) -> str:
    """Write a `FeatureModel` to `folder/version`.

    The signatures are `serving_default` (`images`: float32 `(n, h, w, 3)` in [0, 255]) and
    `image_bytes` (`image_bytes`: PNG or JPEG files, `size`: height and width to which they are
    resized, or 0 0 for those of the first). Both return one map per layer, under its name.

    Args:
        folder: of the servable; TensorFlow Serving's model base path.
        features: "slim", "vgg16", "vgg19", or None for what the weight file holds.
        layers: names of layers.
        weights: file of weights, as for `FeatureModel`.
        pooling: "max" or "avg".
        version: a number from 1 up; the next one when left out.

    Returns:
        path of the version.

    Raises:
        InputError: something given cannot be used.
    """
    if weights is not None:
        features = weight_files.inspect(weights, features).network
    features = features or "slim"
    check_layers(features, layers)
    if not layers:
        raise InputError("at least one layer must be asked for. Received: none")
    from analogies.runs.machine.device import start

    start("cpu")
    from analogies.features.vgg import FeatureModel

    model = FeatureModel(features, tuple(layers), weights, pooling)
    coarsest = max(layer_info(features, name).stride for name in layers)
    return str(_servable(model, coarsest).save(folder, version))


def _servable(model, coarsest: int) -> "FeatureServable":
    from analogies.apps.serving.feature_signatures import FeatureServable

    return FeatureServable(model, coarsest)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="export_feature_model.py",
        description="Write a feature model for TensorFlow Serving and print its folder.",
        allow_abbrev=False,
    )
    parser.add_argument("folder", metavar="DIR", help="model base path; DIR/N is written")
    parser.add_argument("--features", choices=tuple(NETWORKS), help="network (default: slim)")
    parser.add_argument("--layers", default=LAYERS, help="with commas (default: %(default)s)")
    parser.add_argument("--vgg-weights", metavar="FILE", help="weight file")
    parser.add_argument("--pool-mode", choices=("max", "avg"), default="max")
    parser.add_argument(
        "--version", type=int, metavar="N", help="version number (default: the next one)"
    )
    return parser.parse_args(argv)
