"""The command line's arguments, made from the table of options."""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn

from analogies.options.kinds import Kind, OptionError, check, spelled
from analogies.options.presets import DEFAULT, PRESETS
from analogies.options.table import defaults, kinds
from analogies.runs.machine.versions import version

PROGRAM = "make_image_analogy.py"

_DESCRIPTION = """\
Make an image analogy: a picture B' such that A is to A' as B is to B'.

  make_image_analogy.py A A' B OUT
  make_image_analogy.py --preset style STYLE CONTENT OUT
  make_image_analogy.py --preset texture EXAMPLE OUT --width 512 --height 512
  make_image_analogy.py --batch LIST.csv

OUT with the suffix of an image (out.png) is the result. Without one it is a prefix:
out.png, and out_at_iteration_{scale}_{i}.png for each pass. OUT.json records the run.
"""

_PICTURES = (
    "A: example before, say a label map of A'; A': example after, as large as A; B: picture to be "
    "changed as A was; OUT: picture to write, or prefix of its name. Presets may take fewer."
)

_BATCH = (
    "Make many analogies: a table with the columns a, a_prime, b, out and any of the options below "
    "(scales, min_scale, ...), one analogy per row. Options given beside it hold where a row "
    "leaves the cell empty. Paths in the table start from its folder. Rows that are finished, of "
    "the same pictures and options, are skipped. LIST.summary.csv tells what became of each row."
)

_EPILOG = """\
presets, the pictures they take and the options they stand for; A A' B OUT does with each of them:
{presets}

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
    """The four paths (a, a_prime, b, out) or `batch`, a list; and the options that were given.

    Exits with 0 after --help and --version, and with 2 on bad usage.
    """
    parser = build_parser()
    end = argv.index("--") if "--" in argv else len(argv)  # behind it all are paths
    namespace = parser.parse_intermixed_args(expand_prefixes(argv[:end]))
    given = {name: getattr(namespace, name) for name in kinds() if hasattr(namespace, name)}
    words = [*getattr(namespace, "paths", ()), *argv[end + 1 :]]
    if hasattr(namespace, "batch"):
        if words:
            parser.error(f"--batch takes no pictures beside the list: {' '.join(words)}")
        return argparse.Namespace(batch=namespace.batch), given
    return _paths(parser, words, given.get("preset", DEFAULT)), given


def _paths(parser: argparse.ArgumentParser, words: list[str], name: str) -> argparse.Namespace:
    """What the words that are no options stand for with a preset."""
    try:
        preset = PRESETS[check("preset", name, kinds()["preset"])]
    except OptionError as error:
        parser.error(f"{spelled(error.name)} {error.problem}")
    pictures = preset.pictures
    if len(words) == len(PRESETS[DEFAULT].pictures) + 1:
        pictures = PRESETS[DEFAULT].pictures
    missing = [*pictures, "OUT"][len(words) :]
    if missing:
        parser.error(f"the following arguments are required: {', '.join(missing)}")
    extra = words[len(pictures) + 1 :]
    if extra:
        parser.error(f"unrecognized arguments: {' '.join(extra)}")
    *given, out = words
    slots = {
        slot: word for meant, word in zip(pictures.values(), given, strict=True) for slot in meant
    }
    return argparse.Namespace(**slots, out=out, batch=None)


def build_parser() -> argparse.ArgumentParser:
    """A parser with one argument per option, in groups, none of them with a default."""
    parser = _Parser(
        prog=PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG.format(presets=_presets()).replace("%", "%%"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [options] A A' B OUT",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("paths", nargs="*", metavar="PICTURE", help=_PICTURES)
    parser.add_argument("--batch", metavar="LIST.csv", help=_BATCH)
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {version()}")
    groups: dict[str, Any] = {}
    for name, kind in kinds().items():
        if kind.group not in groups:
            groups[kind.group] = parser.add_argument_group(kind.group)
        _add(groups[kind.group], name, kind)
    return parser


def _presets() -> str:
    """The table of presets for the help."""
    lines = []
    for name, preset in PRESETS.items():
        lines.append(f"  {name} {preset.usage()}: {preset.help}")
        words = [f"{spelled(option)} {_text(value)}" for option, value in preset.values.items()]
        lines += textwrap.wrap(
            " ".join(words),
            96,
            initial_indent=" " * 6,
            subsequent_indent=" " * 6,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def _text(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else f"{value}"


def expand_prefixes(argv: Sequence[str]) -> list[str]:
    """Write out the abbreviations that image-analogies' parser understood.

    >>> expand_prefixes(["a.png", "--mode=brute", "--s", "3", "--seed=1"])
    ['a.png', '--model=brute', '--scales', '3', '--seed=1']
    """
    ours = {spelled(name) for name in kinds()} | {"--batch", "--help", "--version"}
    return _fill_in([_expand(word, ours) for word in argv])


def _fill_in(argv: list[str]) -> list[str]:
    """Write out what options mean that stand without the value they may have.

    >>> _fill_in(["--match-color", "a.png", "--match-color", "histogram"])
    ['--match-color=covariance', 'a.png', '--match-color', 'histogram']
    """
    bare = {spelled(name): kind for name, kind in kinds().items() if kind.bare}
    filled = []
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        alone = word in bare and following not in bare[word].choices
        filled.append(f"{word}={bare[word].bare}" if alone else word)
    return filled


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
    if kind.type == "pairs":
        first, second = (kind.metavar or "ONE OTHER").split()
        group.add_argument(
            spelled(name), nargs=2, action="append", metavar=(first, second), help=kind.help
        )
        return
    words = "{" + ",".join(kind.choices) + "}"
    metavar = kind.metavar or (words if kind.choices else name.upper())
    group.add_argument(spelled(name), metavar=metavar, help=_help(name, kind))


def _help(name: str, kind: Kind) -> str:
    default = defaults()[name]
    tail = "" if default is None else f" (default: {_text(default)})"
    return (kind.help + tail).replace("%", "%%")
