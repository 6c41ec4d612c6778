import os

import pytest

from analogies import files
from analogies.errors import InputError


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
