import argparse
import re
import sys

import pytest

from analogies.apps import usage
from analogies.apps.arguments import PREDECESSOR_OPTIONS, build_parser, expand_prefixes, parse
from analogies.options.kinds import spelled
from analogies.options.table import Options, kinds

PICTURES = ["a.png", "ap.png", "b.png", "out"]


FLAGS = ("--output-full", "--randomize-mrf-nnf", "--use-full-analogy")


class Loud(argparse.ArgumentParser):
    def error(self, message):
        raise argparse.ArgumentError(None, message)


def predecessor_parser():
    """image-analogies' own parser, as far as abbreviations go."""
    parser = Loud()
    for option in PREDECESSOR_OPTIONS:
        if option in FLAGS:
            parser.add_argument(option, action="store_true")
        elif option != "--help":
            parser.add_argument(option)
    return parser


def understood(parser, prefix):
    """The option that a parser takes a prefix for, or None where it is ambiguous."""
    for words in ([f"{prefix}=1"], [prefix]):
        try:
            values = vars(parser.parse_args(words))
        except argparse.ArgumentError:
            continue
        (name,) = [key for key, value in values.items() if value not in (None, False)]
        return "--" + name.replace("_", "-")
    return None


def test_every_abbreviation_of_image_analogies_means_the_same():
    parser = predecessor_parser()
    options = [option for option in PREDECESSOR_OPTIONS if option != "--help"]
    prefixes = {option[:length] for option in options for length in range(3, len(option) + 1)}
    meanings = {prefix: understood(parser, prefix) for prefix in prefixes}
    clear = {prefix: option for prefix, option in meanings.items() if option}
    assert len(clear) > 150
    for prefix, option in clear.items():
        assert expand_prefixes([prefix, f"{prefix}=1"]) == [option, f"{option}=1"]


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--mode=brute"], "model", "brute"),
        (["--scale=3"], "scales", "3"),
        (["--s", "3"], "scales", "3"),
        (["--w=64"], "width", "64"),
        (["--hei", "64"], "height", "64"),
        (["--a-scale=2"], "a_scale", "2"),
        (["--v", "x.h5"], "vgg_weights", "x.h5"),
        (["--i=4"], "iters", "4"),
        (["--o"], "output_full", True),
        (["--see=4"], "seed", "4"),
    ],
)
def test_abbreviations_reach_the_option(words, name, value):
    _, given = parse([*words, *PICTURES])
    assert given == {name: value}


def test_nothing_given_is_nothing_given():
    paths, given = parse(PICTURES)
    assert given == {}
    assert (paths.a, paths.a_prime, paths.b, paths.out) == tuple(PICTURES)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a ap b out --preset style", "a ap b out"),
        ("s --preset style c --seed 1 out", "s s c out"),
        ("--preset=texture t out", "t t t out"),
        ("--preset=texture a ap b out", "a ap b out"),
        ("a ap -- -b -out", "a ap -b -out"),
    ],
)
def test_pictures_of_presets(line, expected):
    paths, _ = parse(line.split())
    assert [paths.a, paths.a_prime, paths.b, paths.out] == expected.split()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a", "missing: A', B, OUT. A A' B OUT are needed."),
        (
            "a b",
            "for 2 names: --preset texture EXAMPLE OUT or B OUT --key N FILE where B moves. "
            "Received: a b",
        ),
        ("a b out", "missing: OUT. A A' B OUT are needed; for 3 names: --preset style"),
        ("--preset style", "missing: STYLE, CONTENT, OUT. STYLE CONTENT OUT are needed with"),
        ("--preset style s c", "missing: OUT"),
        ("--preset texture a b c", "3 names, and 2 are taken: EXAMPLE OUT. A name with"),
        ("a ap b out further", "5 names, and 4 are taken: A A' B OUT."),
        ("--seed 1 --", "missing: A, A', B, OUT"),
        ("--batch list.csv a b", "takes no pictures beside the list; a pattern needs quotes"),
        ("--preset foo a b", "--preset must be one of analogy, style"),
    ],
)
def test_too_few_or_too_many_pictures(line, message, capsys):
    refused(line.split(), message, capsys)


def refused(words, message, capsys):
    """The words are refused in one line that holds a message."""
    with pytest.raises(SystemExit) as ending:
        parse(words)
    told = capsys.readouterr()
    assert ending.value.code == 2
    assert message in told.err
    assert (told.out, told.err.count("\n")) == ("", 1)


def test_nothing_at_all_is_answered_with_the_usage(capsys):
    with pytest.raises(SystemExit) as ending:
        parse([])
    told = capsys.readouterr()
    assert (ending.value.code, told.out) == (2, "")
    assert "  make_image_analogy.py A A' B OUT\n" in told.err
    assert "--help" in told.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--scals=3"], "no option --scals. Did you mean --scales?"),
        (["--min_scale", "1"], "no option --min_scale. Did you mean --min-scale?"),
        (["-seed", "3"], "no option -seed. Did you mean --seed?"),
        (["--Preset", "style"], "no option --Preset. Did you mean --preset?"),
        (["--gpu"], "no option --gpu. Did you mean --device gpu?"),
        (["--xyzzy"], "there is no option --xyzzy. (see"),
        (["\u2014\u2014seed", "3"], "begins with two hyphens. Did you mean --seed?"),
        (["\u2013seed=3"], "begins with two hyphens. Did you mean --seed?"),
        (["--preset", "textur"], "Did you mean texture? Received: 'textur'"),
        (["--preset", "Style"], "Did you mean style? Received: 'Style'"),
        (["--preset", "neural"], "Did you mean neural-style? Received: 'neural'"),
        (["--mr=3"], "ambiguous option: --mr=3 could match"),
        (["--quiet=1"], "argument --quiet: ignored explicit argument '1'"),
        (["--seed"], "argument --seed: expected one argument"),
    ],
)
def test_wrong_options_and_what_they_resemble(words, message, capsys):
    refused([*PICTURES, *words], message, capsys)


def test_a_name_that_the_shell_cut_up_is_put_together(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my own picture.png").touch()
    words = ["a.png", "ap.png", "my", "own", "picture.png", "out.png"]
    refused(words, "need quotes. Did you mean 'my own picture.png'?", capsys)


def test_an_empty_name(capsys):
    refused(["a.png", "ap.png", "", "out.png"], "the name of B is empty", capsys)


def test_what_other_programs_say_is_answered_with_options_that_there_are():
    known = {spelled(name) for name in kinds()}
    for word, hint in usage._ELSEWHERE.items():
        assert word not in known
        named = [part for part in hint.split() if part.startswith("--")]
        assert set(named) <= known
        assert named or hint.startswith("OUT")


def told(words, capsys):
    with pytest.raises(SystemExit) as ending:
        parse(words)
    streams = capsys.readouterr()
    assert (ending.value.code, streams.err) == (0, "")
    return streams.out


@pytest.mark.parametrize("word", ["--help", "-h", "--hel"])
def test_the_help_fits_a_screen_and_leads_on(word, capsys):
    text = told([word], capsys)
    lines = text.splitlines()
    assert 24 <= len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert lines[2] == "  make_image_analogy.py A A' B OUT"
    assert "--help-all" in lines[-1]
    assert text.isascii()


def test_the_help_of_all_holds_that_of_most(capsys):
    short = told(["--help"], capsys)
    long = told(["--help-all"], capsys)
    options = set(re.findall(r"--[a-z-]+", short))
    assert len(options) > 10
    assert options <= set(re.findall(r"--[a-z-]+", long))
    assert len(long) > 5 * len(short)


def test_the_help_wins_over_what_stands_behind_it(capsys):
    assert told(["--help", "--scales"], capsys) == told(["--help"], capsys)


class Gone:
    """A stream whose reader has gone."""

    def write(self, text):
        raise BrokenPipeError

    flush = write


@pytest.mark.parametrize("stream", [Gone(), None])
@pytest.mark.parametrize("word", ["--help", "--help-all", "--version", "--wrong"])
def test_streams_that_take_nothing(stream, word, monkeypatch):
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    with pytest.raises(SystemExit) as ending:
        parse([word])
    assert ending.value.code == (2 if word == "--wrong" else 0)


def test_every_option_and_default_is_in_the_help():
    text = " ".join(build_parser().format_help().split())
    for name, kind in kinds().items():
        assert "--" + name.replace("_", "-") in text
        assert kind.group + ":" in text
    assert f"(default: {Options().scales})" in text


# The options of image-analogies' example scripts, as far as this program has them.
SCRIPT_LINES = [
    "--mrf-w=0 --height=512 --model=brute --patch-size=3 --vgg-weights=w.h5 --output-full",
    "--analogy-w=0 --b-content-w=1 --mrf-w=1 --height=512 --model=brute --patch-size=3",
    "--analogy-layers=conv3_1,conv4_1 --scales=3 --analogy-w=0 --mode=brute --patch-size=3",
    "--width=256 --mrf-w=1.5 --a-scale-mode=match --b-content-w=0 --analogy-w=1 --scales=1 "
    "--min-scale=0.5 --iters=2 --model=brute --patch-size=3 --contrast=0.5 --output-full",
]


@pytest.mark.parametrize("line", SCRIPT_LINES)
def test_lines_of_old_scripts_are_understood(line):
    _, given = parse([*PICTURES, *line.split()])
    Options.parse(given)
