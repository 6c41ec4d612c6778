"""The command line's arguments, made from the table of options."""

import argparse
import contextlib
import itertools
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TextIO

from analogies.apps import guides, moving, usage
from analogies.apps.fast import words as fast
from analogies.apps.usage import PROGRAM
from analogies.errors import InputError
from analogies.options.kinds import Kind, OptionError, check, spelled
from analogies.options.presets import DEFAULT, PRESETS
from analogies.options.sequences import moving_defaults, moving_kinds
from analogies.options.table import defaults, kinds
from analogies.runs.machine.versions import version

_PICTURES = (
    "A: example before, say a label map of A'; A': example after, as large as A; B: picture to be "
    "changed as A was; OUT: picture to write, or prefix of its name. Presets may take fewer."
)

_BATCH = (
    "Make many analogies: a table with the columns a, a_prime, b, out and any of the options below "
    "(scales, min_scale, ...), one analogy per row. Options given beside it hold where a row "
    "leaves the cell empty. Paths in the table start from its folder. Rows that are finished, of "
    "the same pictures and options, are skipped. LIST.summary.csv tells what became of each row. "
    "Or a folder of pictures, or a pattern in quotes such as 'photos/*.jpg': each of them is a B, "
    "with --a and --a-prime for all, and OUT is the folder for the results, which keep the names."
)
# Of a batch, beside the options of every run: {name: (placeholder, meaning)}.
_OF_BATCH = {
    "a": ("A", "With --batch of a folder or pattern: A for all of its pictures."),
    "a_prime": ("A'", "A' for all of them; presets of one picture take --a alone."),
    "workers": (
        "N|auto|ADDRESS",
        "With --batch, --learn or a moving B: so many processes of this machine; auto: the Ray "
        "cluster that this machine is in, or else as many processes as serve it; or the address of "
        "a cluster, as ray://head:10001. Needs pip install 'analogies[ray]'.",
    ),
    "per_worker": (
        "CORES",
        "Cores for each of the --workers, and a GPU where there are any. Left out: 2, or with "
        "--workers N as many as this machine has for each.",
    ),
}

_OF_OTHERS = ("workers", "per_worker")  # of these go beside --learn and a moving B, too
_KEYED = ("b", "out")  # what stands beside key frames
_BEHIND = {"pair": guides.PAIR_MASK, "guide": guides.MASK}  # each may have one of its own
_MASKS = {
    "pair": "Picture as large as the A of the --pair that it stands behind: only where it is white "
    "that pair is sampled.",
    "guide": "Picture as large as B, behind a --guide: how much that counts, all where it is "
    "white, not at all where it is black.",
}

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
        _write(sys.stderr, f"{PROGRAM}: error: {' '.join(message.split())} (see --help)\n")
        sys.exit(2)


class _Tell(argparse.Action):
    """An option that prints a text, made when it is wanted, and ends the program."""

    def __init__(self, *, text: Callable[[], str], **details: Any) -> None:
        super().__init__(nargs=0, **details)
        self.text = text

    def __call__(self, *_: Any) -> NoReturn:
        _write(sys.stdout, self.text())
        sys.exit(0)


def parse(argv: Sequence[str]) -> tuple[argparse.Namespace, dict[str, Any]]:
    """What is asked for, and the options that were given.

    The first has the four paths (a, a_prime, b, out); or `batch` and what belongs to one; or, where
    `learn` or `with_net` names a network, what `fast.words.understood` tells.

    Exits with 0 after --help and --version, and with 2 on bad usage.
    """
    if not argv:
        _write(sys.stderr, f"usage:\n{usage.LINES}({PROGRAM} --help tells more)\n")
        sys.exit(2)
    parser = build_parser()
    end = argv.index("--") if "--" in argv else len(argv)  # behind it all are paths
    try:
        rest, found = guides.taken(argv[:end])
        rest, masks = guides.masks_of_pairs(rest)
    except InputError as error:
        parser.error(str(error))
    argv, end = [*rest, *argv[end:]], len(rest)
    namespace, unknown = parser.parse_known_intermixed_args(expand_prefixes(argv[:end]))
    options = _options()
    if unknown:
        parser.error(usage.unknown(unknown, options))
    names = [*kinds(), *moving_kinds()]
    given = {name: getattr(namespace, name) for name in names if hasattr(namespace, name)}
    if found:
        given["guide"] = found
    for number, file in masks.items():
        given["pair"][number].append(file)
    words = [*getattr(namespace, "paths", ()), *argv[end + 1 :]]
    dashed = usage.wrong_dash(words[: len(words) - len(argv[end + 1 :])], options)
    if dashed:
        parser.error(dashed)
    net = fast.understood(namespace, words, given, parser.error)
    of_batch = {name: getattr(namespace, name, None) for name in _OF_BATCH}
    if net is not None:
        for name, value in of_batch.items():
            if value is not None and not (net.learn and name in _OF_OTHERS):
                parser.error(f"{spelled(name)} does not go with a network. Received: {value}")
        return argparse.Namespace(**{**of_batch, **vars(net)}), given
    if hasattr(namespace, "batch"):
        if len(words) > 1:
            parser.error(
                "--batch takes no pictures beside the list; a pattern needs quotes, --batch "
                f"'photos/*.jpg'. Received: {' '.join(words)}"
            )
        out = words[0] if words else None
        return argparse.Namespace(batch=namespace.batch, out=out, **of_batch), given
    if "key" in given and len(words) == len(_KEYED):
        paths = argparse.Namespace(**dict(zip(_KEYED, words, strict=True)), batch=None)
    else:
        paths = _paths(parser, words, given.get("preset", DEFAULT))
    for name, value in of_batch.items():
        if value is None:
            continue
        moves = "key" in given or moving.is_moving(getattr(paths, "b", ""), paths.out)
        if not moves or name not in _OF_OTHERS:
            others = ", with --learn --examples and with a moving B" if name in _OF_OTHERS else ""
            parser.error(f"{spelled(name)} goes with --batch{others}. Received: {value}")
        setattr(paths, name, value)
    for name in kinds().keys() & vars(paths).keys():  # a picture that is an option's, too
        given.setdefault(name, getattr(paths, name))
    return paths, given


def _paths(parser: argparse.ArgumentParser, words: list[str], name: str) -> argparse.Namespace:
    """What the words that are no options stand for with a preset."""
    try:
        name = check("preset", name, kinds()["preset"])
    except OptionError as error:
        parser.error(f"{spelled(error.name)} {error.problem}")
    pictures = PRESETS[name].pictures
    if len(words) == len(PRESETS[DEFAULT].pictures) + 1:
        pictures = PRESETS[DEFAULT].pictures
    names = [*pictures, "OUT"]
    if len(words) < len(names):
        parser.error(usage.missing(words, names, name))
    if len(words) > len(names):
        parser.error(usage.superfluous(words, names))
    if "" in words:
        parser.error(f"the name of {names[words.index('')]} is empty. Received: ''")
    *given, out = words
    slots = {
        slot: word for meant, word in zip(pictures.values(), given, strict=True) for slot in meant
    }
    return argparse.Namespace(**slots, out=out, batch=None)


def _write(stream: TextIO | None, text: str) -> None:
    """Write to a standard stream, which may be closed, and whose reader may be gone."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        stream.write(text)  # type: ignore[union-attr]
        stream.flush()  # type: ignore[union-attr]


def _options() -> list[str]:
    """Every option as it is spelled."""
    others = ["--batch", *map(spelled, _OF_BATCH), "--help", "--help-all", "--version"]
    of_moving = map(spelled, moving_kinds())
    return [*map(spelled, kinds()), *of_moving, *fast.NAMES, *_BEHIND.values(), *others]


def build_parser() -> argparse.ArgumentParser:
    """A parser with one argument per option, in groups, none of them with a default.

    Its help is that of --help-all.
    """
    parser = _Parser(
        prog=PROGRAM,
        description=usage.DESCRIPTION,
        epilog=usage.EPILOG.format(presets=usage.presets()).replace("%", "%%"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="%(prog)s [options] A A' B OUT",
        argument_default=argparse.SUPPRESS,
        add_help=False,
    )
    parser.add_argument("paths", nargs="*", metavar="PICTURE", help=_PICTURES)
    told: dict[str, tuple[str, Callable[[], str]]] = {
        "--help": ("Show what most people need.", lambda: usage.short_help(kinds())),
        "--help-all": ("Show this.", parser.format_help),
        "--version": ("Show the program's version.", lambda: f"{PROGRAM} {version()}\n"),
    }
    for name, (text, tell) in told.items():
        short = ["-h"] if name == "--help" else []
        parser.add_argument(*short, name, action=_Tell, text=tell, help=text)
    parser.add_argument("--batch", metavar="LIST.csv", help=_BATCH)
    for name, (metavar, text) in _OF_BATCH.items():
        parser.add_argument(spelled(name), metavar=metavar, help=text)
    fast.add_arguments(parser)
    groups: dict[str, Any] = {}
    for name, kind in {**kinds(), **moving_kinds()}.items():
        if kind.group not in groups:
            groups[kind.group] = parser.add_argument_group(kind.group)
        _add(groups[kind.group], name, kind)
        if name in _BEHIND:
            groups[kind.group].add_argument(_BEHIND[name], metavar="FILE", help=_MASKS[name])
    return parser


def expand_prefixes(argv: Sequence[str]) -> list[str]:
    """Write out the abbreviations that image-analogies' parser understood.

    >>> expand_prefixes(["a.png", "--mode=brute", "--s", "3", "--seed=1"])
    ['a.png', '--model=brute', '--scales', '3', '--seed=1']
    """
    ours = set(_options())
    return _fill_in([_expand(word, ours) for word in argv])


def _fill_in(argv: list[str]) -> list[str]:
    """Write out what options mean that stand without the value they may have.

    >>> _fill_in(["--match-color", "a.png", "--match-color", "histogram"])
    ['--match-color=covariance', 'a.png', '--match-color', 'histogram']
    """
    bare = {spelled(name): kind for name, kind in kinds().items() if kind.bare}
    filled = []
    for word, following in itertools.zip_longest(argv, argv[1:]):
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
    if kind.type == "guides":
        words = tuple((kind.metavar or "").split())
        group.add_argument(spelled(name), nargs=len(words), metavar=words, help=kind.help)
        return
    if kind.type == "pairs":
        first, second = (kind.metavar or "ONE OTHER").split()
        group.add_argument(
            spelled(name), nargs=2, action="append", metavar=(first, second), help=kind.help
        )
        return
    choices = "{" + ",".join(kind.choices) + "}"
    metavar = kind.metavar or (choices if kind.choices else name.upper())
    group.add_argument(spelled(name), metavar=metavar, help=_help(name, kind))


def _help(name: str, kind: Kind) -> str:
    default = {**defaults(), **moving_defaults()}[name]
    tail = "" if default in (None, ()) else f" (default: {usage.as_text(default)})"
    return (kind.help + tail).replace("%", "%%")
