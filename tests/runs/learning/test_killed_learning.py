"""SIGKILL while the command learns: `--resume` goes on to the same file."""

import subprocess
import sys
import time

import pytest
from PIL import Image

from analogies.runs.learning import keeping
from analogies.synthesis.student import drawn

pytestmark = pytest.mark.slow

STEPS = 120


@pytest.fixture
def folder(tmp_path):
    """A and A', and two more B's."""
    a = drawn.scene(96, 112, 3)
    Image.fromarray(a).save(tmp_path / "a.png")
    Image.fromarray(255 - a[..., ::-1]).save(tmp_path / "ap.png")
    (tmp_path / "bs").mkdir()
    for number in range(2):
        Image.fromarray(drawn.scene(48, 64, number)).save(tmp_path / "bs" / f"{number}.png")
    return tmp_path


def command(net, transfer, *more):
    words = ["--learn", net, "a.png", "ap.png", "--examples", "bs", "--transfer", transfer]
    return [sys.executable, "-m", "analogies", *words, "--learn-steps", str(STEPS), *more]


@pytest.mark.parametrize("transfer", ["residual", "picture"])
def test_killed_and_resumed_is_the_same_file(transfer, folder):
    subprocess.run(command("whole.keras", transfer), cwd=folder, check=True, timeout=600)
    words = command("net.keras", transfer, "--checkpoint", "kept")
    kept, net = folder / "kept" / keeping.NAME, folder / "net.keras"
    with subprocess.Popen(words, cwd=folder) as process:
        end = time.monotonic() + 600
        while not kept.exists():
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(0.3)
        process.kill()
    assert process.returncode < 0
    assert not net.exists()
    subprocess.run([*words, "--resume"], cwd=folder, check=True, timeout=600)
    assert net.read_bytes() == (folder / "whole.keras").read_bytes()
    assert not kept.exists()
