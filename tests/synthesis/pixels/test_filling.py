"""A part of a picture made anew: what a mask covers, what lies beyond the edges, a seam."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

import analogies
from analogies.errors import InputError
from analogies.images.spreading import spread
from analogies.matching.pixels import Settings, synthesize
from analogies.options import Options
from analogies.synthesis.pixels.kinds import FILL, FILL_EVENLY
from analogies.synthesis.pixels.planning import pixel_levels
from benchmarks.measures import patch_distance
from benchmarks.planted import TINTS, _bytes, _spots, _tinted


def stripes(size=(72, 80), turn=0.35, seed=0):
    """Slanted stripes of two colors, with grain."""
    rows, cols = np.indices(size)
    share = (np.sin(2 * np.pi * (cols + turn * rows) / 9) > 0)[..., None]
    colors = np.where(share, [200, 150, 60], [50, 80, 160])
    grain = np.random.default_rng(seed).normal(0, 5, (*size, 3))
    return np.clip(np.rint(colors + grain), 0, 255).astype(np.uint8)


def blobs(size=(72, 80), seed=0):
    """Blobs of two colors, with grain."""
    random = np.random.default_rng(seed)
    share = (ndimage.gaussian_filter(random.normal(size=size), 2.5) > 0)[..., None]
    colors = np.where(share, [200, 150, 60], [50, 80, 160])
    return np.clip(np.rint(colors + random.normal(0, 5, (*size, 3))), 0, 255).astype(np.uint8)


def hole(size=(72, 80)):
    rows, cols = np.indices(size)
    return ((rows - 34) / 16) ** 2 + ((cols - 42) / 18) ** 2 < 1


def patches(picture, size=5):
    views = np.lib.stride_tricks.sliding_window_view(picture.astype(float), (size, size), (0, 1))
    return views.reshape(*views.shape[:2], -1)


def fill(picture, mask, **options):
    return analogies.make_analogy(
        picture, picture, picture, preset="fill", b_mask=mask.astype(np.uint8) * 255, **options
    )


def test_the_hole_is_of_patches_of_the_rest_and_the_rest_stays():
    picture, covered = stripes(), hole()
    damaged = np.where(covered[..., None], np.uint8([255, 0, 255]), picture)
    made = fill(damaged, covered)
    np.testing.assert_array_equal(made[~covered], picture[~covered])
    whole = np.lib.stride_tricks.sliding_window_view(~covered, (5, 5)).all((2, 3))
    touching = np.lib.stride_tricks.sliding_window_view(covered, (5, 5)).any((2, 3))
    tree = cKDTree(patches(picture)[whole])
    found = tree.query(patches(made)[touching][::3])[0].mean()
    truth = tree.query(patches(picture)[touching][::3])[0].mean()
    assert found < 1.1 * truth
    assert np.abs(made.astype(int) - picture)[covered].mean() < 25  # a stripe off is 145


def test_nothing_of_what_was_there_comes_back():
    """Not from coarse levels either, though the object was bright and saturated."""
    picture, covered = stripes(seed=1), hole()
    made = [
        fill(np.where(covered[..., None], np.uint8(color), picture), covered)
        for color in ([255, 0, 255], [0, 255, 0])
    ]
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0][covered].max(0) <= picture[~covered].max(0)).all()
    resized = [
        fill(np.where(covered[..., None], np.uint8(color), picture), covered, height=54, width=60)
        for color in ([255, 0, 255], [0, 255, 0])
    ]
    assert np.abs(resized[0].astype(int) - resized[1]).max() <= 1


def test_a_picture_grows_beyond_its_edges():
    picture = stripes()
    covered = np.zeros((72, 80), bool)
    covered[20:30, 20:30] = True
    made = fill(picture, covered, extend="12,0,20,9")
    assert made.shape == (81, 112, 3)
    stays = ~covered
    np.testing.assert_array_equal(made[:72, 12:92][stays], picture[stays])
    wider = stripes((81, 112))  # a pattern of its own place, moved by 12 px
    rolled = np.roll(stripes((81, 124)), 12, 1)[:, :112]
    off = min(np.abs(made[:, 92:].astype(int) - x[:, 92:]).mean() for x in (wider, rolled))
    assert off < 40


def test_patches_come_from_another_picture_where_one_is_given(tmp_path):
    from PIL import Image

    picture, other = stripes(), stripes(seed=5)[..., ::-1]
    Image.fromarray(other).save(tmp_path / "other.png")
    covered = hole()
    made = fill(picture, covered, from_other=tmp_path / "other.png")
    np.testing.assert_array_equal(made[~covered], picture[~covered])
    inner = np.lib.stride_tricks.sliding_window_view(covered, (5, 5)).all((2, 3))
    of_other = cKDTree(patches(other).reshape(-1, 75)).query(patches(made)[inner])[0].mean()
    of_own = cKDTree(patches(picture).reshape(-1, 75)).query(patches(made)[inner])[0].mean()
    assert of_other < 0.5 * of_own


def test_a_picture_that_does_not_tile_does_and_keeps_its_middle():
    picture = blobs()
    made = analogies.make_analogy(picture, picture, picture, preset="tile", seam=15)
    width = round(72 * 0.15)
    middle = np.s_[width:-width, width:-width]
    np.testing.assert_array_equal(made[middle], picture[middle])
    tree = cKDTree(patches(picture).reshape(-1, 75))
    for axis in (0, 1):
        before, after = (
            np.take(patches(np.roll(x, 36, axis)), range(32, 36), axis).reshape(-1, 75)
            for x in (picture, made)
        )
        assert tree.query(after)[0].mean() < 0.6 * tree.query(before)[0].mean()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"preset": "fill", "extend": "1,2,3"}, "four numbers of px"),
        ({"preset": "fill", "extend": "1,2,3,4", "width": 90}, "leave out width"),
        ({"preset": "texture", "extend": "1,2,3,4"}, "goes with --preset fill"),
        ({"preset": "fill", "seam": 9}, "goes with --tile"),
        ({"preset": "pixels", "from_other": "a.png"}, "goes with --preset fill"),
    ],
)
def test_what_goes_with_nothing_is_refused(options, told):
    picture = stripes()
    with pytest.raises(InputError, match=told):
        analogies.make_analogy(picture, picture, picture, **options)


def test_a_mask_of_everything_leaves_nothing_to_continue():
    with pytest.raises(InputError, match="mask"):
        fill(stripes(), np.ones((72, 80), bool))


@pytest.mark.parametrize("size", [(17, 23), (1, 9), (32, 32)])
def test_what_is_spread_is_within_what_is_known_and_knows_nothing_else(size):
    random = np.random.default_rng(0)
    image = random.uniform(50, 200, (*size, 3)).astype(np.float32)
    unknown = random.uniform(size=size) < 0.8
    unknown[0, 0] = False
    found = spread(image, unknown)
    np.testing.assert_array_equal(found[~unknown], image[~unknown])
    assert found.min() >= image[~unknown].min() - 1e-3
    assert found.max() <= image[~unknown].max() + 1e-3
    other = np.where(unknown[..., None], np.float32(1e6), image)
    np.testing.assert_array_equal(spread(other, unknown), found)
    ramp = np.broadcast_to(np.arange(size[1], dtype=np.float32)[:, None] * 3, (*size, 1))
    hidden = np.zeros(size, bool)
    hidden[:, size[1] // 2] = True
    np.testing.assert_allclose(spread(ramp, hidden), ramp, atol=4.0)


def test_a_sky_goes_on_and_a_field_gives_its_votes_alone(tmp_path):
    """Brightest at one place: patches of elsewhere are a little too dark or too bright."""
    rows, cols = np.indices((72, 80))
    squares = (rows - 60) ** 2 + (cols - 30) ** 2
    truth = np.stack([190 - c * squares for c in (0.008, 0.006, 0.004)], -1)
    picture, covered = np.rint(truth).astype(np.uint8), hole()
    made = fill(picture, covered)
    np.testing.assert_array_equal(made[~covered], picture[~covered])
    off = np.abs(made - truth)[covered]
    assert off.mean() < 1.0
    assert off.max() < 4.0
    path = tmp_path / "field.npz"
    voted = fill(picture, covered, save_field=path)
    applied = analogies.apply_field(path, picture)
    inner = ndimage.binary_erosion(covered, np.ones((5, 5)))
    np.testing.assert_array_equal(voted[inner], applied[inner])
    assert np.abs(voted - truth)[covered].mean() > 2 * off.mean()


@pytest.mark.parametrize("patch", ["3", "7"])
def test_the_same_bytes_whatever_the_threads(patch, monkeypatch):
    import os

    picture, covered = stripes(), hole()
    picture[:, :40] = np.uint8([120, 140, 200]) + (np.indices((72, 40))[0] // 6)[..., None]
    made = [fill(picture, covered, pixel_patch=patch)]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(5)), raising=False)
    made.append(fill(picture, covered, pixel_patch=patch))
    np.testing.assert_array_equal(*made)


def test_a_hole_in_a_texture_is_as_the_texture_is():
    """Against the texture made anew as a whole, of the same pixels, by a sample of its own."""
    found, whole = [], []
    for number in range(4):
        texture, truth = (
            _bytes(_tinted(_spots(np.random.default_rng(seed + number), (128, 128)), TINTS[2]))
            for seed in (700, 9000)
        )
        covered = np.zeros(texture.shape[:2], bool)
        covered[30:86, 40:96] = True
        made = fill(texture, covered)
        settings = Settings(seed=number)
        anew = synthesize(texture, size=(128, 128), settings=settings, a_mask=~covered).image
        for distances, picture in ((found, made), (whole, _bytes(anew))):
            distances.append(patch_distance(picture[30:86, 40:96], truth))
    assert np.mean(found) < 1.15 * np.mean(whole)


def test_only_what_varies_evenly_is_filled_from_the_coarsest_levels():
    options, size = Options(), (128, 128)
    sizes = [
        [level.size_b[0] for level in pixel_levels(options, kind, size, size, None)]
        for kind in (FILL, FILL_EVENLY)
    ]
    assert sizes == [[32, 64, 128], [16, 32, 64, 128]]
