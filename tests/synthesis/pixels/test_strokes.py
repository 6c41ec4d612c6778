"""How strokes of a painting run, and how they should run to follow a picture."""

import numpy as np
import pytest

from analogies.synthesis.pixels.flow import LARGEST, forms, strokes


def lines(angle, shape=(64, 72), every=6.0):
    """Waves whose lines run at an angle, in degrees from the rows, growing downward."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    across = y * np.cos(np.radians(angle)) - x * np.sin(np.radians(angle))
    waves = 127.5 + 100.0 * np.sin(2 * np.pi * across / every)
    return waves[..., np.newaxis].astype(np.float32)


@pytest.mark.parametrize("find", [strokes, forms])
@pytest.mark.parametrize("angle", [0, 30, 45, 90, 150])
def test_lines_are_told_by_twice_their_angle(find, angle):
    """The gradient stands at right angles to the lines, which twice the angle turns to minus."""
    found = find(lines(angle))[8:-8, 8:-8].reshape(-1, 2)
    expected = -np.array([np.cos(np.radians(2 * angle)), np.sin(np.radians(2 * angle))])
    mean = found.mean(0)
    assert np.dot(mean, expected) / np.linalg.norm(mean) == pytest.approx(1.0, abs=0.02)


def test_strokes_that_agree_say_more_than_those_that_do_not():
    noise = np.random.default_rng(0).uniform(0, 255, (64, 72, 1)).astype(np.float32)
    clear, torn, none = (
        np.linalg.norm(strokes(picture), axis=-1).mean()
        for picture in (lines(30), noise, np.full((64, 72, 1), 90.0, np.float32))
    )
    assert LARGEST >= clear > 0.9 * LARGEST
    assert torn < 0.5 * clear
    assert none == 0.0


def test_where_a_picture_is_flat_its_forms_run_as_around():
    picture = np.full((96, 96, 1), 60.0, np.float32)
    picture[40:56] = 200.0  # a bar across the middle
    found = forms(picture)
    far = found[:8]
    assert (far[..., 0] < -0.5 * LARGEST).all()  # level, though nothing is seen near
    assert (np.abs(far[..., 1]) < 0.3 * LARGEST).all()


def test_a_picture_of_one_color_has_no_forms():
    assert not forms(np.full((20, 30, 1), 8.0, np.float32)).any()
