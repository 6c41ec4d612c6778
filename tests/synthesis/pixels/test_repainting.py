"""B in the colors of A."""

import numpy as np

from analogies.synthesis.pixels.palette import ranked, recolored, repainted


def picture(seed, low, high, shape=(48, 40)):
    random = np.random.default_rng(seed)
    return random.uniform(low, high, (*shape, 3)).astype(np.float32)


def test_ranked_values_have_the_other_histogram_and_their_own_order():
    random = np.random.default_rng(1)
    values, like = random.normal(0, 1, (60, 50)), random.exponential(20, 5000)
    found = ranked(values, like)
    shares = np.linspace(0.02, 0.98, 25)
    assert np.allclose(np.quantile(found, shares), np.quantile(like, shares), rtol=0.05, atol=0.3)
    order = np.argsort(values.ravel())
    assert (np.diff(found.ravel()[order]) >= 0).all()


def test_recolored_has_the_mean_and_spread_of_the_other():
    b, a = picture(2, 20, 90), picture(3, 100, 160)
    found = recolored(b, a)
    assert np.allclose(found.mean((0, 1)), a.mean((0, 1)), atol=0.5)
    covariances = [np.cov(x.reshape(-1, 3).T) for x in (found, a)]
    assert np.allclose(*covariances, atol=0.05 * np.abs(covariances[1]).max())


def test_what_is_warm_becomes_the_warmest_that_there_is():
    """Of a blue painting with little yellow, which the mean and spread would make B all blue by."""
    random = np.random.default_rng(4)
    yellow, blue = np.array([230, 210, 70]), np.array([60, 90, 180])
    share = random.uniform(size=(64, 64, 1)) < 0.3
    a = np.where(share, yellow, blue) + random.normal(0, 4, (64, 64, 3))
    tan, gray = np.array([190, 150, 90]), np.array([170, 170, 170])
    warm = random.uniform(size=(50, 60, 1)) < 0.3
    b = np.where(warm, tan, gray) + random.normal(0, 4, (50, 60, 3))
    found = repainted(b.astype(np.float32), a.astype(np.float32))
    warmth = found[..., :2].mean(-1) - found[..., 2]
    inside = warm[..., 0]
    assert found.shape == b.shape
    assert found.min() >= 0
    assert found.max() <= 255
    assert warmth[inside].mean() > 100  # yellow has 150, blue -105
    assert warmth[~inside].mean() < -50
