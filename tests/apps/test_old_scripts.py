"""The calls in image-analogies' example scripts, with a weight file as they use it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from types import SimpleNamespace

import fake_synthesis
import numpy as np
import pytest
from generated import convolutions, write_image_analogies
from PIL import Image

from analogies.apps import command_line

BRUTE = ("--model=brute", "--patch-size=3")
MODE = ("--analogy-layers=conv3_1,conv4_1", "--mode=brute", "--patch-size=3")
SWEEP = {f"mrf-{weight}": (f"--mrf-w={weight}", *BRUTE, "--height=320") for weight in (0.0, 1.5)}
LINES = {
    "render-example": {
        "analogy-only": ("--mrf-w=0", "--height=512", *BRUTE),
        "blend": ("--height=512", *BRUTE),
        "style-xfer": ("--analogy-w=0", "--b-content-w=1", "--mrf-w=1", "--height=512", *BRUTE),
        "texture": ("--analogy-w=0", "--height=512", *BRUTE),
    },
    "render-mrf-sweep": SWEEP,
    "sugar-skull": {
        "skull": ("--height=512", "--mrf-w=1.5", "--a-scale-mode=match", *BRUTE, "--contrast=1")
    },
    "texturize": {"texturized": ("--scales=3", "--analogy-w=0", *MODE, "--width=512")},
    "winterize": {"winterized": ("--scales=5", "--contrast=0.1", *MODE, "--width=512")},
    "gif-style": {
        "work": (
            *("--width=256", "--mrf-w=1.5", "--a-scale-mode=match", "--b-content-w=0"),
            *("--analogy-w=1", "--scales=1", "--min-scale=0.5", "--iters=2", "--contrast=0.5"),
            *BRUTE,
        )
    },
}
CALLS = [
    pytest.param(folder, line, id=f"{script}-{folder}")
    for script, calls in LINES.items()
    for folder, line in calls.items()
]
COMMON = ("--vgg-weights=vgg16_weights.h5", "--output-full")
SIDE = 40  # px instead of the hundreds of the scripts


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The part of the file that the layers need, with generated numbers."""
    path = tmp_path_factory.mktemp("weights") / "vgg16_weights.h5"
    write_image_analogies(path, convolutions("vgg16", 8))
    return path


@pytest.fixture
def folder(tmp_path, monkeypatch, weights):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VGG_WEIGHT_PATH", raising=False)
    os.link(weights, "vgg16_weights.h5")
    random = np.random.default_rng(0)
    for name, side in (("A", 40), ("Ap", 40), ("B", 48)):
        coarse = random.integers(0, 255, (side // 8, side // 8, 3), np.uint8)
        Image.fromarray(coarse).resize((side, side), Image.BICUBIC).save(f"{name}.jpg")
    return tmp_path


def small(line):
    """A line with the sizes of a test."""
    return [word.split("=")[0] + f"={SIDE}" if "ht=" in word or "th=" in word else word
            for word in line]  # fmt: skip


def call(name, line):
    pictures = ["A.jpg", "Ap.jpg", "B.jpg"]
    if name == "texturized":
        pictures = ["B.jpg"] * 3
    return command_line.main([*pictures, f"out/{name}/picture", *small(line), *COMMON])


def check(name, scales_at_least=1):
    """The last file of a listing is the last pass, or the whole result, which is the same."""
    names = sorted(os.listdir(f"out/{name}"))
    assert names[:2] == ["picture.json", "picture.png"]
    assert all(n.startswith("picture_at_iteration_") for n in names[2:])
    assert len(names) - 2 >= scales_at_least
    last, whole = (Image.open(f"out/{name}/{n}") for n in (names[-1], "picture.png"))
    assert last.size == whole.size == (SIDE, SIDE)
    np.testing.assert_array_equal(last, whole)


def locales():
    """Those at hand that sort in their own ways."""
    listed = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True).stdout
    return {"C"} | {name for name in listed.split() if name.startswith("en_US")}


@pytest.mark.parametrize(("name", "line"), CALLS)
def test_every_call_is_understood(name, line, folder, monkeypatch):
    calls = []

    def synthesize(a, a_prime, b, options, **_):
        calls.append(options)
        return fake_synthesis.records(options.scales, options.iters, (SIDE, SIDE))

    fake = SimpleNamespace(synthesize=synthesize)
    monkeypatch.setitem(sys.modules, "analogies.synthesis.loop", fake)
    monkeypatch.setitem(sys.modules, "analogies.images.resampling", fake_synthesis)
    assert call(name, line) == 0
    (options,) = calls
    assert (options.model, options.patch_size) == ("exact", 3)
    check(name, options.scales * options.iters)
    for sorting in locales():
        listing = ["ls", "-1", f"out/{name}"]
        listed = subprocess.run(
            listing,
            env={**os.environ, "LC_ALL": sorting},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert listed[-1] in (sorted(os.listdir(f"out/{name}"))[-1], "picture.png")


def test_a_call_makes_a_picture(folder):
    assert call("winterized", LINES["winterize"]["winterized"]) == 0
    check("winterized")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "line"), CALLS)
def test_every_call_makes_a_picture(name, line, folder):
    assert call(name, line) == 0
    check(name)


@pytest.mark.slow
def test_frames_one_after_another_by_the_command(folder):
    """As gif-style.sh has it: one folder of work for all frames, and the last file is copied."""
    os.makedirs("frames")
    for number, side in enumerate((48, 48)):
        picture = Image.open("B.jpg").rotate(90 * number).resize((side, side))
        picture.save(f"frames/{number:04d}.png")
    words = " ".join([*small(LINES["gif-style"]["work"]), *COMMON])
    script = f"""
        set -e
        mkdir processed
        for frame in frames/*.png; do
          make_image_analogy.py A.jpg Ap.jpg $frame out/work/picture {words}
          cp out/work/$(ls -1 out/work | tail -n 1) processed/$(basename $frame)
        done
    """
    path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
    subprocess.run(["bash", "-c", script], env={**os.environ, "PATH": path}, check=True)
    assert sorted(os.listdir("processed")) == ["0000.png", "0001.png"]
    pictures = [np.asarray(Image.open(f"processed/{name}")) for name in ("0000.png", "0001.png")]
    assert (pictures[0] != pictures[1]).any()
    np.testing.assert_array_equal(pictures[1], Image.open("out/work/picture_at_iteration_0_1.png"))
    shutil.rmtree("processed")
