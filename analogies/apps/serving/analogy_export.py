"""The whole image analogy as a servable for TensorFlow Serving."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from analogies.errors import InputError
from analogies.features.networks import check_layers
from analogies.options.table import LAYER, Options, kinds

# The seed is an input of the signature; of modes there is one.
_LEFT_OUT = ("init", "seed", "match_mode")


def main(argv: Sequence[str] | None = None) -> int:
    """Write a version of the servable; returns the exit code."""
    arguments = vars(_parser().parse_args(argv))
    folder, version = arguments.pop("folder"), arguments.pop("version")
    try:
        print(export(folder, version, arguments))
    except InputError as error:
        sys.stderr.write(f"export_analogy.py: error: {error}\n")
        return 2
    return 0


def export(
    folder: str | os.PathLike, version: int | None = None, options: Mapping[str, Any] | None = None
) -> Path:
    """Write an image analogy with its weights to `folder/version`.

    The signature `serving_default` takes `a_bytes`, `a_prime_bytes`, `b_bytes` (PNG or JPEG, A
    and A' of one size) and `seed`, and returns `b_prime_bytes`, a PNG. `first_pass` takes the
    same and returns intermediate results.

    Args:
        folder: of the servable; TensorFlow Serving's model base path.
        version: a number from 1 up; the next one when left out.
        options: any of `Options` that can be exported (`Kind.exported`), but no picture to start
            from. Random starts take their seed from the request.

    Returns:
        path of the version.

    Raises:
        InputError: something given cannot be used.
    """
    checked = Options.parse(options or {})
    if checked.vgg_weights is None:
        for layers in checked.layers().values():
            check_layers(checked.features or "slim", layers)
    from analogies.runs.machine.device import start

    start("cpu")
    from analogies.apps.serving.analogy_signatures import AnalogyServable

    return AnalogyServable(checked).save(folder, version)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="export_analogy.py",
        description="Write the image analogy for TensorFlow Serving and print its folder. The "
        "options are those of make_image_analogy.py and are fixed in the export.",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("folder", metavar="DIR", help="model base path; DIR/N is written")
    parser.add_argument(
        "--version", type=int, metavar="N", default=None, help="number (default: the next one)"
    )
    for name, kind in kinds().items():
        left_out = name in _LEFT_OUT or kind.group == LAYER or not kind.exported
        if left_out or (kind.runtime and name != "preset"):
            continue
        spelled, text = "--" + name.replace("_", "-"), kind.help.replace("%", "%%")
        if kind.type == "flag":
            parser.add_argument(spelled, action="store_true", help=text)
        else:
            words = "{" + ",".join(kind.choices) + "}" if kind.choices else None
            parser.add_argument(spelled, metavar=kind.metavar or words, help=text)
    parser.add_argument("--init", metavar="{auto,noise,b}", help="what the result starts from")
    return parser
