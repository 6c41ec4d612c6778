import os
import signal
import subprocess
import sys

import pytest

from analogies import files
from analogies.errors import InputError

OURS = ".analogies-000000000000.tmp"


def test_a_failed_write_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        files.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_writing_into_new_folders(tmp_path):
    files.write_atomically(tmp_path / "a" / "b" / "x", b"new")
    assert (tmp_path / "a" / "b" / "x").read_bytes() == b"new"
    files.prepare_folder(tmp_path / "c" / "d" / "x")
    assert os.listdir(tmp_path / "c" / "d") == []
    with pytest.raises(InputError, match="cannot be written"):
        files.prepare_folder(tmp_path / "a" / "b" / "x" / "y")


def test_a_path_that_can_be_written_may_be_new(tmp_path):
    assert files.check_writable(tmp_path / "a" / "b" / "x") == tmp_path / "a" / "b" / "x"
    assert not (tmp_path / "a").exists()


def test_reasons_are_one_line():
    assert files.reason(OSError(2, "No such\nfile")) == "No such file"
    assert files.reason(ValueError()) == "ValueError"
    assert len(files.reason(ValueError("x" * 999))) == 200


KILLED = """
import os, signal, sys
from analogies import files
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
files.write_atomically(sys.argv[1], b"half of it")
"""


def test_what_a_killed_run_was_writing_is_removed_by_the_next(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    for _ in range(2):
        killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
        assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert len(os.listdir(tmp_path)) == 3
    files.prepare_folder(path)
    assert os.listdir(tmp_path) == ["x"]


LIMITED = """
import resource, sys
from analogies import files
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    files.write_atomically(sys.argv[1], bytes(2000))
except files.InputError as error:
    print(error)
"""


def test_a_file_that_may_not_be_that_large(tmp_path):
    words = [sys.executable, "-c", LIMITED, str(tmp_path / "x")]
    answer = subprocess.run(words, capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("cannot be written: File too large")
    assert os.listdir(tmp_path) == []


def test_what_another_run_is_writing_is_left_alone(tmp_path, monkeypatch):
    seen = []

    def meanwhile(_):
        files.remove_stale(tmp_path)
        seen.append(sorted(os.listdir(tmp_path)))

    monkeypatch.setattr(os, "fsync", meanwhile)
    files.write_atomically(tmp_path / "x", b"new")
    assert [len(names) for names in seen] == [1, 1]  # the temporary file, then the file
    assert (tmp_path / "x").read_bytes() == b"new"
    young, old, other = (tmp_path / name for name in (OURS, OURS.replace("0", "1"), ".x.tmp"))
    for file in (young, old, other):
        file.touch()
    os.utime(old, (0, 0))
    files.remove_stale(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [OURS, ".x.tmp", "x"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("phto.png", "'photo.png'?"),
        ("PHOTO.PNG", "'photo.png'?"),
        ("photo", "'photo.png'?"),
        ("photo.jpg", "'photo.png'?"),
        ("sub/wide.pgn", "'sub/wide.png'?"),
        ("sbu/wide.png", "There is no folder 'sbu' either."),
        ("subb", None),  # a folder is no picture
        ("unlike", None),
    ],
)
def test_a_missing_file_near_one_that_is_there(name, hint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    for there in ("photo.png", "sub/wide.png", "other.txt"):
        (tmp_path / there).write_bytes(b"x")
    with pytest.raises(InputError) as refused:
        files.check_readable(name)
    said = str(refused.value)
    assert said.startswith("no such file. ")
    assert said.endswith(f" Received: {name!r}")
    if hint is None:
        assert said == f"no such file. Received: {name!r}"
    else:
        assert hint in said


def test_what_others_write_is_left_alone_until_it_has_its_name(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with files.replacing(path) as temporary:
        temporary.write_bytes(b"half")
        files.remove_stale(tmp_path)
        assert (temporary.read_bytes(), path.read_bytes()) == (b"half", b"old")
        temporary.write_bytes(b"new")
    assert path.read_bytes() == b"new"
    try:
        with files.replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise KeyError
    except KeyError:
        pass
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["x"]
