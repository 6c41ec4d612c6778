"""Descriptors of patches against the patches' scores."""

import numpy as np
import pytest
import tensorflow as tf

from analogies.matching import patches
from analogies.matching.descriptors import describe


@pytest.mark.parametrize(("k", "channels"), [(1, 48), (2, 8), (3, 5)])
@pytest.mark.parametrize("score", patches.SCORES)
def test_short_patches_are_described_exactly(k, channels, score):
    random = np.random.default_rng(k)
    query, reference = (
        tf.constant(random.normal(size=(*size, channels)), tf.float32) for size in ((9, 8), (7, 10))
    )
    scoring = patches.prepare(query, reference, k, score, None)
    of_query, of_reference = describe(query, reference, scoring, k, 64, 0)
    found = tf.tensordot(of_query, of_reference, [[2], [2]])
    own = patches.extract_all(query, k, 1) * scoring.query_scale[..., tf.newaxis]
    other = patches.extract_all(reference, k, 1) * scoring.scale[..., tf.newaxis]
    wanted = tf.tensordot(own, other, [[2], [2]]) + scoring.bias
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=2e-3)
