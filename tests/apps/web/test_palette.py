import numpy as np
import pytest
from web_page import BLUE, GREEN, RED, label_map

from analogies.apps.web.palette import MOST, NEAR, palette, snap, word


def test_the_colors_of_a_map_are_found_with_their_shares():
    pixels = label_map(40, 20)
    counted = {rgb: (pixels.reshape(-1, 3) == rgb).all(1).mean() for rgb in (RED, BLUE, GREEN)}
    found = palette(pixels)
    assert {color.rgb: color.share for color in found} == pytest.approx(counted)
    assert [color.share for color in found] == sorted(counted.values(), reverse=True)


def test_names_that_are_known_are_told_and_no_two_are_the_same():
    pixels = np.zeros((30, 30, 3), np.uint8)
    pixels[:10], pixels[10:20], pixels[20:] = (200, 10, 10), (250, 60, 60), (10, 10, 200)
    names = [color.name for color in palette(pixels, {(10, 10, 200): "water"})]
    assert sorted(names) == ["red", "red 2", "water"]


def test_blurred_edges_and_noise_of_jpeg_are_no_colors():
    rng = np.random.default_rng(1)
    pixels = label_map(160, 120).astype(int)
    pixels[:, 78:82] = (np.add(RED, BLUE) / 2).astype(int)  # an edge
    rows, columns = rng.integers(0, 120, 3000), rng.integers(0, 160, 3000)
    pixels[rows, columns] += rng.integers(-6, 7, (3000, 3))
    found = palette(np.clip(pixels, 0, 255).astype(np.uint8))
    assert {RED, BLUE, GREEN} <= {color.rgb for color in found}
    assert len(found) <= 4


def test_there_are_never_more_colors_than_can_be_shown():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    found = palette(pixels)
    assert 1 <= len(found) <= MOST
    apart = [np.linalg.norm(np.subtract(x.rgb, y.rgb)) for x in found for y in found if x is not y]
    assert min(apart, default=NEAR) >= NEAR


def test_snapping_is_nearest_by_a_plain_loop():
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, (70, 80, 3), np.uint8)
    colors = [tuple(map(int, color)) for color in rng.integers(0, 256, (9, 3))]
    snapped = snap(pixels, colors)
    for row, column in rng.integers(0, 70, (300, 2)):
        far = [sum((int(p) - c) ** 2 for p, c in zip(pixels[row, column], each, strict=True))
               for each in colors]  # fmt: skip
        assert tuple(snapped[row, column]) == colors[far.index(min(far))]
    np.testing.assert_array_equal(snap(snapped, colors), snapped)


def test_every_color_has_a_word():
    steps = range(0, 256, 51)
    assert all(word((r, g, b)) for r in steps for g in steps for b in steps)
