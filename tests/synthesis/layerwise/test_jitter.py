import numpy as np
import pytest
import tensorflow as tf

from analogies.options.table import Options
from analogies.synthesis.layerwise import jitter
from analogies.synthesis.loop import synthesize

SIZE = (24, 31)
LAYERS = dict.fromkeys(("analogy_layers", "mrf_layers"), "block2_conv1")
SMALL = {"match_mode": "layer", "scales": 1, "iters": 2, "evaluations": 3, "patch_size": 1}


def draw(iteration=0, scale=1.0, **options):
    return jitter.draw(Options(match_mode="layer", **options), SIZE, scale, 1, iteration)


def test_a_change_is_taken_back():
    image = tf.random.stateless_uniform((*SIZE, 3), (0, 1), 0, 255)
    change = draw(jitter=4, color_jitter=20)
    changed = change.apply(image)
    np.testing.assert_allclose(change.undo(changed), image, atol=1e-3)
    moved = np.roll(image, change.shift, (0, 1))
    assert 5 < np.abs(changed - moved).mean() < 15
    assert np.abs(changed - moved).max() <= 20.001


def test_shifts_are_as_large_as_asked_for_at_the_scale():
    shifts = [draw(iteration, 0.5, jitter=4).shift for iteration in range(60)]
    assert {step for shift in shifts for step in shift} == {-2, -1, 0, 1, 2}


def test_it_depends_on_seed_and_pass_alone():
    same, other = draw(seed=1, color_jitter=9), draw(seed=2, color_jitter=9)
    np.testing.assert_array_equal(same.noise, draw(seed=1, color_jitter=9).noise)
    assert (same.noise != other.noise).any()
    assert (same.noise != draw(1, seed=1, color_jitter=9).noise).any()


def test_nothing_is_changed_without_it():
    assert draw() is None
    assert jitter.draw(Options(jitter=2), SIZE, 1.0, 0, 0) is None


@pytest.mark.parametrize("changes", [{"jitter": 3.0}, {"color_jitter": 30.0}])
def test_a_run_is_changed_and_its_terms_are_those_of_its_loss(changes):
    picture = np.random.default_rng(0).uniform(0, 255, (*SIZE, 3)).astype(np.float32)
    still, shaken = (
        list(synthesize(picture, picture, picture, Options(**SMALL, **LAYERS, **more)))
        for more in ({}, changes)
    )
    assert (still[-1].image() != shaken[-1].image()).any()
    for record in shaken:
        if record.kind == "pass":
            assert sum(record.terms.values()) == pytest.approx(record.loss, rel=1e-3)
