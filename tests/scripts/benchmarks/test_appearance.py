import numpy as np
import pytest
from scipy import ndimage

from analogies.errors import InputError
from benchmarks import appearance


def picture(seed, height=72, width=80, grain=1.0):
    """Smooth noise of full contrast, uint8 ``(height, width, 3)``."""
    field = np.random.default_rng(seed).normal(size=(height, width, 3))
    field = ndimage.gaussian_filter(field, (grain, grain, 0))
    return np.clip(128 + 60 * field / field.std(), 0, 255).astype(np.uint8)


def halves(seed):
    """Blue waves on the left, red grain on the right."""
    rng = np.random.default_rng(seed)
    made = np.zeros((64, 96, 3), np.uint8)
    made[:, :48, 2] = 130 + 100 * np.sin(np.arange(64) / 2)[:, None]
    made[:, 48:, 0] = rng.integers(40, 255, (64, 48))
    return made


def test_a_picture_is_made_of_itself():
    one = picture(1)
    assert appearance.coherence(one, one) < 0.1
    assert appearance.completeness(one, one) < 0.1
    assert appearance.coherence(one[10:50, 7:60], one) < 0.1


def test_distances_are_those_of_a_plain_loop():
    first, other = picture(2, 9, 11), picture(3, 10, 8)
    places = [
        [im[y : y + 3, x : x + 3].astype(float) for y in range(h - 2) for x in range(w - 2)]
        for im, h, w in ((first, 9, 11), (other, 10, 8))
    ]
    least = [min(np.sqrt(((p - q) ** 2).mean()) for q in places[1]) for p in places[0]]
    assert appearance.coherence(first, other, size=3) == pytest.approx(np.mean(least), rel=1e-3)
    assert appearance.completeness(other, first, size=3) == pytest.approx(np.mean(least), rel=1e-3)


def test_distance_between_flat_pictures_is_that_of_their_colors():
    black = np.zeros((12, 12, 3), np.uint8)
    assert appearance.coherence(black + 51, black) == pytest.approx(51)
    assert appearance.floor(black) == 0


def test_blur_and_noise_are_not_coherent():
    one = picture(4)
    soft = ndimage.gaussian_filter(one.astype(float), (1.5, 1.5, 0))
    noise = one + np.random.default_rng(0).normal(0, 12, one.shape)
    whole = appearance.coherence(one, one)
    assert appearance.coherence(soft, one) > whole + 5
    assert appearance.coherence(noise, one) > whole + 5


def test_a_missing_half_is_not_complete():
    one = halves(5)
    part = one[:, :48]
    assert appearance.coherence(part, one) < 0.1
    assert appearance.completeness(part, one) > 20


def test_floor_is_the_mean_of_both_ways_between_the_halves():
    one = picture(6, 20, 24)
    left, right = one[:, :12], one[:, 12:]
    expected = (appearance.coherence(left, right) + appearance.coherence(right, left)) / 2
    assert appearance.floor(one) == pytest.approx(expected)


def test_judge_counts_in_floors():
    one = picture(6)
    found = appearance.judge(one[:, :60], one)
    assert found.coherence < 0.01
    expected = appearance.completeness(one[:, :60], one) / appearance.floor(one)
    assert found.completeness == pytest.approx(expected)
    assert found.structure is None


def test_tiles_repeat_and_noise_does_not():
    tile = picture(7, 16, 16)
    assert appearance.repetition(np.tile(tile, (6, 7, 1)), samples=200) == 1
    assert appearance.repetition(picture(8, 96, 112), samples=200) == 0
    # The same tiles too far apart, and tiles without detail.
    wide = picture(9, 60, 60)
    assert appearance.repetition(np.tile(wide, (2, 2, 1)), samples=200) == 0
    assert appearance.repetition(np.full((96, 112, 3), 90, np.uint8), samples=200) == 0


def test_a_picture_without_surroundings_is_an_error():
    with pytest.raises(InputError, match="at least 55 px"):
        appearance.repetition(picture(8, 54, 80))


def test_repetition_is_that_of_a_plain_loop():
    one = picture(10, 24, 26, grain=2)
    one[:, 13:] = one[:, :13]  # at a distance of 13 px, for what is near enough
    one[:12, 13:] = picture(11, 12, 13)
    size, reach, samples = 5, 8, 60
    places = np.random.default_rng(3).integers(reach, (20 - reach, 22 - reach), (samples, 2))
    expected = 0
    for y, x in places:
        patch = one[y : y + size, x : x + size].astype(float)
        around = [
            np.sqrt(((one[v : v + size, u : u + size] - patch) ** 2).mean())
            for v in range(y - reach, y + reach + 1)
            for u in range(x - reach, x + reach + 1)
            if max(abs(v - y), abs(u - x)) > size // 2
        ]
        expected += patch.std() >= appearance.DETAIL and min(around) < appearance.SAME
    found = appearance.repetition(one, size, reach, samples, seed=3)
    assert found == expected / samples


def test_self_similarity_of_a_plain_loop():
    rng = np.random.default_rng(12)
    first, other = rng.normal(size=(9, 4)), rng.normal(size=(9, 6))
    pairs = [(i, j) for i in range(9) for j in range(i + 1, 9)]
    cosines = [
        [v[i] @ v[j] / np.linalg.norm(v[i]) / np.linalg.norm(v[j]) for i, j in pairs]
        for v in (first, other)
    ]
    expected = np.corrcoef(cosines)[0, 1]
    assert appearance.self_similarity(first, other) == pytest.approx(expected)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    assert appearance.self_similarity(first, 3 * first @ turn) == pytest.approx(1)
    assert appearance.self_similarity(first, np.ones((9, 6))) == 0


def test_structure_is_what_both_pictures_show():
    y, x = np.mgrid[:128, :160]
    disc = (np.hypot(y - 60, x - 50) < 34)[..., None]
    bar = ((y > 90) & (x > 70))[..., None]
    stripes = (120 + 100 * np.sin(x / 1.5))[..., None] * [1, 0.6, 0.2]
    plain = np.ones((128, 160, 3)) * [40, 90, 140]
    b = np.where(disc | bar, 220, np.full((128, 160, 3), 60)).astype(np.uint8)
    drawn = np.where(disc | bar, stripes, plain)
    assert appearance.structure(b, b) == pytest.approx(1)
    same = appearance.structure(b, drawn)
    mirrored = appearance.structure(b, drawn[:, ::-1])
    assert same > 0.6 > 0.3 > mirrored
    unrelated = appearance.structure(b, picture(13, 128, 160))
    assert abs(unrelated) < 0.1
    assert appearance.judge(drawn, drawn, b).structure == pytest.approx(same)
