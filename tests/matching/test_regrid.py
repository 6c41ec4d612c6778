"""Matches carried from level to level, for PatchMatch."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from analogies.matching import NearestNeighborField, match, regrid
from analogies.options.table import Options
from analogies.synthesis import pyramid
from analogies.synthesis.joint import steps
from analogies.synthesis.loop import synthesize
from analogies.synthesis.pyramid import Level


def picture(seed, size):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(*size, 3)), (2, 2, 0))
    return np.clip(128 + 45 * noise / noise.std(), 0, 255).astype(np.float32)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("cells", [(2, 1), (2, 2), (1, 2)])
def test_a_shift_stays_the_same_shift(cells, stride):
    before = Level(0.5, (60, 66), (50, 58), cells[0])
    now = Level(1.0, (120, 132), (100, 116), cells[1])
    k, multiple, shift = 3, 2, 8  # px at the coarse level
    tops = np.minimum(np.arange(0, 200, stride), 50 // before.cell - k)
    lefts = np.minimum(np.arange(0, 200, stride), 58 // before.cell - k)
    tops, lefts = (sorted(set(x.tolist())) for x in (tops, lefts))
    rows, cols = np.meshgrid(tops, lefts, indexing="ij")
    moved = (tf.constant(x + shift // before.cell, tf.int32) for x in (rows, cols))
    field = NearestNeighborField(*moved, tf.zeros(rows.shape))
    grown = regrid.grow(field, before, now, multiple, k, stride)
    tops = np.minimum(np.arange(grown.rows.shape[0]) * stride, 100 // now.cell - k)
    lefts = np.minimum(np.arange(grown.rows.shape[1]) * stride, 116 // now.cell - k)
    assert tops[-1] == 100 // now.cell - k
    assert lefts[-1] == 116 // now.cell - k
    assert np.abs(grown.rows.numpy() - tops[:, None] - 2 * shift // now.cell).max() <= 1
    assert np.abs(grown.cols.numpy() - lefts - 2 * shift // now.cell).max() <= 1


def test_places_stay_inside():
    before, now = Level(0.5, (30, 33), (50, 41), 2), Level(1.0, (61, 65), (101, 83), 1)
    last = tf.fill((26, 22), 13)
    field = NearestNeighborField(last, last, tf.zeros((26, 22)))
    grown = regrid.grow(field, before, now, 8, 3, 1)
    assert grown.rows.shape == (104 - 2, 88 - 2)
    assert int(tf.reduce_max(grown.rows)) <= 64 - 3
    assert int(tf.reduce_max(grown.cols)) <= 72 - 3


@pytest.fixture
def methods(monkeypatch):
    """How was matched, one after the other."""
    found = []

    def spied(query, reference, patch_size, method, **more):
        found.append(method)
        return match(query, reference, patch_size, method, **more)

    monkeypatch.setattr(steps, "match", spied)
    return found


def test_patchmatch_finds_what_exact_matching_finds(methods, monkeypatch):
    size, layers = (64, 72), ("block2_conv1", "block3_conv1")
    a, b = picture(0, size), picture(1, size)
    given = {"analogy_layers": layers, "mrf_layers": layers, "patch_size": 3, "scales": 2}
    given |= {"min_scale": 0.5, "votes": 2, "evaluations": 2}

    def last(**more):
        records = synthesize(a, picture(2, size), b, Options(**given, **more))
        return [record for record in records if record.kind == "pass"][-1]

    exact, found = last(), last(model="patchmatch")
    assert (exact.method, found.method, found.cell) == ("exact", "patchmatch", 1)
    assert found.match_score > 0.95 * exact.match_score
    assert methods == ["exact"] * 5 + ["patchmatch"] * 5

    methods.clear()
    monkeypatch.setattr(pyramid, "REFINED_PAIRS", 64 * 72 * 64 * 72)
    found = last()
    assert (found.method, found.cell) == ("patchmatch", 1)
    assert found.match_score > 0.95 * exact.match_score
    assert methods == ["exact"] * 3 + ["exact", "patchmatch"]
