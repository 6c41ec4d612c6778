"""What is measured on pictures, where it is known what should come out."""

import numpy as np
import pytest
from scipy import ndimage

from analogies.synthesis.likeness import detail, evenly_varied, explained_detail, strangeness
from benchmarks.planted import FAMILIES, MATERIALS


def noise(seed, sigma=1.5, shape=(96, 112)):
    """Smooth noise in three channels, float32 in [0, 255]."""
    values = ndimage.gaussian_filter(
        np.random.default_rng(seed).normal(size=(*shape, 3)), (sigma, sigma, 0)
    )
    return np.clip(128 + 50 * values / values.std(), 0, 255).astype(np.float32)


def test_detail_is_what_a_gaussian_blur_leaves():
    picture = noise(1)
    blurred = ndimage.gaussian_filter(picture, (4, 4, 0), truncate=3.0)
    np.testing.assert_allclose(detail(picture), picture - blurred, atol=2e-3)
    assert np.abs(detail(np.full((40, 30, 3), 200.0, np.float32))).max() < 1e-3


@pytest.mark.parametrize(
    "change",
    [
        lambda x: 255 - x,
        lambda x: 255 * (x / 255) ** 2,
        lambda x: 0.3 * x[..., ::-1] + 20,
        lambda x: ndimage.gaussian_filter(x, (1, 1, 0)),
        lambda x: 128 + np.roll(x, 1, 0) - x,
    ],
    ids=["negative", "gamma", "channels", "blur", "relief"],
)
def test_rules_are_explained(change):
    a = noise(2)
    assert explained_detail([(a, change(a).astype(np.float32))]) > 0.9


def test_what_no_rule_makes_is_not_explained():
    a = noise(3)
    assert explained_detail([(a, noise(4))]) < 0.05
    case = FAMILIES["texture_by_numbers"](0)
    pair = [case[name].astype(np.float32) for name in ("A", "Ap")]
    assert explained_detail([pair]) < 0.2


def test_half_of_the_detail_is_explained_where_half_of_it_is_a_rule():
    a, other = noise(7), noise(8)
    mixed = 128 + (a - 128) + (other - 128)
    assert explained_detail([(a, mixed.astype(np.float32))]) == pytest.approx(0.5, abs=0.08)


def test_all_pairs_are_explained_by_one_rule():
    one, other = noise(9), noise(10)
    assert explained_detail([(one, 255 - one), (other, 255 - other)]) > 0.95
    assert explained_detail([(one, 255 - one), (other, other)]) < 0.5


def test_more_of_the_same_is_not_strange():
    assert strangeness(noise(12), [noise(11)]) == pytest.approx(1.0, abs=0.15)


def test_a_part_of_a_is_as_near_as_can_be():
    a = noise(13)
    assert strangeness(a[10:70, 20:90], [a]) < 0.05


def test_another_kind_of_picture_is_strange():
    stripes = (np.indices((96, 112))[1] // 3 % 2 * 255.0)[..., None].repeat(3, -1)
    assert strangeness(stripes.astype(np.float32), [noise(14)]) > 1.5
    assert strangeness(noise(15), [stripes.astype(np.float32), noise(16)]) < 2.0


def test_a_further_picture_of_its_kind_makes_b_familiar():
    a, b = noise(17), np.clip(noise(18) * 0.2 + 200, 0, 255)
    like_b = np.clip(noise(19) * 0.2 + 200, 0, 255)
    assert strangeness(b, [a, like_b]) < 0.5 * strangeness(b, [a])


def test_labels_that_meet_as_they_do_nowhere_in_a_are_not_strange():
    """Two pairs of two labels each; those of all four touch in B."""
    seeds = [ndimage.gaussian_filter(np.random.default_rng(i).normal(size=(80, 80)), 6) > 0
             for i in range(5)]  # fmt: skip
    maps = [np.where(seeds[0], 40, 100), np.where(seeds[1], 160, 220)]
    mixed = np.where(seeds[2], np.where(seeds[3], 40, 160), np.where(seeds[4], 100, 220))
    one, other, b = (np.repeat(x[..., None], 3, -1).astype(np.float32) for x in (*maps, mixed))
    assert strangeness(b, [one, other]) < 0.5
    assert strangeness(b, [one]) > 2.0  # which lacks half of the labels
    assert strangeness(noise(22), [one, other]) > 2.0


def test_flat_pictures_are_measured_without_a_division_by_zero():
    flat = np.full((40, 40, 3), 90.0, np.float32)
    assert strangeness(flat, [flat]) == 0.0
    assert np.isfinite(strangeness(flat + 50, [flat]))
    assert np.isfinite(explained_detail([(flat, flat)]))


@pytest.mark.parametrize("shape", [(16, 16), (5, 200), (3, 3), (700, 20)])
def test_any_size_is_measured(shape):
    a, b = noise(20, shape=shape), noise(21, shape=(20, 30))
    assert np.isfinite(strangeness(b, [a]))
    assert np.isfinite(strangeness(a, [b]))
    assert np.isfinite(explained_detail([(a, 255 - a)]))


@pytest.mark.parametrize("size", [(96, 96), (120, 90), (250, 200)])
def test_textures_vary_evenly(size):
    for make in MATERIALS:
        texture = 128 + 40 * np.repeat(make(np.random.default_rng(2), size)[..., np.newaxis], 3, -1)
        assert evenly_varied(texture)


def test_what_shows_things_does_not_vary_evenly():
    assert not evenly_varied(noise(3, sigma=15.0))
    sky = noise(4)
    sky[:50] += 120
    assert not evenly_varied(sky)
    assert not evenly_varied(np.full((40, 40, 3), 90.0))  # it says nothing
    assert not evenly_varied(noise(5, sigma=1.0, shape=(5, 7)))  # its squares are pixels
