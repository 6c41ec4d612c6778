import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analogies.errors import InputError
from analogies.synthesis.pyramid import (
    coarse_share,
    fine_levels,
    plan,
    scale_factors,
    scaled_size,
)


def _plan(size_a=(160, 160), size_b=(160, 160), size_out=(160, 160), **changes):
    options = {"scales": 3, "min_scale": 0.25, "patch_size": 5, **changes}
    return plan(size_a, size_b, size_out, **options)


def test_levels_go_from_the_smallest_scale_to_the_full_size():
    levels = _plan(size_a=(100, 80), size_out=(231, 160)).levels
    assert [level.size_b for level in levels] == [(58, 40), (116, 80), (231, 160)]
    assert [level.size_a for level in levels] == [(25, 20), (50, 40), (100, 80)]


def test_one_scale_is_the_full_size():
    assert scale_factors(1, 0.25) == (1.0,)
    assert [level.size_b for level in _plan(scales=1).levels] == [(160, 160)]


def test_levels_too_small_for_patches_are_left_out_and_said():
    pyramid = _plan(size_out=(40, 40), size_b=(40, 40))
    assert [level.size_b for level in pyramid.levels] == [(20, 20), (40, 40)]
    assert "20x20 px" in pyramid.notes[0]


@pytest.mark.parametrize(
    ("mode", "expected"), [("none", (160, 160)), ("match", (80, 120)), ("ratio", (80, 80))]
)
def test_the_size_of_a_follows_its_mode(mode, expected):
    pyramid = _plan(size_b=(160, 240), size_out=(80, 120), a_scale_mode=mode)
    assert pyramid.levels[-1].size_a == expected


def test_a_factor_scales_a_further():
    assert _plan(a_scale=0.5).levels[-1].size_a == (80, 80)


def test_pictures_too_small_for_any_level_are_refused():
    with pytest.raises(InputError, match=r"at least 16 px.*8x8 px"):
        _plan(size_out=(8, 8))


def test_pictures_too_large_for_exact_matching_are_matched_by_patchmatch():
    def methods(side, model, scales=2, **changes):
        size = (side, side)
        levels = plan(
            size, size, size, scales=scales, min_scale=0.5, patch_size=5, model=model, **changes
        ).levels
        return levels[-1].method, levels[-1].cell

    assert methods(128, "auto", cell_pairs=4e8) == ("exact", 1)
    assert methods(512, "exact", cell_pairs=4e8) == ("exact", 4)
    assert methods(512, "auto", cell_pairs=4e8) == ("patchmatch", 2)
    assert methods(512, "auto", scales=1, cell_pairs=4e8) == ("exact", 4)
    assert methods(2048, "auto", cell_pairs=4e8) == ("patchmatch", 8)
    assert methods(2048, "exact", cell_pairs=4e8) == ("exact", 8)
    assert methods(512, "patchmatch", cell_pairs=4e8) == ("patchmatch", 2)
    assert methods(512, "auto", cell_pairs=4e8, copies=9) == ("exact", 4)
    assert methods(1200, "auto", cell_pairs=4e8, copies=9) == ("exact", 8)
    assert methods(1200, "auto", cell_pairs=4e8, copies=81)[0] == "patchmatch"


def test_large_levels_of_one_pair_are_refined():
    def refined(side, model="auto", **changes):
        size = (side, side)
        levels = plan(
            size, size, size, scales=2, min_scale=0.5, patch_size=5, model=model, **changes
        ).levels
        return [level.refined for level in levels]

    assert refined(96) == [False, False]
    assert refined(124, cell_pairs=4e8) == [False, True]
    assert refined(250, cell_pairs=4e9) == [True, True]
    assert refined(250, "exact", cell_pairs=4e8) == [False, False]
    assert refined(250, "patchmatch", cell_pairs=4e8) == [False, False]
    assert refined(124, cell_pairs=4e8, copies=9) == [False, False]
    assert refined(124, cell_pairs=4e8, size_pairs=[(64, 64)]) == [False, False]


@given(
    height=st.integers(16, 3000),
    width=st.integers(16, 3000),
    scales=st.integers(1, 8),
    min_scale=st.floats(0.05, 1.0),
    patch_size=st.integers(1, 7),
)
def test_every_level_holds_a_patch(height, width, scales, min_scale, patch_size):
    size = (height, width)
    pyramid = plan(size, size, size, scales=scales, min_scale=min_scale, patch_size=patch_size)
    assert pyramid.levels[-1].size_b == size
    for level in pyramid.levels:
        assert min(*level.size_a, *level.size_b) // level.cell >= patch_size


def test_levels_of_pixels_halve_down_to_some_patches():
    levels = fine_levels((300, 400), (200, 161), 5)
    assert [level.size_b for level in levels] == [(25, 20), (50, 40), (100, 80), (200, 161)]
    assert [level.size_a for level in levels] == [(37, 50), (75, 100), (150, 200), (300, 400)]
    assert [level.scale for level in levels] == [0.125, 0.25, 0.5, 1.0]
    assert {(level.made_by, level.method, level.cell) for level in levels} == {
        ("pixels", "pixels", 1)
    }
    assert fine_levels((300, 400), (200, 161), 5, 2) == levels[-2:]
    assert fine_levels((300, 400), (200, 161), 5, 9) == levels
    assert len(fine_levels((300, 400), (200, 161), 7)) == 3
    assert len(fine_levels((30, 400), (200, 161), 5)) == 1  # A decides as well


@given(
    sides=st.tuples(*[st.integers(1, 3000)] * 4),
    patch_size=st.sampled_from([3, 5, 7]),
    most=st.none() | st.integers(1, 12),
)
def test_every_level_of_pixels_but_a_lone_one_holds_patches(sides, patch_size, most):
    levels = fine_levels(sides[:2], sides[2:], patch_size, most)
    assert levels[-1].size_a == sides[:2]
    assert levels[-1].size_b == sides[2:]
    assert len(levels) <= (most or 99)
    for coarse, fine in itertools.pairwise(levels):
        assert min(*coarse.size_a, *coarse.size_b) >= 4 * patch_size
        assert coarse.scale == fine.scale / 2
        assert coarse.size_b == (fine.size_b[0] // 2, fine.size_b[1] // 2)


@pytest.mark.parametrize(
    ("size_out", "side", "share"),
    [((192, 192), 192, 1.0), ((384, 384), 192, 0.5), ((96, 1536), 192, 0.5), ((20, 20), 192, 1.0)],
)
def test_what_the_network_makes_has_so_many_pixels(size_out, side, share):
    assert coarse_share(size_out, side) == pytest.approx(share)


@pytest.mark.parametrize(
    ("size_a", "size_b", "size_out", "expected"),
    [
        ((400, 400), (800, 800), (800, 800), (400, 400)),  # B keeps its size
        ((800, 800), (800, 800), (400, 400), (400, 400)),  # B is halved
        ((800, 800), (400, 400), (800, 800), (800, 800)),  # B is enlarged
        ((1600, 1600), (800, 800), (400, 400), (800, 800)),  # A is halved with B
        ((600, 600), (800, 800), (400, 400), (400, 400)),  # but not below the result
        ((300, 300), (800, 800), (400, 400), (300, 300)),  # and never enlarged
        ((300, 1200), (800, 800), (400, 400), (200, 800)),  # by pixels, in its own proportions
    ],
)
def test_a_is_made_smaller_with_b_but_not_below_the_result(size_a, size_b, size_out, expected):
    assert scaled_size(size_a, size_b, size_out, "auto", 1.0) == expected
    half = tuple(side // 2 for side in expected)
    assert scaled_size(size_a, size_b, size_out, "auto", 0.5) == half
