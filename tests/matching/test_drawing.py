"""Fields drawn as pictures."""

import numpy as np
import pytest

from analogies.matching import NearestNeighborField, draw


def field_of(down, right, scores):
    i, j = np.indices(np.shape(scores))
    return NearestNeighborField(i + down, j + right, np.asarray(scores, np.float32))


def test_hue_tells_the_direction():
    scores = np.ones((4, 4))
    scores[0] = 0
    red = draw(field_of(0, 5, scores))
    cyan = draw(field_of(0, -5, scores))
    assert red.dtype == np.uint8
    assert red.shape == (4, 4, 3)
    assert tuple(red[2, 2]) == (255, 0, 0)
    assert tuple(cyan[2, 2]) == (0, 255, 255)


def test_brightness_tells_the_score_and_no_move_is_grey():
    picture = draw(field_of(0, 0, np.linspace(0, 1, 64).reshape(8, 8)))
    assert (np.ptp(picture, axis=-1) == 0).all()
    assert (np.diff(picture[..., 0].ravel().astype(int)) >= 0).all()
    assert picture[0, 0, 0] < 80
    assert picture[-1, -1, 0] == 255


def test_the_grid_has_its_lines():
    picture = draw(field_of(0, 0, np.ones((20, 20))), "grid", spacing=5).astype(int)
    assert picture[5, 7].sum() < 0.5 * picture[6, 7].sum()
    assert picture[19, 1, 0] > picture[1, 1, 0]


def test_unknown_style():
    with pytest.raises(ValueError, match="Received: style='blue'"):
        draw(field_of(0, 0, np.ones((2, 2))), "blue")
