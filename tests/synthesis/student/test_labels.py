"""Labels of maps, and networks that start from a texture for each of them."""

import io

import numpy as np
import pytest
from PIL import Image

from analogies.runs.machine.device import start

start("cpu")

import tensorflow as tf  # noqa: E402

from analogies.features.vgg import FeatureModel  # noqa: E402
from analogies.images.scaling import scaled  # noqa: E402
from analogies.synthesis.student import drawn, labels, network, training, using  # noqa: E402
from analogies.synthesis.student.crops import Crops, Example  # noqa: E402
from analogies.synthesis.student.labels import Textures  # noqa: E402

COLORS = np.array([[236, 112, 28], [24, 150, 140], [122, 48, 170], [206, 222, 96]], np.float32)


def label_map(height=96, width=120, seed=0, colors=COLORS):
    which = drawn.regions(np.random.default_rng(seed), (height, width), len(colors))
    return colors[which], which


def textures(period=16, colors=COLORS, seed=1):
    tiles = np.random.default_rng(seed).integers(0, 256, (len(colors), period, period, 3))
    return Textures(colors, tiles.astype(np.uint8))


def alike(found, wanted):
    return {tuple(x) for x in found.tolist()} == {tuple(x) for x in wanted.tolist()}


def test_the_labels_of_a_map_are_found_the_largest_first():
    pixels, which = label_map()
    found = labels.labels_of([pixels])
    assert alike(found, COLORS)
    np.testing.assert_array_equal(found[0], COLORS[np.bincount(which.ravel()).argmax()])
    np.testing.assert_array_equal(labels.region_of(pixels, COLORS[2]), which == 2)


@pytest.mark.parametrize("damage", ["smaller", "jpeg"])
def test_soft_borders_and_jpeg_leave_the_labels(damage):
    pixels, _ = label_map(192, 240)
    if damage == "smaller":
        pixels = scaled(pixels, (96, 120))
    else:
        stream = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(stream, "JPEG", quality=90)
        pixels = np.asarray(Image.open(stream)).astype(np.float32)
    found = labels.labels_of([pixels])
    assert len(found) == len(COLORS)
    assert all(np.abs(COLORS - x).max(1).min() <= 8 for x in found)


def test_photographs_one_color_and_many_labels_are_no_label_maps():
    for seed in range(4):
        assert labels.labels_of([drawn.scene(96, 96, seed).astype(np.float32)]) is None
    ramp = np.broadcast_to(np.linspace(0, 255, 120)[:, np.newaxis], (96, 120, 3))
    assert labels.labels_of([ramp]) is None
    assert labels.labels_of([np.full((40, 40, 3), 7.0, np.float32)]) is None
    grays = np.linspace(0, 255, 40)[:, np.newaxis].repeat(3, 1).astype(np.float32)
    assert labels.labels_of([label_map(colors=grays)[0]]) is None
    assert labels.labels_of([label_map()[0], np.full((20, 20, 3), 7.0)]) is not None


@pytest.mark.parametrize("count", [2, 4, 12])
def test_the_weights_tell_the_nearest_label(count):
    random = np.random.default_rng(count)
    grid = np.stack(np.meshgrid(*[np.linspace(0, 255, 4)] * 3), -1).reshape(-1, 3)
    colors = random.permutation(grid)[:count].astype(np.float32)
    kernel, bias = labels.nearest_label(colors)
    points = random.uniform(0, 255, (2000, 3)).astype(np.float32)
    scores = (points / 127.5 - 1) @ kernel + bias
    shares = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    away = np.linalg.norm(points[:, np.newaxis] - colors, axis=2)
    np.testing.assert_array_equal(shares.argmax(1), away.argmin(1))
    own = (colors / 127.5 - 1) @ kernel + bias
    own = np.exp(own - own.max(1, keepdims=True))
    assert (np.diag(own / own.sum(1, keepdims=True)) > 0.999).all()


def by_hand(which, given, height, width, seed):
    """Each pixel of the texture of its label, one after the other."""
    places = using.places_field((height, width), given.tiles.shape[1], seed).numpy()
    found = np.empty((height, width, 3))
    for y in range(height):
        for x in range(width):
            row, column = divmod(int(places[y, x]), given.tiles.shape[1])
            found[y, x] = given.tiles[which[y, x], row, column]
    return found


def test_an_untrained_network_lays_the_textures():
    pixels, which = label_map(44, 52)
    given = textures()
    model = network.build("small", True, seed=3, textures=given)
    chance = network.chance_of(model)
    assert chance == (True, 16)
    found = using.make(using.compiled(model), pixels[np.newaxis], chance, seed=5)[0]
    # What is seen around the picture has places, too.
    height, width = 44 + 2 * using.HALO, 52 + 2 * using.HALO
    around = np.pad(which, using.HALO, "symmetric")
    wanted = by_hand(around, given, height, width, 5)[
        using.HALO : -using.HALO, using.HALO : -using.HALO
    ]
    np.testing.assert_allclose(found, wanted, atol=0.6)
    repeated = using.places_field((40, 50), 16, 5).numpy()
    np.testing.assert_array_equal(repeated[:24, :34], repeated[16:, 16:])


@pytest.mark.parametrize(("size", "piece"), [((70, 90), 32), ((45, 61), 40)])
def test_pieces_of_textures_are_the_whole(size, piece):
    model = trained_a_little()
    call, chance = using.compiled(model), network.chance_of(model)
    batch = np.stack([label_map(*size, seed)[0] for seed in range(2)])
    whole = using.make(call, batch, chance, seed=4)
    np.testing.assert_allclose(using.make(call, batch, chance, 4, piece), whole, atol=2e-3)
    in_graph = using.whole(call, tf.constant(batch), chance, 4)
    np.testing.assert_allclose(in_graph, whole, atol=2e-3)
    assert np.abs(using.make(call, batch, chance, 5) - whole).max() > 20


def trained_a_little(steps=3):
    """A network that changes what it lays."""
    pixels, which = label_map()
    given = textures()
    wanted = by_hand(which, given, *which.shape, 9) * 0.5 + 60
    examples = [Example(pixels.astype(np.uint8), wanted.astype(np.uint8))]
    model = network.build("small", True, seed=3, textures=given)
    recipe = training.RECIPES["labels"]
    crops = Crops(examples, 1, 64, seed=2)
    features = FeatureModel("slim", recipe.layers)
    trainer = training.Trainer(model, recipe, crops, steps, 1, None, features)
    for _ in range(steps):
        terms = trainer.advance()
    assert float(terms["kept"]) > 0
    np.testing.assert_array_equal(
        model.get_layer("textures").get_weights()[0],
        np.moveaxis(given.tiles, 0, 2).reshape(-1, 3 * len(COLORS)),
    )
    return model


def test_training_changes_what_was_laid():
    pixels, _ = label_map()
    model = trained_a_little(6)
    call, chance = using.compiled(model), network.chance_of(model)
    after = using.make(call, pixels[np.newaxis], chance, 1)
    model.get_layer(network.CHANGE).set_weights(
        [np.zeros_like(x) for x in model.get_layer(network.CHANGE).get_weights()]
    )
    assert np.abs(using.make(call, pixels[np.newaxis], chance, 1) - after).max() > 0.5


def painting(seed=0, height=80, width=100):
    """A dark, a middle and a bright part, with grain, and a red spot in the bright one."""
    random = np.random.default_rng(seed)
    pixels = np.repeat(np.array([40.0, 120.0, 210.0]), (height + 2) // 3)[:height]
    pixels = np.broadcast_to(pixels[:, np.newaxis, np.newaxis], (height, width, 3)).copy()
    pixels[-12:, :14] = (255, 190, 185)  # as bright, of another color
    return (pixels + random.normal(0, 6, pixels.shape)).clip(0, 255).astype(np.float32)


def test_tones_are_shares_by_brightness_without_what_stands_out():
    paintings = [painting(0), painting(1, 60, 70)]
    tones = labels.tones_of(paintings)
    assert [x.shape for x in tones] == [x.shape[:2] for x in paintings]
    counts = np.bincount(np.concatenate([x.ravel() for x in tones]) + 1, minlength=8)
    total = sum(x.size for x in tones)
    np.testing.assert_allclose(counts[1:] / total, 0.8 / labels.TONES, atol=0.01)
    means = [paintings[0][tones[0] == tone].mean() for tone in range(labels.TONES)]
    assert (np.diff(means) > 0).all()
    assert (tones[0][-8:, :10] == -1).mean() > 0.9  # the spot
    assert (tones[0][-8:, 30:] == -1).mean() < 0.4


def test_the_tones_of_b_are_apart_and_grays():
    found = labels.tones_among([drawn.scene(60, 70, n).astype(np.float32) for n in range(3)])
    assert found.shape == (labels.TONES, 3)
    assert (found == found[:, :1]).all()
    flat = labels.tones_among([np.full((20, 20, 3), 250.0)])
    for tones in (found, flat):
        assert np.diff(tones[:, 0]).min() >= labels.APART - 1e-3
        assert 0 <= tones.min() <= tones.max() <= 255


def test_tones_are_those_of_a_smoothed_picture():
    picture = drawn.scene(40, 44, 2).astype(np.float32)
    grays = np.linspace(20, 230, 5)[:, np.newaxis].repeat(3, 1).astype(np.float32)
    given = textures(colors=grays)._replace(blur=3)
    model = network.build("small", False, seed=3, textures=given)
    chance = network.chance_of(model)
    assert chance == (False, 16)
    found = using.make(using.compiled(model), picture[np.newaxis], chance, seed=5)[0]
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), "symmetric")
    smooth, weights = np.zeros_like(picture), (0.25, 0.5, 0.25)
    for down in range(3):
        for right in range(3):
            share = weights[down] * weights[right]
            smooth += share * padded[down : down + 40, right : right + 44]
    away = np.square((smooth[..., np.newaxis, :] - grays) / 127.5).sum(-1)
    steep = labels.STEEP / np.square(np.diff(grays[:2], axis=0) / 127.5).sum()
    shares = np.exp(-steep * (away - away.min(-1, keepdims=True)))
    shares /= shares.sum(-1, keepdims=True)
    places = using.places_field((40 + 2 * using.HALO, 44 + 2 * using.HALO), 16, 5).numpy()
    places = places[using.HALO : -using.HALO, using.HALO : -using.HALO]
    looked_up = given.tiles.reshape(5, 256, 3)[:, places].astype(float)
    wanted = np.einsum("hwl,lhwc->hwc", shares, looked_up)
    np.testing.assert_allclose(found, wanted, atol=0.6)


def test_a_pixel_with_textures_sees_no_further_than_the_halo():
    grays = np.linspace(20, 230, 5)[:, np.newaxis].repeat(3, 1).astype(np.float32)
    model = network.build("small", True, seed=3, textures=textures(colors=grays)._replace(blur=3))
    layer = model.get_layer(network.CHANGE)
    random = np.random.default_rng(0)
    layer.set_weights([random.normal(0, 0.2, x.shape) for x in layer.get_weights()])
    call, chance = using.compiled(model), network.chance_of(model)
    side = 2 * using.HALO + 21
    one = random.uniform(0, 255, (1, side, side, 3)).astype(np.float32)
    other = one.copy()
    other[0, side // 2, side // 2] = 255 - other[0, side // 2, side // 2]
    apart = np.abs(using.make(call, one, chance) - using.make(call, other, chance)).max((0, 3))
    rows = np.nonzero(apart.max(1) > 1e-3)[0]
    assert abs(rows - side // 2).max() <= using.HALO
