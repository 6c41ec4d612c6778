"""Several pairs, and turned and scaled copies, as one reference."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from analogies.matching.augmentation import OFF
from analogies.options.table import Options
from analogies.synthesis.joint import pixel_rule as prediction
from analogies.synthesis.joint.method import JointMethod
from analogies.synthesis.loop import synthesize
from analogies.synthesis.network_methods import joint_steps
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import References

SMALL = {"scales": 2, "min_scale": 0.5, "votes": 1, "evaluations": 4, "patch_size": 3}
SMALL |= {"finish": "network"}
SMALL |= {"analogy_layers": "block2_conv1,block3_conv1", "mrf_layers": "block2_conv1,block3_conv1"}
GRAYS = np.array([40.0, 100.0, 160.0, 220.0])
COLORS = np.array([[220, 60, 40], [40, 200, 70], [50, 80, 230], [210, 200, 60]], float)


def labels(seed, which, size=48):
    """A map of two of four labels."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(size, size)), 6)
    return np.where(noise > 0, *which)


def pair(seed, which):
    """A map in gray, and the same in grained colors, which no function of gray level is."""
    found = labels(seed, which)
    grain = np.random.default_rng(seed).normal(0, 12, (*found.shape, 1))
    a = np.repeat(GRAYS[found][..., None], 3, -1)
    return a.astype(np.float32), np.clip(COLORS[found] + grain, 0, 255).astype(np.float32)


def scene(seed=3, size=56):
    """Smooth noise, and the same with marks that its gradient decides about."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(2 * size,) * 2), 2.5)
    a = 128 + 50 * noise / noise.std()
    marks = 60 * np.sign(ndimage.sobel(a, 1)) * np.sign(ndimage.sobel(a, 0))
    pictures = (a, 128 + marks)
    return [np.repeat(np.clip(x, 0, 255)[..., None], 3, -1).astype(np.float32) for x in pictures]


def middle(picture, size=56):
    top = (picture.shape[0] - size) // 2
    return picture[top : top + size, top : top + size]


def last_pass(a, a_prime, b, pairs=(), **options):
    records = synthesize(a, a_prime, b, Options.parse({**SMALL, **options}), pairs=pairs)
    return [record for record in records if record.kind == "pass"][-1]


def test_each_material_comes_from_the_pair_that_shows_it():
    one, other = pair(1, (0, 1)), pair(2, (2, 3))
    wanted = np.where(labels(3, (0, 1)) == 0, labels(4, (0, 2)), labels(4, (1, 3)))
    b = np.repeat(GRAYS[wanted][..., None], 3, -1).astype(np.float32)
    truth = COLORS[wanted]

    def right(record):
        distance = ((record.image()[..., None, :] - COLORS) ** 2).sum(-1)
        return (distance.argmin(-1) == wanted).mean()

    way = {"transfer": "residual", "finish": "network"}
    alone, both = last_pass(*one, b, **way), last_pass(*one, b, [other], **way)
    assert alone.matches_from == {}
    assert right(alone) < 0.7
    assert right(both) > 0.9
    assert np.abs(both.image() - truth).mean() < 25
    share = np.isin(wanted, (2, 3)).mean()
    assert both.matches_from["pair 2"] == pytest.approx(share, abs=0.12)
    assert sum(both.matches_from.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "options", "label"),
    [
        (lambda x: ndimage.rotate(x, 15, (1, 0), reshape=False, mode="reflect"),
         {"rotations": 2}, "pair 1, turned +15.0 degrees"),
        (lambda x: ndimage.zoom(x, (1.05**4, 1.05**4, 1)), {"rescales": 4}, "pair 1, scaled 1.22"),
    ],
)  # fmt: skip
def test_matches_come_from_the_copy_that_b_was_made_like(change, options, label):
    a, a_prime = scene()
    b, truth = (middle(change(x)) for x in (a, a_prime))
    given = middle(a), middle(a_prime), b
    options = {**options, "patch_size": 5, "scales": 1}
    plain = last_pass(*given, patch_size=5, scales=1)
    found = last_pass(*given, **options)
    assert next(iter(found.matches_from)) == label
    assert found.matches_from[label] > 0.25
    error, plain_error = (np.abs(record.image() - truth).mean() for record in (found, plain))
    assert error < 0.8 * plain_error


def test_patches_lie_inside_of_a_picture():
    pairs = [pair(1, (0, 1)), tuple(x[:30, :40] for x in pair(2, (2, 3)))]
    options = Options.parse({**SMALL, "uniformity": 0})
    steps, level = joint_steps(options, "residual"), Level(1.0, (48, 48), (48, 48), 2, ((30, 40),))
    references = References(pairs, pairs[0][0], 1, 1)
    found = JointMethod(steps, options).set(references, level, None).scene
    bias = found.bias[""].numpy()[..., 0]
    heights, multiple = found.residual.shape[0], steps.multiple
    assert found.reference.shape[0] == heights // 2
    for name, values in found.maps.items():
        assert values.shape[0] == heights // steps.strides[name]
    usage = tf.zeros((*bias.shape, 1))
    matches = steps.search(found.base, found, tf.constant(2), 1.0, usage)
    assert (bias[matches.rows.numpy(), matches.cols.numpy()] == 0).all()
    assert set(np.unique(bias)) == {np.float32(OFF), 0.0}
    used = steps.usage(matches, found).numpy()[..., 0]
    assert used[bias == 0].mean() == pytest.approx(1.0, rel=0.5)
    padded = -(-40 // multiple) * multiple
    assert (bias[-5:, padded // 2 :] == OFF).all()  # beyond the narrower pair's last rows


def test_the_prediction_looks_at_all_pairs():
    rng = np.random.default_rng(0)
    dark, bright = (
        rng.uniform(*ends, (40, 40, 3)).astype(np.float32) for ends in ((0, 120), (135, 255))
    )
    pairs = [(tf.constant(x), tf.constant(255 - x)) for x in (dark, bright)]
    b = tf.constant(rng.uniform(0, 255, (40, 40, 3)).astype(np.float32))
    one, both = prediction.fit(pairs[:1], b), prediction.fit(pairs, b)
    errors = [np.abs(rule.within(b).numpy() - (255 - b.numpy())).mean() for rule in (one, both)]
    assert errors[1] < 1.0 < 10.0 < errors[0]
    assert float(both.explained) > 0.99
    together = prediction.fit([tuple(tf.concat(x, 1) for x in zip(*pairs, strict=True))], b)
    assert float(both.variance) == pytest.approx(float(together.variance), rel=1e-4)


def test_a_texture_is_made_of_all_examples():
    one, other = pair(1, (0, 0))[1], pair(2, (2, 2))[1]
    options = {"preset": "texture", "transfer": "picture"}
    found = last_pass(one, one, one, [(other, other)], **options)
    assert min(found.matches_from.values()) > 0.05
    assert set(found.matches_from) == {"pair 1", "pair 2"}
