"""Matches that do not count, and patches on a stride: what no vote reaches stays as it was."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from analogies.matching import NearestNeighborField, coverage, match, vote
from analogies.matching.true_scores import similarities
from analogies.options.table import Options
from analogies.synthesis.loop import synthesize
from analogies.synthesis.network_methods import joint_steps

LAYERS = ("block2_conv1", "block3_conv1")
SMALL = {"patch_size": 3, "analogy_layers": LAYERS, "mrf_layers": LAYERS}
SIZE = (40, 48)


def picture(seed, size=SIZE):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(*size, 3)), (2, 2, 0))
    return np.clip(128 + 45 * noise / noise.std(), 0, 255).astype(np.float32)


def level(options, cell=2):
    """Steps, the scene of a level, a B' so far, and its matches."""
    steps = joint_steps(options, "residual")
    a, a_prime, b, start = (tf.constant(picture(seed)) for seed in range(4))
    cell = tf.constant(cell)
    scene = steps.set_scene(a, a_prime, b, tf.constant(SIZE), tf.constant(SIZE), cell)
    image = steps.pad(start, cell)
    matches = steps.search(image, scene, cell, 1.0, steps.unused(scene))
    return steps, scene, cell, image, matches


def test_similarities_are_those_of_the_formula():
    random = np.random.default_rng(0)
    query, reference = (random.normal(size=size).astype(np.float32) for size in [(6, 7, 4)] * 2)
    bias = random.normal(size=(4, 5)).astype(np.float32)
    options = {"score": "distance", "reference_bias": bias, "query_stride": 2}
    field = match(query, reference, 3, **options)
    found = similarities(field, query, reference, bias, 3, 2).scores.numpy()
    for (i, j), score in np.ndenumerate(found):
        y, x = min(2 * i, 3), min(2 * j, 4)
        row, col = int(field.rows[i, j]), int(field.cols[i, j])
        p, q = query[y : y + 3, x : x + 3], reference[row : row + 3, col : col + 3]
        expected = 2 * (p * q).sum() / ((p**2).sum() + (q**2).sum())
        assert score == pytest.approx(expected, abs=1e-5)
    itself = match(query, query, 3, **options | {"reference_bias": None})
    scores = similarities(itself, query, query, np.zeros_like(bias), 3, 2).scores
    np.testing.assert_allclose(scores, 1.0, atol=1e-5)


def test_where_no_match_counts_all_stays_as_it_is():
    steps, scene, cell, image, matches = level(Options(confidence=1.0, **SMALL))
    assert 0.0 < float(tf.reduce_mean(matches.scores)) < 1.0
    placed = steps.place(matches, scene, cell, image)
    np.testing.assert_allclose(placed, image, atol=1e-3)
    targets = steps.aim(matches, scene, cell, image)
    own = steps.objective.network.features(image)
    for name, values in targets.maps.items():
        np.testing.assert_array_equal(values, own[name])


@pytest.mark.parametrize("cell", [1, 2, 4])
@pytest.mark.parametrize("changes", [{"confidence": None}, {"patch_stride": 5}])
def test_cells_with_votes_get_them_and_others_stay(cell, changes):
    usual = level(Options(**SMALL), cell)
    if "confidence" in changes:
        changes = {"confidence": float(np.median(usual[-1].scores))}
    options = Options(**{**SMALL, **changes})
    steps, scene, _, image, matches = level(options, cell)
    cell = tf.constant(cell)
    placed = steps.place(matches, scene, cell, image).numpy()
    counts = coverage(
        matches, 3, scene.guide.shape[:2], query_stride=options.patch_stride,
        threshold=options.confidence,
    )  # fmt: skip
    covered = np.kron(counts.numpy()[..., 0] > 0, np.ones((int(cell),) * 2)).astype(bool)
    assert 0.1 < covered.mean() < 0.97
    np.testing.assert_allclose(placed[~covered], image.numpy()[~covered], atol=1e-3)
    assert np.abs(placed - image.numpy())[covered].mean() > 5
    if "confidence" in changes:  # cells that all votes count on get the usual vote
        full = coverage(matches, 3, scene.guide.shape[:2]) == counts
        full = np.kron(full.numpy()[..., 0], np.ones((int(cell),) * 2)).astype(bool)
        expected = usual[0].place(usual[-1], usual[1], cell, image).numpy()
        np.testing.assert_allclose(placed[full], expected[full], atol=1e-2)
        assert full.any()
    targets = steps.aim(matches, scene, cell, image)
    own = steps.objective.network.features(image)
    for name, values in targets.maps.items():
        stride = steps.strides[name]
        free = ~covered.reshape(values.shape[0], stride, values.shape[1], stride).any((1, 3))
        np.testing.assert_array_equal(values.numpy()[free], own[name].numpy()[free])
        assert np.isfinite(values).all()
        assert free.any() or stride > int(cell)


def test_a_stride_makes_a_whole_picture():
    options = Options(scales=1, votes=1, evaluations=3, patch_stride=2, **SMALL)
    records = list(synthesize(picture(0), picture(1), picture(2), options))
    field = next(record.field for record in records if record.kind == "pass")
    plain = options.parse({**options.as_dict(), "patch_stride": 1})
    usual = list(synthesize(picture(0), picture(1), picture(2), plain))[-1].image()
    assert field.rows.shape[0] < 0.6 * SIZE[0]
    assert np.abs(records[-1].image() - usual).mean() < 30
    assert records[-1].image().std() > 20


@pytest.mark.parametrize("k", [1, 2, 5, 6, 7])
def test_only_the_middles_of_patches_are_voted(k):
    """The rest has next to no weight; where votes are averaged later, the middle alone counts."""
    steps = joint_steps(Options(patch_size=k), "residual")
    random = np.random.default_rng(k)
    rows, cols = random.integers(0, 21 - k, (2, 25 - k, 25 - k)).astype(np.int32)
    field = NearestNeighborField(tf.constant(rows), tf.constant(cols), tf.ones(rows.shape))
    values = tf.constant(random.uniform(0, 1, (20, 20, 3)), tf.float32)
    given, inner = (field, values, tf.constant([24, 24]), 1), slice(8, 13)
    whole = vote(field, values, k, (24, 24), window=steps.window)
    found = steps._vote_cells(*given, tf.constant(1))
    np.testing.assert_allclose(found[inner, inner], whole[inner, inner], atol=1e-3)
    if k % 2:
        middle = values.numpy()[rows + k // 2, cols + k // 2]
        found = steps._vote_cells(*given, tf.constant(4)).numpy()
        inner = slice(k // 2, 24 - k // 2)
        np.testing.assert_allclose(found[inner, inner], middle, atol=1e-5)
