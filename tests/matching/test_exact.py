"""The exact matcher against every pair of patches in float64."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_references import all_scores, flat_index

from analogies.matching import match, tiling


def check(query, reference, k, score="correlation", bias=None, strides=(1, 1), **options):
    """Scores agree to 1e-5 of the patches' size, places except where two scores do."""
    field = match(
        query,
        reference,
        k,
        score=score,
        reference_bias=bias,
        query_stride=strides[0],
        reference_stride=strides[1],
        **options,
    )
    every = all_scores(query, reference, k, score, bias, strides)
    size = 1.0 if score == "correlation" else max(1.0, k * k * query.shape[2])
    best = every.max(axis=1)
    np.testing.assert_allclose(field.scores.numpy().ravel(), best, rtol=0, atol=1e-5 * size)
    chosen = every[np.arange(len(every)), flat_index(field, reference.shape, k, strides[1])]
    np.testing.assert_allclose(chosen, best, rtol=0, atol=1e-5 * size)
    return field


ANY_SHAPE = given(
    seed=st.integers(0, 2**32 - 1),
    k=st.integers(1, 5),
    more=st.tuples(*[st.integers(0, 12)] * 4),
    channels=st.integers(1, 9),
    kind=st.sampled_from(
        [
            ("correlation", (1, 1), False),
            ("distance", (1, 1), False),
            ("correlation", (2, 1), True),
            ("distance", (1, 2), True),
            ("correlation", (3, 3), False),
        ]
    ),
    tile_bytes=st.sampled_from([1, 20_000, 256 << 20]),
)


def check_shape(seed, k, more, channels, kind, tile_bytes):
    generator = np.random.default_rng(seed)
    score, strides, biased = kind
    h, w, h2, w2 = (k + extra for extra in more)
    query = generator.standard_normal((h, w, channels), np.float32)
    reference = generator.standard_normal((h2, w2, channels), np.float32)
    bias = generator.standard_normal((h2 - k + 1, w2 - k + 1), np.float32) if biased else None
    check(query, reference, k, score, bias, strides, tile_bytes=tile_bytes)


@settings(max_examples=50, deadline=None, derandomize=True)
@ANY_SHAPE
def test_shapes(**shape):
    check_shape(**shape)


@pytest.mark.slow
@settings(max_examples=500, deadline=None, derandomize=True)
@ANY_SHAPE
def test_many_shapes(**shape):
    check_shape(**shape)


@pytest.mark.parametrize("score", ["correlation", "distance"])
def test_wide_maps_are_cut_into_strips(score):
    generator = np.random.default_rng(1)
    query = generator.standard_normal((5, 210, 3), np.float32)
    reference = generator.standard_normal((6, 301, 3), np.float32)
    check(query, reference, 3, score)


@pytest.mark.parametrize("tile_bytes", [1, 3_000_000, 256 << 20])
def test_ties_go_to_the_lowest_index_whatever_the_tile(tile_bytes):
    generator = np.random.default_rng(2)
    query = generator.integers(0, 2, (5, 9, 1)).astype(np.float32)
    tile = generator.integers(0, 2, (4, 8, 1)).astype(np.float32)
    reference = np.tile(tile, (2, 40, 1))  # whole strips alike
    for score in ("correlation", "distance"):
        field = match(query, reference, 2, score=score, tile_bytes=tile_bytes)
        every = all_scores(query, reference, 2, score).round(6)
        assert (flat_index(field, reference.shape, 2, 1) == every.argmax(axis=1)).all()


def test_empty_patches_score_zero():
    generator = np.random.default_rng(3)
    reference = generator.standard_normal((6, 7, 2), np.float32)
    reference[:3, :3] = 0
    field = match(np.zeros((5, 5, 2), np.float32), reference)
    assert (field.scores.numpy() == 0).all()
    opposite = -np.ones((3, 3, 1), np.float32)
    shades = np.ones((3, 7, 1), np.float32)
    shades[:, 4:] = 0
    field = match(opposite, shades)
    assert field.scores.numpy() == 0
    assert field.cols.numpy() == 4


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_half_precision_is_summed_in_single(dtype):
    generator = np.random.default_rng(4)
    query = tf.cast(generator.standard_normal((9, 9, 40)), dtype)
    reference = tf.cast(generator.standard_normal((9, 10, 40)), dtype)
    check(tf.cast(query, tf.float32).numpy(), tf.cast(reference, tf.float32).numpy(), 3)
    field = match(query, reference)
    single = match(tf.cast(query, tf.float32), tf.cast(reference, tf.float32))
    for one, two in zip(field, single, strict=True):
        assert (one.numpy() == two.numpy()).all()


def test_inside_another_function_and_traced_once():
    traces = []

    @tf.function(input_signature=[tf.TensorSpec((None, None, 2))] * 2)
    def total(query, reference):
        traces.append(1)
        field = match(query, reference)
        return field.rows, field.scores

    generator = np.random.default_rng(5)
    for size in (5, 9, 14):
        query = generator.standard_normal((size, 6, 2), np.float32)
        reference = generator.standard_normal((7, size, 2), np.float32)
        rows, scores = total(query, reference)
        field = match(query, reference)
        assert (rows.numpy() == field.rows.numpy()).all()
        assert (scores.numpy() == field.scores.numpy()).all()
    assert len(traces) == 1


def test_a_map_finds_itself():
    query = np.random.default_rng(6).standard_normal((12, 130, 4), np.float32)
    field = match(query, query)
    rows, cols = np.mgrid[:10, :128]
    assert (field.rows.numpy() == rows).all()
    assert (field.cols.numpy() == cols).all()
    np.testing.assert_allclose(field.scores.numpy(), 1, atol=1e-5)


def test_auto_is_exact_for_small_maps_and_says_so(caplog):
    generator = np.random.default_rng(7)
    query = generator.standard_normal((9, 8, 2), np.float32)
    caplog.set_level("INFO", logger="absl")
    field, exact = match(query, query[1:], 3, "auto"), match(query, query[1:])
    assert (field.rows.numpy() == exact.rows.numpy()).all()
    assert "exact" in caplog.text

    @tf.function(input_signature=[tf.TensorSpec((None, None, 2))])
    def inside(query):
        return match(query, query[1:], 3, "auto")

    assert (inside(query).rows.numpy() == exact.rows.numpy()).all()


def test_unknown_names_are_refused():
    cells = np.zeros((4, 4, 1), np.float32)
    with pytest.raises(ValueError, match="Received: method='brutal'"):
        match(cells, cells, 3, "brutal")
    with pytest.raises(ValueError, match="Received: score='cosine'"):
        match(cells, cells, 3, score="cosine")
    with pytest.raises(ValueError, match="Received"):
        match(cells, cells, 5)


@pytest.mark.parametrize(
    ("k", "width"), [(2, 23), (3, 37), (4, 17), (5, 30), (3, 9), (6, 23), (7, 19), (15, 20)]
)
def test_chunks_that_end_inside_a_row(k, width):
    """The least tiles are hardly longer than what one leaves for the next."""
    generator = np.random.default_rng(8)
    query = generator.standard_normal((18 + k, width, 3), np.float32)
    reference = generator.standard_normal((6 + k, 20, 3), np.float32)
    layout, other = tiling.lay_out(tf.shape(query), tf.shape(reference), k)
    tiles = tiling.plan(layout, other, k, tf.constant(1))
    assert tiles.chunks > 2
    assert tiles.rows % layout.pitch != 0
    bias = generator.standard_normal((7, 21 - k), np.float32)
    check(query, reference, k, "correlation", bias, tile_bytes=1)
    check(query, reference, k, "distance", tile_bytes=1)


@pytest.mark.parametrize("more", [(0, 0, 0, 0), (1, 0, 0, 1), (0, 1, 1, 0), (40, 0, 0, 40)])
def test_maps_hardly_larger_than_a_patch(more):
    generator = np.random.default_rng(9)
    query = generator.standard_normal((5 + more[0], 5 + more[1], 2), np.float32)
    reference = generator.standard_normal((5 + more[2], 5 + more[3], 2), np.float32)
    for score in ("correlation", "distance"):
        for tile_bytes in (1, 256 << 20):
            check(query, reference, 5, score, tile_bytes=tile_bytes)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_same_answer_for_every_tile(k):
    generator = np.random.default_rng(10)
    query = generator.integers(0, 3, (19, 33, 2)).astype(np.float32)
    reference = generator.integers(0, 3, (14, 150, 2)).astype(np.float32)
    fields = [
        match(query, reference, k, score="distance", tile_bytes=tile_bytes)
        for tile_bytes in (1, 500_000, 2_000_000, 256 << 20)
    ]
    for field in fields[1:]:
        for one, two in zip(field, fields[0], strict=True):
            assert (one.numpy() == two.numpy()).all()
