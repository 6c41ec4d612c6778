"""In pieces and whole: the same to rounding."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from analogies.features import FeatureModel
from analogies.features.networks import layer_table
from analogies.images import pieces as tiles
from analogies.images.pieces import Sheet, Tiling
from analogies.options.table import Options
from analogies.synthesis.joint.method import JointMethod
from analogies.synthesis.joint.objective import Objective, Targets
from analogies.synthesis.joint.pieces import Pieces
from analogies.synthesis.joint.steps import JointSteps
from analogies.synthesis.memory import piece_side
from analogies.synthesis.network import Network
from analogies.synthesis.network_methods import fitting, in_pieces

ALL_TERMS = {
    "b_content_w": 0.7,
    "tv_w": 0.5,
    "nstyle_w": 2.0,
    "nstyle_layers": "conv2_1,conv3_1",
}


def picture(size, seed=0):
    """Soft blots and noise, float32 `(h, w, 3)`."""
    rng = np.random.default_rng(seed)
    rows, cols = np.indices(size)
    waves = [np.sin(rows / p + q) * np.cos(cols / q) for p, q in rng.uniform(3, 20, (3, 2))]
    return (128 + 80 * np.stack(waves, -1) + rng.normal(0, 10, (*size, 3))).clip(0, 255).astype("f")


def steps_of(side, model=None, **options):
    chosen = Options(patch_size=3, **options)
    whole = JointSteps(chosen, "residual", Objective(chosen, Network(chosen, model)))
    return whole, in_pieces(whole, side)


def loss_and_gradient(steps, image, targets):
    """In one graph, as a pass computes it."""
    return tf.function(steps.objective.loss_and_gradient, autograph=False)(image, targets)


def assert_close(result, expected, tolerance):
    for x, y in zip(tf.nest.flatten(result), tf.nest.flatten(expected), strict=True):
        x, y = x.numpy(), y.numpy()
        assert x.shape == y.shape
        assert np.abs(x - y).max() <= tolerance * max(np.abs(y).max(), 1e-9)


def a_pass(steps, whole, size_a, size_b, cell):
    """Scene and targets of one level, by `steps`; matches by `whole`."""
    pictures = picture(size_a), picture(size_a, 1), picture(size_b, 2)
    arguments = (*pictures, tf.constant(size_a), tf.constant(size_b), tf.constant(cell))
    scene = steps.set_scene(*arguments)
    places = tf.shape(scene.reference)[:2] - 2
    usage = tf.zeros((places[0], places[1], 1))
    matches = steps.search(scene.base, scene, tf.constant(cell), 1.0, usage)
    return scene, matches


def test_matching_by_the_guide_alone_is_matching_without_coherence():
    whole, pieces = steps_of(64, uniformity=0.1)
    size, cell = (72, 80), tf.constant(2)
    for steps in (whole, pieces):
        scene, matches = a_pass(steps, whole, size, size, 2)
        usage = steps.usage(matches, scene)
        expected = steps.search(scene.base, scene, cell, 0.0, usage)
        found = steps.search_guide(scene, usage)
        other = steps.search(scene.base, scene, cell, 1.0, usage)
        assert np.mean(found.rows == expected.rows) > 0.99
        assert np.mean(found.cols == expected.cols) > 0.99
        assert np.abs(found.scores - expected.scores).max() < 1e-5
        assert np.mean(found.rows == other.rows) < 0.9


def without_axes(scene):
    """A scene with products in place of what rounding may turn: axes of nearly equal strength."""
    split = scene.guide.shape[-1]
    guide, own = scene.reference[..., :split], scene.reference[..., split:]
    flat = tf.reshape(scene.guide, (-1, split))
    axes = tf.concat(list(scene.axes.values()), 0)
    products = (
        tf.tensordot(guide, flat, (2, 1)),
        tf.tensordot(own[..., :-3], axes, (2, 1)),
        own[..., -3:],
    )
    return scene._replace(reference=products, guide=tf.zeros(()), axes={})


@pytest.mark.parametrize(
    ("options", "size_a", "size_b", "cell", "side"),
    [
        ({}, (70, 100), (150, 111), 4, 48),
        pytest.param({"patch_stride": 5}, (70, 60), (80, 111), 4, 48, marks=pytest.mark.slow),
        pytest.param(
            *({**ALL_TERMS, "pool_mode": "avg"}, (150, 90), (140, 170), 8, 64),
            marks=pytest.mark.slow,
        ),
        ({"analogy_layers": "conv1_1", "mrf_layers": "conv2_1"}, (60, 60), (61, 150), 2, 8),
    ],
)
def test_a_level_in_pieces_is_the_level(options, size_a, size_b, cell, side):
    whole, large = steps_of(side, **options)
    scene, matches = a_pass(whole, whole, size_a, size_b, cell)
    own, found = a_pass(large, whole, size_a, size_b, cell)
    assert_close(without_axes(own), without_axes(scene), 1e-5)
    same = (found.rows.numpy() == matches.rows.numpy()) & (
        found.cols.numpy() == matches.cols.numpy()
    )
    assert same.mean() > 0.99
    arguments = matches, scene, tf.constant(cell), scene.base
    targets = whole.aim(*arguments)
    assert_close(large.aim(*arguments), targets, 1e-5)

    image = tf.clip_by_value(scene.base + picture(scene.base.shape[:2], 3) - 128.0, 0.0, 255.0)
    energies = whole.energies(image, targets)
    in_pieces_found = large.energies(image, targets)
    assert list(in_pieces_found) == list(energies)
    assert_close(in_pieces_found, energies, 1e-5)
    loss, gradient = loss_and_gradient(whole, image, targets)
    own_loss, own_gradient = loss_and_gradient(large, image, targets)
    assert_close(own_loss, loss, 1e-5)
    assert_close(own_gradient, gradient, 1e-4)
    assert np.abs(gradient.numpy()).max() > 0
    weighted = [
        large.objective.losses[term].weight * value
        for term, layers in in_pieces_found.items()
        for value in layers.values()
    ]
    assert_close(sum(weighted), loss, 1e-5)


@pytest.fixture(scope="module")
def networks():
    """Networks that reflect and that pad with zeros, with either pooling, and their layers."""
    layers = ("block2_conv1", "block3_conv1")
    kinds = [("slim", "max"), ("slim", "avg"), ("vgg16", "max"), ("vgg16", "avg")]
    tf.random.set_seed(0)
    made = [
        FeatureModel(name, layers, "random", pooling, thin_maps=False) for name, pooling in kinds
    ]
    named = {"analogy_layers": layers, "mrf_layers": layers, "content_layers": layers}
    style = {"nstyle_layers": layers, "b_content_w": 1.0, "nstyle_w": 1.0}
    return [
        steps_of(32, model, features=model.network, analogy_w=0.0, mrf_w=0.0, **named, **style)
        for model in made
    ]


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    kind=st.integers(0, 3),
    rows=st.integers(5, 40),
    columns=st.integers(5, 40),
    side=st.sampled_from([8, 24, 56]),
)
def test_gradients_of_any_size(networks, kind, rows, columns, side):
    whole, large = networks[kind]
    large = JointSteps(whole.options, "residual", Pieces(whole.objective, side))
    size = 4 * rows, 4 * columns
    image, other = tf.constant(picture(size)), tf.constant(picture(size, 1))
    seen, zero = whole.look(other), tf.zeros(())
    style = {name: gram + 1.0 for name, gram in seen.grams(whole.objective.network.layers).items()}
    targets = Targets({}, seen.maps(whole.objective.network.layers), style, image, zero, zero)
    loss, gradient = loss_and_gradient(whole, image, targets)
    own_loss, own_gradient = loss_and_gradient(large, image, targets)
    assert_close(own_loss, loss, 1e-5)
    assert_close(own_gradient, gradient, 1e-4)


@pytest.mark.slow
def test_the_gradient_at_512_px():
    whole, large = steps_of(160, **ALL_TERMS)
    scene, matches = a_pass(whole, whole, (512, 512), (512, 512), 8)
    targets = whole.aim(matches, scene, tf.constant(8), scene.base)
    image = tf.constant(picture((512, 512), 3))
    loss, gradient = loss_and_gradient(whole, image, targets)
    own_loss, own_gradient = loss_and_gradient(large, image, targets)
    assert_close(own_loss, loss, 1e-5)
    assert_close(own_gradient, gradient, 1e-4)


@pytest.mark.parametrize("padding", [0, 8])
def test_cores_cover_a_picture_once_and_windows_hold_them(padding):
    tiling = Tiling(side=24, halo=padding, align=8)

    def count(window, tile, sheet):
        middle = tile.of_window(tf.ones_like(window), 1)
        assert window.shape[-1] == 1
        return sheet.add(middle, tile.core)

    for size in [(8, 8), (24, 100), (64, 36), (101, 24)]:
        image = tf.zeros((*size, 1))
        sheet = tiles.sweep(image, tiling, count, Sheet.blank(tf.constant(size), 1))
        assert (sheet.map().numpy() == 1).all()


def test_reach_is_what_a_cell_sees():
    table = {info.name: info for info in layer_table("slim")}
    assert table["block1_conv1"].reach == 1
    assert table["block4_conv1"].reach == 30  # 2 + 4 + 4 * 4 + 8
    model = FeatureModel("slim", ("block3_conv1",), "random", "avg", thin_maps=False)
    image = tf.Variable(picture((64, 64))[tf.newaxis])
    with tf.GradientTape() as tape:
        cell = tf.reduce_sum(model(image)["block3_conv1"][0, 8, 8])
    rows = np.flatnonzero(np.abs(tape.gradient(cell, image)[0]).sum((1, 2)))
    assert (32 - rows.min(), rows.max() - 35) == (table["block3_conv1"].reach,) * 2


def test_only_large_pictures_are_cut():
    steps, _ = steps_of(32)
    whole = JointMethod(steps, Options())
    assert fitting(whole, (512, 512), (700, 600), Options()) is whole
    large = fitting(whole, (2000, 1500), (512, 512), Options())
    assert isinstance(large.steps.objective, Pieces)
    assert large.steps.objective.network is steps.objective.network
    assert fitting(whole, (2000, 1500), (600, 512), Options()).steps is large.steps


def test_wider_networks_are_cut_earlier():
    layers = ("block1_conv1", "block4_conv1")
    assert piece_side("slim", layers, 700_000, Options()) is None
    assert piece_side("vgg16", layers, 700_000, Options()) < piece_side(
        "slim", layers, 10_000_000, Options()
    )
