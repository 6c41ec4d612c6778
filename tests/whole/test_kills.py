"""Runs killed at any moment: nothing broken stays behind, and they can be gone on with."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analogies.runs.checkpoints import files as checkpoint_files

SERVER = Path(__file__).with_name("kills.py")
SMALL = {"scales": 2, "min_scale": 0.5, "iters": 3, "votes": 1, "evaluations": 2, "patch_size": 3}
LAYERS = {"analogy_layers": "conv1_1,conv2_1", "mrf_layers": "conv1_1,conv2_1"}
WORDS = [
    *("a.png", "ap.png", "b.png", "out", "--checkpoint=kept", "--resume", "--quiet"),
    *(f"--{name.replace('_', '-')}={value}" for name, value in {**SMALL, **LAYERS}.items()),
]
INPUTS = ("a.png", "ap.png", "b.png")


class Server:
    """Makes analogies and kills them, see `kills.py`."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, folder, moment=None):
        request = json.dumps([str(folder), WORDS, moment])
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.process.stdin.close()
    server.process.wait(30)


def new_folder(path):
    path.mkdir()
    for seed, name in enumerate(INPUTS):
        noise = np.random.default_rng(seed).integers(0, 256, (40, 48, 3), np.uint8)
        Image.fromarray(noise).save(path / name)
    return path


def outputs(folder):
    """{name: bytes} of the pictures made."""
    return {path.name: path.read_bytes() for path in folder.glob("out*.png")}


def assert_whole(folder):
    """Everything under a final name can be read."""
    for path in (*folder.iterdir(), *(folder / "kept").glob("*")):
        if path.suffix == ".png":
            Image.open(path).load()
        elif path.suffix == ".json":
            assert json.loads(path.read_text())["program"] == "analogies"
        elif path.suffix == ".npz":
            assert checkpoint_files.read(path).rows is not None
        else:
            assert path.is_dir() or path.name.startswith(".analogies-"), path


def kill_and_resume(server, tmp_path, choose):
    """Kill a run at each of `choose(seconds of a run)`, each time go on with it, and compare."""
    whole = new_folder(tmp_path / "whole")
    code, seconds = server.run(whole)
    assert code == 0
    expected = outputs(whole)
    assert len(expected) == 7
    killed = resumed = 0
    for number, moment in enumerate(choose(seconds)):
        folder = new_folder(tmp_path / str(number))
        code, _ = server.run(folder, moment)
        assert code in (0, -9)
        killed += code == -9
        assert_whole(folder)
        resumed += bool(checkpoint_files.files_in(folder / "kept"))
        code, _ = server.run(folder)
        assert code == 0
        assert outputs(folder) == expected
        names = {path.name for path in folder.iterdir()}
        assert names == {*INPUTS, *expected, "out.json"}
    return killed, resumed


def test_killed_runs_are_gone_on_with(server, tmp_path):
    moments = [("kept/checkpoint_0_0.npz", 0), ("out_at_iteration_1_1.png", 0)]
    assert kill_and_resume(server, tmp_path, lambda _: moments) == (2, 2)


@pytest.mark.slow
def test_fifty_killed_runs_are_gone_on_with(server, tmp_path):
    random = np.random.default_rng(2)

    def choose(seconds):
        for number in range(20):  # spread over the whole run, which is mostly its beginning
            yield "", seconds * 0.8 * (number + random.uniform()) / 20
        for _ in range(30):  # while files are written
            level, iteration = random.integers(0, 2), random.integers(0, 3)
            yield f"out_at_iteration_{level}_{iteration}.png", random.uniform(0, 0.1)

    killed, resumed = kill_and_resume(server, tmp_path, choose)
    print(f"{killed} of 50 runs were killed, {resumed} of them had a checkpoint")
    assert killed >= 40
    assert resumed >= 25
