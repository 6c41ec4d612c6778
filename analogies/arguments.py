"""The command line's arguments, made from the table of options."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from analogies.option_kinds import Kind
from analogies.options import defaults, kinds
from analogies.version import version

PROGRAM = "make_image_analogy.py"

_DESCRIPTION = """\
Make an image analogy: a picture B' such that A is to A' as B is to B'.

  make_image_analogy.py A A' B OUT

OUT with the suffix of an image (out.png) is the result. Without one it is a prefix:
out.png, and out_at_iteration_{scale}_{i}.png for each pass. OUT.json records the run.
"""

_EPILOG = """\
Layers are named block3_conv1, conv3_1 or relu3_1, several with commas between them.
Exit codes: 0 done, 2 something given cannot be used, 130 or 143 interrupted (the picture so far
is kept).
"""

# All options of image-analogies. Its users' scripts abbreviate them as argparse allows, and an
# option of ours must not make such an abbreviation ambiguous.
PREDECESSOR_OPTIONS = tuple(
    "--" + name.replace("_", "-")
    for name in (
        "help", "width", "height", "scales", "min_scale", "a_scale_mode", "a_scale",
        "output_full", "iters", "model", "mrf_nnf_steps", "randomize_mrf_nnf",
        "analogy_nnf_steps", "tv_w", "analogy_w", "analogy_layers", "use_full_analogy", "mrf_w",
        "mrf_layers", "b_content_w", "content_layers", "nstyle_w", "nstyle_layers",
        "patch_size", "patch_stride", "vgg_weights", "pool_mode", "jitter", "color_jitter",
        "contrast",
    )
)  # fmt: skip


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{PROGRAM}: error: {message} (see --help)\n")
        sys.exit(2)


def parse(argv: Sequence[str]) -> tuple[argparse.Namespace, dict[str, Any]]:
    """The four paths (a, a_prime, b, out), and the options that were given.

    Exits with 0 after --help and --version, and with 2 on bad usage.
    """
    namespace = build_parser().parse_args(expand_prefixes(argv))
    given = {name: getattr(namespace, name) for name in kinds() if hasattr(namespace, name)}
    return namespace, given


def build_parser() -> argparse.ArgumentParser:
    """A parser with one argument per option, in groups, none of them with a default."""
    parser = _Parser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [options] A A' B OUT",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("a", metavar="A", help="example before, say a label map of A'")
    parser.add_argument("a_prime", metavar="A'", help="example after, as large as A")
    parser.add_argument("b", metavar="B", help="picture to be changed as A was")
    parser.add_argument("out", metavar="OUT", help="picture to write, or prefix of its name")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {version()}")
    groups: dict[str, Any] = {}
    for name, kind in kinds().items():
        if kind.group not in groups:
            groups[kind.group] = parser.add_argument_group(kind.group)
        _add(groups[kind.group], name, kind)
    return parser


def spelled(name: str) -> str:
    """An option's name as on the command line."""
    return "--" + name.replace("_", "-")


def expand_prefixes(argv: Sequence[str]) -> list[str]:
    """Write out the abbreviations that image-analogies' parser understood.

    >>> expand_prefixes(["a.png", "--mode=brute", "--s", "3", "--seed=1", "--", "--s"])
    ['a.png', '--model=brute', '--scales', '3', '--seed=1', '--', '--s']
    """
    end = argv.index("--") if "--" in argv else len(argv)
    ours = {spelled(name) for name in kinds()} | {"--help", "--version"}
    return [_expand(word, ours) for word in argv[:end]] + list(argv[end:])


def _expand(word: str, ours: set[str]) -> str:
    name, equals, value = word.partition("=")
    if not name.startswith("--") or name in ours:
        return word
    meant = [option for option in PREDECESSOR_OPTIONS if option.startswith(name)]
    return meant[0] + equals + value if len(meant) == 1 else word


def _add(group: Any, name: str, kind: Kind) -> None:
    """Add one option; its value is kept as text, for `Options` to check."""
    if kind.type == "flag":
        group.add_argument(spelled(name), action="store_true", help=kind.help)
        return
    words = "{" + ",".join(kind.choices) + "}"
    metavar = kind.metavar or (words if kind.choices else name.upper())
    group.add_argument(spelled(name), metavar=metavar, help=_help(name, kind))


def _help(name: str, kind: Kind) -> str:
    default = defaults()[name]
    if isinstance(default, tuple):
        default = ",".join(default)
    tail = "" if default is None else f" (default: {default})"
    return (kind.help + tail).replace("%", "%%")
