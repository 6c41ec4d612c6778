"""PatchMatch: never better than exact, never falling, repeatable, and good."""

import numpy as np
import pytest
from matching_references import all_scores, flat_index
from scipy.ndimage import gaussian_filter

from analogies.matching import match


def smooth(seed, shape):
    """Noise smoothed as feature maps of pictures are."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    return gaussian_filter(noise, (1.5, 1.5, 0)).astype(np.float32)


@pytest.mark.parametrize("score", ["correlation", "distance"])
def test_scores_are_true_and_never_fall(score):
    query, reference = smooth(0, (80, 90, 6)), smooth(1, (300, 280, 6))
    start = match(query, reference, 3, "patchmatch", score=score, sweeps=0)
    before = start.scores.numpy()
    for sweeps in (1, 2, 4):
        field = match(query, reference, 3, "patchmatch", score=score, sweeps=sweeps)
        scores = field.scores.numpy()
        assert (scores >= before).all()
        before = scores
    assert before.mean() > start.scores.numpy().mean()
    exact = match(query, reference, 3, score=score).scores.numpy()
    assert (scores <= exact + 1e-4).all()
    if score == "correlation":
        assert scores.mean() > 0.9 * exact.mean()


@pytest.mark.parametrize("score", ["correlation", "distance"])
@pytest.mark.parametrize("strides", [(1, 1), (2, 3)])
def test_scores_belong_to_the_places(score, strides):
    query, reference = smooth(2, (20, 17, 5)), smooth(3, (14, 23, 5))
    bias = smooth(4, (12, 21, 1))[..., 0]
    options = {"query_stride": strides[0], "reference_stride": strides[1], "tile_bytes": 5000}
    field = match(query, reference, 3, "patchmatch", score=score, reference_bias=bias, **options)
    every = all_scores(query, reference, 3, score, bias, strides)
    chosen = every[np.arange(len(every)), flat_index(field, reference.shape, 3, strides[1])]
    np.testing.assert_allclose(field.scores.numpy().ravel(), chosen, atol=1e-5)
    assert chosen.mean() > np.quantile(every, 0.99, axis=1).mean()


def test_the_same_seed_gives_the_same_field():
    query, reference = smooth(5, (70, 75, 4)), smooth(6, (200, 190, 4))
    fields = [match(query, reference, 3, "patchmatch", seed=seed) for seed in (7, 7, 8)]
    for one, two in zip(fields[0], fields[1], strict=True):
        assert (one.numpy() == two.numpy()).all()
    assert (fields[0].rows.numpy() != fields[2].rows.numpy()).any()


def test_a_warm_start_of_another_size_keeps_offsets_within_a_cell():
    reference = smooth(7, (96, 96, 6))
    query = reference[10:74, 6:80]
    coarse = match(query[::2, ::2], reference[::2, ::2])
    field = match(query, reference, 3, "patchmatch", initial=coarse, sweeps=0)
    rows, cols = np.mgrid[:62, :72]
    near = (abs(field.rows.numpy() - rows - 10) <= 1) & (abs(field.cols.numpy() - cols - 6) <= 1)
    assert near.mean() > 0.9
    refined = match(query, reference, 3, "patchmatch", initial=coarse, sweeps=2)
    assert (refined.rows.numpy() == rows + 10).mean() > 0.95


@pytest.mark.parametrize("strides", [(1, 1), (2, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("k", [1, 3, 4])
def test_a_start_of_the_same_size_is_taken_as_it_is(k, strides):
    query, reference = smooth(8, (40, 45, 4)), smooth(9, (50, 37, 4))
    steps = {"query_stride": strides[0], "reference_stride": strides[1]}
    exact = match(query, reference, k, **steps)
    field = match(query, reference, k, "patchmatch", initial=exact, sweeps=0, **steps)
    assert (field.rows.numpy() == exact.rows.numpy()).all()
    assert (field.cols.numpy() == exact.cols.numpy()).all()
    np.testing.assert_allclose(field.scores, exact.scores, atol=1e-5)


def test_a_start_on_a_stride_of_another_size_keeps_offsets_within_a_cell():
    reference = smooth(7, (96, 96, 6))
    query = reference[10:74, 6:80]
    coarse = match(query[::2, ::2], reference[::2, ::2], query_stride=2)
    field = match(query, reference, 3, "patchmatch", initial=coarse, sweeps=0, query_stride=2)
    rows, cols = (np.unique(np.minimum(np.arange(0, side, 2), side - 3)) for side in (64, 74))
    assert field.rows.shape == (len(rows), len(cols))
    near = abs(field.rows.numpy() - rows[:, None] - 10) <= 1
    near &= abs(field.cols.numpy() - cols - 6) <= 1
    assert near.mean() > 0.8


def test_a_start_from_its_own_result_loses_nothing():
    query, reference = smooth(8, (60, 66, 4)), smooth(9, (150, 140, 4))
    first = match(query, reference, 3, "patchmatch", sweeps=1)
    again = match(query, reference, 3, "patchmatch", initial=first, sweeps=1)
    assert (again.scores.numpy() >= first.scores.numpy() - 1e-5).all()
