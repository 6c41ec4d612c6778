"""The network, what it is trained on and judged by, and its use on pictures of any size."""

import numpy as np
import pytest

from analogies.runs.machine.device import start

start("cpu")

import tensorflow as tf  # noqa: E402

from analogies.features.vgg import FeatureModel  # noqa: E402
from analogies.synthesis.joint import pixel_rule  # noqa: E402
from analogies.synthesis.student import (  # noqa: E402
    crops,
    drawn,
    leveling,
    network,
    rule,
    training,
    using,
)
from analogies.synthesis.student.crops import MARGIN, Crops, Example  # noqa: E402
from analogies.synthesis.student.judging import Judge  # noqa: E402
from analogies.synthesis.student.sizes import CELL, HALO, Chance  # noqa: E402

RNG = np.random.default_rng(0)


def picture(height, width, seed=0):
    return drawn.scene(height, width, seed)


@pytest.fixture(scope="module")
def noisy():
    return network.build("small", True, seed=3)


@pytest.mark.parametrize("size", [(16, 16), (37, 90), (64, 41)])
@pytest.mark.parametrize("piece", [16, 40])
def test_pieces_are_the_whole(noisy, size, piece):
    batch = np.stack([picture(*size, seed) for seed in range(2)])
    call = using.compiled(noisy)
    whole = using.make(call, batch, Chance(True), seed=5)
    assert whole.shape == batch.shape
    np.testing.assert_allclose(
        using.make(call, batch, Chance(True), seed=5, piece=piece), whole, atol=2e-3
    )
    in_graph = using.whole(call, tf.constant(batch, tf.float32), Chance(True), 5)
    np.testing.assert_allclose(in_graph, whole, atol=2e-3)
    assert np.abs(using.make(call, batch, Chance(True), seed=6) - whole).max() > 0.1


def test_a_pixel_sees_no_further_than_the_halo(noisy):
    call = using.compiled(noisy)
    one = picture(200, 200)[np.newaxis].astype(np.float32)
    other = one.copy()
    other[:, 100, 100] = 255 - other[:, 100, 100]
    apart = np.abs(using.make(call, one, Chance(True)) - using.make(call, other, Chance(True))).max(
        (0, 3)
    )
    rows, columns = np.nonzero(apart > 0)
    assert apart[100, 100] > 0
    assert max(np.abs(rows - 100).max(), np.abs(columns - 100).max()) <= HALO


def tones(a):
    return np.stack([255 - a[..., 0], a.mean(-1), np.minimum(2.0 * a[..., 2], 255)], -1)


def test_an_untrained_network_is_the_rule():
    a = picture(64, 64).astype(np.float32)
    a_prime = tones(a).astype(np.float32)
    b = picture(48, 56, 1).astype(np.float32)
    model = network.build("small", False, rule.weights_of([(a, a_prime)], a))
    fitted = pixel_rule.fit([(tf.constant(a), tf.constant(a_prime))], tf.constant(a))
    wanted = np.clip(fitted.of(tf.constant(b)), 0, 255)
    found = using.make(using.compiled(model), b[np.newaxis], Chance())[0]
    inner = np.s_[8:-8, 8:-8]  # the rule mirrors pictures otherwise
    assert np.abs(found - wanted)[inner].mean() < 4  # the untrained change is small
    assert np.abs(found - tones(b))[inner].mean() < 5


def test_turns_are_those_that_keep_the_rule():
    a = picture(96, 96).astype(np.float32)
    lit = np.clip(128 + 2 * (a - np.roll(a, 2, 1)), 0, 255)
    assert len(rule.turns_of([(a, tones(a).astype(np.float32))])) == len(crops.TURNS)
    lit_turns = rule.turns_of([(a, lit)])
    assert (0, False) in lit_turns
    assert (2, False) not in lit_turns  # lit from the other side
    assert (0, True) not in lit_turns


def test_crops_are_aligned_and_repeat():
    before = picture(70, 90)
    example = Example(before, 255 - before)
    batches = Crops([example], 3, 64, crops.TURNS, seed=2)
    one, other = batches.batch(7)
    assert one.shape == (3, 64, 64, 3)
    np.testing.assert_array_equal(one, 255 - other)
    np.testing.assert_array_equal(one, batches.batch(7)[0])
    assert not np.array_equal(one, batches.batch(8)[0])
    assert crops.inner(one).shape == (3, 64 - 2 * MARGIN, 64 - 2 * MARGIN, 3)


def test_crops_twice_show_the_same_a_little_further():
    before = picture(70, 90)
    example = Example(before, 255 - before)
    batches = Crops([example], 4, 64, crops.TURNS, seed=2, twice=True)
    for number in range(5):
        one, other = batches.batch(number)
        np.testing.assert_array_equal(one, 255 - other)
        down, right = batches.shift(number)
        assert 1 <= down < CELL
        assert 1 <= right < CELL
        np.testing.assert_array_equal(one[:2, down:, right:], one[2:, :-down, :-right])
    assert not np.array_equal(one[0], one[1])


def test_what_moves_with_the_picture_does_not_tremble_and_a_grid_of_cells_does():
    before = picture(70, 90)
    batches = Crops([Example(before, before)], 4, 64, seed=2, twice=True)
    one, _ = batches.batch(3)
    shift = tf.constant(batches.shift(3))
    made = tf.constant(one, tf.float32)
    assert training.trembling(made, shift) == 0
    grid = np.zeros((1, 64, 64, 1), np.float32)
    grid[:, ::CELL, ::CELL] = 8
    # Where it is in one crop it is not in the other: both places of each cell differ.
    wanted = 2 * (8 / 127.5) ** 2 / CELL**2
    np.testing.assert_allclose(training.trembling(made + grid, shift), wanted, rtol=1e-4)


def test_crops_of_a_small_picture_are_smaller():
    before = picture(20, 30)
    assert Crops([Example(before, before)], 2, 128).batch(0)[0].shape[1] <= 20 + 2 * MARGIN


def test_what_is_held_out_is_not_shown():
    before = np.arange(160 * 100).reshape(160, 100, 1).repeat(3, 2)
    parts = crops.split([Example(before, before)])
    (shown,), (held,) = parts.shown, parts.held
    values = held.example.before[held.part]
    assert 0.1 < values.size / before.size < 0.2
    assert np.intersect1d(shown.before, values).size == 0
    assert shown.before.size + values.size == before.size
    many = crops.split([Example(before + i, before) for i in range(9)])
    assert (len(many.shown), len(many.held)) == (8, 1)
    tiny = crops.split([Example(before[:40, :40], before[:40, :40])])
    assert (len(tiny.shown), len(tiny.held)) == (1, 0)


def test_mixtures_of_labels_have_the_same_labels():
    colors = np.array([[255, 0, 0], [0, 0, 255], [20, 200, 40]], np.uint8)
    a = colors[RNG.integers(3, size=(6, 8)).repeat(10, 0).repeat(10, 1)]
    mixed = drawn.mixture(a, 4)
    assert mixed.shape == a.shape
    assert mixed.dtype == np.uint8
    assert not np.array_equal(mixed, a)
    assert {tuple(c) for c in mixed.reshape(-1, 3)} <= {tuple(c) for c in colors}


def trainer(seed=0, steps=30):
    before = picture(96, 96)
    example = Example(before, tones(before.astype(float)).astype(np.uint8))
    parts = crops.split([example])
    model = network.build("small", False, seed=seed)
    made = training.Trainer(
        model, training.RECIPES["one"], Crops(parts.shown, 2, 64, seed=seed), steps, seed
    )
    return made, parts


def test_training_lowers_what_is_held_out_and_goes_on_to_the_same_numbers():
    whole, parts = trainer()
    judge = Judge(parts, whole)
    call = using.compiled(whole.model)
    first = judge(call)
    state = None
    for _ in range(30):
        if whole.step == 17:
            state = whole.state()
        whole.advance()
    assert judge(call).share < 0.7 * first.share
    other, _ = trainer(seed=0)
    other.restore(state)
    while other.step < 30:
        other.advance()
    for one, two in zip(whole.model.variables, other.model.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_a_state_of_another_network_is_refused():
    small, _ = trainer()
    state = small.state() | {"model/0": np.zeros((3, 3, 3, 99), "f")}
    with pytest.raises(ValueError, match="another network"):
        small.restore(state)


def test_leveling_brings_colors_and_contrast_to_those_of_the_examples():
    model = network.build("small", True, seed=3)
    call = using.compiled(model)
    examples = []
    for seed in range(2):
        before = picture(40, 44, seed)
        made = using.make(call, before[np.newaxis], Chance(True), 5 + seed)[0]
        after = 120 + 1.15 * (made - made.mean((0, 1))) + np.array([3, 0, -5])
        examples.append(Example(before, after))
    leveling.level(model, call, examples, 5)
    made = [
        using.make(call, x.before[np.newaxis], Chance(True), 5 + n)[0]
        for n, x in enumerate(examples)
    ]
    ours, theirs = (np.stack(x).reshape(-1, 3) for x in (made, [x.after for x in examples]))
    np.testing.assert_allclose(ours.mean(0), theirs.mean(0), atol=0.2)
    np.testing.assert_allclose(ours.std(0), theirs.std(0), rtol=0.02)


def test_leveling_does_not_blow_up_what_has_no_contrast():
    model = network.build("small", True, seed=3)
    layer = model.get_layer(network.CHANGE)
    layer.set_weights([0 * x for x in layer.get_weights()])
    before = picture(24, 24)
    leveling.level(model, using.compiled(model), [Example(before, before)], 0)
    assert np.abs(layer.get_weights()[0]).max() == 0
    made = using.make(using.compiled(model), before[np.newaxis], Chance(True))[0]
    np.testing.assert_allclose(made.mean((0, 1)), before.mean((0, 1)), atol=0.5)


def test_what_asks_for_the_mean_fades():
    before = picture(96, 96)
    recipe = training.RECIPES["many"]
    model = network.build("small", True)
    features = FeatureModel("slim", recipe.layers)
    made = training.Trainer(
        model, recipe, Crops([Example(before, 255 - before)], 1, 64), 100, features=features
    )
    pictures = [tf.constant(x[np.newaxis], tf.float32) for x in (before, before, 255 - before)]
    at = {x: made.terms(*pictures, tf.constant([0, 0]), x) for x in (0.0, 0.2, 0.4, 1.0)}
    for name in ("pixels", "features"):
        assert at[0.0][name] > at[0.2][name] > 1e-3
        assert abs(at[0.4][name]) < 1e-6
        assert abs(at[1.0][name]) < 1e-6
    for name in ("sliced", "patches"):
        assert at[0.0][name] == at[1.0][name] > 0
    assert made.done(0) == made.done(training.FIRST) == 0
    assert made.done(100) == 1
