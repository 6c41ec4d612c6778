import numpy as np
import pytest
import tensorflow as tf

from analogies.options.table import Options
from analogies.synthesis.joint.method import stages_for
from analogies.synthesis.layerwise.references import set_scene
from analogies.synthesis.loop import synthesize
from analogies.synthesis.pyramid import Level

LAYERS = ("block1_conv1", "block2_conv1")
SIZE = (38, 45)
LAYER = {
    "match_mode": "layer",
    "model": "exact",
    "patch_size": 3,
    "analogy_layers": LAYERS[1:],
    "mrf_layers": LAYERS,
    "nstyle_layers": LAYERS[:1],
    "nstyle_w": 1.0,
    "content_layers": LAYERS[:1],
    "b_content_w": 1.0,
}


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    return [tf.constant(random.uniform(0, 255, (*SIZE, 3)), tf.float32) for _ in range(4)]


@pytest.fixture(scope="module")
def stages():
    return stages_for(Options(**LAYER), "picture")


def terms(stages, scene, image):
    matches, _ = stages.find(image, scene, tf.constant(1), 1.0, None)
    targets = stages.run("aim", matches, scene, tf.constant(1), image)
    return {name: float(x) for name, x in stages.run("terms", image, targets).items()}


def test_a_pair_twice_is_a_pair_once(stages, pictures):
    a, a_prime, b, image = pictures
    size = tf.constant(SIZE)
    alone = stages.run("set_scene", a, a_prime, b, size, size, tf.constant(1))
    level = Level(1.0, SIZE, SIZE, 1, (SIZE,))
    twice, parts = set_scene(stages, [(a, a_prime)] * 2, b, level, 0, 0)
    assert [(part.label, part.top) for part in parts] == [("pair 1", 0), ("pair 2", SIZE[0])]
    assert terms(stages, twice, image) == pytest.approx(terms(stages, alone, image), rel=1e-4)


def test_patches_lie_in_one_picture(stages, pictures):
    """Of three, turned copies among them, that are matched with noise."""
    a, a_prime, b, image = pictures
    scene, parts = set_scene(stages, [(a, a_prime)], b, Level(1.0, SIZE, SIZE, 1), 1, 0)
    field = stages.shown(stages.find(image, scene, tf.constant(1), 1.0, None)[0])
    rows, cols = field.rows.numpy(), field.cols.numpy()
    part = np.searchsorted([part.top for part in parts], rows, side="right") - 1
    assert set(part.ravel()) == {0, 1, 2}
    rows -= np.array([part.top for part in parts])[part]
    assert (rows + 3 <= SIZE[0]).all()
    assert (cols + 3 <= SIZE[1]).all()
    assert not ((part > 0) & (rows == 0) & (cols == 0)).any()  # left empty by the turn


def test_a_turned_picture_is_matched_in_the_turned_copy(pictures):
    """B' is A' turned by an angle that the copies have."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(np.asarray(pictures[0]), (1.5, 1.5, 0))
    a_prime = np.clip((smooth - 127) * 5 + 127, 0, 255).astype(np.float32)
    turned = ndimage.rotate(a_prime, 7.5, reshape=False, mode="mirror").astype(np.float32)
    only_mrf = {"analogy_w": 0.0, "nstyle_w": 0.0, "b_content_w": 0.0, "mrf_layers": LAYERS[1:]}
    options = Options(**{**LAYER, **only_mrf}, rotations=1, scales=1, evaluations=1)
    records = list(synthesize(a_prime, a_prime, turned, options, init=turned))
    (shares,) = (record.matches_from for record in records if record.kind == "pass")
    assert sum(shares.values()) == pytest.approx(1)
    assert max(shares, key=shares.get).startswith("pair 1, turned")
