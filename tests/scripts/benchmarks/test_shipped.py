import argparse
import json
import subprocess

import numpy as np
import pytest
from PIL import Image

import gallery
from analogies.errors import InputError
from benchmarks import appearance, quality, shipped

PACKAGE = """
import numpy as np
from PIL import Image
def synthesize_texture(example, height, width, **options):
    picture = np.asarray(Image.open(example).convert("RGB"))
    assert options == {"preset": "texture", "seed": 3}, options
    return picture + np.uint8(1)
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A project of two commits; the earlier says "old"."""
    root = tmp_path / "repository"
    root.mkdir()
    named = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "-q", root], check=True)
    for word in ("old", "new"):
        (root / "word").write_text(word)
        subprocess.run(["git", "-C", root, "add", "."], check=True)
        subprocess.run(["git", "-C", root, *named, "commit", "-qm", word], check=True)
    monkeypatch.setattr(shipped, "ROOT", root)
    return root


@pytest.fixture
def program(monkeypatch):
    """The roots that programs were taken from; each makes its last given picture."""
    roots = []

    def timed(arguments, output, threads=None, root=None):
        roots.append(root)
        _, given, _, out = json.loads(arguments[-1])
        Image.open(given[-1]).save(out)
        return 0, {"wall": 2.0, "user": 1.0, "system": 0.5, "memory": 1.0}

    monkeypatch.setattr(shipped, "timed", timed)
    return roots


@pytest.fixture(autouse=True)
def judged(monkeypatch):
    """The mean differences to A' and to B, as coherence and structure."""

    def judge(result, a_prime, b=None):
        apart = [
            None if x is None else float(np.abs(result - 1.0 * x).mean()) for x in (a_prime, b)
        ]
        return appearance.Appearance(apart[0], 0.0, 0.0, apart[1])

    monkeypatch.setattr(appearance, "judge", judge)


def test_a_result_is_made_by_the_program_of_a_folder(tmp_path):
    (tmp_path / "analogies.py").write_text(PACKAGE)
    out = tmp_path / "out.png"
    found = shipped.measure(shipped.SHEETS["texture"], {"seed": 3}, out, tmp_path)
    example = np.asarray(Image.open(gallery.EXAMPLES / "texture.png").convert("RGB"))
    np.testing.assert_array_equal(np.asarray(Image.open(out)), example + np.uint8(1))
    assert found["coherence"] == np.abs(example - (example + np.uint8(1)) * 1.0).mean()
    assert found["structure"] is None
    assert found["cpu"] > 0


def test_what_a_failing_program_said_is_the_error(tmp_path):
    (tmp_path / "analogies.py").write_text("def synthesize_texture(*given, **options): 1 / 0")
    with pytest.raises(InputError, match="texture failed in") as caught:
        shipped.measure(shipped.SHEETS["texture"], {}, tmp_path / "out.png", tmp_path)
    assert "ZeroDivisionError" in str(caught.value)


def test_an_earlier_commit_is_checked_out_and_removed(repository):
    with shipped.checkout("HEAD~1") as folder:
        assert (folder / "word").read_text() == "old"
    assert not folder.exists()
    listed = subprocess.run(
        ["git", "-C", repository, "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert len(listed.stdout.splitlines()) == 1
    with shipped.checkout(None) as folder:
        assert folder is None


def test_an_unknown_commit_is_an_error(repository):
    with pytest.raises(InputError, match="nowhere"), shipped.checkout("nowhere"):
        pass


def test_both_programs_take_turns(repository, program, tmp_path, capsys):
    rows = shipped.measure_all(["landscape", "texture"], {}, "HEAD~1", str(tmp_path / "kept"))
    assert [(row["example"], row["commit"]) for row in rows] == [
        (name, commit) for name in ("landscape", "texture") for commit in ("today", "HEAD~1")
    ]
    assert program[0] == program[2] == repository != program[1]
    assert rows[0]["structure"] == 0 < rows[0]["coherence"]  # the "result" is B
    assert rows[2]["structure"] is None
    assert rows[2]["coherence"] == 0  # and A'
    assert {row["cpu"] for row in rows} == {1.5}
    assert len(list((tmp_path / "kept").iterdir())) == 4
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 5
    assert "structure" in printed[0]


def test_all_examples_are_sheets_of_the_gallery():
    assert shipped.known(None) == list(shipped.NAMES)
    assert set(shipped.NAMES) == set(shipped.SHEETS)
    assert shipped.known(["emblem"]) == ["emblem"]
    with pytest.raises(InputError, match="'landscpe'"):
        shipped.known(["landscpe"])


def test_the_table_prints_them(program, tmp_path):
    parser = argparse.ArgumentParser()
    quality.add_arguments(parser)
    file = tmp_path / "figures.json"
    argv = ["--only", "examples", "--examples", "texture", "--set", "seed=2", "--json", str(file)]
    quality.run(parser.parse_args(argv))
    document = json.loads(file.read_text())
    assert list(document) == ["examples"]
    assert document["examples"][0]["setting"] == "seed=2"
    for argv in (
        ["--only", "planted", "--against", "x"],
        ["--only", "examples", "--families", "x"],
    ):
        with pytest.raises(InputError, match="--only"):
            quality.run(parser.parse_args(argv))
