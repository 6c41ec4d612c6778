"""Moving pictures killed at any moment: every frame is there, and going on makes the same."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import analogies

COUNT = 9
COMMAND = [sys.executable, "-m", "analogies"]
ROOT = str(Path(analogies.__file__).parents[1])
KEYS = ["in", "out/", "--key", "1", "key1.png", "--key", "7", "key7.png"]
PAIR = ["--preset", "pixels", "--preserve-color", "a.png", "a-prime.png", "in", "out/"]


def frame(number):
    """A square that moves over a slope and hides noise."""
    rows, cols = np.mgrid[:48, :64]
    noise = np.random.default_rng(0).integers(0, 60, (48, 64, 3))
    picture = np.stack([rows * 3, cols * 2, 60 + rows + cols], -1) + noise
    picture[14:34, 4 + 4 * number : 22 + 4 * number] = (230, 60, 40)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture
def new_folder(tmp_path):
    """Makes a folder of inputs."""

    def make(name):
        folder = tmp_path / name
        (folder / "in").mkdir(parents=True)
        for number in range(COUNT):
            Image.fromarray(frame(number)).save(folder / "in" / f"{number:03}.png")
        for number in (1, 7):
            Image.fromarray(255 - frame(number)).save(folder / f"key{number}.png")
        Image.fromarray(frame(0)[::-1]).save(folder / "a.png")
        Image.fromarray(255 - frame(0)[::-1]).save(folder / "a-prime.png")
        return folder

    return make


def run(folder, words, moment=None):
    """The exit code; minus 9 where it was killed, so many seconds after a file was there."""
    environment = {**os.environ, "PYTHONPATH": ROOT}
    with subprocess.Popen(
        [*COMMAND, *words, "--quiet"], cwd=folder, env=environment, stderr=subprocess.DEVNULL
    ) as process:
        while moment is not None and process.poll() is None:
            if (folder / moment[0]).exists():
                time.sleep(moment[1])
                process.kill()
                break
            time.sleep(0.0005)
        return process.wait(300)


def made(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "out").glob("*.png"))}


@pytest.mark.slow
@pytest.mark.parametrize("words", [KEYS, PAIR], ids=["keys", "pair"])
def test_frames_of_a_run_that_was_killed_are_made_to_the_same(new_folder, words):
    whole = new_folder("whole")
    assert run(whole, words) == 0
    expected = made(whole)
    assert len(expected) == COUNT
    killed, random = 0, np.random.default_rng(3)
    for index in range(5):
        folder = new_folder(str(index))
        # When a frame's state is there, or some of what is written for the next.
        after = random.uniform(0, 0.1)
        code = run(folder, words, (f"out.frames/state_{2 * index % COUNT:08}.npz", after))
        killed += code == -9
        for name in made(folder):
            Image.open(folder / "out" / name).load()
        assert code in (0, -9)
        if code:
            assert run(folder, [*words, "--resume"]) == 0
        assert made(folder) == expected
        assert json.loads((folder / "out.json").read_text())["complete"] is True
        assert not (folder / "out.frames").exists()
    assert killed >= 4
