import keras
import numpy as np
import pytest
import tensorflow as tf

from analogies import losses
from analogies.losses import energies


def _maps(seed, dtype=np.float32):
    random = np.random.default_rng(seed)
    return {
        "conv1": tf.constant(random.normal(size=(6, 5, 4)).astype(dtype)),
        "conv2": tf.constant(random.normal(size=(3, 2, 7)).astype(dtype)),
    }


@pytest.mark.parametrize("kind", [losses.AnalogyLoss, losses.MRFLoss, losses.ContentLoss])
def test_feature_losses_are_relative_squared_errors(kind):
    x, target = _maps(0), _maps(1)
    expected = 0.0
    for name in x:
        difference = x[name].numpy() - target[name].numpy()
        expected += np.sum(difference**2) / np.sum(target[name].numpy() ** 2)
    assert float(kind(["conv1", "conv2"], weight=3.0)(x, target)) == pytest.approx(
        3 * expected, rel=1e-5
    )


def test_feature_losses_ignore_other_layers_and_vanish_at_the_target():
    x = _maps(0)
    assert float(losses.MRFLoss(["conv2"])(x, {"conv2": x["conv2"]})) == 0.0


def test_a_weight_means_the_same_at_every_size_and_scale():
    small, large = tf.random.stateless_normal((4, 4, 8), [1, 2]), None
    large = 1000.0 * tf.tile(small, (5, 3, 1))
    loss = losses.AnalogyLoss(["l"])
    values = [float(loss({"l": 1.5 * t}, {"l": t})) for t in (small, large)]
    assert values == pytest.approx([0.25, 0.25], rel=1e-5)


def test_gram_loss_compares_second_moments_wherever_they_are():
    x = _maps(2)["conv1"].numpy()
    gram = sum(np.outer(row, row) for row in x.reshape(-1, 4)) / 30
    np.testing.assert_allclose(energies.gram_matrix(x), gram, rtol=1e-5)
    loss = losses.GramLoss(["l"], weight=2.0)
    assert float(loss({"l": x[::-1, ::-1].copy()}, {"l": gram})) == pytest.approx(0, abs=1e-9)
    assert float(loss({"l": 0 * x}, {"l": gram})) == pytest.approx(2.0, rel=1e-5)


def test_total_variation_is_its_formula():
    image = np.random.default_rng(3).uniform(0, 255, (5, 6, 3)).astype(np.float32)
    expected = 0.0
    for i in range(4):
        for j in range(5):
            for c in range(3):
                dx, dy = image[i, j + 1, c] - image[i, j, c], image[i + 1, j, c] - image[i, j, c]
                expected += ((dx**2 + dy**2) / 255**2) ** 1.25
    found = float(losses.TotalVariationLoss(weight=4.0)(tf.constant(image)))
    assert found == pytest.approx(4 * expected / (4 * 5 * 3), rel=1e-5)


def test_start_loss_trusts_a_prediction_by_its_signal_to_noise_ratio():
    image, start = tf.zeros((4, 4, 3)), tf.fill((4, 4, 3), 10.0)
    loss = losses.StartLoss(weight=2.0)
    variance, most, nothing = tf.constant(400.0), tf.constant(0.8), tf.constant(0.0)
    assert float(loss(image, start, variance, most)) == pytest.approx(2 * 4 * 100 / 400)
    assert float(loss(image, start, variance, nothing)) == 0.0


@pytest.mark.parametrize(
    "loss",
    [
        losses.AnalogyLoss(["a", "b"], 0.5),
        losses.MRFLoss(["a"], 0.25),
        losses.ContentLoss(["a"]),
        losses.GramLoss(["a"], 3.0),
        losses.TotalVariationLoss(0.1, power=1.0),
        losses.StartLoss(7.0),
    ],
)
def test_configurations_round_trip(loss):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()


def _relative(x):
    return energies.relative_squared_error(x, tf.ones_like(x) * 2)


def _gram(x):
    return energies.relative_squared_error(energies.gram_matrix(x), tf.eye(3, dtype=x.dtype))


@pytest.mark.parametrize("function", [_relative, _gram, energies.total_variation])
def test_gradients_agree_with_finite_differences(function):
    x = np.random.default_rng(4).uniform(0, 5, (4, 5, 3))
    theory, numeric = tf.test.compute_gradient(function, [tf.constant(x)], delta=1e-4)
    np.testing.assert_allclose(theory[0], numeric[0], rtol=1e-4, atol=1e-9)
