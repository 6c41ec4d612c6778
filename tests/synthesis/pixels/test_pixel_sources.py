"""The pictures that pixels are taken from, and where they may be."""

import numpy as np
import pytest

from analogies.matching.pixels.places import allowed_places
from analogies.options.table import Options
from analogies.synthesis.loop import synthesize
from analogies.synthesis.pixels.kinds import ALIKE
from analogies.synthesis.pixels.method import PixelMethod
from analogies.synthesis.pixels.sources import gathered
from analogies.synthesis.references import References


def _noise(seed, *size):
    return np.random.default_rng(seed).uniform(0, 255, (*size, 3)).astype(np.float32)


def _pair(seed, *size):
    return _noise(seed, *size), _noise(seed + 100, *size)


def test_one_pair_is_as_it_is():
    a, a_prime = _pair(1, 30, 40)
    sources, parts = gathered(References([(a, a_prime)], _noise(2, 20, 25)), [(30, 40)], (20, 25))
    np.testing.assert_array_equal(sources.a, a)
    np.testing.assert_array_equal(sources.a_prime, a_prime)
    assert sources.b.shape == (20, 25, 3)
    assert sources.usable is None
    assert parts == ()


def test_pairs_lie_below_one_another_with_a_seam_that_is_not_used():
    pairs = [_pair(1, 30, 40), _pair(2, 20, 50)]
    references = References(pairs, _noise(3, 20, 20))
    sources, parts = gathered(references, [(30, 40), (20, 50)], (20, 20))
    assert [(part.label, part.top, part.size) for part in parts] == [
        ("pair 1", 0, (30, 40)),
        ("pair 2", 31, (20, 50)),
    ]
    inside = np.zeros((52, 50), bool)
    inside[:30, :40] = inside[31:51] = True
    np.testing.assert_array_equal(sources.usable, inside)
    for (a, a_prime), part in zip(pairs, parts, strict=True):
        here = slice(part.top, part.top + part.size[0]), slice(part.size[1])
        np.testing.assert_array_equal(sources.a[here], a)
        np.testing.assert_array_equal(sources.a_prime[here], a_prime)


def test_what_a_turn_leaves_empty_is_not_used():
    references = References([_pair(1, 30, 40)], _noise(3, 20, 20), rotations=1)
    sources, parts = gathered(references, [(30, 40)], (20, 20))
    assert [part.whole for part in parts].count(True) == 1
    assert len(parts) == 3
    for part in parts:
        share = sources.usable[part.top : part.top + part.size[0], : part.size[1]].mean()
        assert (share == 1.0) == part.whole
        assert share > 0.5


def test_pairs_are_scaled_to_the_size_that_is_asked_for():
    references = References([_pair(1, 30, 40), _pair(2, 20, 50)], _noise(3, 20, 20))
    sources, parts = gathered(references, [(15, 20), (10, 25)], (40, 40))
    assert [part.size for part in parts] == [(15, 20), (10, 25)]
    assert sources.a.shape == sources.a_prime.shape == (27, 25, 3)
    assert sources.b.shape == (40, 40, 3)


@pytest.mark.parametrize("copies", [{}, {"rotations": 1}])
def test_no_patch_reaches_what_may_not_be_used(copies):
    """On no level, from random places to those that are handed on."""
    pairs = [_pair(1, 48, 40), _pair(2, 40, 56)]
    b = _noise(5, 48, 48)
    options = Options.parse({"coarse_side": 0, "uniformity": 1.0, **copies})
    references = References(pairs, b, *((1, 0) if copies else (0, 0)))
    method = PixelMethod(options, ALIKE, references, 1.0, [(48, 40), (40, 56)], (48, 48))
    run = synthesize(*pairs[0], b, options, pairs=pairs[1:])
    passes = [record for record in run if record.kind == "pass"]
    assert len(passes) == len(method.levels) > 1
    for record, level in zip(passes, method.levels, strict=True):
        scene = method.set(references, level, None).scene
        side = 3 if level.scale == 1.0 else 5  # small patches refine it at the end
        allowed = allowed_places(level.size_a, side, scene.usable)
        assert 0.0 < allowed.mean() < 0.98
        assert allowed[record.field.rows, record.field.cols].all()
