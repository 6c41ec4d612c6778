"""A network that learned an analogy as a servable for TensorFlow Serving, and for phones."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from analogies.errors import InputError
from analogies.files import check_readable, check_writable

PROGRAM = "export_fast_analogy.py"
SIDE = 512  # px, of the pictures of a TFLite model
_FINISHED = ("preserve_color", "contrast")  # what is done to a picture outside of the network


def main(argv: Sequence[str] | None = None) -> int:
    """Write a version of the servable; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.folder is None and arguments.tflite is None:
            raise InputError("a folder or --tflite FILE is needed")
        if arguments.folder is not None:
            print(export(arguments.folder, arguments.net, arguments.version))
        if arguments.tflite is not None:
            size = (arguments.height or SIDE, arguments.width or SIDE)
            print(export_tflite(arguments.tflite, arguments.net, size))
    except InputError as error:
        sys.stderr.write(f"{PROGRAM}: error: {error}\n")
        return 2
    return 0


def export(folder: str | os.PathLike, net: str | os.PathLike, version: int | None = None) -> Path:
    """Write a network to `folder/version`.

    The signature `serving_default` takes `image_bytes`, one PNG or JPEG file or several of any
    sizes, and returns `b_prime_bytes`, as many PNG files; `images` takes `images`, float32
    `(n, h, w, 3)` in [0, 255], and returns `b_prime`, the same.

    Args:
        folder: of the servable; TensorFlow Serving's model base path.
        net: file that `--learn` wrote.
        version: a number from 1 up; the next one when left out.

    Returns:
        path of the version.

    Raises:
        InputError: the network cannot be used, or the folder not be written.
    """
    _check(net)
    from analogies.runs.machine.device import start

    start("cpu")
    from analogies.apps.serving.fast_signatures import FastServable

    return FastServable(net).save(folder, version)


def export_tflite(
    path: str | os.PathLike, net: str | os.PathLike, size: tuple[int, int] = (SIDE, SIDE)
) -> Path:
    """Write a network as a TFLite (LiteRT) model for pictures of one size.

    It takes float32 `(1, height, width, 3)` in [0, 255] and returns the same. What it makes is
    compared with the network before the file gets its name.

    Args:
        path: file to write.
        net: file that `--learn` wrote.
        size: (height, width) of the pictures, px.

    Raises:
        InputError: the network cannot be used, TensorFlow brings no converter, or the file cannot
            be written.
    """
    _check(net)
    check_writable(path)
    from analogies.runs.machine.device import start

    start("cpu")
    from analogies.apps.serving import fast_signatures

    return fast_signatures.write_tflite(Path(path), fast_signatures.FastServable(net), size)


def _check(net: str | os.PathLike) -> None:
    """The network can be exported.

    Raises:
        InputError: it cannot be read, or what it has learned is done outside of it in part.
    """
    check_readable(net)
    from analogies.runs.learning.fast_analogy import options_of
    from analogies.runs.learning.net_file import describe

    options = options_of(describe(net))
    for name in _FINISHED:
        if getattr(options, name):
            raise InputError(f"{name} cannot be exported. Received: {getattr(options, name)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Write a network that learned an analogy for TensorFlow Serving and print its "
        "folder; or as a TFLite (LiteRT) model for pictures of one size.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", help="model base path; DIR/N is written"
    )
    parser.add_argument(
        "--net", required=True, metavar="NET.keras", help="what --learn of the program wrote"
    )
    parser.add_argument(
        "--version", type=int, metavar="N", help="version number (default: the next one)"
    )
    parser.add_argument("--tflite", metavar="FILE", help="write a TFLite model")
    for name in ("height", "width"):
        parser.add_argument(
            f"--{name}", type=_side, metavar="PX", help=f"of its pictures (default: {SIDE})"
        )
    return parser


def _side(text: str) -> int:
    if not text.isdecimal() or not 16 <= int(text) <= 8192:
        raise argparse.ArgumentTypeError(f"must be 16 to 8192 px. Received: {text!r}")
    return int(text)
