"""Every write, rename, fsync, folder and listener fails once: the picture is made all the same."""

import builtins
import errno
import os
import signal
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import fake_synthesis
import numpy as np
import pytest
from PIL import Image

import analogies
from analogies.apps import command_line
from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs.checkpoints import files as checkpoint_files
from analogies.runs.machine import streams
from analogies.runs.machine.signals import Interrupted
from analogies.runs.monitors import LevelLines, ProgressBar, SavedIterations, TensorBoard
from analogies.runs.monitors import event_files as events
from analogies.runs.run import run

SIZE = (30, 40)  # Pillow's order
WORDS = ["made/out", "--checkpoint=kept", "--logdir=logs", "--scales=2", "--iters=1"]
ERRORS = (errno.ENOSPC, errno.EACCES, errno.ENOENT)
TINY = ["--votes=1", "--evaluations=2", "--patch-size=3", "--min-scale=0.5"]
LAYERS = ["--analogy-layers=conv1_1", "--mrf-layers=conv1_1"]
PIXELS = [np.full((40, 30, 3), color, np.uint8) for color in 200 * np.eye(3)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three pictures in the working folder; temporary files have a folder of their own."""
    (tmp_path / "work").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.delenv("VGG_WEIGHT_PATH", raising=False)
    for name, pixels in zip(("a", "ap", "b"), PIXELS, strict=True):
        Image.fromarray(pixels).save(f"{name}.png")
    return tmp_path


@pytest.fixture
def fake(monkeypatch):
    """A run that computes nothing; whether it was begun."""
    begun = []

    def synthesize(a, a_prime, b, options, *, init=None, carried=None, pairs=(), controls=None):
        begun.append(options)
        return fake_synthesis.records(options.scales, options.iters, SIZE[::-1])

    module = SimpleNamespace(synthesize=synthesize)
    monkeypatch.setitem(sys.modules, "analogies.synthesis.loop", module)
    monkeypatch.setitem(sys.modules, "analogies.images.resampling", fake_synthesis)
    return SimpleNamespace(begun=begun, module=module)


class Faults:
    """Calls of the file system that change something, of which some fail.

    Args:
        fails: (how many such calls there were before, what and where) -> whether this one fails.
        number: of the error.
    """

    def __init__(self, fails, number):
        self.fails, self.number, self.calls = fails, number, []

    def patch(self, monkeypatch):
        for name in ("replace", "fsync", "mkdir", "unlink", "rmdir", "ftruncate"):
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name)))
        plain_open, low_open = builtins.open, os.open

        def opened(file, mode="r", *rest, **details):
            if not set(mode) & set("wxa+") or not isinstance(file, str | os.PathLike):
                return plain_open(file, mode, *rest, **details)
            self.check("open", file)
            stream = plain_open(file, mode, *rest, **details)
            return Stream(stream, self) if "b" in mode else stream

        def low(path, flags, *rest, **details):
            if flags & (os.O_WRONLY | os.O_RDWR):
                self.check("open", path)
            return low_open(path, flags, *rest, **details)

        monkeypatch.setattr(builtins, "open", opened)
        monkeypatch.setattr(os, "open", low)
        return self

    def check(self, what, where):
        at = len(self.calls)
        self.calls.append((what, str(where)))
        if self.fails(at, *self.calls[-1]):
            raise OSError(self.number, os.strerror(self.number))

    def _wrapped(self, name, function):
        def checked(*given, **details):
            where = given[1] if name == "replace" else given[0]
            if isinstance(where, int):
                where = os.readlink(f"/proc/self/fd/{where}")
            self.check(name, where)
            return function(*given, **details)

        return checked


class Stream:
    """A file of which a write may fail, half done."""

    def __init__(self, stream, faults):
        self._stream, self._faults = stream, faults

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stream.close()

    def write(self, data):
        try:
            self._faults.check("write", self._stream.name)
        except OSError:
            self._stream.write(data[: len(data) // 2])
            raise
        return self._stream.write(data)


def command(*words):
    return command_line.main(["a.png", "ap.png", "b.png", *words])


def tried(monkeypatch, fails, number, *words):
    """Run with faults; returns them and the exit code."""
    with monkeypatch.context() as patched:
        faults = Faults(fails, number).patch(patched)
        code = command(*words)
    return faults, code


def clean(folder):
    """Remove what runs have made."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.name in ("work", "temporary", "a.png", "ap.png", "b.png"):
            continue
        path.rmdir() if path.is_dir() else path.unlink()


def pictures(folder):
    """The whole results, by name; nothing under a final name is half done."""
    found = []
    for path in folder.rglob("*.png"):
        image = Image.open(path)
        image.load()
        if path.name.startswith("out") and "_at_" not in path.name and image.size == SIZE:
            found.append(path)
    return found


def assert_kept(folder, code, said, begun):
    """There is a picture, or something to go on from; and the last line says where."""
    assert "Traceback" not in said
    assert "Error:" not in said, said  # the name of a Python exception
    lines = said.splitlines()
    if not begun:
        assert code == 2, said
        assert lines[-1].startswith("make_image_analogy.py: error: ")
        return
    (picture,) = pictures(folder)
    if code == 0:
        assert picture.name == "out.png"
        assert lines[-1] == "made/out.png, 30x40 px"
        return
    assert code == 1, said
    assert f"; the picture is {picture}" in lines[-1] or (
        f"; the picture is {picture.relative_to(folder / 'work')}" in lines[-1]
    )
    assert lines[-1].endswith("; --resume goes on with it")
    for path in checkpoint_files.files_in(folder / "work" / "kept"):
        checkpoint_files.read(path)


@pytest.mark.parametrize("number", ERRORS)
def test_each_call_of_the_file_system_fails_once(folder, fake, monkeypatch, capsys, number):
    faults, code = tried(monkeypatch, lambda *_: False, number, *WORDS)
    assert code == 0
    kinds = {what for what, _ in faults.calls}
    assert kinds == {"open", "write", "fsync", "replace", "mkdir", "unlink", "rmdir", "ftruncate"}
    assert len(faults.calls) > 40
    codes = []
    for which in range(len(faults.calls)):
        clean(folder)
        fake.begun.clear()
        capsys.readouterr()
        _, code = tried(monkeypatch, lambda at, *_, which=which: at == which, number, *WORDS)
        assert_kept(folder, code, capsys.readouterr().err, fake.begun)
        codes.append(code)
        assert len(list((folder / "work" / "made").glob(".*"))) <= 1  # could not be removed
    assert codes.count(0) > len(codes) / 2
    assert 1 in codes
    assert 2 in codes


@pytest.mark.parametrize("number", ERRORS)
@pytest.mark.parametrize("places", [("made",), ("made", "work")])
def test_a_place_that_fails_for_good(folder, fake, monkeypatch, capsys, number, places):
    def fails(at, what, where):
        return bool(fake.begun) and any(f"/{place}/" in os.path.abspath(where) for place in places)

    _, code = tried(monkeypatch, fails, number, *WORDS)
    said = capsys.readouterr().err
    assert code == 1
    assert_kept(folder, code, said, fake.begun)
    (picture,) = pictures(folder)
    assert picture.parent.name == ("work" if places == ("made",) else "temporary")


def test_no_place_at_all(folder, fake, monkeypatch, capsys):
    def fails(at, what, where):
        return bool(fake.begun) and what in ("write", "open")

    _, code = tried(monkeypatch, fails, errno.EROFS, *WORDS)
    said = capsys.readouterr().err.splitlines()
    assert code == 1
    assert "made/out.png: cannot be written: Read-only file system" in said[-1]
    assert "; no folder takes it" in said[-1]
    assert pictures(folder) == []
    with monkeypatch.context() as patched:
        Faults(lambda *_: len(fake.begun) > 1, errno.EROFS).patch(patched)
        picture = analogies.make_analogy("a.png", "ap.png", "b.png", out="made/out.png", scales=2)
    assert picture.shape == (40, 30, 3)


def test_a_rescued_picture_replaces_nothing(folder, fake, monkeypatch, capsys):
    (folder / "work" / "made").mkdir()
    for name in ("made/out.png", "out.png", "out-1.png"):
        (folder / "work" / name).write_bytes(b"another's")
    _, code = tried(
        monkeypatch, lambda at, what, where: what == "write" and "/made/" in where, 28,
        "made/out.webp",
    )  # fmt: skip
    assert code == 1
    assert "; the picture is " in capsys.readouterr().err
    assert (folder / "work" / "out-2.png").is_file()
    for name in ("made/out.png", "out.png", "out-1.png"):
        assert (folder / "work" / name).read_bytes() == b"another's"


def test_a_signal_comes_at_each_call(folder, fake, monkeypatch, capsys):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells may ignore it
    try:
        faults, _ = tried(monkeypatch, lambda *_: False, 0, *WORDS)
        codes = []
        for which in range(len(faults.calls)):
            clean(folder)
            fake.begun.clear()
            capsys.readouterr()

            def interrupt(at, *_, which=which):
                if at == which:
                    os.kill(os.getpid(), signal.SIGINT)
                return False

            _, code = tried(monkeypatch, interrupt, 0, *WORDS)
            codes.append(code)
            said = capsys.readouterr().err
            last = said.splitlines()[-1]
            assert "Traceback" not in said
            if not fake.begun:
                assert code == 130
                assert last.endswith(": interrupted before there was a picture")
                continue
            (picture,) = pictures(folder)
            assert picture == folder / "work" / "made" / "out.png"
            if code == 130:
                assert last.endswith("the picture so far is made/out.png; --resume goes on with it")
            else:  # it was done, all but tidied up
                assert (code, last) == (0, "made/out.png, 30x40 px")
            assert not list((folder / "work").rglob(".analogies-*"))
    finally:
        signal.signal(signal.SIGINT, before)
    assert set(codes) == {0, 130}


LISTENERS = {
    LevelLines: ["out.png"],
    SavedIterations: ["out"],
    TensorBoard: ["out.png", "--logdir=logs"],
    checkpoint_files: ["out.png", "--checkpoint=kept"],
}


@pytest.mark.parametrize("listener", LISTENERS, ids=lambda listener: listener.__name__)
def test_each_call_of_a_listener_fails_once(folder, fake, monkeypatch, capsys, listener):
    import tensorflow as tf

    name = "write" if listener is checkpoint_files else "__call__"
    plain, words = getattr(listener, name), [*LISTENERS[listener], "--scales=2", "--iters=1"]
    errors = [MemoryError("m"), OSError(28, "full"), ValueError("two\nlines"), AssertionError()]
    errors.append(tf.errors.ResourceExhaustedError(None, None, "disk"))
    told = 0
    for error in errors:
        for which in range(7):
            calls = []

            def failing(*given, calls=calls, which=which, error=error):
                calls.append(given)
                if len(calls) == which + 1:
                    raise error
                return plain(*given)

            clean(folder)
            with monkeypatch.context() as patched:
                patched.setattr(listener, name, failing)
                assert command(*words) == 0
            assert Image.open("out.png").size == SIZE
            said = capsys.readouterr().err
            assert "memory;" not in said
            assert said.splitlines()[-1] == "out.png, 30x40 px"
            told += said.count("; the run goes on")
    calls_of_a_run = 2 if listener is checkpoint_files else 7
    assert told == len(errors) * calls_of_a_run


def test_a_log_that_cannot_be_begun(folder, fake, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(events, "text_summary", full)
    monkeypatch.setattr("analogies.runs.monitors.tensorboard.text_summary", full)
    assert command("out.png", "--logdir=logs") == 0
    said = capsys.readouterr().err
    assert "TensorBoard: No space left on device; the run goes on without" in said


def test_listeners_of_a_program_that_fail(fake, caplog):
    entered = []

    class Unenterable:
        def __enter__(self):
            raise OSError(5, "no terminal")

        def __exit__(self, *_):
            entered.append("left")

        def __call__(self, record):
            entered.append("called")

    class Unleavable(Unenterable):
        def __enter__(self):
            return self

        def __exit__(self, *_):
            raise SystemExit(1)

    job = jobs.plan(*PIXELS, None, Options(scales=1))
    outcome = run(job, [Unenterable(), Unleavable(), lambda record: 1 / 0])
    assert outcome.picture.shape == (40, 30, 3)
    assert entered == ["called"] * 4
    assert outcome.log.last.kind == "done"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (MemoryError(), 1, "error: not enough memory; "),
        (RuntimeError("a\nb"), 1, "error: RuntimeError: a b; "),
        (Interrupted(2), 130, ": interrupted; "),
        (Interrupted(15), 143, ": interrupted; "),
    ],
)
def test_what_ends_a_run_leaves_the_picture_so_far(folder, fake, capsys, error, code, said):
    def synthesize(*_, **__):
        yield from list(fake_synthesis.records(2, 2, SIZE[::-1]))[:4]
        raise error

    fake.module.synthesize = synthesize
    assert command("out.jpg", "--checkpoint=kept") == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert said in last
    assert last.endswith("; the picture so far is out.jpg; --resume goes on with it")
    assert Image.open("out.jpg").size == SIZE
    assert len(os.listdir("kept")) == 1
    with pytest.raises(type(error)) as caught:
        analogies.make_analogy(*PIXELS, out="python.png")
    assert "the picture so far is python.png" in caught.value.__notes__
    (folder / "work" / "list.csv").write_text("a,a_prime,b,out\na.png,ap.png,b.png,c.png\n")
    assert command_line.main(["--batch=list.csv"]) == code
    assert "the picture so far is c.png" in (folder / "work" / "list.summary.csv").read_text()


def test_what_fails_when_a_picture_is_finished(folder, fake, monkeypatch, capsys):
    def fails(*_):
        raise MemoryError

    monkeypatch.setattr("analogies.images.stretch_contrast", fails, raising=False)
    assert command("out.png", "--checkpoint=kept") == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "not enough memory; " in last
    assert "; the picture so far is out.png" in last
    assert Image.open("out.png").size == SIZE
    assert os.listdir("kept")


def test_a_real_run_on_a_disk_that_fails(folder, monkeypatch, capsys):
    words = [*WORDS, *TINY, *LAYERS, "--device=cpu"]
    begun = []

    def fails(at, what, where):
        if "_at_iteration_0" in where or "checkpoint_1" in where:
            begun.append(where)
        return bool(begun) and "/kept" not in where and "kept/" not in where

    _, code = tried(monkeypatch, lambda *given: fails(*given) and "made" in given[2], 28, *words)
    said = capsys.readouterr().err
    assert_kept(folder, code, said, True)
    assert code == 1
    rescued = next(iter(pictures(folder))).read_bytes()
    assert command(*words, "--resume") == 0
    assert (folder / "work" / "made" / "out.png").read_bytes() == rescued


def test_the_bar_may_lose_its_terminal(folder, fake, monkeypatch, capsys):
    reader, writer = os.pipe()
    os.close(reader)
    job = jobs.plan("a.png", "ap.png", "b.png", "out.png", Options(scales=1))
    monkeypatch.setenv("FORCE_COLOR", "1")
    command_line._set_up_logging(Options())
    with streams.Forgiving(open(writer, "wb"), "utf-8") as terminal:
        bar = ProgressBar(terminal)
        assert not bar._bar.disable
        assert run(job, [bar]).kept.path == Path("out.png")
    assert capsys.readouterr().err.count("\n") == 1  # the run's own note
