"""`--learn` and `--with` as a person types them."""

import numpy as np
import pytest
from PIL import Image

from analogies import FastAnalogy
from analogies.apps import command_line
from analogies.apps.arguments import parse
from analogies.runs.learning import learn, net_file
from analogies.runs.machine.device import start
from analogies.synthesis.student import drawn


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A, A', B with transparency, and a network that learned a little."""
    folder = tmp_path_factory.mktemp("fast")
    a = drawn.scene(96, 112, 3)
    Image.fromarray(a).save(folder / "a.png")
    Image.fromarray(255 - a).save(folder / "ap.png")
    b = np.dstack([drawn.scene(40, 52, 4), np.full((40, 52), 200, np.uint8)])
    Image.fromarray(b).save(folder / "b.png")
    Image.fromarray(drawn.scene(30, 36, 5)).save(folder / "b2.jpg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learn, "BATCH", 1)
        patch.setattr(learn, "CROP", 48)
        words = ["--learn", "net.keras", "a.png", "ap.png", "--learn-steps", "20", "--seed", "2"]
        patch.chdir(folder)
        assert command_line.main([*words, "--logdir", "logs"]) == 0
    return folder


@pytest.fixture(autouse=True)
def _there(folder, monkeypatch):
    monkeypatch.chdir(folder)


def test_what_is_kept_of_learning(folder):
    about = net_file.describe(folder / "net.keras")
    assert about["recipe"] == "one"
    assert about["options"]["seed"] == 2
    assert about["inputs"]["a"]["sha256"]
    assert about["versions"]["tensorflow"]
    assert (folder / "net.sample.png").exists()
    assert list((folder / "logs").rglob("events*"))
    with Image.open(folder / "net.sample.png") as sample:
        assert sample.size == (3 * 112, 96)


def test_one_picture_keeps_its_transparency(folder):
    assert command_line.main(["--with", "net.keras", "b.png", "one.png"]) == 0
    made = np.asarray(Image.open(folder / "one.png"))
    assert made.shape == (40, 52, 4)
    assert (made[..., 3] == 200).all()
    np.testing.assert_array_equal(made[..., :3], FastAnalogy("net.keras")("b.png"))
    assert command_line.main(["--with", "net.keras", "b.png", "small.png", "--width", "26"]) == 0
    assert Image.open(folder / "small.png").size == (26, 20)


def test_several_pictures_a_folder_and_a_list(folder):
    assert command_line.main(["--with", "net.keras", "b.png", "b2.jpg", "several"]) == 0
    assert sorted(x.name for x in (folder / "several").iterdir()) == ["b.png", "b2.jpg"]
    assert command_line.main(["--with", "net.keras", "several", "again"]) == 0
    assert len(list((folder / "again").iterdir())) == 2
    (folder / "list.csv").write_text("b,out\nb.png,listed/x.png\nb2.jpg,listed/y.webp\n")
    assert command_line.main(["--with", "net.keras", "--batch", "list.csv"]) == 0
    assert sorted(x.name for x in (folder / "listed").iterdir()) == ["x.png", "y.webp"]


def test_batches_are_their_pictures(folder):
    fast = FastAnalogy(folder / "net.keras")
    batch = np.stack([drawn.scene(24, 28, seed) for seed in range(3)])
    found = fast(batch)
    assert (found.shape, found.dtype) == (batch.shape, np.uint8)
    for one, b in zip(found, batch, strict=True):
        assert np.abs(one.astype(int) - fast(b)).max() <= 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--with", "net.keras", "b.png"], "takes B and OUT"),
        (["--with", "net.keras", "b.png", "b.png"], "overwrite an input"),
        (["--with", "net.keras", "b.png", "b2.jpg", "x.png"], "go to a folder"),
        (["--with", "net.keras", "b.png", "x.png", "--scales", "2"], "cannot be changed any more"),
        (["--with", "a.png", "b.png", "x.png"], "no network that this program has learned"),
        (["--with", "none.keras", "b.png", "x.png"], "no such file"),
        (["--with", "net.keras", "--learn", "x.keras", "b.png", "x.png"], "leave one of the two"),
        (["--learn", "x.keras", "a.png"], "takes A A'"),
        (["--learn", "x.keras", "a.png", "b.png"], "must have the same size"),
        (["--learn", "x.keras", "--preset", "style", "a.png", "b.png", "ap.png"], "takes STYLE"),
        (["--learn", "x.keras", "a.png", "ap.png", "--minutes", "0"], "must be a number above 0"),
        (["--minutes", "3", "a.png", "ap.png", "b.png", "x.png"], "belongs to --learn"),
    ],
)
def test_bad_usage_is_told_in_one_line(words, told, folder, capsys):
    before = {path.name for path in folder.iterdir()}
    try:
        code = command_line.main(words)
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr().err.strip()
    assert code == 2
    assert told in said
    assert "\n" not in said
    assert {path.name for path in folder.iterdir()} == before


def test_options_of_learning_are_parsed():
    paths, given = parse(
        ["--learn=n.keras", "a.png", "b.png", "--net-size", "large", "--seed", "3"]
    )
    assert (paths.learn, paths.a, paths.a_prime) == ("n.keras", "a.png", "b.png")
    assert paths.learning == {"net_size": "large"}
    assert given == {"seed": "3"}


start("cpu")
