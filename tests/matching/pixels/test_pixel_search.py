"""Search and vote of pixel synthesis against plain loops and against trying all patches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pixel_references import (
    best_energy,
    plain_energy,
    plain_occurrences,
    plain_sweep,
    plain_vote,
)

from analogies.errors import InputError
from analogies.matching.pixels import Guide, Settings, search, synthesize_level, vote
from analogies.matching.pixels import levels as levels_module


def soft_map(seed, size, channels=3, cell=6):
    """Smooth random colors with some grain: uint8-like, as pictures are."""
    generator = np.random.default_rng(seed)
    coarse = generator.uniform(0, 255, (size[0] // cell + 2, size[1] // cell + 2, channels))
    fine = np.kron(coarse, np.ones((cell, cell, 1)))
    for _ in range(cell // 2):
        fine = (fine[:-1] + fine[1:])[:, :-1] + (fine[:-1] + fine[1:])[:, 1:]
        fine /= 4
    found = fine[: size[0], : size[1]] + generator.normal(0, 4, (*size, channels))
    return np.clip(found, 0, 255).round().astype(np.float32)


def opened(style, guides, image, field, chosen):
    size = image.shape[:2]
    masks = levels_module.Masks()
    return levels_module._level(style, guides, chosen, size, image, field, 1.0, masks)


@settings(max_examples=25, deadline=None)
@given(
    data=st.data(),
    k=st.sampled_from([3, 5, 7]),
    channels=st.integers(1, 4),
    guide_channels=st.lists(st.integers(1, 5), max_size=3),
    seed=st.integers(0, 1000),
)
def test_energy_is_that_of_the_field(data, k, channels, guide_channels, seed):
    sides = st.integers(k, 14)
    source, target = (data.draw(sides), data.draw(sides)), (data.draw(sides), data.draw(sides))
    generator = np.random.default_rng(seed)
    style = generator.uniform(-20, 300, (*source, channels)).astype(np.float32)
    guides = [
        Guide(generator.uniform(0, 9, (*source, c)), generator.uniform(0, 9, (*target, c)), i + 0.5)
        for i, c in enumerate(guide_channels)
    ]
    chosen = Settings(patch_size=k, rounds=2, sweeps=2, seed=seed)
    made = synthesize_level(style, guides, chosen, size=target, style_weight=0.7)
    a = np.concatenate([style, *(guide.source for guide in guides)], -1)
    b = np.concatenate([made.image, *(guide.target for guide in guides)], -1)
    counts = [channels, *guide_channels]
    weights = [0.7, *(guide.weight for guide in guides)]
    weights = np.repeat(np.divide(weights, counts), counts)
    expected = plain_energy(a, b, weights, made.rows, made.cols, k)
    # What is stored is rounded to about a ten thousandth of the range of all maps together.
    np.testing.assert_allclose(made.energy, expected, rtol=2e-3, atol=2e-3 * expected.max() + 1)
    np.testing.assert_allclose(
        made.image, plain_vote(style, made.rows, made.cols, k), rtol=1e-5, atol=1e-3
    )


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize(("k", "uniformity"), [(3, 0.0), (3, 3500.0), (5, 400.0)])
def test_a_sweep_takes_the_candidates_of_a_plain_loop(k, uniformity, step, monkeypatch):
    source, target = (13, 17), (11, 9)
    style, image = soft_map(1, source), soft_map(2, target)
    guide = Guide(soft_map(3, source, 2), soft_map(4, target, 2))
    generator = np.random.default_rng(5)
    r = k // 2
    field = (
        generator.integers(r, source[0] - r, target),
        generator.integers(r, source[1] - r, target),
    )
    with opened(style, [guide], image, field, Settings(k, uniformity, threads=1)) as level:
        level._measure()
        parts = range(level.parts.shape[1])
        for part in parts[::step]:
            level._sweep(part, step, 12345)
        a, b = level.maps.source, level.maps.target[r:-r, r:-r]
        allowed = level.allowed.reshape(source).astype(bool)
        expected = plain_sweep(a, b, *field, allowed, k, step, level.penalty, 12345)
        rows, cols = np.divmod(level.places, source[1])
        np.testing.assert_array_equal(rows, expected[0])
        np.testing.assert_array_equal(cols, expected[1])
        assert (rows != field[0]).mean() > 0.5


def test_occurrences_are_kept_up_to_date():
    style, image = soft_map(1, (40, 50)), soft_map(2, (150, 25))
    with opened(style, [], image, None, Settings()) as level:
        assert len(level.parts) > 1
        for number in range(2):
            level.search(3, (0, number))
            level.vote(0.0)
        rows, cols = np.divmod(level.places, 50)
        expected = plain_occurrences(rows, cols, (40, 50), 5)
        np.testing.assert_array_equal(level.counts.reshape(40, 50), expected)
        assert not level.deltas.any()


def turned(image, size):
    """A picture of what another shows, a little turned and grown, with grain of its own."""
    rows, cols = np.mgrid[: size[0], : size[1]]
    down = np.clip(np.rint(0.9 * rows - 0.12 * cols + 9), 0, image.shape[0] - 1).astype(int)
    right = np.clip(np.rint(0.12 * rows + 0.9 * cols), 0, image.shape[1] - 1).astype(int)
    grain = np.random.default_rng(9).normal(0, 2, (*size, image.shape[2]))
    return np.clip(image[down, right] + grain, 0, 255).round().astype(np.float32)


# Small patches with grain have many matches that are nearly as good, spread all over.
@pytest.mark.parametrize(("k", "within"), [(3, 1.1), (5, 1.02), (7, 1.02)])
def test_four_sweeps_come_close_to_trying_all(k, within):
    style = soft_map(1, (60, 64))
    image = turned(style, (56, 60))
    guide = Guide(style[..., :1], image[..., :1], 0.5)
    found = search(style, [guide], image, Settings(patch_size=k, uniformity=0.0, sweeps=4))
    a = np.concatenate([style, guide.source], -1)
    b = np.concatenate([image, guide.target], -1)
    best = best_energy(a, b, np.array([1 / 3, 1 / 3, 1 / 3, 0.5]), k)
    assert best.mean() * 0.999 < found.mean_energy < best.mean() * within


def test_threads_do_not_change_a_byte():
    style, target = soft_map(1, (50, 60)), soft_map(2, (210, 70), 1)
    guide = Guide(soft_map(3, (50, 60), 1), target)
    one, *others = (
        synthesize_level(style, [guide], Settings(rounds=3, still=1.0, threads=threads), size=None)
        for threads in (1, 2, 5)
    )
    for other in others:
        for name in ("image", "rows", "cols", "energy"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    other_seed = synthesize_level(style, [guide], Settings(rounds=3, seed=1))
    assert (other_seed.rows != one.rows).any()


@settings(max_examples=15, deadline=None)
@given(k=st.sampled_from([3, 5]), seed=st.integers(0, 1000))
def test_only_patches_inside_the_mask_are_taken(k, seed):
    generator = np.random.default_rng(seed)
    mask = np.ones((24, 30), bool)
    mask[:, 9:15] = False
    mask[generator.random(mask.shape) < 0.01] = False
    mask[14:24, 16:30] = True
    style, guide = soft_map(seed, (24, 30)), soft_map(seed + 1, (24, 30), 1)
    field = np.mgrid[:20, :22]
    made = synthesize_level(
        style,
        [Guide(guide, guide[:20, :22])],
        Settings(patch_size=k, rounds=2),
        field=(field[0], field[1]),
        a_mask=mask,
    )
    r = k // 2
    for row, col in zip(made.rows.ravel(), made.cols.ravel(), strict=True):
        assert row >= r
        assert col >= r
        window = mask[row - r : row + r + 1, col - r : col + r + 1]
        assert window.shape == (k, k)
        assert window.all()


def test_a_gray_guide_counts_the_same_in_three_channels():
    style, gray = soft_map(1, (20, 24)), soft_map(2, (22, 20), 1)
    one = Guide(soft_map(3, (20, 24), 1), gray)
    three = Guide(np.repeat(one.source, 3, -1), np.repeat(gray, 3, -1))
    made = [synthesize_level(style, [guide], Settings(rounds=2)) for guide in (one, three)]
    np.testing.assert_array_equal(made[0].rows, made[1].rows)
    np.testing.assert_array_equal(made[0].energy, made[1].energy)


def test_uniformity_spreads_the_matches():
    style, guide = soft_map(1, (40, 40)), soft_map(2, (40, 40), 1)
    peaks = []
    for uniformity in (0.0, 3500.0):
        chosen = Settings(uniformity=uniformity)
        made = synthesize_level(style, [Guide(guide, guide[::-1])], chosen)
        peaks.append(plain_occurrences(made.rows, made.cols, (40, 40), 5).std())
    assert peaks[1] < 0.7 * peaks[0]


def test_a_copy_stays_what_it_is():
    style = soft_map(1, (40, 48))
    rows, cols = np.mgrid[5:35, 6:40]
    made = synthesize_level(
        style, [], Settings(uniformity=0.0), init=style[5:35, 6:40], field=(rows, cols)
    )
    inner = slice(10, -10)  # beyond its border B' goes on otherwise than A'
    np.testing.assert_allclose(made.image[inner, inner], style[15:25, 16:30], atol=1e-3)
    np.testing.assert_array_equal(made.rows[inner, inner], rows[inner, inner])
    assert made.energy[inner, inner].max() == 0


def test_a_level_ends_where_nothing_changes():
    rounds = []
    for still in (1.0, 0.0):
        synthesize_level(
            np.full((12, 14), 80.0),
            [],
            Settings(still=still, rounds=4),
            size=(10, 11),
            on_round=lambda number, result: rounds.append(number),
        )
    assert rounds == [0, 0, 1, 2, 3]


def test_a_round_may_stop_a_level():
    style, seen = soft_map(1, (30, 30)), []

    def on_round(number, result):
        seen.append((number, result))
        return number == 1

    made = synthesize_level(style, [], Settings(still=0.0), size=(20, 25), on_round=on_round)
    assert [number for number, _ in seen] == [0, 1]
    np.testing.assert_array_equal(made.image, seen[-1][1].image)
    np.testing.assert_array_equal(made.energy, seen[-1][1].energy)
    assert (seen[0][1].image != made.image).any()


def test_vote_is_a_mean_of_patches():
    style, generator = soft_map(1, (12, 15)), np.random.default_rng(0)
    rows, cols = generator.integers(2, 10, (9, 8)), generator.integers(2, 13, (9, 8))
    np.testing.assert_allclose(
        vote(style, rows, cols, 5), plain_vote(style, rows, cols, 5), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"guides": [Guide(np.zeros((9, 10)), np.zeros((8, 8)))]}, "as large as the style"),
        ({"guides": [Guide(np.zeros((9, 9, 2)), np.zeros((8, 8)))]}, "same channels"),
        ({"guides": [Guide(np.zeros((9, 9)), np.zeros((8, 8)), -1.0)]}, "0 or more"),
        ({"guides": [], "size": None}, "size must be given"),
        ({"style": np.zeros((9, 4))}, "at least 5 pixels"),
        ({"style": np.full((9, 9), np.nan)}, "finite"),
        ({"init": np.zeros((8, 7, 1))}, "start must have the shape"),
        ({"field": (np.zeros((7, 8)), np.zeros((8, 8)))}, "field must have the shape"),
        ({"a_mask": np.zeros((9, 9), bool)}, "whole patch"),
        ({"a_mask": np.ones((9, 8), bool)}, "mask must be as large"),
    ],
)
def test_bad_input_is_told(change, words):
    given = {"style": np.zeros((9, 9)), "guides": [], "size": (8, 8)} | change
    with pytest.raises(InputError, match=words) as caught:
        synthesize_level(given.pop("style"), given.pop("guides"), **given)
    assert "Received: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change", [{"patch_size": 4}, {"uniformity": -1.0}, {"sweeps": -1}, {"threads": 0}]
)
def test_bad_settings_are_told(change):
    with pytest.raises(InputError, match="Received: "):
        Settings(**change)
