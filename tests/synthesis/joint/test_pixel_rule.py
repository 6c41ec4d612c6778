import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from analogies.synthesis.joint.pixel_rule import predict


def _scene(seed, shape=(80, 120)):
    noise = np.random.default_rng(seed).normal(size=(*shape, 3))
    smooth = ndimage.gaussian_filter(noise, (2, 2, 0))
    return np.clip(128 + 40 * smooth / smooth.std(), 0, 255).astype(np.float32)


def _predicted(function):
    a, b = _scene(1), _scene(2)
    prediction = predict(*(tf.constant(x) for x in (a, function(a), b)))
    return prediction.b.numpy(), function(b), float(prediction.explained)


def test_finds_a_curve_of_tones():
    found, truth, explained = _predicted(lambda x: (255 * (x / 255) ** 0.5).astype(np.float32))
    assert explained > 0.99
    assert np.abs(found - truth).mean() < 2


def test_finds_a_linear_filter():
    found, truth, explained = _predicted(
        lambda x: (128 + ndimage.correlate(x, np.array([[-1, 0, 1]])[..., None])).astype(np.float32)
    )
    inner = np.s_[8:-8, 8:-8]
    assert explained > 0.99
    assert np.abs(found - truth)[inner].mean() < 1


def test_claims_nothing_of_what_does_not_follow():
    noise = np.random.default_rng(3).uniform(0, 255, (80, 120, 3)).astype(np.float32)
    found, _, explained = _predicted(lambda x: noise)
    assert explained < 0.02
    assert np.abs(found - noise.mean()).mean() < 10


def test_a_label_map_explains_the_mean_of_each_label():
    labels = np.zeros((64, 64, 3), np.float32)
    labels[:, 32:] = 255
    grain = np.random.default_rng(4).normal(0, 10, labels.shape)
    prime = (np.where(labels > 0, 180, 60) + grain).astype(np.float32)
    found = predict(*map(tf.constant, (labels, prime, labels.transpose(1, 0, 2)))).b.numpy()
    assert found[:24].mean() == pytest.approx(60, abs=3)
    assert found[40:].mean() == pytest.approx(180, abs=3)


@pytest.mark.parametrize("shape", [(16, 16), (16, 400)])
def test_uniform_and_small_pictures_give_finite_numbers(shape):
    flat = tf.fill((*shape, 3), 77.0)
    prediction = predict(flat, flat, flat)
    np.testing.assert_allclose(prediction.b, 77.0, atol=0.5)
    assert float(prediction.explained) == 0.0


def test_a_filter_that_would_blow_up_sharper_pictures_is_not_used():
    rows = np.random.default_rng(5).integers(0, 2, (8, 12, 1)).repeat(3, -1) * 255.0
    sharp = np.kron(rows, np.ones((10, 10, 1))).astype(np.float32)
    soft = ndimage.gaussian_filter(sharp, (3, 3, 0))
    a_prime = np.clip(20 + 0.8 * sharp, 0, 255).astype(np.float32)
    prediction = predict(*(tf.constant(x) for x in (soft, a_prime, sharp)))
    assert np.abs(prediction.b.numpy() - a_prime).mean() < 30
    assert prediction.b.numpy().min() >= 20 - 1e-3
    assert prediction.b.numpy().max() <= 224 + 1e-3


def test_uniform_pairs_are_exact():
    prediction = predict(tf.fill((32, 32, 3), 255.0), tf.zeros((32, 32, 3)), tf.zeros((20, 20, 3)))
    np.testing.assert_array_equal(prediction.b, 0.0)
