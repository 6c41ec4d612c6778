"""The command in this process, on a run that computes nothing."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import fake_synthesis
import numpy as np
import pytest
from PIL import Image

from analogies.apps import command_line
from analogies.apps.arguments import PROGRAM
from analogies.options.table import Options
from analogies.runs.checkpoints import files as checkpoint_files

SIZE = (30, 40)  # Pillow's order


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Pictures a.png, ap.png, b.png; a run that yields made-up records."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VGG_WEIGHT_PATH", raising=False)
    for name, color in (("a", "red"), ("ap", "green"), ("b", "blue")):
        Image.new("RGB", SIZE, color).save(f"{name}.png")
    calls = []

    def synthesize(a, a_prime, b, options, *, init=None, carried=None, pairs=(), controls=None):
        calls.append(SimpleNamespace(a=a, b=b, options=options, init=init, pairs=pairs))
        height, width = options.height or 40, options.width or 30
        return fake_synthesis.records(options.scales, options.iters, (height, width))

    fake = SimpleNamespace(synthesize=synthesize)
    monkeypatch.setitem(sys.modules, "analogies.synthesis.loop", fake)
    monkeypatch.setitem(sys.modules, "analogies.images.resampling", fake_synthesis)
    return SimpleNamespace(path=tmp_path, calls=calls, fake=fake)


def command(*words):
    return command_line.main(["a.png", "ap.png", "b.png", *words])


def files(folder):
    return sorted(path.name for path in folder.path.iterdir() if path.suffix != "")


def test_a_result_and_its_record(folder, capsys):
    assert command("out.png", "--scales=2", "--seed=7", "--init=noise", "--device=cpu") == 0
    assert files(folder) == ["a.png", "ap.png", "b.png", "out.json", "out.png"]
    assert Image.open("out.png").size == SIZE
    record = json.loads((folder.path / "out.json").read_text())
    assert record["complete"] is True
    assert record["seed"] == 7
    assert (record["width"], record["height"]) == SIZE
    assert len(record["passes"]) == 2 * Options().iters
    assert record["passes"][0]["terms"] == {"analogy": 0.75, "mrf": 0.25}
    assert Options.parse(record["options"]) == Options(scales=2, seed=7, init="noise", device="cpu")
    digest = hashlib.sha256((folder.path / "b.png").read_bytes()).hexdigest()
    assert record["inputs"]["b"] == {"file": "b.png", "sha256": digest, "width": 30, "height": 40}
    assert {"analogies", "tensorflow", "keras", "numpy", "python"} <= set(record["versions"])
    assert {"read", "import", "save", "matching"} <= set(record["seconds"])
    streams = capsys.readouterr()
    assert streams.out == ""
    told = streams.err.splitlines()
    assert told[0] == "level 1/2, 16x20 px: 25% done"
    assert told[1] == "level 2/2, 30x40 px: 75% done"
    assert told[2:] == ["one note", "out.png, 30x40 px"]
    assert record["notes"] == ["one note"]


def test_a_prefix_gets_the_passes_too(folder):
    assert command("new/folder/out", "--scales=2", "--iters=1", "--quiet") == 0
    names = sorted(os.listdir("new/folder"))
    assert names == [
        "out.json",
        "out.png",
        "out_at_iteration_0_0.png",
        "out_at_iteration_1_0.png",
    ]
    assert Image.open("new/folder/out_at_iteration_0_0.png").size == (16, 20)
    assert names[-1] == "out_at_iteration_1_0.png"  # scripts copy the last of a listing


def test_passes_at_full_size(folder):
    assert command("out", "--output-full", "--height=80", "--width=50", "--quiet") == 0
    for name in files(folder):
        if name.startswith("out") and name.endswith("png"):
            assert Image.open(name).size == (50, 80)


def test_quiet_says_nothing_and_a_warning_is_one_line(folder, capsys):
    assert command("out.png", "--quiet", "--output-full") == 0
    assert capsys.readouterr().err == ""
    assert command("out.png", "--output-full") == 0
    assert capsys.readouterr().err.startswith("--output-full has no effect")


def test_each_option_without_effect_gets_one_line(folder, capsys):
    old = "--mrf-nnf-steps=5 --randomize-mrf-nnf --jitter=1 --use-full-analogy"
    layers = "--analogy-w=0 --analogy-layers=conv1_1"
    assert command("out.png", *old.split(), *layers.split()) == 0
    lines = capsys.readouterr().err.splitlines()
    names = [line.split()[0] for line in lines if " has no effect: " in line]
    expected = [word.split("=")[0] for word in [*old.split(), "--analogy-layers"]]
    assert sorted(names) == sorted(expected)


def test_one_picture_as_a_and_a_prime_is_a_style(folder, capsys):
    assert command_line.main(["a.png", "a.png", "b.png", "out.png", "--tv-w=0.25"]) == 0
    assert "A and A' are one picture: the preset style" in capsys.readouterr().err
    assert command_line.main(["--preset=style", "a.png", "b.png", "o2.png", "--tv-w=0.25"]) == 0
    assert folder.calls[0].options == folder.calls[1].options
    record = json.loads((folder.path / "out.json").read_text())
    assert record["options"]["preset"] == "style"
    assert Options.parse(record["options"]) == folder.calls[0].options
    assert command_line.main(["a.png", "a.png", "a.png", "out.png"]) == 0
    assert folder.calls[2].options == Options.parse({"preset": "texture"})
    assert command_line.main(["a.png", "a.png", "b.png", "out.png", "--preset=analogy"]) == 0
    assert folder.calls[3].options == Options()


def test_colors_of_b_are_kept(folder):
    assert command("out.png", "--preserve-color", "--quiet") == 0
    pixels = np.asarray(Image.open("out.png")).astype(float)
    assert (pixels[..., 2] >= pixels[..., 0]).all()  # blue
    luma = pixels @ [0.299, 0.587, 0.114]
    assert luma.min() == pytest.approx(60, abs=2)
    assert luma.max() == pytest.approx(180, abs=2)


def test_verbose_tells_each_pass(folder, capsys):
    assert command("out.png", "--verbose", "--scales=2", "--iters=1") == 0
    lines = capsys.readouterr().err.splitlines()
    assert "computing on " in lines[0]
    assert "level 1/2, pass 1/1, 16x20 px: loss 0.1 (analogy 0.75, mrf 0.25)" in lines[1]
    assert "level 2/2" in lines[2]
    assert lines[3:] == ["time: matching 1.5 s", "one note", "out.png, 30x40 px"]


def test_transparency_of_b_returns(folder):
    blue = Image.new("RGB", SIZE, "blue")
    mask = Image.linear_gradient("L").resize(SIZE)
    blue.putalpha(mask)
    blue.save("b.png")
    assert command("out", "--quiet") == 0
    np.testing.assert_array_equal(Image.open("out.png").getchannel("A"), mask)
    assert Image.open("out_at_iteration_0_0.png").mode == "RGBA"
    assert command("out.jpg", "--quiet") == 0


def test_contrast_stretches_the_result(folder):
    assert command("out.png", "--contrast=1", "--quiet") == 0
    assert Image.open("out.png").getextrema()[0] == (0, 255)
    assert command("out.png", "--quiet") == 0
    assert Image.open("out.png").getextrema()[0] == (60, 180)


def test_a_picture_to_start_from(folder):
    Image.new("RGB", (17, 19), (1, 2, 3)).save("earlier.png")
    assert command("out.png", "--init=earlier.png", "--quiet") == 0
    (call,) = folder.calls
    assert call.init.shape == (19, 17, 3)
    assert call.init[0, 0].tolist() == [1, 2, 3]
    assert command("out.png", "--init=noise", "--quiet") == 0
    assert folder.calls[1].init is None
    assert folder.calls[1].options.init == "noise"


def test_a_pair_has_a_mask(folder):
    Image.new("L", (20, 24), 255).save("m2.png")
    Image.new("RGB", (20, 24)).save("a2.png")
    words = "--pair a2.png a2.png --pair-mask m2.png --pair a2.png a2.png --quiet"
    assert command("out.png", *words.split()) == 0
    record = json.loads((folder.path / "out.json").read_text())
    assert record["inputs"]["a_mask2"]["file"] == "m2.png"
    assert "a_mask3" not in record["inputs"]
    pairs = (("a2.png", "a2.png", "m2.png"), ("a2.png", "a2.png"))
    assert Options.parse(record["options"]) == Options(pair=pairs, quiet=True)


def test_further_pairs(folder, capsys):
    for name, size in (("a2", (20, 24)), ("ap2", (20, 24)), ("a3", (50, 17)), ("ap3", (50, 18))):
        Image.new("RGB", size, (len(name), 2, 3)).save(f"{name}.png")
    assert command("out.png", "--pair", "a2.png", "ap2.png", "--pair", "a2.png", "a2.png") == 0
    (call,) = folder.calls
    assert [pair[0].shape for pair in call.pairs] == [(24, 20, 3)] * 2
    assert [pair[1][0, 0, 0] for pair in call.pairs] == [3, 2]
    record = json.loads((folder.path / "out.json").read_text())
    assert record["inputs"]["a_prime2"]["file"] == "ap2.png"
    assert record["inputs"]["a_prime3"]["file"] == "a2.png"
    pairs = (("a2.png", "ap2.png"), ("a2.png", "a2.png"))
    assert Options.parse(record["options"]) == Options(pair=pairs)
    capsys.readouterr()
    assert command("other.png", "--pair", "a2.png", "ap2.png", "--pair", "a3.png", "ap3.png") == 2
    told = capsys.readouterr().err
    assert "A and A' of pair 3 must have the same size: scale or crop one of them" in told
    assert "say A' to 50x17 px. Received: 'a3.png' of 50x17 px and 'ap3.png' of 50x18 px" in told
    assert command("other.png", "--pair", "a2.png", "none.png") == 2
    assert "A' of pair 2: " in capsys.readouterr().err
    assert command("ap2.png", "--pair", "a2.png", "ap2.png") == 2
    assert "overwrite an input (A' of pair 2)" in capsys.readouterr().err
    for words, told in (
        (["--pair", "a2.png"], "expected 2 arguments"),
        (["--pair-mask", "a2.png"], "--pair-mask FILE stands behind the --pair"),
    ):
        with pytest.raises(SystemExit):
            command("other.png", *words)
        assert told in capsys.readouterr().err
    assert not (folder.path / "other.png").exists()


def test_notes_on_pictures_are_told(folder, capsys):
    frames = [Image.new("RGB", SIZE, color) for color in ("blue", "red")]
    frames[0].save("b.gif", save_all=True, append_images=frames[1:])
    assert command_line.main(["a.png", "ap.png", "b.gif", "out.png"]) == 0
    assert "b.gif has several frames" in capsys.readouterr().err


def test_weights_named_by_the_environment(folder, monkeypatch, capsys):
    monkeypatch.setenv("VGG_WEIGHT_PATH", "nowhere.h5")
    assert command("out.png") == 2
    assert "nowhere.h5" in capsys.readouterr().err
    monkeypatch.setenv("VGG_WEIGHT_PATH", "")
    assert command("out.png") == 0


@pytest.fixture
def foreground():
    """A process in the background of a shell has SIGINT ignored, and so would have its tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(folder, number, after, words=("out.png",)):
    """Run and send a signal when `after` records have come."""

    def synthesize(a, a_prime, b, options, *, init=None, carried=None, pairs=(), controls=None):
        for count, record in enumerate(fake_synthesis.records()):
            if count == after:
                os.kill(os.getpid(), number)
            yield record

    folder.fake.synthesize = synthesize
    return command(*words)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_keeps_the_picture_so_far(folder, foreground, capsys, number, code):
    before = signal.getsignal(number)
    assert interrupted(folder, number, after=2) == code
    assert Image.open("out.png").size == SIZE
    record = json.loads((folder.path / "out.json").read_text())
    assert record["complete"] is False
    assert record["evaluations"] == 10
    assert "the picture so far is out.png" in capsys.readouterr().err
    assert signal.getsignal(number) is before


def test_an_early_interrupt_leaves_nothing(folder, foreground, capsys):
    assert interrupted(folder, signal.SIGINT, after=0, words=("out",)) == 130
    assert files(folder) == ["a.png", "ap.png", "b.png"]
    assert "before there was a picture" in capsys.readouterr().err


def test_a_run_that_was_stopped_is_gone_on_with(folder, foreground, capsys):
    words = ("out", "--checkpoint=kept", "--scales=2", "--iters=2", "--logdir=logs")
    assert interrupted(folder, signal.SIGINT, after=8, words=words) == 130
    assert "the picture so far is out.png; --resume goes on with it" in capsys.readouterr().err
    assert sorted(os.listdir("kept")) == ["checkpoint_0_1.npz", "checkpoint_0_2.npz"]
    assert command(*words) == 2
    assert "--checkpoint holds a run that was not finished" in capsys.readouterr().err
    assert command(*words, "--seed=1", "--resume") == 2
    assert "of another run: --seed was 0, is 1. Received" in capsys.readouterr().err
    carried = []

    def synthesize(*_, **given):
        carried.append(given["carried"])
        yield from list(fake_synthesis.records(2, 2, (40, 30)))[6:]

    folder.fake.synthesize = synthesize
    assert command(*words, "--resume") == 0
    assert (carried[0].level, carried[0].iteration, carried[0].evaluations) == (0, 2, 20)
    assert "goes on from kept/checkpoint_0_2.npz: level 1, 2 of its 2 passes" in (
        capsys.readouterr().err
    )
    record = json.loads((folder.path / "out.json").read_text())
    places = [(row["level"], row["iteration"]) for row in record["passes"]]
    assert places == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert not os.path.exists("kept")
    assert len(os.listdir("logs")) == 1


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(folder, capsys, monkeypatch):
    fsync, count = os.fsync, []

    def full(descriptor):
        count.append(descriptor)
        if len(count) > 2:  # the first checkpoint and its folder
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    assert command("out.png", "--checkpoint=kept") == 1
    told = capsys.readouterr().err.splitlines()
    (warning, *_) = [line for line in told if line.startswith("the checkpoint: ")]
    assert "cannot be written: No space left on device. " in warning
    assert "; kept/checkpoint_0_1.npz stays; the run goes on" in warning
    assert "out.png: cannot be written: No space left on device. " in told[-1]
    assert told[-1].endswith("; no folder takes it; --resume goes on with it")
    assert os.listdir("kept") == ["checkpoint_0_1.npz"]


@pytest.fixture
def small_disk(folder):
    """A file system of 64 kB."""
    disk = folder.path / "disk"
    disk.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_or_read_only_disk_is_said_in_one_line(small_disk, capsys):
    words = ("disk/out", "--scales=1", "--iters=3", "--quiet")
    assert command(*words, "--checkpoint=disk/kept") == 0
    (small_disk / "ballast").write_bytes(b"x" * 32_000)
    (small_disk / "out_at_iteration_0_2.png").unlink()
    assert command(*words, "--checkpoint=disk/kept", "--evaluations=1") == 1
    said = capsys.readouterr().err
    assert "disk/out.png: cannot be written: No space left on device" in said
    assert "; the picture is " in said
    assert said.count("\n") == 1
    assert Image.open("out.png").size == SIZE
    left = sorted(path.name for path in (small_disk / "kept").iterdir())
    assert left
    assert all(checkpoint_files.read(small_disk / "kept" / name) for name in left)
    assert not [path for path in small_disk.iterdir() if path.name.startswith(".")]
    (small_disk / "ballast").unlink()
    assert command(*words, "--checkpoint=disk/kept", "--evaluations=1", "--resume") == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    before = (small_disk / "out.png").read_bytes()
    assert command(*words) == 2
    assert "no permission to write into 'disk'" in capsys.readouterr().err
    assert (small_disk / "out.png").read_bytes() == before


def test_lack_of_memory_is_said(folder, capsys):
    def synthesize(*_, **__):
        raise MemoryError

    folder.fake.synthesize = synthesize
    assert command("out.png") == 1
    assert "not enough memory" in capsys.readouterr().err


DRIVER = """
import contextlib, io, json, sys
from analogies.apps.command_line import main
answers = []
for words in json.load(sys.stdin):
    stream = io.StringIO()
    with contextlib.redirect_stderr(stream):
        try:
            code = main(words)
        except SystemExit as error:
            code = error.code
    answers.append([code, stream.getvalue()])
heavy = [name for name in ("tensorflow", "keras", "rich") if name in sys.modules]
print(json.dumps([answers, heavy]))
"""

# Words behind three good pictures and an output, and a part of the one line they lead to.
BAD_WORDS = [
    ("--nope", "there is no option --nope"),
    ("--logdir ./out.png", "--logdir names the output, too"),
    ("--checkpoint out.json", "--checkpoint names the output, too"),
    ("--scales", "expected one argument"),
    ("--scales=0", "--scales must be"),
    ("--scales=x", "--scales must be"),
    ("--min-scale=1.5", "--min-scale must be"),
    ("--min-scale=0", "--min-scale must be"),
    ("--min-scale=nan", "--min-scale must be"),
    ("--iters=0", "--iters must be"),
    ("--evaluations=0", "--evaluations must be"),
    ("--height=8", "--height must be"),
    ("--height=-40", "--height must be"),
    ("--width=1e9", "--width must be"),
    ("--width=16.5", "--width must be"),
    ("--height=65000 --width=65000", "size is out of range"),
    ("--a-scale-mode=ratios", "--a-scale-mode must be one of"),
    ("--a-scale=0", "--a-scale must be"),
    ("--model=brutal", "--model must be one of"),
    ("--patch-size=0", "--patch-size must be"),
    ("--patch-size=99", "--patch-size must be"),
    ("--analogy-w=-1", "--analogy-w must be"),
    ("--analogy-w -1", "--analogy-w must be"),
    ("--analogy-w=0 --mrf-w=0", "are all 0"),
    ("--mrf-w=nan", "--mrf-w must be"),
    ("--tv-w=inf", "--tv-w must be"),
    ("--analogy-layers=conv9_9", "slim has no layer"),
    ("--mrf-layers=block3conv1", "--mrf-layers names no layer"),
    ("--analogy-layers=", "at least one layer"),
    ("--b-content-w=1 --content-layers=conv5_2", "slim has no layer"),
    ("--features=vgg16 --analogy-layers=conv3_4", "vgg16 has no layer"),
    ("--features=resnet", "--features must be one of"),
    ("--vgg-weights=missing.h5", "missing.h5"),
    ("--vgg-weights=a.png", "a.png"),
    ("--vgg-weights=empty.h5", "empty.h5"),
    ("--vgg-weights=.", "Received"),
    ("--vgg-weights=pickle.npz", "pickle.npz"),
    ("--pool-mode=min", "--pool-mode must be one of"),
    ("--init=missing.png", "--init: no such file"),
    ("--init=text.png", "--init: this is no image"),
    ("--seed=-1", "--seed must be"),
    ("--contrast=50", "--contrast must be"),
    ("--device=tpu", "--device must be"),
    ("--quiet --verbose", "cannot both"),
    ("--logdir=a.png", "is not a folder"),
    ("--checkpoint=a.png", "is not a folder"),
    ("--checkpoint=/proc/none", "cannot be written"),
    ("--resume", "--resume needs the folder"),
    ("--fit --checkpoint=kept", "--fit cannot be combined with a checkpoint"),
    ("extra.png", "Received beyond them: extra.png"),
]

# (A, A', B, out) and a part of the one line.
BAD_PATHS = [
    ("missing.png ap.png b.png out.png", "A: no such file"),
    ("a.png missing.png b.png out.png", "A': no such file"),
    ("a.png ap.png missing.png out.png", "B: no such file"),
    ("a.png ap.png", "missing: B, OUT"),
    ("a.png small.png b.png out.png", "must have the same size: scale or crop one of them"),
    ("a.png turned.png b.png out.png", "same size: one of them is turned by 90 degrees: turn it"),
    ("a.png ap.png text.png out.png", "B: this is no image"),
    ("a.png ap.png empty.png out.png", "B: the file is empty"),
    ("a.png ap.png truncated.png out.png", "B: the image cannot be decoded"),
    ("a.png ap.png folder out.png", "B: there are no pictures in this folder"),
    ("a.png ap.png pipe out.png", "B: this is a pipe"),
    ("a.png ap.png dot.png out.png", "at least 16 px"),
    ("a.png ap.png line.png out.png", "at least 16 px"),
    ("a.png ap.png deep.tif out.png", "gray values"),
    ("a.png ap.png b.png a.png", "would overwrite an input (A)"),
    ("a.png ap.png b.png ./folder/../b.png", "would overwrite an input (B)"),
    ("a.png ap.png b.png link.png", "would overwrite an input (A)"),
    ("a.png ap.png b.png hard.png", "would overwrite an input (A')"),
    ("a.png ap.png out_at_iteration_0_0.png out", "would overwrite an input (B)"),
    ("a.png ap.png b.png folder", "a file, not a folder"),
    ("a.png ap.png b.png folder/", "a file, not a folder"),
    ("a.png ap.png b.png out.gif", "can be written as"),
    ("a.png ap.png b.png a.png/out.png", "is not a folder"),
    ("a.png ap.png b.png pipe.png", "pipe or a device"),
    (f"a.png ap.png b.png {'n' * 300}", "too long"),
    ("a.png ap.png b.png /proc/none/out.png", "cannot be written"),
]


@pytest.fixture
def bad_files(folder):
    small = Image.new("RGB", (25, 40))
    small.save("small.png")
    Image.new("RGB", SIZE[::-1]).save("turned.png")
    for name, size in (("dot", (1, 1)), ("line", (5000, 1))):
        Image.new("L", size).save(f"{name}.png")
    (folder.path / "text.png").write_text("no picture " * 99)
    (folder.path / "empty.png").touch()
    (folder.path / "empty.h5").touch()
    (folder.path / "folder").mkdir()
    np.savez("pickle.npz", **{"block1_conv1/kernel": np.array([print], object)})
    Image.fromarray(np.full((20, 20), np.nan, np.float32)).save("deep.tif")
    os.mkfifo("pipe")
    os.mkfifo("pipe.png")
    os.symlink("a.png", "link.png")
    os.link("ap.png", "hard.png")
    Image.new("RGB", SIZE).save("out_at_iteration_0_0.png")
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save("whole.png")
    (folder.path / "truncated.png").write_bytes((folder.path / "whole.png").read_bytes()[:900])
    return folder


def test_bad_input_is_answered_before_tensorflow_in_one_line(bad_files):
    rows = [(f"a.png ap.png b.png out.png {words}".split(), text) for words, text in BAD_WORDS]
    rows += [(words.split(), text) for words, text in BAD_PATHS]
    before = sorted(os.listdir())
    answer = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps([words for words, _ in rows]),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    answers, heavy = json.loads(answer.stdout)
    assert heavy == []
    for (words, text), (code, said) in zip(rows, answers, strict=True):
        assert code == 2, (words, code, said)
        assert said.startswith(f"{PROGRAM}: error: "), (words, said)
        assert said.count("\n") == 1, (words, said)
        assert text in said, (words, said)
    assert sorted(os.listdir()) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(folder, capsys):
    (folder.path / "closed").mkdir(mode=0o500)
    assert command("closed/out.png") == 2
    assert "no permission" in capsys.readouterr().err
