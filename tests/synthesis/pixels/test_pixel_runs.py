"""Whole runs whose fine levels, or all, are put together from pixels of A'."""

import os
import threading

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from analogies.options.table import Options
from analogies.synthesis.loop import synthesize

ALONE = {"coarse_side": 0}
AFTER = {"coarse_side": 40, "scales": 2, "min_scale": 0.6, "votes": 1, "evaluations": 4}
AFTER |= {"patch_size": 3, "finish": "pixels", "transfer": "picture"}
AFTER |= {"analogy_layers": "conv1_1", "mrf_layers": "conv1_1"}
COLORS = np.array([[220, 60, 40], [40, 200, 70], [50, 80, 230], [210, 200, 60]], float)
GRAYS = np.array([40.0, 100.0, 160.0, 220.0])


def labels(seed, which=(0, 1), shape=(64, 56)):
    """A map of two of four labels."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 6)
    return np.where(noise > 0, *which)


def painted(found, seed=0):
    """Labels in gray, and in grained colors."""
    grain = np.random.default_rng(seed).normal(0, 12, (*found.shape, 1))
    a = np.repeat(GRAYS[found][..., None], 3, -1)
    return a.astype(np.float32), np.clip(COLORS[found] + grain, 0, 255).astype(np.float32)


def job(seed=1):
    a, a_prime = painted(labels(seed), seed)
    return a, a_prime, painted(labels(seed + 10))[0]


def records(pictures, pairs=(), carried=None, **options):
    run = synthesize(*pictures, Options.parse(options), pairs=pairs, carried=carried)
    return list(run)


def array(record):
    return np.asarray(record.pixels)


def test_labels_are_painted_as_a_is():
    """Though A' differs more in color than A does."""
    for seed in range(1, 5):
        last = records(job(seed), **ALONE)[-1]
        assert last.image().shape == (64, 56, 3)
        nearest = ((last.image()[:, :, None] - COLORS) ** 2).sum(-1).argmin(-1)
        assert (nearest == labels(seed + 10)).mean() > 0.96


def test_every_patch_is_close_to_a_patch_of_a_prime():
    a, a_prime, b = job()
    image = records((a, a_prime, b), **ALONE)[-1].image()

    def patches(picture):
        views = np.lib.stride_tricks.sliding_window_view(picture, (3, 3), (0, 1))
        return views.reshape(-1, 27)

    far = cKDTree(patches(a_prime)).query(patches(image))[0] / 27**0.5
    other = painted(labels(11), seed=5)[1]  # in grain that is not of A'
    unlike = cKDTree(patches(a_prime)).query(patches(other))[0] / 27**0.5
    assert np.median(far) < 4.0  # of 255, grain has a deviation of 12
    assert np.quantile(far, 0.95) < 12.0
    assert np.median(far) < 0.6 * np.median(unlike)


def test_what_is_told_of_a_run_of_pixels():
    found = records(job(), **ALONE)
    assert found[-1].kind == "done"
    done = [record.work_done for record in found]
    assert done == sorted(done)
    assert done[0] == 0.0
    assert done[-1] == found[-1].work_planned > 0
    passes = [record for record in found if record.kind == "pass"]
    assert [record.level for record in passes] == list(range(found[-1].levels))
    for record in passes:
        assert record.method == "pixels"
        assert (record.cell, record.evaluations, record.evaluations_planned) == (1, 0, 0)
        assert record.terms == {"pixels": pytest.approx(record.loss)}
        assert 0.0 < record.match_score <= 1.0
        assert record.field.rows.shape == record.size
    assert {"build", "features", "pixels"} <= set(found[-1].phases)
    assert "matching" not in found[-1].phases


def test_the_network_makes_what_is_coarse_and_pixels_the_rest():
    found = records(job(), **AFTER)
    passes = [record for record in found if record.kind == "pass"]
    makers = [record.method for record in passes]
    assert makers[0] == "exact"
    assert makers[-1] == "pixels"
    assert makers == sorted(makers)
    sizes = {record.size for record in passes if record.method == "exact"}
    assert max(height * width for height, width in sizes) <= 1.05 * 40**2
    nearest = ((found[-1].image()[:, :, None] - COLORS) ** 2).sum(-1).argmin(-1)
    assert (nearest == labels(11)).mean() > 0.95


@pytest.mark.parametrize("options", [ALONE, AFTER], ids=["alone", "after a network"])
def test_a_run_of_pixels_goes_on_from_between_any_two_passes(options):
    pictures = job(2)
    whole = records(pictures, **options)
    passes = [record for record in whole if record.kind == "pass"]
    between = [record.carried for record in whole if record.carried is not None]
    assert len(between) == 2 * whole[-1].levels
    for carried in between:
        rest = records(pictures, carried=carried, **options)
        assert rest[-1].kind == "done"
        assert array(rest[-1]).tobytes() == array(whole[-1]).tobytes()
        found = [record for record in rest if record.kind == "pass"]
        left = [x for x in passes if (x.level, 1) > (carried.level, carried.iteration)]
        assert [record.level for record in found] == [record.level for record in left]
        for record, expected in zip(found, left, strict=True):
            for name in ("loss", "changed_matches", "match_score", "terms", "work_done"):
                assert getattr(record, name) == getattr(expected, name), name
            assert array(record).tobytes() == array(expected).tobytes()


def test_the_same_bytes_with_any_number_of_threads(monkeypatch):
    found = []
    for count in (1, 2, 5):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=count: set(range(n)))
        found.append(array(records(job(3), **ALONE)[-1]).tobytes())
    monkeypatch.undo()
    assert array(records(job(3), **ALONE)[-1]).tobytes() == found[0]
    assert found[0] == found[1] == found[2]
    assert array(records(job(3), seed=1, **ALONE)[-1]).tobytes() != found[0]


def test_a_run_that_is_closed_leaves_no_thread():
    records(job(), **ALONE)  # whatever is started once has been
    before = set(threading.enumerate())
    for stop in (2, 5):
        run = synthesize(*job(), Options.parse(ALONE))
        for _ in range(stop):
            next(run)
        run.close()
        assert set(threading.enumerate()) <= before


def test_each_material_comes_from_the_pair_that_shows_it_in_pixels():
    one, other = (painted(labels(seed, which), seed) for seed, which in ((1, (0, 1)), (2, (2, 3))))
    wanted = np.where(labels(3) == 0, labels(4, (0, 2)), labels(4, (1, 3)))
    b = painted(wanted)[0]

    def right(record):
        return (((record.image()[:, :, None] - COLORS) ** 2).sum(-1).argmin(-1) == wanted).mean()

    alone = [x for x in records((*one, b), **ALONE) if x.kind == "pass"][-1]
    both = [x for x in records((*one, b), [other], **ALONE) if x.kind == "pass"][-1]
    assert alone.matches_from == {}
    assert right(alone) < 0.7
    assert right(both) > 0.85
    share = np.isin(wanted, (2, 3)).mean()
    assert both.matches_from["pair 2"] == pytest.approx(share, abs=0.1)
    assert sum(both.matches_from.values()) == pytest.approx(1.0)


def test_matches_come_from_the_turned_copy_that_b_was_made_like_in_pixels():
    noise = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(112, 112)), 2.5)
    a = 128 + 50 * noise / noise.std()
    marks = 128 + 60 * np.sign(ndimage.sobel(a, 1)) * np.sign(ndimage.sobel(a, 0))
    a, a_prime = (np.repeat(x[..., None], 3, -1).astype(np.float32) for x in (a, marks))
    turned = ndimage.rotate(a, 15, (1, 0), reshape=False, mode="reflect")
    pictures = [np.clip(x[24:88, 24:88], 0, 255) for x in (a, a_prime, turned)]
    last = [x for x in records(pictures, rotations=2, **ALONE) if x.kind == "pass"][-1]
    assert next(iter(last.matches_from)) == "pair 1, turned +15.0 degrees"
    assert sum(last.matches_from.values()) == pytest.approx(1.0)


def test_an_earlier_picture_is_taken_further():
    a, a_prime, b = job(4)
    start = painted(labels(14))[1]
    run = synthesize(a, a_prime, b, Options.parse({**ALONE, "speed": "fast"}), init=start)
    first = next(run)
    run.close()
    from analogies.images.scaling import scaled

    np.testing.assert_array_equal(first.image(), scaled(start, first.size))
