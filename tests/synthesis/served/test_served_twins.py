"""What an export measures and makes of pictures, against the program's own."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from analogies.runs.machine.device import start

start("cpu")

import tensorflow as tf  # noqa: E402

from analogies.images.scaling import scaled as program_scaled  # noqa: E402
from analogies.matching.pixels.guides import at_level  # noqa: E402
from analogies.matching.pixels.pyramid import reduced as program_reduced  # noqa: E402
from analogies.options.table import Options  # noqa: E402
from analogies.synthesis import decision as program_decision  # noqa: E402
from analogies.synthesis import likeness as program_likeness  # noqa: E402
from analogies.synthesis.pixels import flow as program_flow  # noqa: E402
from analogies.synthesis.pixels import maps as program_maps  # noqa: E402
from analogies.synthesis.pixels import palette as program_palette  # noqa: E402
from analogies.synthesis.pixels.planning import (  # noqa: E402
    patch_size,
    pixel_levels,
    pixel_rounds,
    pixel_sweeps,
    refined,
)
from analogies.synthesis.pixels.sources import Sources  # noqa: E402
from analogies.synthesis.served import arrays, flow, levels, likeness, palette  # noqa: E402
from analogies.synthesis.served import decision as served_decision  # noqa: E402
from analogies.synthesis.served import maps as served_maps  # noqa: E402
from analogies.synthesis.served.asked import KINDS  # noqa: E402
from benchmarks.planted import FAMILIES  # noqa: E402


def soft(seed, shape=(45, 38), channels=3):
    """Smooth noise, float32 `(h, w, c)` in [0, 255]."""
    values = np.random.default_rng(seed).normal(size=(*shape, channels))
    values = ndimage.gaussian_filter(values, (1.5, 1.5, 0))
    return np.clip(128 + 50 * values / values.std(), 0, 255).astype(np.float32)


def labels(seed, shape=(45, 38)):
    """Flat areas of a few colors."""
    paints = np.array([[200, 40, 30], [30, 160, 60], [40, 60, 220]], np.float32)
    return paints[np.argmax(soft(seed, shape), -1)]


@pytest.mark.parametrize("size", [(45, 38), (20, 38), (90, 77), (7, 100), (1, 1)])
def test_pictures_are_resized_as_pillow_does(size):
    for image in (soft(1), labels(2)):
        found = arrays.scaled(tf.constant(image), tf.constant(size)).numpy()
        np.testing.assert_allclose(found, program_scaled(image, size), atol=2e-3)


def test_rows_are_left_out_and_blurs_are_those_of_the_program():
    image = soft(3, (41, 30))
    found = arrays.reduced(tf.constant(image), tf.constant((20, 13)))
    np.testing.assert_array_equal(found, program_reduced(image, (20, 13)))
    for sigma in (1.0, 4.0, 14.0):  # the last reaches beyond the mirrored sides
        found = arrays.blurred(tf.constant(image), sigma)
        np.testing.assert_allclose(found, program_likeness.blurred(image, sigma), atol=1e-3)


def test_colors_and_flow_are_those_of_the_program():
    b, a = soft(4), 0.5 * soft(5, (30, 52))[..., ::-1] + 20
    for name in ("recolored", "repainted"):
        found = getattr(palette, name)(tf.constant(b), tf.constant(a)).numpy()
        np.testing.assert_allclose(found, getattr(program_palette, name)(b, a), atol=0.05)
    gray, own = b[..., :1], a[..., :1]
    found = palette.ranked(tf.constant(gray), tf.constant(own)).numpy()
    np.testing.assert_allclose(found, program_palette.ranked(gray, own), atol=0.02)
    for name in ("strokes", "forms"):
        found = getattr(flow, name)(tf.constant(gray)).numpy()
        np.testing.assert_allclose(found, getattr(program_flow, name)(gray), atol=0.05)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("flat", [False, True])
def test_guides_are_those_of_the_program(kind, flat):
    of_a, of_b, network = labels(6) if flat else soft(6), soft(7, (50, 33)), soft(8, (25, 17))
    sources = Sources(of_a, soft(9), of_b)
    wanted = program_maps.guides(kind, sources, network, 0.5, 1.3)
    given = served_maps.Sources(*map(tf.constant, (of_a, sources.a_prime, of_b)))
    number = tf.constant(KINDS.index(kind))
    half = tf.constant(0.5, tf.float64)
    found = served_maps.guides(number, given, 1.3)
    found = served_maps.with_network(found, number, given.a_prime, tf.constant(network), half)
    for level in range(served_maps.LEVELS):
        counted = [guide for guide in wanted if at_level(guide.weight, level) > 0]
        weights = found.weights.numpy()[level]
        used = weights > 0
        shared = [
            at_level(guide.weight, level) / guide.source.shape[2]
            for guide in counted
            for _ in range(guide.source.shape[2])
        ]
        np.testing.assert_allclose(weights[used], shared, rtol=1e-5)
        for side in ("source", "target"):
            whole = np.concatenate([getattr(guide, side) for guide in counted], -1)
            np.testing.assert_allclose(getattr(found, side).numpy()[..., used], whole, atol=0.1)


CASES = ["recolor", "deblur", "night", "texture_by_numbers"]


@pytest.mark.parametrize("family", CASES)
def test_pictures_are_measured_alike(family):
    case = FAMILIES[family](0, 96, 112)
    a, a_prime, b = (case[name].astype(np.float32) for name in ("A", "Ap", "B"))
    explained = likeness.explained_detail(tf.constant(a), tf.constant(a_prime))
    wanted = program_likeness.explained_detail([(a, a_prime)])
    assert float(explained) == pytest.approx(wanted, abs=0.05)
    for other in (b, soft(10, (70, 60))):
        found = float(likeness.strangeness(tf.constant(other), tf.constant(a)))
        assert found == pytest.approx(program_likeness.strangeness(other, [a]), rel=0.05)
    flat = likeness.mostly_flat(tf.constant(a))
    assert bool(flat) == program_likeness.mostly_flat(a)


def test_tiny_pictures_are_measured():
    a, b = soft(11, (6, 9)), soft(12, (5, 40))
    assert float(likeness.explained_detail(tf.constant(a), tf.constant(a))) == 0.0
    assert np.isfinite(float(likeness.strangeness(tf.constant(b), tf.constant(a))))


GIVEN = [
    {},
    {"coarse_side": 0},
    {"coarse_side": 100},
    {"finish": "pixels"},
    {"finish": "network"},
    {"finish": "pixels", "coarse_side": 0, "transfer": "picture"},
    {"transfer": "residual"},
    {"transfer": "picture"},
    {"votes": 1},
    {"preset": "style"},
    {"preset": "texture"},
    {"preset": "texture", "coarse_side": 0},
    {"preset": "pixels"},
    {"preset": "neural-style"},
    {"analogy_w": 0.0, "b_content_w": 0.4},
]


@pytest.mark.parametrize("given", GIVEN, ids=repr)
def test_the_same_is_decided(given, monkeypatch):
    """For all that pictures may be like, and sizes around those that count."""
    options = Options.parse(given)
    figures = {"far": 0.0, "explained": 0.0}
    monkeypatch.setattr(program_decision, "explained_detail", lambda _: figures["explained"])
    monkeypatch.setattr(program_decision, "strangeness", lambda *_: figures["far"])
    from analogies.synthesis.references import References

    a, other = (np.full((4, 4, 3), value, np.float32) for value in (0, 1))
    likes = itertools.product([True, False], [1.0, 1.5], [0.2, 0.8])
    sides = ((64, 64), (192, 192), (193, 192), (300, 500))
    for (same, far, explained), size in itertools.product(likes, sides):
        if same and far > 1.3:
            continue
        figures.update(far=far, explained=explained)
        pictures = References([(a, a if same else other)], np.zeros((*size, 3), np.float32))
        wanted = program_decision.decide(options, pictures)
        found = served_decision.decided(
            options,
            tf.constant(same),
            tf.constant(0.0 if same else far),
            tf.constant(explained, tf.float64),
            tf.constant(size),
        )
        assert KINDS[int(found.kind)] == wanted.kind
        assert bool(found.residual) == (wanted.transfer == "residual")
        assert (bool(found.network), bool(found.pixels)) == (wanted.network, wanted.pixels)
        assert float(found.share) == pytest.approx(wanted.share)
        open_ways = served_decision.ways(options)
        assert open_ways.network >= wanted.network
        assert open_ways.pixels >= wanted.pixels


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("given", [{}, {"pixel_patch": "3", "speed": "best"}], ids=repr)
def test_levels_and_rounds_are_those_of_the_program(kind, given):
    options = Options.parse(given)
    for size_a, size_out, share in itertools.product(
        [(200, 231), (31, 90)], [(500, 460)], [1.0, 0.3]
    ):
        network = None if share == 1.0 else share
        wanted = pixel_levels(options, kind, size_a, size_out, network)
        work = levels.Work(
            style=tf.zeros((*size_a, 3)),
            guides=served_maps.Guides(*(tf.zeros((*x, 0)) for x in (size_a, size_out, (4,)))),
            network=tf.zeros((0, 0, 3)),
            size=tf.constant(size_out),
            kind=tf.constant(KINDS.index(kind)),
            share=tf.constant(share, tf.float64),
            seed=tf.constant(0),
        )
        how = levels.plan(options, work)
        assert (int(how.count), int(how.patch)) == (len(wanted), patch_size(options, kind))
        for number, level in enumerate(wanted):
            found = levels.level_of(options, work, how, tf.constant(number))
            assert tuple(found.size_a.numpy()) == level.size_a
            assert tuple(found.size.numpy()) == level.size_b
            assert int(found.rounds) == pixel_rounds(options, kind, level)
            assert int(found.sweeps) == pixel_sweeps(kind, level)
        assert (float(how.refined) >= 0) == refined(options, kind, wanted[-1])
