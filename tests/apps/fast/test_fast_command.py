"""`--learn` and `--with` as a person types them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from analogies import FastAnalogy
from analogies.apps import command_line
from analogies.apps.arguments import parse
from analogies.images.frames.source import open_frames
from analogies.runs.learning import course, net_file
from analogies.runs.machine.device import start
from analogies.runs.machine.signals import Interrupted
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
        patch.setattr(course, "BATCH", 1)
        patch.setattr(course, "CROP", 48)
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


@pytest.fixture(scope="module")
def shown(folder):
    """Four frames: as an animation, and in a folder as its decoder gives them."""
    pictures = [Image.fromarray(drawn.scene(24, 32, seed)) for seed in range(4)]
    first, *others = (x.quantize(32, dither=Image.Dither.NONE) for x in pictures)
    first.save(folder / "in.gif", save_all=True, append_images=others, duration=[50, 80, 120, 90])
    (folder / "frames").mkdir()
    found = [x.pixels.astype(np.uint8) for x in open_frames(folder / "in.gif").read(range(4))]
    for number, picture in enumerate(found):
        Image.fromarray(picture).save(folder / "frames" / f"{number:06}.png")
    return found


def of_folder(folder):
    return [np.asarray(Image.open(x)) for x in sorted(folder.glob("*.png"))]


@pytest.mark.parametrize("more", [[], ["--preserve-color"]])
def test_frames_are_what_the_network_makes_of_them(folder, shown, more):
    out = folder / f"apart{len(more)}"
    assert command_line.main(["--with", "net.keras", "in.gif", f"{out}/", *more]) == 0
    fast = FastAnalogy("net.keras")
    plain = [fast(x) for x in shown]
    fast.options = replace(fast.options, preserve_color=bool(more))
    wanted = [fast(x) for x in shown]
    assert bool(more) == (not np.array_equal(plain, wanted))
    np.testing.assert_array_equal(of_folder(out), wanted)
    record = json.loads(out.with_name(out.name + ".json").read_bytes())
    assert record["inputs"] == {"net": "net.keras", "b": "in.gif"}
    assert not out.with_name(out.name + ".frames").exists()
    pictures = folder / f"pictures{len(more)}"
    assert command_line.main(["--with", "net.keras", "frames", str(pictures), *more]) == 0
    assert not pictures.with_name(pictures.name + ".json").exists()
    np.testing.assert_array_equal(of_folder(pictures), wanted)


def test_animations_keep_their_lengths(folder, shown):
    words = ["--with", "net.keras", "in.gif", "out.gif"]
    assert command_line.main(words) == 0
    assert open_frames("out.gif").durations == (50, 80, 120, 90)
    assert command_line.main([*words[:-1], "half.apng", "--every", "2", "--frames", "0:2"]) == 0
    half = open_frames("half.apng")
    assert half.durations == (130, 210)
    fast = FastAnalogy("net.keras")
    for number, picture in zip((0, 2), half.read(range(2)), strict=True):
        np.testing.assert_array_equal(picture.pixels, fast(shown[number]))
    assert command_line.main(["--with", "net.keras", "frames", "of-folder.apng"]) == 0
    assert open_frames("of-folder.apng").count == 4


def test_one_frame_is_a_picture(folder, shown):
    wanted = FastAnalogy("net.keras")(shown[2])
    for b in ("in.gif", "frames"):
        out = f"frame-of-{b}.png"
        assert command_line.main(["--with", "net.keras", b, out, "--frame", "2"]) == 0
        np.testing.assert_array_equal(np.asarray(Image.open(out)), wanted)


def test_frames_go_on_behind_an_interruption(folder, shown, monkeypatch, capsys):
    words = ["--with", "net.keras", "frames", "stopped.apng"]

    def listened(self, done):
        if done.place == 1:
            raise Interrupted(2)

    with monkeypatch.context() as patched:
        patched.setattr("analogies.runs.monitors.frame_lines.FrameLines.__call__", listened)
        assert command_line.main(words) == 130
    assert open_frames("stopped.apng").count == 2
    assert command_line.main([*words, "--resume", "--seed", "9"]) == 2
    assert "--seed was 2, is 9" in capsys.readouterr().err
    assert command_line.main([*words, "--resume"]) == 0
    found = open_frames("stopped.apng")
    fast = FastAnalogy("net.keras")
    for picture, b in zip(found.read(range(4)), shown, strict=True):
        np.testing.assert_array_equal(picture.pixels, fast(b))
    assert not (folder / "stopped.apng.frames").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["in.gif", "x.gif", "--key", "0", "b.png"], "--key does not go with --with"),
        (["in.gif", "x.gif", "--coherence", "0.5"], "--coherence does not go with --with"),
        (["in.gif", "x.gif", "--contrast", "1"], "--contrast is measured on one picture"),
        (["in.gif", "x.gif", "--frames", "7:9"], "--frames must begin within the 4 frames"),
        (["in.gif", "in.gif"], "would overwrite B"),
        (["frames", "frames/000001.png", "--frame", "1"], "would overwrite an input"),
        (["frames", "x.png"], "go to a folder"),
        (["frames", "x/", "--frame", "1"], "x/"),
        (["b.png", "x.png", "--every", "2"], "--every beside --with is for a moving B"),
        (["b.png", "x.png", "--resume"], "--resume beside --with is for a moving B"),
    ],
)
def test_what_frames_cannot_be_is_told_in_one_line(words, told, folder, shown, capsys):
    test_bad_usage_is_told_in_one_line(["--with", "net.keras", *words], told, folder, capsys)


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
