"""What a person sees: TensorBoard's page of a run in headless Chromium."""

import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from running import running

from analogies.options.table import Options
from analogies.runs.monitors import TensorBoard
from benchmarks.planted import texture_by_numbers

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
CURVE = np.array([255, 112, 67])  # the color of TensorBoard's first run
CHART = np.s_[200:420, 430:715]  # rows and columns of the first chart on the page, px


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of a real TensorBoard server that shows a small real run."""
    from analogies.synthesis.loop import synthesize

    if CHROMIUM is None:
        pytest.skip("chromium is not installed; `make test-browser` installs it")
    pytest.importorskip("tensorboard")
    case = texture_by_numbers(1, 64, 64)
    inputs = {name: case[key].astype(np.float32) for name, key in
              {"a": "A", "a_prime": "Ap", "b": "B"}.items()}  # fmt: skip
    options = Options(scales=2, min_scale=0.5, votes=1, patch_size=3)
    logdir = tmp_path_factory.mktemp("logs")
    with TensorBoard(logdir, options, inputs, (64, 64)) as board:
        for record in synthesize(*inputs.values(), options):
            board(record)
    words = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--port", "0"]
    words += ["--host", "127.0.0.1", "--load_fast", "false"]
    with running(words, seconds=600, stderr=subprocess.STDOUT) as it:
        said = ""
        while "http://" not in said:
            line = it.stdout.readline()
            assert line, said
            said += line
        yield re.search(r"http://\S+?:\d+/", said)[0]


def visit(address, *what):
    """Run Chromium on an address; returns what it prints."""
    words = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1500,1400"]
    words += ["--virtual-time-budget=20000", *what, address]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_loss_is_seen_to_fall(address, tmp_path):
    shot = tmp_path / "page.png"
    visit(f"{address}#scalars", f"--screenshot={shot}")
    chart = np.asarray(Image.open(shot).convert("RGB"), int)[CHART]
    drawn = np.abs(chart - CURVE).max(axis=-1) < 40
    columns = np.flatnonzero(drawn.any(axis=0))
    assert columns[-1] - columns[0] > 150, "there is no curve across the chart"
    heights = [np.flatnonzero(drawn[:, column]).mean() for column in columns[[0, -1]]]
    assert heights[1] - heights[0] > 30  # rows count downwards


def test_every_page_names_what_it_shows(address):
    page = visit(f"{address}#timeseries", "--dump-dom")
    for word in ("inputs/a", "inputs/a_prime", "loss/total"):
        assert word in page
