"""What the command says of itself: a few lines, a screen, or everything."""

import difflib
import os
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from analogies.options.kinds import Kind
from analogies.options.presets import DEFAULT, PRESETS
from analogies.options.table import defaults

PROGRAM = "make_image_analogy.py"

LINES = """\
  make_image_analogy.py A A' B OUT
  make_image_analogy.py --preset style STYLE CONTENT OUT
  make_image_analogy.py --preset texture EXAMPLE OUT --width 512 --height 512
  make_image_analogy.py --batch LIST.csv
  make_image_analogy.py --batch FOLDER --a A --a-prime A' OUTFOLDER
"""

OUTPUTS = """\
OUT with the suffix of an image (out.png) is the result. Without one it is a prefix:
out.png, and out_at_iteration_{scale}_{i}.png for each pass. OUT.json records the run.
"""

DESCRIPTION = f"""\
Make an image analogy: a picture B' such that A is to A' as B is to B'.

{LINES}
{OUTPUTS}"""

# The options of the short help, in its order; what they are in the table is told there.
_COMMON = {
    "preset": "kind of job: {presets}",
    "speed": "fast, balanced or best",
    "width": "of the result; with one of the two B's proportions are kept",
    "height": "B's own size where neither is given",
    "match_color": "give A' the colors of B first",
    "preserve_color": "keep the colors of B",
    "seed": "another seed, another result",
    "device": "auto, cpu, gpu or gpu:N",
    "fit": "make the picture as large as fits into the memory",
    "checkpoint": "keep in this folder what it takes to go on after a stop",
    "resume": "go on from there",
    "quiet": "print nothing but errors",
    "verbose": "tell what is done, with sizes and timings",
}

_SHORT = """\
Make an image analogy: a picture B' such that A is to A' as B is to B'.

{lines}
A: example before, say a label map of A'. A': example after, of the same size.
B: picture to be changed as A was. OUT: picture to write, say out.png; out.json
beside it records the run.

{options}

Less work gives a quick look: --speed fast --height 256
--learn NET.keras A A' learns it once; --with NET.keras B OUT makes B' at once
--help-all has every option with its range and default, and the presets' values.
"""

EPILOG = """\
presets, the pictures they take and the options they stand for; A A' B OUT does with each of them:
{presets}

Layers are named block3_conv1, conv3_1 or relu3_1, several with commas between them.
Exit codes: 0 done, 2 something given cannot be used, 130 or 143 interrupted (the picture so far
is kept).
"""

# What other programs of this kind call it, and people type.
_ELSEWHERE = {
    "--content": "--preset style STYLE CONTENT OUT",
    "--content-image": "--preset style STYLE CONTENT OUT",
    "--content-weight": "--b-content-w",
    "--cpu": "--device cpu",
    "--gpu": "--device gpu",
    "--image-size": "--height or --width",
    "--iterations": "--evaluations",
    "--num-iterations": "--evaluations",
    "--output": "OUT, the last of the names",
    "--size": "--height or --width",
    "--steps": "--evaluations",
    "--style": "--preset style STYLE CONTENT OUT",
    "--style-image": "--preset style STYLE CONTENT OUT",
    "--style-weight": "--nstyle-w or --mrf-w",
    "--tv-weight": "--tv-w",
    "--weights": "--vgg-weights",
    "-o": "OUT, the last of the names",
}
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"  # word processors put them in place of -


def short_help(kinds: Mapping[str, Kind]) -> str:
    """What most people need, on one screen of 80 columns."""
    rows = []
    for name, text in _COMMON.items():
        option = " ".join(filter(None, ["--" + name.replace("_", "-"), _value(kinds[name])]))
        default = defaults()[name]
        tail = "" if default in (None, False, "off") else f" (default: {default})"
        words = text.format(presets=", ".join(PRESETS)) + tail
        first = f"  {option:<24}"
        rows += textwrap.wrap(
            words, 79, initial_indent=first, subsequent_indent=" " * 26, break_on_hyphens=False
        )
    return _SHORT.format(lines=LINES, options="\n".join(rows))


def _value(kind: Kind) -> str:
    if kind.type == "flag" or kind.bare:
        return ""
    metavar = kind.metavar or "WORD"
    return "WORD" if metavar.startswith("{") else metavar


def missing(given: Sequence[str], names: Sequence[str], preset: str) -> str:
    """Words for names that were not given.

    Args:
        given: the names that were.
        names: those that the preset takes, OUT among them.
        preset: its name.
    """
    lacking = ", ".join(names[len(given) :])
    takes = f"{' '.join(names)} are needed"
    if preset != DEFAULT:
        takes += f" with --preset {preset}"
    fewer = [
        f"--preset {name} {PRESETS[name].usage()}"
        for name in ("style", "texture")
        if preset == DEFAULT and len(PRESETS[name].pictures) + 1 == len(given)
    ]
    if preset == DEFAULT and len(given) == 2:
        fewer.append("B OUT --key N FILE where B moves")
    hint = f"; for {len(given)} names: {' or '.join(fewer)}" if fewer else ""
    return f"missing: {lacking}. {takes}{hint}. Received: {' '.join(given) or 'no names'}"


def superfluous(words: Sequence[str], names: Sequence[str]) -> str:
    """Words for more names than are taken; the parts of one with spaces are found."""
    for start in range(len(words)):
        for end in range(start + 2, len(words) + 1):
            joined = " ".join(words[start:end])
            if "\0" not in joined and os.path.exists(joined):
                return f"names with spaces need quotes. Did you mean {joined!r}?"
    extra = " ".join(words[len(names) :])
    return (
        f"{len(words)} names, and {len(names)} are taken: {' '.join(names)}. A name with spaces "
        f"needs quotes. Received beyond them: {extra}"
    )


def unknown(words: Sequence[str], options: Sequence[str]) -> str:
    """Words for options that there are not, with what they may have been meant for."""
    told = []
    for word in words:
        name = word.partition("=")[0]
        meant = meant_option(name, options)
        told.append(f"there is no option {name}." + (f" Did you mean {meant}?" if meant else ""))
    return " ".join(told)


def meant_option(name: str, options: Sequence[str]) -> str | None:
    """The option that a wrong one resembles, if any.

    >>> meant_option("--scals", ["--scales", "--seed"])
    '--scales'
    >>> meant_option("--gpu", ["--scales", "--seed"])
    '--device gpu'
    """
    plain = name.lower().replace("_", "-")
    bare = plain.lstrip("-" + _DASHES)
    for word in (plain, "--" + bare):
        if word in _ELSEWHERE:
            return _ELSEWHERE[word]
    close = difflib.get_close_matches("--" + bare, options, n=1, cutoff=0.7)
    return close[0] if close else None


def wrong_dash(words: Sequence[str], options: Sequence[str]) -> str | None:
    """Words for an option whose dashes are those of a word processor, if there is one."""
    for word in words:
        name = "--" + word.lstrip("-" + _DASHES).partition("=")[0]
        if word[:1] in tuple(_DASHES) and name in options and not os.path.exists(word):
            return f"an option begins with two hyphens. Did you mean {name}? Received: {word}"
    return None


def presets() -> str:
    """The table of presets for the long help."""
    lines = []
    for name, preset in PRESETS.items():
        lines.append(f"  {name} {preset.usage()}: {preset.help}")
        words = [
            f"--{option.replace('_', '-')} {as_text(value)}"
            for option, value in preset.values.items()
        ]
        lines += textwrap.wrap(
            " ".join(words),
            96,
            initial_indent=" " * 6,
            subsequent_indent=" " * 6,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def as_text(value: Any) -> str:
    """An option's value as it is given on a command line."""
    return ",".join(value) if isinstance(value, tuple) else f"{value}"
