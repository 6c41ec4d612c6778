import argparse

import pytest

from analogies.apps.arguments import PREDECESSOR_OPTIONS, build_parser, expand_prefixes, parse
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
        ("a b out", "required: OUT"),
        ("--preset style s c", "required: OUT"),
        ("--preset texture a b c", "unrecognized arguments: c"),
        ("--preset foo a b", "--preset must be one of analogy, style"),
    ],
)
def test_too_few_or_too_many_pictures(line, message, capsys):
    with pytest.raises(SystemExit):
        parse(line.split())
    assert message in capsys.readouterr().err


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
