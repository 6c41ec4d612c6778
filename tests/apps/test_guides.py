"""Guides on a command line."""

import pytest

from analogies.apps.guides import masks_of_pairs, taken
from analogies.errors import InputError


def test_guides_may_stand_before_and_behind_the_pictures():
    words = "--guide a.png b.png a.png ap.png b.png out.png --seed 3 --guide c.png d.png 2.5"
    rest, found = taken(words.split())
    assert rest == ["a.png", "ap.png", "b.png", "out.png", "--seed", "3"]
    assert found == [[["a.png"], "b.png", None, None], [["c.png"], "d.png", 2.5, None]]


def test_with_pairs_there_is_a_map_for_each():
    words = "--pair x y --guide a1 a2 b --pair u v"
    with pytest.raises(InputError, match="4 pictures"):
        taken(words.split())
    rest, found = taken(
        ["--pair", "x", "y", "--guide", "a1", "a2", "b", "3", "a", "ap", "b", "out"]
    )
    assert found == [[["a1", "a2"], "b", 3.0, None]]
    assert rest == ["--pair", "x", "y", "a", "ap", "b", "out"]


def test_a_mask_goes_to_the_guide_before_it():
    rest, found = taken(
        [
            "--guide",
            "a",
            "b",
            "--guide-mask",
            "m1",
            "--guide",
            "c",
            "d",
            "2",
            "--guide-mask=m2",
            "rest",
        ]
    )
    assert [guide[3] for guide in found] == ["m1", "m2"]
    assert rest == ["rest"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--guide a.png", "2 pictures, A_MAP and B_MAP.*Received: a.png"),
        ("--guide --seed 3", "Received: nothing"),
        ("--guide-mask m.png a b", "behind the --guide"),
        ("--guide a b --guide-mask m --guide-mask n", "behind the --guide"),
        ("--guide a b --guide-mask", "behind the --guide"),
    ],
)
def test_what_is_lacking_is_told(words, told):
    with pytest.raises(InputError, match=told):
        taken(words.split())


def test_a_mask_goes_to_the_pair_before_it():
    words = "--pair a2 ap2 --pair a3 ap3 --pair-mask m3 a ap --pair a4 ap4 b --pair-mask=m4 out"
    rest, found = masks_of_pairs(words.split())
    assert found == {1: "m3", 2: "m4"}
    assert " ".join(rest) == "--pair a2 ap2 --pair a3 ap3 a ap --pair a4 ap4 b out"


@pytest.mark.parametrize(
    "words",
    ["--pair-mask m --pair a2 ap2", "--pair a ap --pair-mask m --pair-mask n", "--pair-mask"],
)
def test_a_mask_of_no_pair_is_refused(words):
    with pytest.raises(InputError, match="--pair-mask FILE stands behind the --pair"):
        masks_of_pairs(words.split())
