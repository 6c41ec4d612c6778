"""A part of B' is made, and the rest stays."""

import numpy as np
import pytest
from pixel_references import plain_energy, plain_occurrences, plain_vote
from test_pixel_search import soft_map

from analogies.errors import InputError
from analogies.matching.pixels import Guide, Settings, synthesize, synthesize_level
from analogies.matching.pixels import levels as levels_module

ENGINES = ("compiled", "tensorflow")


def _stripes(size, period):
    """Slanted stripes, a texture of which every part continues every other."""
    rows, cols = np.indices(size)
    wave = np.sin(2 * np.pi * (rows + 2 * cols) / period)
    return np.stack([127 + 100 * wave, 127 - 60 * wave, 90 + 50 * wave], -1).astype(np.float32)


def _hole(size, part):
    mask = np.zeros(size, bool)
    mask[part] = True
    return mask


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_known_stays_and_the_rest_is_the_vote(engine):
    style, known = soft_map(1, (40, 44)), soft_map(2, (30, 36))
    mask = _hole((30, 36), np.s_[8:20, 10:25])
    made = synthesize_level(
        style, [], Settings(engine=engine, rounds=2), size=(30, 36), b_mask=mask, known=known
    )
    np.testing.assert_array_equal(made.image[~mask], known[~mask])
    voted = plain_vote(style, made.rows, made.cols, 5)
    np.testing.assert_allclose(made.image[mask], voted[mask], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("engine", ENGINES)
def test_energies_are_of_patches_that_show_something_made(engine):
    style, known = soft_map(1, (40, 44)), soft_map(2, (30, 36))
    mask = _hole((30, 36), np.s_[8:20, 10:25])
    made = synthesize_level(
        style, [], Settings(engine=engine, rounds=2), size=(30, 36), b_mask=mask, known=known
    )
    reached = _hole((30, 36), np.s_[6:22, 8:27])
    weights = np.full(3, 1 / 3)
    inside = style.min((0, 1)), style.max((0, 1))  # what the compiled engine can store
    shown = np.clip(made.image, *inside) if engine == "compiled" else made.image
    expected = plain_energy(style, shown, weights, made.rows, made.cols, 5)
    assert not made.energy[~reached].any()
    np.testing.assert_allclose(
        made.energy[reached], expected[reached], rtol=5e-3, atol=5e-3 * expected.max() + 1
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_hole_in_stripes_is_filled_with_stripes_that_meet_the_rest(engine):
    whole = _stripes((48, 48), 12)
    mask = _hole((48, 48), np.s_[16:30, 14:30])
    known = np.where(mask[..., None], 0, whole)
    made = synthesize(
        whole, [], Settings(engine=engine), size=(48, 48), a_mask=~mask, b_mask=mask, known=known
    )
    assert np.abs(made.image - whole)[mask].mean() < 12
    assert np.array_equal(made.image[~mask], whole[~mask])


def test_patches_that_show_nothing_made_are_left_where_they_are():
    style, known = soft_map(1, (40, 44)), soft_map(2, (30, 36))
    field = tuple(np.full((30, 36), at, np.int32) for at in (20, 22))
    mask = _hole((30, 36), np.s_[8:20, 10:25])
    made = synthesize_level(
        style, [], Settings(uniformity=0.0), init=known, field=field, b_mask=mask, known=known
    )
    reached = _hole((30, 36), np.s_[6:22, 8:27])
    assert (made.rows[~reached] == 20).all()
    assert (made.rows[reached] != 20).mean() > 0.5


def test_uniformity_counts_the_patches_that_are_searched():
    style, known = soft_map(1, (24, 26)), soft_map(2, (110, 40))
    mask, chosen = _hole((110, 40), np.s_[20:90, 10:30]), Settings(uniformity=100.0)
    reached = _hole((110, 40), np.s_[18:92, 8:32])
    masks = levels_module.Masks(None, mask, known)
    with levels_module._level(style, [], chosen, (110, 40), None, None, 1.0, masks) as level:
        level.search(2, (0, 0))
        rows, cols = np.divmod(level.places, 26)
        expected = plain_occurrences(rows[reached], cols[reached], (24, 26), 5)
        np.testing.assert_array_equal(level.counts.reshape(24, 26), expected)
        even = reached.sum() * 25 / (20 * 22)  # how often each pixel is used on average
        assert level.penalty / level.maps.unit * 25 * even == pytest.approx(100.0)


def test_the_bytes_do_not_depend_on_threads():
    style, known = soft_map(1, (60, 64)), soft_map(2, (110, 50))
    mask = _hole((110, 50), np.s_[5:100, 10:40])
    one, two = (
        synthesize_level(
            style, [], Settings(rounds=2, threads=count), size=(110, 50), b_mask=mask, known=known
        )
        for count in (1, 3)
    )
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.rows, two.rows)


def test_a_mask_of_everything_is_no_mask():
    style, guide = soft_map(1, (30, 34)), soft_map(2, (26, 30), 1)
    guides = [Guide(style[..., :1], guide)]
    plain = synthesize(style, guides)
    masked = synthesize(style, guides, b_mask=np.ones((26, 30), bool), known=np.zeros((26, 30, 3)))
    np.testing.assert_array_equal(plain.image, masked.image)


def test_a_mask_of_nothing_leaves_all():
    style, known = soft_map(1, (30, 34)), soft_map(2, (26, 30))
    made = synthesize(style, [], size=(26, 30), b_mask=np.zeros((26, 30), bool), known=known)
    np.testing.assert_array_equal(made.image, known)
    assert made.mean_energy == 0


def test_a_narrow_mask_of_a_has_fewer_levels():
    style = soft_map(1, (64, 64))
    mask = _hole((64, 64), np.s_[:, 30:36])
    sizes = []
    made = synthesize(
        style, [], size=(64, 64), a_mask=mask, on_level=lambda done: sizes.append(done.source_size)
    )
    assert sizes == [(64, 64)]
    assert set(np.unique(made.cols)) <= {32, 33}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"b_mask": np.ones((9, 9))}, "the pixels outside of it"),
        ({"known": np.ones((9, 9, 3))}, "the mask of what is made"),
        ({"b_mask": np.ones((9, 8)), "known": np.ones((9, 9, 3))}, r"\(9, 8\)"),
        ({"b_mask": np.ones((9, 9)), "known": np.ones((9, 9))}, r"\(9, 9, 1\)"),
    ],
)
def test_masks_that_do_not_fit_are_refused(given, words):
    with pytest.raises(InputError, match=words):
        synthesize_level(np.zeros((20, 20, 3)), size=(9, 9), **given)
