"""The installed command as a person runs it, on a small job."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import analogies
from analogies.options.table import Options

COMMAND = str(Path(sysconfig.get_path("scripts")) / "make_image_analogy.py")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LABELS = [str(EXAMPLES / f"landscape-{name}.png") for name in ("a", "a-prime", "b")]
SMALL = {
    "height": 64,
    "a_scale": 0.25,
    "scales": 2,
    "min_scale": 0.5,
    "iters": 1,
    "evaluations": 4,
    "patch_size": 3,
    "analogy_layers": "block2_conv1,block3_conv1",
    "mrf_layers": "block2_conv1,block3_conv1",
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """An empty home, and settings of another program that must not matter."""
    home = tmp_path_factory.mktemp("home")
    clean = {key: value for key, value in os.environ.items() if key != "VGG_WEIGHT_PATH"}
    clean.pop("TF_CPP_MIN_LOG_LEVEL", None)
    return clean | {"HOME": str(home), "KERAS_BACKEND": "jax"}


def words(**options):
    given = {**SMALL, **options}
    return [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]


def test_the_command_and_the_function_make_the_same_picture(tmp_path, environment):
    answer = subprocess.run(
        [COMMAND, *LABELS, "folder/out", *words(seed=3)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == ""
    assert answer.stderr.splitlines()[-1] == "folder/out.png, 85x64 px"
    record = json.loads((tmp_path / "folder" / "out.json").read_text())
    assert record["complete"] is True
    told = answer.stderr.splitlines()[:-1]
    assert [line for line in told if not line.startswith("level ")] == record["notes"]
    assert all(np.isfinite(row["loss"]) for row in record["passes"])
    assert record["evaluations"] > 0
    passes = sorted(path.name for path in (tmp_path / "folder").glob("out_at_iteration*"))
    assert passes == [
        f"out_at_iteration_{row['level']}_{row['iteration']}.png" for row in record["passes"]
    ]
    options = record["options"]
    assert Options.parse(options).seed == 3
    made = analogies.make_analogy(*LABELS, **options)
    np.testing.assert_array_equal(made, np.asarray(Image.open(tmp_path / "folder" / "out.png")))
    assert made.std() > 10


EARLY = """
import builtins, os, runpy, signal, sys
real = builtins.__import__
def imported(name, *rest, **more):
    if name == "numpy":
        os.kill(os.getpid(), signal.{name})
    return real(name, *rest, **more)
builtins.__import__ = imported
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
sys.argv = ["make_image_analogy.py", "--version"]
runpy.run_path({script!r}, run_name="__main__")
"""


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupt_while_the_program_is_loaded_is_one_line(environment, name, code):
    script = str(EXAMPLES.parent / "scripts" / "make_image_analogy.py")
    answer = subprocess.run(
        [sys.executable, "-c", EARLY.format(name=name, script=script)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == code
    said = "make_image_analogy.py: interrupted before there was a picture\n"
    assert (answer.stdout, answer.stderr) == ("", said)


def losses_written(logdir):
    """Whether a pass has been written to an event file."""
    return any(b"loss/total" in path.read_bytes() for path in logdir.glob("*/events*"))


@pytest.mark.slow
def test_an_interrupt_is_answered_with_a_picture(tmp_path, environment):
    command = [COMMAND, *LABELS, "out.png", "--logdir=logs", *words(evaluations=100000)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 120
        while not losses_written(tmp_path / "logs") and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
        assert process.wait(60) == 143, said
    assert said.endswith("make_image_analogy.py: interrupted; the picture so far is out.png\n")
    assert Image.open(tmp_path / "out.png").size == (85, 64)
    assert json.loads((tmp_path / "out.json").read_text())["complete"] is False
