"""Flow on pictures that are moved by a known rule."""

import numpy as np
import pytest

from analogies.matching.flow import (
    consistent,
    flow,
    grid,
    moving_edges,
    nearby,
    sampled,
    sampled_from,
    warped,
)
from analogies.matching.flow.lucas_kanade import lucas_kanade
from analogies.matching.flow.small import small_step
from analogies.synthesis.likeness import blurred


def scene(size=(80, 96), seed=0):
    noise = np.random.default_rng(seed).normal(size=(*size, 3)).astype(np.float32)
    found = blurred(noise, 2.0)
    return np.clip(128 + 60 * found / found.std(), 0, 255)


def gray(picture):
    return picture.mean(-1).astype(np.float32)


def moved(picture, angle=0.0, scale=1.0, shift=(0.0, 0.0)):
    """A picture seen elsewhere, and where each of its pixels was, by SciPy-free arithmetic."""
    height, width = picture.shape[:2]
    middle = np.array([height, width]) / 2
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    places = ((grid(height, width) - middle) @ turn.T + middle + shift).astype(np.float32)
    return sampled(picture, places), places - grid(height, width)


@pytest.mark.parametrize(
    "rule", [{"shift": (1.3, -2.6)}, {"angle": 0.03}, {"scale": 1.03}], ids=["pan", "turn", "zoom"]
)
@pytest.mark.parametrize("engine", [flow, lambda *x: lucas_kanade(*map(gray, x))])
def test_known_motion_is_found(rule, engine):
    before = scene()
    now, truth = moved(before, **rule)
    error = np.abs(engine(now, before) - truth)[8:-8, 8:-8].max(-1)
    assert np.median(error) < 0.15
    assert np.percentile(error, 90) < 0.4


@pytest.mark.parametrize("engine", [nearby, lambda *x: small_step(*map(gray, x))])
def test_what_is_left_beside_the_right_place_is_found(engine):
    before = scene()
    for shift in ((0.3, -0.2), (0.05, 0.1)):
        now, truth = moved(before, shift=shift)
        assert np.abs(engine(now, before) - truth)[8:-8, 8:-8].mean() < 0.04


def test_every_place_is_looked_up_in_a_picture_of_its_own():
    pictures = {3: scene(seed=1), 7: scene(seed=2)}
    numbers = np.where(np.indices((80, 96)).sum(0) % 2, 3, 7).astype(np.int32)
    places = grid(80, 96) + np.float32(0.4)
    found = sampled_from(pictures, numbers, places)
    for number, picture in pictures.items():
        own = numbers == number
        assert np.array_equal(found[own], sampled(picture, places)[own])


def test_whole_steps_are_exact_and_edges_go_on():
    picture = scene()
    shift = np.full((80, 96, 2), (2, 3), np.float32)
    assert np.abs(warped(picture, shift)[:70, :90] - picture[2:72, 3:93]).max() < 1e-3
    far = np.full((80, 96, 2), (200, 0), np.float32)
    assert np.abs(warped(picture, far)[0] - picture[-1]).max() < 1e-3


def test_halves_are_between_and_lose_little():
    picture = scene()
    half = warped(picture, np.full((80, 96, 2), (0, 0.5), np.float32))
    assert half.min() >= picture.min()
    assert half.max() <= picture.max()
    assert half[8:-8, 8:-8].std() > 0.98 * picture[8:-8, 8:-8].std()


def test_what_was_hidden_is_inconsistent():
    there = np.zeros((20, 30, 2), np.float32)
    back = np.zeros((20, 30, 2), np.float32)
    back[:, 10:15] = (0, 4)  # what lies there now came from elsewhere
    seen = consistent(there, back)
    assert not seen[:, 10:15].any()
    assert seen[:, :9].all()
    there[...] = (0, 40)
    assert not consistent(there, -there).any()  # it leads outside


def test_an_abrupt_change_of_the_flow_is_an_edge():
    motion = np.zeros((20, 30, 2), np.float32)
    motion[:, 15:] = (0, 3)
    assert moving_edges(motion)[:, 14:16].any(1).all()
    assert not moving_edges(motion)[:, :10].any()
