"""Guides and masks in whole runs of pixels."""

import numpy as np
import pytest
from scipy import ndimage
from test_pixel_runs import COLORS, array, labels, painted

from analogies.options.table import Options
from analogies.synthesis.controls import Controls, GuideMaps, KeptPart
from analogies.synthesis.loop import synthesize

SIZE = (96, 96)


def woven(found, seed):
    """One of two weaves of the same colors for each label: upright and lying stripes."""
    rows, cols = np.indices(found.shape)
    waves = [np.sin(np.pi * at / 3) for at in (cols, rows)]
    grain = np.random.default_rng(seed).normal(0, 8, (*found.shape, 3))
    shown = 128 + 70 * np.where(found == 0, *waves)[..., None] + grain
    return np.clip(shown, 0, 255).astype(np.float32)


def told_apart(image):
    """The labels of weaves, by which way they are striped."""
    gray = image.mean(-1)
    down, across = (ndimage.uniform_filter(ndimage.sobel(gray, axis) ** 2, 7) for axis in (0, 1))
    return (down > across).astype(int)


def shares(found):
    return np.eye(2, dtype=np.float32)[found]


def made(a, a_prime, b, controls, **options):
    given = Options.parse({"coarse_side": 0, **options})
    return list(synthesize(a, a_prime, b, given, controls=controls))[-1]


@pytest.fixture(scope="module")
def weaves():
    """A without content, weaves, B without content, and the labels of both."""
    of_a, of_b = labels(1, shape=SIZE), labels(2, shape=SIZE)
    gray = np.full((*SIZE, 3), 128, np.float32)
    return gray, woven(of_a, 3), gray.copy(), of_a, of_b


def accuracy(image, found):
    """Of labels, a patch away from where two meet."""
    inside = ndimage.maximum_filter(found, 7) == ndimage.minimum_filter(found, 7)
    return (told_apart(image) == found)[inside].mean()


def test_a_guide_alone_tells_two_weaves_of_the_same_colors_apart(weaves):
    a, a_prime, b, of_a, of_b = weaves
    assert accuracy(woven(of_b, 9), of_b) > 0.99  # what the truth scores
    guide = GuideMaps((shares(of_a),), shares(of_b), True, 1.0)
    assert accuracy(made(a, a_prime, b, Controls((guide,))).image(), of_b) > 0.97
    assert 0.2 < accuracy(made(a, a_prime, b, Controls()).image(), of_b) < 0.8


def test_a_guide_counts_where_its_mask_is_white(weaves):
    a, a_prime, b, of_a, of_b = weaves
    where = np.zeros(SIZE, np.float32)
    where[:, :48] = 1.0
    guide = GuideMaps((shares(of_a),), shares(of_b), True, 1.0, where)
    image = made(a, a_prime, b, Controls((guide,))).image()
    right = told_apart(image) == of_b
    assert right[6:-6, 6:42].mean() > 0.94
    assert right[6:-6, 54:-6].mean() < 0.9


def test_values_guide_by_how_near_they_are():
    """Of a ramp of brightness that only a guide knows the place in."""
    random = np.random.default_rng(0)
    ramp = np.tile(np.linspace(0, 255, 96, dtype=np.float32), (96, 1))
    a = np.full((96, 96, 3), 128, np.float32)
    a_prime = np.clip(ramp[..., None] + random.normal(0, 10, (96, 96, 3)), 0, 255)
    guide = GuideMaps((ramp[..., None],), ramp.T[..., None].copy(), False, 1.0)
    image = made(a, a_prime.astype(np.float32), a.copy(), Controls((guide,))).image()
    assert np.abs(ndimage.uniform_filter(image.mean(-1), 5) - ramp.T)[4:-4].mean() < 12


def test_nothing_comes_from_outside_a_mask():
    of_a, of_b = labels(1, (0, 1)), labels(2, (0, 1))
    a, a_prime = painted(of_a, 1)
    decoy = np.zeros(of_a.shape, bool)
    decoy[20:44, 16:40] = True
    a_prime[decoy] = COLORS[2]  # brighter than all, in the very middle
    controls, options = Controls(usable=(~decoy,)), Options.parse({"coarse_side": 0})
    run = list(synthesize(a, a_prime, painted(of_b)[0], options, controls=controls))
    last, passed = run[-1], [record for record in run if record.kind == "pass"][-1]
    rows, cols = (np.asarray(x) for x in (passed.field.rows, passed.field.cols))
    for down in (-1, 0, 1):  # patches of 3 px at the end
        for right in (-1, 0, 1):
            assert not decoy[rows + down, cols + right].any()
    nearest = ((last.image()[:, :, None] - COLORS) ** 2).sum(-1).argmin(-1)
    assert not (nearest == 2).any()


def test_a_mask_holds_for_turned_copies_too():
    a, a_prime = painted(labels(1), 1)
    decoy = np.zeros(a.shape[:2], bool)
    decoy[:, 30:] = True
    a_prime[decoy] = COLORS[2]
    controls = Controls(usable=(~decoy,))
    image = made(a, a_prime, painted(labels(2))[0], controls, rotations=1).image()
    nearest = ((image[:, :, None] - COLORS) ** 2).sum(-1).argmin(-1)
    assert not (nearest == 2).any()


def test_what_is_not_made_stays_at_every_level():
    a, a_prime = painted(labels(1), 1)
    b = painted(labels(2))[0]
    inside = np.zeros(b.shape[:2], bool)
    inside[20:45, 15:40] = True
    known = np.random.default_rng(5).uniform(0, 255, b.shape).astype(np.float32)
    given = Options.parse({"coarse_side": 0})
    controls = Controls(kept=KeptPart(inside, known))
    for record in synthesize(a, a_prime, b, given, controls=controls):
        shown = array(record)
        if record.kind == "pass" and shown.shape == b.shape:
            np.testing.assert_array_equal(shown[~inside], known[~inside])
    nearest = ((record.image()[:, :, None] - COLORS) ** 2).sum(-1).argmin(-1)
    assert (nearest == labels(2))[inside].mean() > 0.9


def test_guides_of_pairs_lie_where_the_pairs_do():
    """Each class has an example of its own."""
    of_b = labels(2, shape=SIZE)
    weaves = [woven(np.full(SIZE, number), number) for number in (0, 1)]
    gray = np.full((*SIZE, 3), 128, np.float32)
    maps = tuple(shares(np.full(SIZE, number)) for number in (0, 1))
    controls = Controls((GuideMaps(maps, shares(of_b), True, 1.0),))
    given = Options.parse({"coarse_side": 0})
    run = synthesize(
        gray, weaves[0], gray.copy(), given, pairs=[(gray, weaves[1])], controls=controls
    )
    last = list(run)[-1]
    assert accuracy(last.image(), of_b) > 0.97
