"""Voting against a loop over patches."""

import numpy as np
import pytest
import tensorflow as tf
from matching_references import plain_vote

from analogies.matching import NearestNeighborField, vote


def random_field(generator, shape, k, stride, reference):
    m, n = (shape[0] - k) // stride + 1, (shape[1] - k) // stride + 1
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


def test_matches_below_the_threshold_do_not_count():
    generator = np.random.default_rng(0)
    field = random_field(generator, (8, 8), 3, 1, (6, 6))
    values = generator.uniform(0, 1, (6, 6, 2)).astype(np.float32)
    voted = vote(field, values, 3, (8, 8), threshold=0.2)
    weights = (field.scores.numpy() >= 0.2).astype(float)
    np.testing.assert_allclose(
        voted.numpy(), plain_vote(field, values, 3, (8, 8), weights=weights), atol=1e-5
    )


def test_the_identity_field_gives_the_map_back():
    values = np.random.default_rng(1).uniform(0, 255, (6, 9, 3)).astype(np.float32)
    rows, cols = np.mgrid[:4, :7].astype(np.int32)
    field = NearestNeighborField(*map(tf.constant, (rows, cols, np.ones((4, 7), np.float32))))
    np.testing.assert_allclose(vote(field, values, 3, (6, 9)).numpy(), values, rtol=1e-5)
