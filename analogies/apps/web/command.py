"""The command `analogies-page`."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from analogies.apps.web.limits import LISTENING, Limits
from analogies.errors import InputError
from analogies.files import expanded
from analogies.runs.machine import streams
from analogies.runs.machine.versions import version

PROGRAM = "analogies-page"
_NEEDED = ("gradio", "uvicorn")

_LISTEN = (
    "Let other machines reach the page, at this address or at all of this machine (0.0.0.0). "
    f"Everyone who does can make pictures; pictures are then limited to {{}} MiB, "
    f"{LISTENING.picture_pixels / 1e6:.3g} megapixels and results of "
    f"{LISTENING.result_pixels / 1e6:.3g}, runs to {LISTENING.run_seconds:.0f} s."
).format(LISTENING.file_bytes // 2**20)


def run() -> NoReturn:
    """Entry point of the installed command."""
    streams.secure()
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Show the page until Ctrl-C.

    Args:
        argv: the arguments without the program's name.

    Returns:
        exit code: 0, or 2 where something given cannot be used or a package is missing.
    """
    asked = _parser().parse_args(argv)
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        return _failed(f"{missing[0]} is not installed; pip install 'analogies[web]' brings it")
    from analogies.apps.web.nets import Nets
    from analogies.apps.web.server import serve

    listening = asked.listen is not None
    if listening:
        sys.stderr.write(
            f"{PROGRAM}: warning: everyone who can reach {asked.listen} can make pictures here; "
            "nothing asks for a password\n"
        )
    try:
        nets = None if asked.nets is None else Nets(Path(expanded(asked.nets)))
        for said in nets.remarks() if nets else ():
            sys.stderr.write(f"{PROGRAM}: warning: {said}\n")
        folder = None if asked.folder is None else Path(expanded(asked.folder))
        serve(asked.listen or "127.0.0.1", asked.port, folder, listening, nets)
    except (InputError, OSError) as error:
        return _failed(str(error))
    return 0


def _failed(said: str) -> int:
    sys.stderr.write(f"{PROGRAM}: error: {said}\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    local = Limits()
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Show a page on this machine on which pictures are made and label maps "
        "painted, in a browser and offline. Pictures may have "
        f"{local.picture_pixels / 1e6:.3g} megapixels, results "
        f"{local.result_pixels / 1e6:.3g}; one run is made at a time.",
    )
    parser.add_argument("--port", type=_port, metavar="N", help="Port. Left out: 7860 or the next.")
    parser.add_argument("--listen", nargs="?", const="0.0.0.0", metavar="ADDRESS", help=_LISTEN)
    parser.add_argument(
        "--folder",
        help="Where the pictures of sessions lie while the page is shown, in a folder of its own "
        "that is removed at the end. Left out: the folder for temporary files.",
    )
    parser.add_argument(
        "--nets",
        metavar="FOLDER",
        help="Folder of networks that make_image_analogy.py --learn wrote, from which the tab Fast "
        "offers one.",
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {version()}")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) < 65536:
        raise argparse.ArgumentTypeError(f"must be between 0 and 65535. Received: {text!r}")
    return int(text)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    run()
