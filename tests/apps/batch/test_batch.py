"""Batches of the command in this process, on runs that compute nothing."""

import csv
import json
import os
import signal
import sys
from types import SimpleNamespace

import fake_synthesis
import pytest
from PIL import Image

from analogies import images
from analogies.apps import command_line
from analogies.apps.batch import rows as batch_list
from analogies.errors import InputError
from analogies.files import write_atomically
from analogies.options.table import Options


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """lists/ with pictures a.png, ap.png, b.png and c.png; runs that yield made-up records."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VGG_WEIGHT_PATH", raising=False)
    (tmp_path / "lists").mkdir()
    for name, color in (("a", "red"), ("ap", "green"), ("b", "blue"), ("c", "white")):
        Image.new("RGB", (30, 40), color).save(f"lists/{name}.png")
    calls, trouble = [], {}

    def synthesize(a, a_prime, b, options, *, init=None, carried=None, pairs=(), controls=None):
        calls.append(options)
        if options.seed in trouble:
            raise trouble[options.seed]
        return fake_synthesis.records(1, 1, (options.height or 40, options.width or 30))

    monkeypatch.setitem(
        sys.modules, "analogies.synthesis.loop", SimpleNamespace(synthesize=synthesize)
    )
    monkeypatch.setitem(sys.modules, "analogies.images.resampling", fake_synthesis)
    return SimpleNamespace(path=tmp_path / "lists", calls=calls, trouble=trouble)


def batch(folder, text, *words):
    (folder.path / "list.csv").write_text(text)
    return command_line.main(["--batch=lists/list.csv", *words])


def summary(folder):
    with open(folder.path / "list.summary.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def test_one_fails_the_others_are_made_and_a_second_run_skips_them(folder, capsys):
    text = """a,a_prime,b,out,scales
a.png,ap.png,b.png,out/one.png,
a.png,ap.png,missing.png,out/two.png,
a.png,ap.png,c.png,out/three.png,2
"""
    assert batch(folder, text, "--scales=4") == 2
    assert [options.scales for options in folder.calls] == [4, 2]
    rows = summary(folder)
    assert [row["out"] for row in rows] == ["out/one.png", "out/two.png", "out/three.png"]
    assert [row["status"] for row in rows] == ["done", "failed", "done"]
    assert "missing.png" in rows[1]["message"]
    assert float(rows[0]["seconds"]) > 0
    errors = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(errors) == 1
    assert "line 3, out/two.png: B: no such file" in errors[0]
    record = json.loads((folder.path / "out" / "three.json").read_text())
    assert Options.parse(record["options"]) == Options(scales=2)

    assert batch(folder, text, "--scales=4") == 2
    assert len(folder.calls) == 2
    assert [row["status"] for row in summary(folder)] == ["skipped", "failed", "skipped"]


def test_checkpoints_of_each_row_are_its_own(folder):
    text = "a,a_prime,b,out,seed\na.png,ap.png,b.png,x/o.png,7\na.png,ap.png,b.png,y/o.png,\n"
    real, folder.trouble[7] = folder.trouble, MemoryError()
    assert batch(folder, text, "--checkpoint=kept") == 1
    assert [options.checkpoint for options in folder.calls] == ["kept/x_o", "kept/y_o"]
    real.clear()
    assert batch(folder, text, "--checkpoint=kept", "--resume") == 0
    assert not (folder.path.parent / "kept").exists()


def test_other_pictures_options_or_an_unfinished_run_are_made_again(folder):
    text = "a,a_prime,b,out\na.png,ap.png,b.png,o.png\n"
    record = folder.path / "o.json"
    for number, change in enumerate(
        (
            lambda: None,
            lambda: Image.new("RGB", (30, 40), "gray").save(folder.path / "b.png"),
            lambda: record.unlink(),
            lambda: record.write_text("[1]"),
            lambda: (folder.path / "o.png").unlink(),
            lambda: record.write_text(
                record.read_text().replace('complete": true', 'complete": 0')
            ),
        ),
        1,
    ):
        change()
        assert batch(folder, text, "--quiet") == 0
        assert len(folder.calls) == number
        assert summary(folder)[0]["status"] == "done"
        assert batch(folder, text) == 0
        assert len(folder.calls) == number
    assert batch(folder, text, "--seed=5") == 0
    assert len(folder.calls) == 7


def test_a_failure_of_the_machine_ends_only_its_row(folder, capsys):
    text = "a,a_prime,b,out,seed\na.png,ap.png,b.png,1.png,1\na.png,ap.png,b.png,2.png,2\n"
    folder.trouble[1] = RuntimeError("a broken\nmachine")
    assert batch(folder, text) == 1
    assert [row["status"] for row in summary(folder)] == ["failed", "done"]
    assert "line 2, 1.png: RuntimeError: a broken machine\n" in capsys.readouterr().err


def test_an_interruption_stops_and_is_told(folder):
    text = "a,a_prime,b,out,seed\n" + "".join(
        f"a.png,ap.png,b.png,{seed}.png,{seed}\n" for seed in (1, 2, 3)
    )
    from analogies.runs.machine.signals import Interrupted

    folder.trouble[2] = Interrupted(2)
    assert batch(folder, text) == 130
    assert [row["status"] for row in summary(folder)] == ["done", "interrupted", "waiting"]
    folder.trouble.clear()
    assert batch(folder, text) == 0
    assert [row["status"] for row in summary(folder)] == ["skipped", "done", "done"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_result_is_written_stops_before_the_next(folder, monkeypatch, number):
    before = signal.signal(number, signal.default_int_handler)  # shells may ignore it
    plain = images.write

    def disturbed(*given):
        os.kill(os.getpid(), number)
        plain(*given)

    monkeypatch.setattr(images, "write", disturbed, raising=False)
    text = "a,a_prime,b,out\n" + "".join(f"a.png,ap.png,b.png,{n}.png\n" for n in (1, 2))
    try:
        assert batch(folder, text) == 128 + number
        assert [row["status"] for row in summary(folder)] == ["done", "waiting"]
        assert json.loads((folder.path / "1.json").read_text())["complete"] is True
        words = [f"lists/{name}.png" for name in ("a", "ap", "b")]
        assert command_line.main([*words, "alone.png"]) == 0
    finally:
        signal.signal(number, before)


def test_presets_flags_and_empty_cells(folder):
    text = """a,a_prime,b,out,preset,--preserve-color,vgg-weights
a.png,,b.png,1.png,style,yes,
a.png,,,2.png,texture,no,
a.png,,b.png,3.png,,,
a.png,ap.png,,4.png,,maybe,
"""
    assert batch(folder, text, "--preserve-color") == 2
    styled, texture = folder.calls
    assert (styled.preset, styled.preserve_color) == ("style", True)
    assert (texture.preset, texture.preserve_color) == ("texture", False)
    messages = [row["message"] for row in summary(folder)]
    assert messages[2] == "the cell a_prime is empty"
    assert messages[3] == "preserve_color must be yes or no. Received: 'maybe'"


def test_outputs_are_kept_apart(folder):
    text = """a,a_prime,b,out
a.png,ap.png,b.png,o.png
a.png,ap.png,c.png,./o.png
a.png,ap.png,c.png,b.png
a.png,ap.png,c.png,list.csv
"""
    assert batch(folder, text) == 2
    assert [row["status"] for row in summary(folder)] == ["done", "failed", "failed", "done"]
    assert "an output of line 2, too" in summary(folder)[1]["message"]
    assert "a picture of line 2" in summary(folder)[2]["message"]
    assert (folder.path / "list.csv").read_text() == text
    assert (folder.path / "list.csv.png").is_file()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a,a_prime,b,out,scale\n1,2,3,4,5\n", "Did you mean scales"),
        ("a,a_prime,b,out,quiet\n1,2,3,4,yes\n", "quiet goes on the command line"),
        ("a,a_prime,b,out,a\n1,2,3,4,5\n", "the column a is there twice"),
        ("a,a_prime,b\n1,2,3\n", "no column out"),
        ("a,a_prime,b,out\n\n", "no rows"),
        ("", "the file is empty"),
    ],
)
def test_a_list_that_is_none(folder, capsys, text, problem):
    assert batch(folder, text) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert problem in line
    assert os.listdir(folder.path).count("list.summary.csv") == 0


def test_other_separators_and_marks_of_spreadsheets(folder):
    path = folder.path / "list.csv"
    path.write_bytes(
        "\ufeffA;A_prime;b;out;analogy-layers;;\r\na.png;ap.png;b.png;ö.png;conv1_1,conv2_1;;\r\n".encode()
    )
    (row,) = batch_list.read(str(path))
    assert row.out == "ö.png"
    assert row.pictures["b"] == os.path.join(folder.path, "b.png")
    assert row.options == {"analogy_layers": "conv1_1,conv2_1"}


LIST = "a,a_prime,b,out,scales\r\nä.png,ap.png,b.png,ö.png,2\r\n\r\na.png,ap.png,b.png,p.png,\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("head", ["", "sep=;\r\n", '"sep=;"\r\n', "SEP=;,,\n"])
@pytest.mark.parametrize("comma", [",", ";", "\t"])
def test_lists_as_spreadsheets_write_them(tmp_path, encoding, head, comma):
    comma = ";" if head else comma
    path = tmp_path / "list.csv"
    path.write_bytes((head + LIST.replace(",", comma)).encode(encoding))
    rows = batch_list.read(str(path))
    assert [row.out for row in rows] == ["ö.png", "p.png"]
    assert rows[0].pictures["a"] == str(tmp_path / "ä.png")
    assert rows[0].options == {"scales": "2"}
    assert [row.line for row in rows] == [line + bool(head) for line in (2, 4)]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (LIST.encode("cp1252"), "line 2 is not: save it as 'CSV UTF-8', or convert it, .* iconv"),
        (b"a,out\n\xff\xfe,x\n", "must be UTF-8 text"),
        (b"PK\x03\x04" + bytes(99), "is a spreadsheet .*: save it as CSV"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "is a spreadsheet of old Excel, not a text"),
        (b"a,out\nx.png,\0.png\n", "has bytes in it that are none"),
        (b'a,out\n"' + b"x" * 200_000 + b"\n", "line 2 is no row of a table"),
        (b"a,out\nx.png,~nobody-of-this-name/x.png\n", None),
    ],
)
def test_lists_that_are_no_text_are_refused_with_a_remedy(tmp_path, data, problem):
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    if problem is None:
        (row,) = batch_list.read(str(path))
        assert "there is no home folder" in row.problem
        return
    with pytest.raises(InputError, match=problem) as caught:
        batch_list.read(str(path))
    assert "\n" not in str(caught.value)
    assert f"Received: {str(path)!r}" in str(caught.value)


def test_a_summary_that_cannot_be_written_ends_nothing(folder, monkeypatch, capsys):
    plain = write_atomically

    def full(path, data):
        if str(path).endswith("summary.csv"):
            raise InputError(f"cannot be written: No space left on device. Received: {path!r}")
        plain(path, data)

    monkeypatch.setattr("analogies.apps.batch.runner.write_atomically", full)
    text = "a,a_prime,b,out\n" + "".join(f"a.png,ap.png,b.png,{n}.png\n" for n in (1, 2))
    assert batch(folder, text) == 1
    assert (folder.path / "2.png").is_file()
    *_, count, last = capsys.readouterr().err.splitlines()
    assert count == "2 done"
    assert "error: the summary cannot be written: No space left on device. Received: " in last


def test_a_picture_that_went_elsewhere_is_told_in_the_summary(folder, monkeypatch):
    plain = images.write

    def full(path, *pixels):
        if path.parent.name == "made":
            raise InputError("cannot be written: No space left on device")
        plain(path, *pixels)

    monkeypatch.setattr(images, "write", full, raising=False)
    text = "a,a_prime,b,out\na.png,ap.png,b.png,made/1.png\na.png,ap.png,b.png,2.png\n"
    assert batch(folder, text) == 1
    rows = summary(folder)
    assert [row["status"] for row in rows] == ["failed", "done"]
    assert rows[0]["message"].endswith("No space left on device; the picture is 1.png") or (
        rows[0]["message"].endswith(f"; the picture is {folder.path.parent / '1.png'}")
    )


def test_a_home_folder_in_a_list(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.path))
    text = "a,a_prime,b,out,init,logdir\n~/a.png,~/ap.png,b.png,~/made/o.png,~/c.png,~/logs\n"
    assert batch(folder, text, "--checkpoint=~/kept") == 0
    assert (folder.path / "made" / "o.png").is_file()
    assert list((folder.path / "logs").iterdir())
    assert folder.calls[0].checkpoint == str(folder.path / "kept" / "~_made_o")
    assert folder.calls[0].init == str(folder.path / "c.png")
    (folder.path / "other.csv").write_text("a,a_prime,b,out\na.png,ap.png,b.png,p.png\n")
    assert command_line.main(["--batch=~/other.csv"]) == 0
    assert (folder.path / "p.png").is_file()
    assert not (folder.path.parent / "~").exists()


def test_pictures_beside_a_list_are_an_error(folder, capsys):
    with pytest.raises(SystemExit, match="2"):
        command_line.main(["--batch", "lists/list.csv", "a.png", "b.png"])
    assert "takes no pictures beside the list" in capsys.readouterr().err


def test_guides_and_masks_of_a_row(folder):
    Image.new("L", (30, 40), 255).save("lists/white.png")
    text = """a,a_prime,b,out,preset,guide,guide2,a_mask
a.png,ap.png,b.png,1.png,,a.png; b.png,#00ff00; b.png; 0.5; white.png,white.png
a.png,,,2.png,ebsynth,ap.png;b.png;2,,
a.png,,,3.png,ebsynth,,,
a.png,ap.png,b.png,4.png,,a.png,,
"""
    assert batch(folder, text) == 2
    first, second = folder.calls
    here = "lists/"
    assert [guide.maps for guide in first.guide] == [
        (f"{here}a.png", f"{here}b.png"),
        ("#00ff00", f"{here}b.png"),
    ]
    assert first.guide_weights() == (1.0, 0.5)
    assert first.guide[1].mask == first.a_mask == f"{here}white.png"
    assert second.guide_weights() == (2.0,)
    messages = [row["message"] for row in summary(folder)]
    assert "--preset ebsynth needs at least one --guide" in messages[2]
    assert "guide must be A_MAP; B_MAP; WEIGHT; MASK. Received: 'a.png'" in messages[3]
    assert batch(folder, text) == 2
    assert [row["status"] for row in summary(folder)][:2] == ["skipped"] * 2
    again = text.replace("0.5", "0.7")
    assert batch(folder, again) == 2
    assert [row["status"] for row in summary(folder)][:2] == ["done", "skipped"]
