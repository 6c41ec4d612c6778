"""How far apart what guides show is, for pixels and for the network."""

import itertools

import numpy as np
import pytest

from analogies.synthesis.controls import Controls, GuideMaps, KeptPart, resized_mask


def _classes(count, weight=1.0, where=None):
    shares = np.eye(count, dtype=np.float32)[np.newaxis]
    return GuideMaps((shares,), shares, True, weight, where)


@pytest.mark.parametrize("count", [2, 3, 4, 7, 24])
def test_any_two_classes_are_as_far_apart_as_black_and_white(count):
    guide = _classes(count)
    (a,), b = guide.compared()
    assert guide.channels == a.shape[-1] == (count - 1 if count <= 4 else (count + 1) // 2)
    for one, other in itertools.product(range(count), repeat=2):
        apart = np.square(a[0, one] - b[0, other]).mean()
        opposite = count > 4 and one // 2 == other // 2
        expected = 0 if one == other else 255.0**2 * (2 if opposite else 1)
        assert apart == pytest.approx(expected, rel=1e-4, abs=1e-2)


def test_of_one_length_classes_and_black_and_white_are_that_far_apart():
    (a,), b = _classes(5).of_one_length()
    assert np.square(a[0, 1] - b[0, 3]).mean() == pytest.approx(255.0**2, rel=1e-5)
    values = np.linspace(0, 255, 9, dtype=np.float32).reshape(1, 9, 1)
    (a,), b = GuideMaps((values,), values, False, 1.0).of_one_length()
    np.testing.assert_allclose(np.square(a).sum(-1), 255.0**2, rtol=1e-5)
    assert np.square(a[0, 0] - b[0, -1]).mean() == pytest.approx(255.0**2, rel=1e-5)
    apart = np.square(a[0, 0] - b[0]).sum(-1)
    assert (np.diff(apart) > 0).all()


def test_where_a_guide_counts_less_it_tells_places_less_apart():
    """Whatever a place in A is, its distance differs by `where` times as much as without."""
    random = np.random.default_rng(0)
    source, target = (random.uniform(0, 255, (4, 5, 2)).astype(np.float32) for _ in range(2))
    where = random.uniform(0, 1, (4, 5)).astype(np.float32)
    where[0, 0] = 0.0
    masked = GuideMaps((source,), target, False, 1.0, where)
    (a,), b = masked.compared()
    (whole_a,), whole_b = GuideMaps((source,), target, False, 1.0).of_one_length()
    assert masked.channels == a.shape[-1]

    def apart(a, b):
        """Of every place of A from every place of B, less that of the first place of A."""
        distances = np.square(a.reshape(-1, 1, 4) - b.reshape(1, -1, 4)).sum(-1)
        return distances - distances[:1]

    np.testing.assert_allclose(
        apart(a, b), apart(whole_a, whole_b) * where.ravel(), rtol=1e-3, atol=0.5
    )


def test_mixed_classes_lie_between():
    shares = np.array([[[1, 0, 0], [0.5, 0.5, 0], [0, 1, 0]]], np.float32)
    (a,), b = GuideMaps((shares,), shares, True, 1.0).compared()
    np.testing.assert_allclose(a[0, 1], (b[0, 0] + b[0, 2]) / 2, atol=1e-3)


def test_a_mask_that_shrinks_keeps_what_is_inside_by_a_share():
    mask = np.zeros((20, 20), bool)
    mask[:10, :11] = True
    found = resized_mask(mask, (10, 10), 0.999)
    assert found[:4, :4].all()
    assert not found[6:].any()
    assert not found[:, 6:].any()
    assert resized_mask(mask, (20, 20), 0.999) is mask


def test_what_stays_is_brought_to_a_size_and_controls_tell_of_masks():
    kept = KeptPart(np.ones((8, 8), bool), np.full((8, 8, 3), 7, np.float32)).at((4, 6))
    assert kept.made.shape == (4, 6)
    assert kept.known.shape == (4, 6, 3)
    assert not Controls(usable=(None, None)).masked
    assert Controls(usable=(None, np.ones((2, 2), bool))).masked
