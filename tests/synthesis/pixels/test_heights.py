"""The guide of how high a place lies: where flat labels leave it open, and nowhere else."""

import numpy as np
import pytest

from analogies.synthesis.pixels.kinds import ALIKE, STYLE
from analogies.synthesis.pixels.maps import HEIGHT, guides
from analogies.synthesis.pixels.sources import Sources

LABELS = np.zeros((40, 30, 3), np.float32)
LABELS[20:] = 255.0
NOISE = np.random.default_rng(0).uniform(0, 255, (40, 30, 3)).astype(np.float32)


def of(a, kind=ALIKE, wrap=(False, False), **more):
    return guides(kind, Sources(a, NOISE, LABELS[:32], **more), None, 1.0, 1.0, wrap)


def test_labels_say_how_high():
    labels, heights = of(LABELS)
    assert labels.source is LABELS
    assert heights.weight == [share * ALIKE.weight for share in HEIGHT]
    for values, rows in ((heights.source, 40), (heights.target, 32)):
        expected = np.broadcast_to(np.linspace(0, 255, rows)[:, None], (rows, 30))
        np.testing.assert_allclose(values[..., 0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("a", "more"),
    [
        (NOISE, {}),
        (LABELS, {"kind": STYLE}),
        (LABELS, {"wrap": (True, False)}),
        (LABELS, {"several": True}),
    ],
    ids=["a photograph", "a style", "no top and bottom", "several pictures"],
)
def test_nothing_else_does(a, more):
    assert not any(isinstance(guide.weight, list) for guide in of(a, **more))
