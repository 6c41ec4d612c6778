"""What cannot be written is refused before a run begins."""

import os
import stat
import subprocess
import traceback

import numpy as np
import pytest
from PIL import Image

import analogies
from analogies import files
from analogies.errors import InputError
from analogies.images import write
from analogies.options.table import Options
from analogies.runs import destination
from analogies.runs import job as jobs

NOBODY = 65534
PIXELS = np.full((20, 30, 3), 99, np.uint8)


def as_nobody(function):
    """Call a function in a child that is an ordinary user; what it returns, as text."""
    if os.geteuid() != 0:
        return str(function())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(writer, str(function()).encode())
        except BaseException:
            os.write(writer, traceback.format_exc().encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with open(reader) as stream:
        return stream.read()


def refused(path):
    """What is said of a file to write, or ""."""
    try:
        files.check_writable(path)
    except InputError as error:
        return str(error)
    return ""


@pytest.fixture
def open_folder(tmp_path):
    """A folder that everybody may write into, and enter."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.owner() == "root" and not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)
    made = tmp_path / "open"
    made.mkdir()
    made.chmod(0o777)
    return made


def test_a_file_without_permission_to_write_is_not_replaced(open_folder):
    path = open_folder / "out.png"
    path.write_bytes(b"dear")
    path.chmod(0o444)
    assert "no permission to write this file" in as_nobody(lambda: refused(path))
    path.chmod(0o666)
    assert as_nobody(lambda: refused(path)) == ""
    assert as_nobody(lambda: refused(open_folder / "new.png")) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="there is one user only")
def test_another_s_file_in_a_folder_like_tmp_is_not_replaced(open_folder):
    path = open_folder / "out.png"
    path.write_bytes(b"dear")
    path.chmod(0o666)
    open_folder.chmod(0o1777)
    assert "another user's and may not be replaced" in as_nobody(lambda: refused(path))
    assert refused(path) == ""
    os.chown(path, NOBODY, NOBODY)
    assert as_nobody(lambda: refused(path)) == ""


def test_a_file_that_nobody_may_change(tmp_path):
    path = tmp_path / "out.png"
    path.touch()
    words = ["chattr", "+i", str(path)]
    try:
        if subprocess.run(words, capture_output=True, check=False).returncode:
            pytest.skip("files cannot be made immutable here")
    except FileNotFoundError:
        pytest.skip("there is no chattr")
    try:
        assert "no permission to write this file" in refused(path)
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True)


@pytest.mark.parametrize(("suffix", "limit"), [("webp", 16383), ("jpg", 65500), ("jpeg", 65500)])
def test_sides_that_a_format_cannot_hold(tmp_path, suffix, limit):
    to = destination.named(tmp_path / f"out.{suffix}")
    destination.check(to, Options(), {}, (16, limit))
    write(to.result, np.zeros((16, limit, 3), np.uint8))
    with pytest.raises(InputError, match=rf"up to {limit} px, .* {limit + 1}x16 px; .png holds"):
        destination.check(to, Options(), {}, (16, limit + 1))
    destination.check(destination.named(tmp_path / "out"), Options(), {}, (16, 70_000))
    wide = np.zeros((16, limit + 1, 3), np.uint8)
    with pytest.raises(InputError, match="holds sides up to"):
        analogies.make_analogy(wide, wide, wide, out=tmp_path / f"out.{suffix}", memory=1e6)


@pytest.mark.parametrize("name", ["out", "checkpoint", "logdir", "init", "vgg_weights", "a"])
def test_a_home_folder_anywhere(tmp_path, monkeypatch, name):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(home))
    Image.fromarray(PIXELS).save(home / "x.png")
    Image.fromarray(PIXELS).save(tmp_path / "here" / "out.png")
    given = {"a": PIXELS, "a_prime": PIXELS, "b": PIXELS, "out": "out.png"}
    options = {}
    if name in ("out", "a"):
        given[name] = "~/x.png"
    else:
        options[name] = "~/x.png" if name == "init" else "~/x"
    if name == "vgg_weights":
        with pytest.raises(InputError, match=f"{home}/x"):
            jobs.plan(**given, options=Options(**options))
        return
    if name == "out":
        given["out"] = "~/new/x.png"
    job = jobs.plan(**given, options=Options(**options))
    if name == "out":
        assert job.destination.result == home / "new" / "x.png"
    elif name in ("init", "a"):
        assert job.inputs[name] == home / "x.png"
    else:
        assert (home / "x").is_dir()
    assert os.listdir(tmp_path / "here") == ["out.png"]


def test_a_tilde_that_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert files.expanded("~copy.png") == "~copy.png"
    assert files.expanded("x/~/y") == "x/~/y"
    assert files.expanded("./~/y") == "./~/y"
    with pytest.raises(InputError, match="no home folder to put for '~'"):
        files.expanded("~nobody-of-this-name/y")
    with pytest.raises(InputError, match=r"^logdir cannot be found: there is no home"):
        Options(logdir="~nobody-of-this-name/y")
    with pytest.raises(InputError, match=r"^B: there is no home"):
        jobs.plan(PIXELS, PIXELS, "~nobody-of-this-name/y", None, Options())


def test_a_texture_is_opaque(tmp_path):
    alpha = np.full((20, 30, 1), 90, np.uint8)
    example = np.dstack([PIXELS, alpha])
    other = np.dstack([PIXELS, alpha // 2])
    plain, texture = Options(), Options.parse({"preset": "texture"})
    assert jobs.plan(example, example, example, None, plain).alpha() is None
    assert jobs.plan(example, PIXELS, example, None, texture).alpha() is None
    assert (jobs.plan(example, example, other, None, plain).alpha() == 45).all()
    path = tmp_path / "x.png"
    Image.fromarray(example).save(path)
    assert jobs.plan(path, str(path), path, None, plain).alpha() is None
