import numpy as np
import pytest
import tensorflow as tf

from analogies.options.table import Options
from analogies.synthesis.layerwise.references import set_several
from analogies.synthesis.loop import synthesize
from analogies.synthesis.network_methods import layer_steps
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import References

LAYERS = ("block1_conv1", "block2_conv1")
SIZE = (38, 45)
LAYER = {
    "finish": "network",
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
def steps():
    return layer_steps(Options(**LAYER))


def terms(steps, scene, image):
    targets = steps.aim(steps.match_layers(image, scene), scene)
    return {name: float(x) for name, x in steps.objective.terms(image, targets).items()}


def test_a_pair_twice_is_a_pair_once(steps, pictures):
    a, a_prime, b, image = pictures
    size = tf.constant(SIZE)
    alone = steps.set_scene(a, a_prime, b, size, size)
    level = Level(1.0, SIZE, SIZE, 1, (SIZE,))
    twice = set_several(steps, References([(a, a_prime)] * 2, b), level)
    assert [(part.label, part.top) for part in twice.parts] == [("pair 1", 0), ("pair 2", SIZE[0])]
    assert terms(steps, twice.scene, image) == pytest.approx(terms(steps, alone, image), rel=1e-4)


def test_patches_lie_in_one_picture(steps, pictures):
    """Of three, turned copies among them, that are matched with noise."""
    a, a_prime, b, image = pictures
    references = References([(a, a_prime)], b, 1, 0)
    setting = set_several(steps, references, Level(1.0, SIZE, SIZE, 1))
    parts, fields = setting.parts, steps.match_layers(image, setting.scene)
    field = next(iter(fields.values()))
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
