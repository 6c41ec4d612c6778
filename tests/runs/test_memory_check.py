"""Memory is checked with what is foreseen, and again with what the pictures ask for."""

import numpy as np
import pytest

from analogies.errors import InputError
from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs import run as runs
from analogies.runs.machine import free_memory
from analogies.runs.machine.free_memory import Room
from analogies.synthesis.decision import Decision
from analogies.synthesis.pixels.kinds import ALIKE

RESIDUAL = Decision("residual", ALIKE, True, False, 1.0)
ALONE = Decision("picture", ALIKE, False, True, 1.0)
PICTURES = [np.full((400, 300, 3), value, np.uint8) for value in (50, 100, 150)]


@pytest.fixture
def half_a_gigabyte(monkeypatch):
    """Enough for pixels, and not for TensorFlow; no run gets as far as starting anything."""
    monkeypatch.setattr(free_memory, "has_gpu", lambda: False)
    monkeypatch.setattr(free_memory, "available", lambda: Room(500_000_000, "free"))

    def start(job, stack):
        raise InterruptedError

    monkeypatch.setattr(runs, "_start", start)


def test_what_takes_more_than_was_foreseen_ends_before_tensorflow(half_a_gigabyte, monkeypatch):
    job = jobs.plan(*PICTURES, None, Options())
    monkeypatch.setattr(runs, "decide", lambda options, references: ALONE)
    with pytest.raises(InterruptedError):
        runs.run(job)
    monkeypatch.setattr(runs, "decide", lambda options, references: RESIDUAL)
    with pytest.raises(InputError, match=r"takes about .* more than the 0\.5 GB free"):
        runs.run(job)


def test_what_asks_for_the_network_is_refused_at_once(half_a_gigabyte):
    with pytest.raises(InputError, match="more than the"):
        jobs.check(*PICTURES, None, Options(finish="network"))


def test_a_long_run_says_so_unless_it_is_quiet(half_a_gigabyte, monkeypatch, caplog):
    monkeypatch.setattr(free_memory, "available", lambda: None)
    monkeypatch.setattr(runs, "decide", lambda options, references: ALONE)
    for quiet, said in ((False, 1), (True, 0)):
        caplog.clear()
        job = jobs.plan(*PICTURES, None, Options(width=8000, height=6000, quiet=quiet))
        with pytest.raises(InterruptedError):
            runs.run(job)
        lines = [record.getMessage() for record in caplog.records]
        assert sum(line.startswith("works on 8000x6000 px, about ") for line in lines) == said
