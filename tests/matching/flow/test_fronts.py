"""Drawings of flat regions that move by a known rule."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from analogies.matching.flow import between, consistent, flow, grid, wider
from analogies.matching.flow.borders import STILL, Motion, Slopes, borders
from analogies.matching.flow.flat import complete, regions, spread
from analogies.matching.flow.fronts import BAND, WAKE, fronts
from analogies.synthesis.likeness import blurred

SKY, RIDGE, GROUND, BALL = (30, 60, 200), (200, 40, 30), (20, 160, 60), (240, 220, 40)
SIZE = (112, 144)
FINE = 8  # samples of a pixel on each axis


def places():
    rows, cols = np.mgrid[: SIZE[0] * FINE, : SIZE[1] * FINE]
    return (rows + 0.5) / FINE - 0.5, (cols + 0.5) / FINE - 0.5


def blob(row, col, radius, seed=5, turn=0.0, grow=1.0):
    """What a lumpy disk covers."""
    rows, cols = places()
    angle = np.arctan2(rows - row, cols - col) - turn
    rng, edge = np.random.default_rng(seed), np.full(angle.shape, float(radius))
    for k in range(2, 7):
        edge += radius * rng.normal() * 0.2 / k * np.cos(k * angle + rng.uniform(0, 6))
    return np.hypot(rows - row, cols - col) < edge * grow


def hill(base, beside=0.0, down=0.0, seed=3):
    """What lies below a wavy line that was shifted."""
    rows, cols = places()
    rng, line = np.random.default_rng(seed), np.full(cols.shape[1], base + down)
    for k in range(1, 7):
        line += 9 / k * rng.normal() * np.cos((cols[0] - beside) * k / 40 + rng.uniform(0, 6))
    return rows > line


def drawn(*layers):
    """uint8 `(h, w, 3)`: shapes of one color before the sky, with soft edges."""
    picture = np.full((*SIZE, 3), SKY, np.float64)
    for covered, color in layers:
        share = covered.reshape(SIZE[0], FINE, SIZE[1], FINE).mean((1, 3))[..., np.newaxis]
        picture += share * (np.array(color) - picture)
    return np.rint(picture).astype(np.uint8)


def shows(frame, color):
    return (frame == color).all(-1)


def inside(frame, color, apart=2):
    """Where a frame shows a color, off its borders."""
    return ndimage.binary_erosion(shows(frame, color), iterations=apart, border_value=1)


def off(motion, truth, where):
    return np.hypot(*np.moveaxis(motion - np.array(truth), -1, 0))[where].mean()


def test_regions_are_those_of_a_plain_labeling():
    frame = drawn((hill(70), GROUND), (blob(40, 40, 20), BALL), (blob(40, 100, 20), BALL))
    found = regions(frame)
    assert found is not None
    assert sorted(np.unique(found.numbers)) == [1, 2, 3, 4]
    for color, count in ((SKY, 1), (GROUND, 1), (BALL, 2)):
        labels, parts = ndimage.label(shows(frame, color))
        assert parts == count
        for part in range(1, parts + 1):
            numbers = np.unique(found.numbers[labels == part])
            assert len(numbers) == 1
            np.testing.assert_allclose(found.colors[numbers[0]], color, atol=0.05)


def test_what_is_no_drawing_has_no_regions():
    noise = np.random.default_rng(0).normal(size=(*SIZE, 3)).astype(np.float32)
    picture = np.clip(128 + 200 * blurred(noise, 2.0), 0, 255)
    assert regions(picture) is None
    ramp = np.broadcast_to(np.linspace(0, 255, SIZE[1])[:, np.newaxis], (*SIZE, 3))
    assert regions(ramp) is None
    half = drawn((hill(40), GROUND)).astype(np.float32)
    half[70:] = picture[70:]
    assert regions(half) is None


def test_other_frames_keep_their_flow_to_the_byte():
    noise = np.random.default_rng(0).normal(size=(60, 80, 3)).astype(np.float32)
    picture = np.clip(128 + 200 * blurred(noise, 2.0), 0, 255)
    one, other = picture[:, 2:-2], picture[:, 4:]
    found, there = between(one, other), flow(one, other)
    assert found.freed is None
    assert found.motion.tobytes() == there.tobytes()
    assert (found.trusted == consistent(there, flow(other, one))).all()


def test_borders_are_those_of_two_regions_alone():
    numbers = np.ones((40, 40), np.int32)
    numbers[20:, :20], numbers[20:, 20:] = 2, 3
    found = borders(numbers)
    assert set(found) == {(1, 2), (1, 3), (2, 3)}
    for pair, where in found.items():
        for row, col in where:
            window = numbers[max(row - 3, 0) : row + 4, max(col - 3, 0) : col + 4]
            assert set(np.unique(window)) == set(pair)


def test_a_known_motion_of_a_border_is_fitted():
    truth = Motion(np.array([55.0, 70.0]), np.array([0.7, -1.9]), np.array([0.02, 0.05]))
    one = drawn((blob(55, 70, 32), BALL))
    # A place p of the one lies at p + truth(p) in the other.
    other = drawn((blob(55.7, 68.1, 32, turn=-0.05, grow=np.hypot(1.02, 0.05)), BALL))
    border = borders(regions(one).numbers)[1, 2]
    slopes = Slopes(one.astype(np.float32), other.astype(np.float32))
    found = slopes.fit(border, np.zeros(2))
    assert np.abs(found.of(border) - truth.of(border)).max() < 0.05
    left, steep, within = slopes.left(border, found)
    assert np.sqrt(left / steep) < 0.1  # px
    assert within == 1
    assert slopes.left(border, STILL)[0] > 5 * left


@pytest.mark.parametrize("seed", range(5))
def test_a_motion_is_undone(seed):
    rng = np.random.default_rng(seed)
    motion = Motion(rng.uniform(0, 50, 2), rng.uniform(-5, 5, 2), rng.uniform(-0.2, 0.2, 2))
    points = rng.uniform(0, 100, (20, 2))
    ends = points + motion.of(points)
    np.testing.assert_allclose(ends + motion.back().of(ends), points, atol=1e-9)


def test_flat_sky_stands_still_behind_what_moves():
    now, before = (drawn((blob(50, 60 + x, 24), BALL)) for x in (1.4, 0))
    found = between(now, before)
    assert off(found.motion, (0, -1.4), inside(now, BALL)) < 0.03
    sky = ~wider(shows(now, BALL), BAND + 4)
    assert np.abs(found.motion[sky]).max() == 0
    assert off(flow(now, before), (0, 0), inside(now, SKY)) > 0.15  # as it is found without borders


def test_what_came_free_is_told_and_nothing_in_front_of_it():
    now, before = (drawn((blob(50, 60 + x, 24), BALL)) for x in (1.6, 0))
    found = between(now, before)
    rows, cols = np.nonzero(found.freed)
    assert len(rows)
    assert not found.freed[shows(now, BALL)].any()
    assert not found.trusted[found.freed].any()
    assert cols.max() < 70  # behind it, for it moves to the right
    ball = wider(shows(now, BALL), BAND + WAKE + 3)
    assert ball[found.freed].all()


def test_borders_belong_to_what_is_in_front():
    def frame(t):
        return drawn((hill(50, 0.4 * t), RIDGE), (hill(80, -1.3 * t, seed=8), GROUND))

    now, before = frame(1), frame(0)
    found = between(now, before)
    assert off(found.motion, (0, 1.3), inside(now, GROUND)) < 0.06
    assert off(found.motion, (0, -0.4), inside(now, RIDGE, 6)) < 0.06
    assert off(found.motion, (0, 0), inside(now, SKY, 6)) == 0


def test_all_moves_with_the_camera():
    def frame(t):
        return drawn(
            (hill(50, 1.3 * t, 0.4 * t), RIDGE),
            (hill(85, 1.3 * t, 0.4 * t, seed=8), GROUND),
            (blob(22 + 0.4 * t, 70 + 1.3 * t, 14), BALL),
        )

    now, before = frame(1), frame(0)
    found = between(now, before)
    assert off(found.motion, (-0.4, -1.3), np.ones(SIZE, bool)) < 0.08
    assert not found.freed.any()


def test_a_region_of_two_things_is_divided():
    def frame(t):
        return drawn((blob(56, 44 + 0.9 * t, 26), BALL), (blob(56, 92 - 0.7 * t, 28, 6), BALL))

    now, before = frame(1), frame(0)
    assert regions(now).numbers.max() == 2
    found = between(now, before)
    cols = np.broadcast_to(np.arange(SIZE[1]), SIZE)
    ball = inside(now, BALL)
    assert off(found.motion, (0, -0.9), ball & (cols < 58)) < 0.08
    assert off(found.motion, (0, 0.7), ball & (cols > 78)) < 0.08


def test_nothing_moves_where_nothing_does():
    frame = drawn((hill(70), GROUND), (blob(40, 60, 20), BALL))
    found = between(frame, frame)
    assert np.abs(found.motion).max() == 0
    assert found.trusted.all()
    assert not found.freed.any()


def test_flows_of_a_drawing_lead_to_each_other():
    frames = [drawn((hill(80, 0.6 * t), GROUND), (blob(40, 50 + t, 20), BALL)) for t in range(3)]
    for now, before in pairwise(frames):
        found = fronts(now, before, flow(now, before), flow(before, now))
        assert consistent(found.there, found.back)[~found.freed].mean() > 0.95


def test_a_drawing_of_one_color_or_without_borders_keeps_its_flow():
    frame = np.full((40, 50, 3), 90, np.uint8)
    assert np.abs(between(frame, frame).motion).max() == 0
    other = np.full((40, 50, 3), 30, np.uint8)
    assert between(frame, other).motion.shape == (40, 50, 2)


def test_layers_are_completed_within_their_region():
    numbers = np.ones((8, 12), np.int32)
    numbers[:, 6:] = 2
    layers = np.zeros_like(numbers)
    layers[0, 0], layers[7, 5], layers[3, 8] = 1, 2, 3
    complete(layers, numbers)
    assert (layers[:, 6:] == 3).all()
    rows, cols = grid(8, 6)[..., 0], grid(8, 6)[..., 1]
    near, far = rows + cols, (7 - rows) + (5 - cols)
    assert (layers[:, :6][near < far] == 1).all()
    assert (layers[:, :6][near > far] == 2).all()


@pytest.mark.parametrize("reach", [1, 3])
def test_what_is_in_front_is_widened_over_what_is_behind(reach):
    layers = np.ones((20, 20), np.int32)
    layers[8:12, 8:12] = 2
    over = np.zeros((3, 3), bool)
    over[2, 1] = True
    found = layers.copy()
    spread(found, over, reach)
    np.testing.assert_array_equal(
        found == 2, ndimage.binary_dilation(layers == 2, iterations=reach)
    )


@pytest.mark.parametrize("reach", [0, 1, 4])
def test_masks_are_widened_as_a_square_would(reach):
    mask = np.random.default_rng(1).random((30, 41)) > 0.98
    square = np.ones((2 * reach + 1, 2 * reach + 1))
    np.testing.assert_array_equal(wider(mask, reach), ndimage.binary_dilation(mask, square))


@pytest.mark.parametrize("seed", range(40))
def test_any_drawing_has_a_motion(seed):
    """Cells around points that jump about, of any size, against nothing but its own word."""
    random = np.random.default_rng(seed)
    size = random.integers(1, 80, 2)
    count = int(random.integers(1, 12))
    colors = random.integers(0, 256, (count, 3)).astype(np.uint8)
    points = random.uniform(0, 1, (count, 2)) * size
    jump = random.normal(size=points.shape) * random.uniform(0, 6)
    rows_cols = grid(*size)[:, :, np.newaxis]
    now, before = (
        colors[np.square(rows_cols - at).sum(-1).argmin(-1)] for at in (points, points + jump)
    )
    found = between(now, before)
    assert found.motion.shape == (*size, 2)
    assert found.motion.dtype == np.float32
    assert np.isfinite(found.motion).all()
    assert found.trusted.shape == tuple(size)
    assert between(now, before).motion.tobytes() == found.motion.tobytes()
