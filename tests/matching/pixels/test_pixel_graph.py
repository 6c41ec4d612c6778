"""The TensorFlow engine of pixel synthesis against plain loops and the compiled engine."""

import numpy as np
import pytest
import tensorflow as tf
from pixel_references import plain_energy, plain_occurrences, plain_vote
from test_pixel_search import soft_map, turned

from analogies.matching.pixels import Guide, Settings, graph, search, synthesize, synthesize_level
from analogies.matching.pixels.graph_maps import maps_of, use_costs


def unknown(*shape):
    return tf.TensorSpec(shape, tf.float32)


def task_of(style, source_guide, target_guide, uniformity=3500.0):
    root = np.float32(np.sqrt(1 / 3))
    return graph.Task(
        tf.constant(style),
        tf.concat([style * root, source_guide], -1),
        tf.constant(target_guide),
        tf.constant(root),
        tf.pad(tf.fill([side - 4 for side in style.shape[:2]], True), [[2, 2], [2, 2]]),
        tf.constant(uniformity),
    )


def test_a_graph_of_unknown_sizes_ends_in_a_field_and_its_vote():
    @tf.function(
        input_signature=[
            unknown(None, None, 3),
            unknown(None, None, None),
            unknown(None, None, None),
            tf.TensorSpec((None, None), tf.int64),
        ]
    )
    def made(style, source_guide, target_guide, places):
        root = tf.constant(np.float32(np.sqrt(1 / 3)))
        inner = tf.fill(tf.shape(style)[:2] - 4, True)
        task = graph.Task(
            style,
            tf.concat([style * root, source_guide], -1),
            target_guide,
            root,
            tf.pad(inner, [[2, 2], [2, 2]]),
            tf.constant(3500.0),
        )
        return graph.level(task, places, None, 5, 2, 2, seed=3)

    for source, target in (((20, 26), (18, 15)), ((31, 17), (11, 30))):
        style, of_source, of_target = (
            soft_map(i, size) for i, size in enumerate((source, source, target))
        )
        row, col = np.indices(target) % 10 + 3
        state = made(style, of_source, of_target, row * source[1] + col)
        rows, cols = np.divmod(state.places.numpy(), source[1])
        image = state.image.numpy()
        np.testing.assert_allclose(image, plain_vote(style, rows, cols, 5), rtol=1e-4)
        weights = np.repeat([1 / 3, 1.0], 3)
        a, b = np.concatenate([style, of_source], -1), np.concatenate([image, of_target], -1)
        np.testing.assert_allclose(
            state.energy.numpy(), plain_energy(a, b, weights, rows, cols, 5), rtol=1e-4
        )
        assert (rows != row).mean() > 0.5


def test_cost_of_use_is_that_of_the_occurrences():
    style, guide = soft_map(1, (20, 26)), soft_map(2, (20, 26), 1)
    target = soft_map(3, (15, 18), 1)
    generator = np.random.default_rng(0)
    rows, cols = generator.integers(2, 18, (15, 18)), generator.integers(2, 24, (15, 18))
    task = task_of(style, guide, target, 100.0)
    places = tf.constant(rows * 26 + cols, tf.int64)
    state = graph.State(tf.zeros((15, 18, 3)), places, tf.zeros((15, 18)), tf.fill((15, 18), True))
    costs = use_costs(task, maps_of(task, state, 5), tf.reshape(places, (-1,)))
    counts = plain_occurrences(rows, cols, (20, 26), 5)
    even = 15 * 18 * 25 / (16 * 22)  # how often each pixel is used on average
    for row, col in ((2, 2), (9, 11), (17, 23)):
        mean = counts[row - 2 : row + 3, col - 2 : col + 3].mean()
        found = costs.numpy().reshape(20, 26)[row, col]
        np.testing.assert_allclose(found, 100.0 * mean / even, rtol=1e-4)


@pytest.mark.parametrize("uniformity", [0.0, 3500.0])
def test_both_engines_find_matches_as_good(uniformity):
    style = soft_map(1, (60, 64))
    image = turned(style, (56, 60))
    guide = Guide(style[..., :1], image[..., :1], 0.5)
    found = {
        engine: search(
            style, [guide], image, Settings(uniformity=uniformity, sweeps=6, engine=engine)
        ).mean_energy
        for engine in ("compiled", "tensorflow")
    }
    assert found["tensorflow"] == pytest.approx(found["compiled"], rel=0.03)


def test_both_engines_make_pictures_as_good():
    style, labels = soft_map(1, (64, 64)), soft_map(2, (64, 64), 1, 16)
    guide = Guide(labels, np.rot90(labels).copy())
    found = {
        engine: synthesize(style, [guide], Settings(engine=engine)).mean_energy
        for engine in ("compiled", "tensorflow")
    }
    assert found["tensorflow"] == pytest.approx(found["compiled"], rel=0.03)


def test_masks_and_starts_count_in_both_engines():
    style, mask = soft_map(1, (30, 34)), np.ones((30, 34), bool)
    mask[:, 15:18] = False
    rows, cols = np.mgrid[5:25, 20:30]
    for engine in ("compiled", "tensorflow"):
        made = synthesize_level(
            style,
            [],
            Settings(uniformity=0.0, engine=engine, rounds=2),
            init=style[5:25, 20:30],
            field=(rows, cols),
            a_mask=mask,
        )
        assert np.abs(made.image[7:13, 4:6] - style[12:18, 24:26]).max() < 1e-2
        np.testing.assert_array_equal(made.cols[7:13, 4:6], cols[7:13, 4:6])
        free = synthesize_level(
            style, [], Settings(engine=engine, rounds=2), size=(20, 22), a_mask=mask
        )
        assert not ((free.cols > 12) & (free.cols < 20)).any()
        assert free.cols.min() >= 2
