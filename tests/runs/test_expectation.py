"""What a person is told of a long run before it begins."""

import dataclasses
import re

import numpy as np
import pytest

from analogies.images import Picture
from analogies.options.presets import with_preset
from analogies.options.table import Options
from analogies.runs import expectation
from analogies.runs.expectation import expected_seconds, notes
from analogies.runs.job import Job
from analogies.synthesis.decision import Decision
from analogies.synthesis.pixels.kinds import ALIKE, STYLE

ALONE = Decision("picture", ALIKE, False, True, 1.0)
RESIDUAL = Decision("residual", ALIKE, True, False, 1.0)
PHOTOGRAPH = (3000, 4000)


def job(size, **options):
    """With pictures of a size that take no memory."""
    pixels = np.broadcast_to(np.float32(0), (*size, 3))
    pictures = {name: Picture(pixels, None, ()) for name in ("a", "a_prime", "b")}
    return Job(Options(**options), pictures, pictures)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setattr(expectation, "has_gpu", lambda: False)
    monkeypatch.setattr(expectation, "available_cpus", lambda: 2)


@pytest.mark.parametrize("decision", [ALONE, RESIDUAL, dataclasses.replace(ALONE, kind=STYLE)])
def test_a_photograph_is_told_its_size_its_time_and_a_way_out(decision):
    (line,) = notes(job(PHOTOGRAPH), decision)
    said = re.fullmatch(
        r"works on 4000x3000 px, about (\S+) (min|h); --height (\d+) takes about (\d+) s", line
    )
    assert said, line
    height = int(said[3])
    quick = expected_seconds(PHOTOGRAPH, PHOTOGRAPH, Options(height=height), "slim", (), decision)
    assert quick <= expectation.SHORT
    assert quick == pytest.approx(int(said[4]), abs=0.6)
    assert notes(job(PHOTOGRAPH, height=height), decision) == []


def test_what_is_short_or_not_known_is_not_told(monkeypatch):
    assert notes(job((512, 512)), ALONE) == []
    assert notes(job((512, 512)), None) == []
    monkeypatch.setattr(expectation, "has_gpu", lambda: True)
    assert notes(job(PHOTOGRAPH), RESIDUAL) == []  # the GPU's time is not known
    assert notes(job(PHOTOGRAPH), ALONE) != []
    assert notes(job(PHOTOGRAPH, device="cpu"), RESIDUAL) != []


def test_seconds_are_about_those_of_two_cores():
    # Seconds of whole runs of label maps on two idle cores, by their pixels.
    for side, taken in {512: 9.2, 1024: 21.8, 2048: 92.0}.items():
        size = side, side
        found = expected_seconds(size, size, Options(coarse_side=0), "slim", (), ALONE)
        assert found == pytest.approx(taken, rel=0.25)


def test_more_is_dearer():
    size = 1024, 1024

    def seconds(decision=ALONE, size_a=size, pairs=(), **options):
        asked = Options.parse(with_preset(options))
        return expected_seconds(size_a, size, asked, "slim", pairs, decision)

    usual = seconds()
    assert seconds(height=512) < usual / 2  # of so few pixels, which get twice the rounds
    assert seconds(speed="best") > usual > seconds(speed="fast")
    assert seconds(RESIDUAL) > usual
    assert seconds(coarse_side=192) > usual  # TensorFlow, and the network
    assert seconds(RESIDUAL, iters=3) > 1.5 * seconds(RESIDUAL)
    assert seconds(match_mode="layer") > usual
