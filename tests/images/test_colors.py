import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from analogies.apps.arguments import parse
from analogies.images.colors import LUMA, match_colors, match_histograms, preserve_color
from analogies.options.table import Options
from analogies.runs import inputs


def _cloud(seed, mixing, mean):
    values = np.random.default_rng(seed).normal(size=(40, 50, 3)) @ mixing + mean
    return tf.constant(values, tf.float32)


def test_gets_the_mean_and_covariance_of_the_example():
    image = _cloud(0, np.diag([5.0, 10.0, 15.0]), 120)
    example = _cloud(1, np.array([[12.0, 3, 0], [0, 9, 4], [2, 0, 6]]), 90)
    found = match_colors(image, example).numpy().reshape(-1, 3)
    expected = example.numpy().reshape(-1, 3)
    np.testing.assert_allclose(found.mean(0), expected.mean(0), atol=0.1)
    np.testing.assert_allclose(np.cov(found.T), np.cov(expected.T), rtol=0.05, atol=2)


def test_uniform_pictures_take_the_mean():
    found = match_colors(tf.fill((8, 8, 3), 10.0), tf.fill((5, 5, 3), 200.0))
    np.testing.assert_allclose(found, 200.0, atol=1e-2)


def test_preserved_color_has_the_brightness_of_one_and_the_hue_of_the_other():
    random = np.random.default_rng(0)
    image, example = random.uniform(0, 255, (2, 20, 30, 3)).astype(np.float32)
    found = preserve_color(image, example)
    assert found.min() > -0.01
    assert found.max() < 255.01
    np.testing.assert_allclose(found @ LUMA, image @ LUMA, atol=0.01)
    before, after = (x - (x @ LUMA)[..., None] for x in (example, found))
    cosine = (before * after).sum(-1) / np.linalg.norm(before, axis=-1)
    np.testing.assert_allclose(cosine, np.linalg.norm(after, axis=-1), atol=0.01)


def test_preserving_the_color_of_the_picture_itself_changes_nothing():
    image = np.random.default_rng(1).uniform(0, 255, (8, 9, 3)).astype(np.float32)
    np.testing.assert_allclose(preserve_color(image, image), image, atol=0.01)


def test_histograms_are_those_of_the_example():
    image, example = _cloud(0, np.diag([5.0, 10.0, 15.0]), 120), _cloud(1, np.eye(3) * 7, 90)
    found = match_histograms(image.numpy(), example.numpy())
    for channel in range(3):
        values, expected = (np.sort(x[..., channel], axis=None) for x in (found, example.numpy()))
        np.testing.assert_allclose(values, expected, atol=0.1)  # some values occur twice
        order = np.argsort(image.numpy()[..., channel], axis=None)
        assert (np.diff(found[..., channel].ravel()[order]) >= 0).all()


def test_areas_of_one_color_stay_such():
    image = np.zeros((8, 8, 3), np.float32)
    image[:, 4:] = 200
    example = np.repeat(np.linspace(10, 90, 100, dtype=np.float32).reshape(10, 10, 1), 3, -1)
    found = match_histograms(image, example)
    assert np.unique(found[:, :4]).size == np.unique(found[:, 4:]).size == 1
    assert found[0, 0, 0] < found[0, -1, 0]


def test_halves_of_one_color_take_the_quarters_of_the_example():
    image = np.zeros((8, 8, 3), np.float32)
    image[:, 4:] = 127
    example = np.repeat(np.linspace(0, 255, 256, dtype=np.float32).reshape(16, 16, 1), 3, -1)
    found = match_histograms(image, example)
    np.testing.assert_allclose(found[:, :4], 255 / 4, atol=0.5)
    np.testing.assert_allclose(found[:, 4:], 255 * 3 / 4, atol=0.5)
    np.testing.assert_allclose(match_histograms(image[:, :4], example), 127.5, atol=0.5)


pictures = arrays(
    np.uint8,
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)),
    elements=st.one_of(st.integers(0, 255), st.sampled_from([0, 127, 255])),
)


@settings(max_examples=200, deadline=None)
@given(image=pictures)
def test_the_histogram_of_a_picture_itself_changes_nothing(image):
    image = image.astype(np.float32)
    np.testing.assert_array_equal(match_histograms(image, image), image)
    again = np.concatenate([image, image])  # the same colors, each as often
    np.testing.assert_array_equal(match_histograms(image, again), image)


@settings(max_examples=200, deadline=None)
@given(image=pictures, example=pictures)
def test_values_keep_their_order_and_the_range_of_the_example(image, example):
    found = match_histograms(image.astype(np.float32), example.astype(np.float32))
    for channel in range(3):
        before, after = image[..., channel].ravel(), found[..., channel].ravel()
        order = np.argsort(before, kind="stable")
        assert (np.diff(after[order]) >= 0).all()
        assert all(np.unique(after[before == value]).size == 1 for value in np.unique(before))
        assert example[..., channel].min() <= after.min()
        assert after.max() <= example[..., channel].max()


@settings(max_examples=100, deadline=None)
@given(image=pictures, seed=st.integers(0, 99))
def test_ranks_are_those_of_statistics(image, seed):
    """By SciPy's mean ranks and Hazen's quantiles of an example without equal values."""
    example = np.random.default_rng(seed).permuted(np.linspace(0, 255, 105).reshape(5, 7, 3))
    found = match_histograms(image.astype(np.float32), example)
    for channel in range(3):
        values = image[..., channel]
        shares = (stats.rankdata(values) - 0.5) / values.size
        expected = np.quantile(example[..., channel], shares, method="hazen")
        np.testing.assert_allclose(found[..., channel].ravel(), expected, atol=1e-3)


@pytest.mark.parametrize(("mode", "alike"), [("off", 40), ("covariance", 1), ("histogram", 1)])
def test_a_prime_gets_the_colors_of_b(mode, alike):
    a_prime, b = (_cloud(seed, np.eye(3) * 9, mean).numpy() for seed, mean in ((0, 120), (1, 80)))
    pixels = {"a": a_prime, "a_prime": a_prime, "b": b}
    ((a, found),) = inputs.pairs_of(pixels, Options(match_color=mode))
    assert a is a_prime
    assert abs(found.mean() - b.mean()) == pytest.approx(alike, abs=1)


def test_the_flag_alone_means_mean_and_covariance():
    assert Options(match_color=True).match_color == "covariance"
    assert Options(match_color=False).match_color == "off"
    for words, mode in (
        ("--match-color a ap b out", "covariance"),
        ("a ap b out --match-color", "covariance"),
        ("--match-color=histogram a ap b out", "histogram"),
        ("--match-color histogram a ap b out", "histogram"),
    ):
        paths, given = parse(words.split())
        assert (paths.a, paths.out) == ("a", "out")
        assert Options.parse(given).match_color == mode
