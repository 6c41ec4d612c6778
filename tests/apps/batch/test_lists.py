"""A folder or a pattern as a list, in this process, on runs that compute nothing."""

import csv
import sys
from types import SimpleNamespace

import fake_synthesis
import pytest
from PIL import Image

from analogies.apps import command_line
from analogies.apps.batch.lists import listing
from analogies.errors import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """photos/ with pictures and other files, a.png and ap.png; runs that yield made-up records."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VGG_WEIGHT_PATH", raising=False)
    (tmp_path / "photos" / "more").mkdir(parents=True)
    names = ("p10.png", "p9.png", "P1.jpg", "x.gif", "x.webp", "more/p9.png", ".hidden.png")
    for name in names:
        Image.new("RGB", (30, 40), "blue").save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "notes.txt").write_text("no picture")
    for name, color in (("a", "red"), ("ap", "green")):
        Image.new("RGB", (30, 40), color).save(f"{name}.png")
    loop = SimpleNamespace(synthesize=lambda *given, **named: fake_synthesis.records(1, 1))
    monkeypatch.setitem(sys.modules, "analogies.synthesis.loop", loop)
    monkeypatch.setitem(sys.modules, "analogies.images.resampling", fake_synthesis)
    return tmp_path


def made(folder):
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".json"
    )


def test_every_picture_of_a_folder_is_made_under_its_name_in_natural_order(folder, capsys):
    words = ["--batch", "photos", "--a=a.png", "--a-prime=ap.png", "made"]
    assert command_line.main(words) == 0
    names = ["P1.jpg", "batch.summary.csv", "p10.png", "p9.png", "x.gif.png", "x.webp.png"]
    assert made(folder / "made") == names
    with open("made/batch.summary.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["out"] for row in rows] == [
        "P1.jpg",
        "p9.png",
        "p10.png",
        "x.gif.png",
        "x.webp.png",
    ]
    assert {row["status"] for row in rows} == {"done"}
    with Image.open("made/P1.jpg") as picture:
        assert picture.format == "JPEG"
    assert command_line.main(words) == 0
    assert "5 skipped" in capsys.readouterr().err


def test_a_pattern_keeps_the_folders_below_it(folder):
    words = ["--preset=style", "--a=a.png", "made"]
    assert command_line.main(["--batch", "photos/**/p*.png", *words]) == 0
    assert made(folder / "made") == ["batch.summary.csv", "more/p9.png", "p10.png", "p9.png"]


def test_rows_are_the_pictures_with_the_same_pair(folder):
    rows = listing("photos/p*.png", "a.png", "ap.png", "made").rows
    assert [row.pictures["b"] for row in rows] == ["photos/p9.png", "photos/p10.png"]
    assert {(row.pictures["a"], row.pictures["a_prime"]) for row in rows} == {("a.png", "ap.png")}
    assert [row.line for row in rows] == [1, 2]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (("photos", None, None, "made"), "needs --a A --a-prime A'"),
        (("photos", "a.png", "ap.png", None), "name the folder for the results"),
        (("photos/q*", "a.png", "ap.png", "made"), "no pictures whose names fit"),
        (("photos/more/..", "a.png", None, "photos"), "would be among the pictures"),
        (("list.csv", "a.png", "ap.png", None), "--a and --a-prime go with a folder"),
        (("list.csv", None, None, "made"), "'made' goes with a folder"),
    ],
)
def test_what_does_not_go_together_is_told(folder, given, problem):
    (folder / "list.csv").write_text("a,a_prime,b,out\na.png,ap.png,a.png,o.png\n")
    with pytest.raises(InputError, match=problem) as caught:
        listing(*given)
    assert "Received: " in str(caught.value)


def test_an_empty_folder_is_told(folder):
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures in this folder"):
        listing("empty", "a.png", "ap.png", "made")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--batch", "photos", "x.png", "y.png"], "a pattern needs quotes"),
        (["--a", "a.png", "a.png", "ap.png", "b.png", "o.png"], "--a goes with --batch"),
        (["--workers", "2", "a.png", "ap.png", "b.png", "o.png"], "--workers goes with --batch"),
    ],
)
def test_arguments_of_a_batch_need_one(folder, capsys, words, problem):
    with pytest.raises(SystemExit, match="2"):
        command_line.main(words)
    assert problem in capsys.readouterr().err


def test_addresses_are_for_workers(folder, capsys):
    (folder / "list.csv").write_text("a,a_prime,b,out\na.png,ap.png,a.png,memory://o.png\n")
    assert command_line.main(["--batch=list.csv"]) == 2
    assert "only --workers write to the address of a store" in capsys.readouterr().err
    assert not (folder / "memory:").exists()
