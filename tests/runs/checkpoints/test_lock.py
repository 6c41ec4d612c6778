"""One run at a time in a folder of checkpoints."""

import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

import analogies
from analogies import files
from analogies.errors import InputError
from analogies.runs.checkpoints import lock

HOLDER = """
import os, sys, time
from pathlib import Path
if sys.argv[2] == "without":
    import analogies.files
    analogies.files.fcntl = None
from analogies.runs.checkpoints.lock import locked
with locked(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(params=["with", "without"])
def kind(request, monkeypatch):
    """With the locks of the operating system, and on a system that has none."""
    if request.param == "without":
        monkeypatch.setattr(files, "fcntl", None)
    return request.param


def holder(folder, kind):
    """Another process that has the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "in\n"
    return process


def test_a_folder_is_one_run_s(tmp_path, kind):
    folder = tmp_path / "kept"
    process = holder(folder, kind)
    told = f"another run \\(process {process.pid} on .*\\) is using this folder .*: wait for it"
    for attempt in (lock.check_free, lambda folder: lock.locked(folder).__enter__()):
        with pytest.raises(InputError, match=told) as caught:
            attempt(folder)
        assert "\n" not in str(caught.value)
        assert f"Received: {str(folder)!r}" in str(caught.value)
    assert os.listdir(folder) == [lock.NAME]
    process.communicate("go\n", timeout=60)
    assert not folder.exists()
    lock.check_free(folder)
    with lock.locked(folder):
        assert os.listdir(folder) == [lock.NAME]
        (folder / "x").touch()
    assert os.listdir(folder) == ["x"]


def test_a_run_that_was_killed_keeps_nobody_out(tmp_path, kind):
    process = holder(tmp_path, kind)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert os.listdir(tmp_path) == [lock.NAME]
    lock.check_free(tmp_path)
    with lock.locked(tmp_path):
        pass
    assert not tmp_path.exists()


def test_of_a_run_on_another_machine_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "fcntl", None)
    (tmp_path / lock.NAME).write_text("process 1 on another-machine")
    with pytest.raises(InputError, match=r"if there is none, remove \.analogies-run\.lock from"):
        lock.check_free(tmp_path)
    (tmp_path / lock.NAME).write_text(f"process {2**22 + 1} on {socket.gethostname()}")
    lock.check_free(tmp_path)


def test_a_lock_that_was_removed_meanwhile_is_none(tmp_path, monkeypatch):
    taken, plain = [], files.try_lock

    def slow(descriptor):
        if not taken:  # the run that had the folder leaves between opening and locking
            (tmp_path / lock.NAME).unlink()
        taken.append(descriptor)
        return plain(descriptor)

    monkeypatch.setattr(lock, "try_lock", slow)
    with lock.locked(tmp_path):
        assert len(taken) == 2
        assert os.path.samestat(os.fstat(taken[1]), (tmp_path / lock.NAME).stat())


def test_every_door_says_that_the_folder_is_in_use(tmp_path, monkeypatch, capsys):
    from PIL import Image

    from analogies.apps import command_line

    monkeypatch.chdir(tmp_path)
    pixels = np.full((20, 30, 3), 99, np.uint8)
    Image.fromarray(pixels).save("a.png")
    (tmp_path / "list.csv").write_text("a,out\na.png,o.png\n")
    for folder in ("kept", "kept/o"):
        process = holder(tmp_path / folder, "with")
        for resume in ([], ["--resume"]):
            words = ["--preset=texture", f"--checkpoint={folder}", *resume]
            if folder == "kept":
                assert command_line.main(["a.png", "o.png", *words]) == 2
                with pytest.raises(InputError, match="another run"):
                    analogies.synthesize_texture(
                        pixels, 20, 30, checkpoint="kept", resume=bool(resume)
                    )
            else:
                words[1] = "--checkpoint=kept"
                assert command_line.main(["--batch=list.csv", *words]) == 2
            (line, *_) = capsys.readouterr().err.splitlines()[-2:]
            assert f"another run (process {process.pid} on " in line
        process.communicate("go\n", timeout=60)
    assert not (tmp_path / "o.png").exists()
