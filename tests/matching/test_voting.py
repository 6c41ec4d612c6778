"""Voting against a loop over patches."""

import numpy as np
import pytest
import tensorflow as tf
from matching_references import plain_vote, starts

from analogies.matching import NearestNeighborField, coverage, middles, vote


def random_field(generator, shape, k, stride, reference):
    m, n = (len(starts(side, k, stride)) for side in shape)
    rows = generator.integers(0, reference[0] - k + 1, (m, n))
    cols = generator.integers(0, reference[1] - k + 1, (m, n))
    scores = generator.uniform(-1, 1, (m, n))
    return NearestNeighborField(
        tf.constant(rows, tf.int32), tf.constant(cols, tf.int32), tf.constant(scores, tf.float32)
    )


@pytest.mark.parametrize(
    ("k", "stride", "scale", "weighted"),
    [
        (1, 1, 1, False),
        (3, 1, 1, True),
        (3, 2, 1, False),
        (2, 3, 1, True),
        (3, 1, 4, False),
        (2, 2, 3, True),
        (2, 5, 2, True),
    ],
)
def test_vote(k, stride, scale, weighted):
    generator = np.random.default_rng(k * 100 + stride * 10 + scale)
    shape, reference = (9, 12), (7, 8)
    field = random_field(generator, shape, k, stride, reference)
    values = generator.uniform(0, 255, (7 * scale, 8 * scale, 3)).astype(np.float32)
    weights = generator.uniform(0, 1, field.rows.shape).round(1) if weighted else None
    voted = vote(field, values, k, shape, scale=scale, weights=weights, query_stride=stride)
    expected = plain_vote(field, values, k, shape, scale, weights, stride)
    assert voted.shape == expected.shape
    np.testing.assert_allclose(voted.numpy(), expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize(("k", "size"), [(5, 3), (7, 1), (7, 7), (6, 2), (4, 4)])
def test_middles_vote_as_a_window_of_their_size_does(k, size):
    generator = np.random.default_rng(k)
    shape, reference = (12, 15), (10, 11)
    field = random_field(generator, shape, k, 1, reference)
    values = generator.uniform(0, 255, (*reference, 3)).astype(np.float32)
    found = middles(field, k, tf.constant(size), shape)
    assert found.rows.shape == (12 - size + 1, 15 - size + 1)
    margin = (k - size) // 2
    window = np.pad(np.ones((size, size), np.float32), margin)
    expected = vote(field, values, k, shape, window=window)
    inner = slice(k - 1, 1 - k) if k > 1 else slice(None)
    voted = vote(found, values, size, shape)
    np.testing.assert_allclose(voted[inner, inner], expected[inner, inner], rtol=1e-5)
    # towards the border every cell shows a cell of the reference inside a matched patch
    for i, row in enumerate(found.rows.numpy()):
        owner = np.clip(i - margin, 0, shape[0] - k)
        patch = field.rows.numpy()[owner, np.clip(np.arange(len(row)) - margin, 0, shape[1] - k)]
        assert ((row >= patch) & (row + size <= patch + k)).all()


def test_matches_below_the_threshold_do_not_count():
    generator = np.random.default_rng(0)
    field = random_field(generator, (8, 8), 3, 1, (6, 6))
    values = generator.uniform(0, 1, (6, 6, 2)).astype(np.float32)
    voted = vote(field, values, 3, (8, 8), threshold=0.2)
    weights = (field.scores.numpy() >= 0.2).astype(float)
    np.testing.assert_allclose(
        voted.numpy(), plain_vote(field, values, 3, (8, 8), weights=weights), atol=1e-5
    )


@pytest.mark.parametrize(("k", "stride"), [(1, 1), (3, 1), (3, 2), (2, 4)])
def test_coverage_counts_the_votes_on_each_cell(k, stride):
    generator = np.random.default_rng(k)
    shape = (9, 12)
    field = random_field(generator, shape, k, stride, (6, 6))
    expected = np.zeros(shape)
    tops, lefts = (starts(side, k, stride) for side in shape)
    for (i, j), score in np.ndenumerate(field.scores.numpy()):
        expected[tops[i] : tops[i] + k, lefts[j] : lefts[j] + k] += score >= 0.2
    found = coverage(field, k, shape, query_stride=stride, threshold=0.2).numpy()
    np.testing.assert_array_equal(found[..., 0], expected)
    voted = vote(field, np.ones((6, 6, 1)), k, shape, query_stride=stride, threshold=0.2)
    np.testing.assert_array_equal(voted.numpy()[..., 0] > 0, expected > 0)


def test_the_identity_field_gives_the_map_back():
    values = np.random.default_rng(1).uniform(0, 255, (6, 9, 3)).astype(np.float32)
    rows, cols = np.mgrid[:4, :7].astype(np.int32)
    field = NearestNeighborField(*map(tf.constant, (rows, cols, np.ones((4, 7), np.float32))))
    np.testing.assert_allclose(vote(field, values, 3, (6, 9)).numpy(), values, rtol=1e-5)
