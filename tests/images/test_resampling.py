import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from analogies.images.resampling import pad_to_multiple, resize

FILTERS = {"linear": Image.Resampling.BILINEAR, "cubic": Image.Resampling.BICUBIC}


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
@pytest.mark.parametrize("size", [(30, 20), (64, 96), (61, 33), (48, 64)])
def test_agrees_with_pillow_away_from_the_edges(kernel, size):
    image = np.random.default_rng(0).uniform(0, 255, (48, 64)).astype(np.float32)
    expected = np.asarray(Image.fromarray(image).resize(size[::-1], FILTERS[kernel]))
    found = resize(image[..., None], size, kernel).numpy()[..., 0]
    edge = int(np.ceil(2 * max(1, size[0] / 48, size[1] / 64)))  # Pillow does not mirror there
    inner = np.s_[edge:-edge, edge:-edge]
    np.testing.assert_allclose(found[inner], expected[inner], atol=2e-2)


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
def test_a_constant_and_the_same_size_stay_what_they_are(kernel):
    constant = tf.fill((7, 9, 3), 42.0)
    np.testing.assert_allclose(resize(constant, (16, 4), kernel), 42.0, rtol=1e-5)
    image = np.random.default_rng(1).uniform(0, 255, (7, 9, 3)).astype(np.float32)
    np.testing.assert_allclose(resize(image, (7, 9), kernel), image, atol=1e-3)


def dense_matrix(old, new, kernel):
    """What resamples `old` cells to `new`, in the plain way: every cell's weight in every other."""
    step = old / new
    support = max(step, 1.0)
    centers = (np.arange(new)[:, None] + 0.5) * step - 0.5
    cells = np.arange(old)[None]

    def weight(places):
        x = np.abs((places - centers) / support)
        if kernel == "linear":
            return np.maximum(1 - x, 0)
        near = (1.5 * x - 2.5) * x * x + 1
        far = ((-0.5 * x + 2.5) * x - 4) * x + 2
        return np.where(x < 1, near, np.where(x < 2, far, 0))

    weights = weight(cells) + weight(-1 - cells) + weight(2 * old - 1 - cells)
    return weights / weights.sum(1, keepdims=True)


def dense_resize(image, size, kernel):
    rows, columns = (dense_matrix(*pair, kernel) for pair in zip(image.shape, size, strict=False))
    return np.einsum("yh,xw,hwc->yxc", rows, columns, image, optimize=True)


RANDOM = np.random.default_rng(5)
SIZES = [
    *(tuple(RANDOM.integers(1, 60, 4).tolist()) for _ in range(40)),
    *((1, 1, n, m) for n, m in ((1, 1), (1, 9), (40, 3))),
    *((n, m, 1, 1) for n, m in ((40, 41), (3, 2))),
    (2, 3, 80, 120),
    (3, 40, 2, 1),
    (240, 7, 6, 280),
    (200, 33, 5, 32),
    (33, 16, 17, 15),
    (16, 17, 32, 34),
    (5, 97, 1, 4),
]


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
@pytest.mark.parametrize("sizes", SIZES)
def test_agrees_with_the_whole_matrix(kernel, sizes):
    image = np.random.default_rng(sizes).uniform(0, 255, (*sizes[:2], 3)).astype(np.float32)
    expected = dense_resize(image.astype(np.float64), sizes[2:], kernel)
    np.testing.assert_allclose(resize(image, sizes[2:], kernel), expected, atol=5e-4)


@tf.function(input_signature=[tf.TensorSpec((None, None, None)), tf.TensorSpec((2,), tf.int32)])
def resized_in_a_graph(image, size):
    return resize(image, size, "cubic")


@pytest.mark.parametrize("sizes", SIZES[::5])
def test_sizes_may_be_known_only_at_run_time(sizes):
    image = np.random.default_rng(sizes).uniform(0, 255, (*sizes[:2], 2)).astype(np.float32)
    for size in (sizes[2:], sizes[:2], (sizes[0], sizes[3])):
        expected = dense_resize(image.astype(np.float64), size, "cubic")
        np.testing.assert_allclose(resized_in_a_graph(image, size), expected, atol=5e-4)


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
def test_compiles_under_xla(kernel):
    image = np.random.default_rng(6).uniform(0, 255, (30, 41, 3)).astype(np.float32)
    for size in ((17, 60), (30, 60), (30, 41)):
        compiled = tf.function(lambda x, size=size: resize(x, size, kernel), jit_compile=True)
        expected = dense_resize(image.astype(np.float64), size, kernel)
        np.testing.assert_allclose(compiled(tf.constant(image)), expected, atol=5e-4)


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
@pytest.mark.parametrize("sizes", SIZES[::4])
def test_the_gradient_is_the_transposed_matrix(kernel, sizes):
    random = np.random.default_rng(sizes)
    image = tf.constant(random.uniform(0, 1, (*sizes[:2], 2)), tf.float32)
    seen = random.normal(size=(*sizes[2:], 2)).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(image)
        total = tf.reduce_sum(resize(image, sizes[2:], kernel) * seen)
    rows, columns = (
        dense_matrix(sizes[0], sizes[2], kernel),
        dense_matrix(sizes[1], sizes[3], kernel),
    )
    expected = np.einsum("yh,xw,yxc->hwc", rows, columns, seen, optimize=True)
    found = tf.convert_to_tensor(tape.gradient(total, image))
    np.testing.assert_allclose(found, expected, atol=1e-4 * max(1, np.abs(expected).max()))


def test_nothing_is_done_for_equal_sizes():
    image = tf.random.stateless_uniform((40, 50, 3), (0, 1), 0, 255)
    assert resize(image, (40, 50)) is image
    np.testing.assert_array_equal(resized_in_a_graph(image, (40, 50)), image)
    partly = tf.function(lambda x: resize(x, (40, 25))).get_concrete_function(image)
    assert sum(operation.type == "GatherV2" for operation in partly.graph.get_operations()) == 1


STRIPS = """
import resource
import tensorflow as tf
from analogies.images.resampling import resize

image = tf.zeros((32, 32, 3))
resize(resize(image, (16, 16)), (32, 32), "cubic")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for height, width in ((16000, 32), (32, 16000), (40000, 16), (16, 65501)):
    image = tf.fill((height, width, 3), 7.0)
    small = resize(image, (max(height // 2, 8), max(width // 2, 8)))
    large = resize(small, (height, width), "cubic")
    assert abs(float(tf.reduce_mean(large)) - 7) < 1e-3
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_strip_takes_no_more_memory_than_a_picture():
    """A matrix over all cells takes 1 GB for a side of 16,000 px, and 17 GB for one of 65,501."""
    answer = subprocess.run(
        [sys.executable, "-c", STRIPS], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(answer.stdout) < 300 * 1024  # kB; the largest strip has 13 MB


def test_linear_stays_within_the_range_of_the_input():
    image = np.random.default_rng(2).choice([0.0, 255.0], (9, 9, 3)).astype(np.float32)
    found = resize(image, (31, 5)).numpy()
    assert found.min() >= 0
    assert found.max() <= 255.001


def test_unknown_kernels_are_refused():
    with pytest.raises(ValueError, match="Received: kernel='lanczos'"):
        resize(tf.zeros((4, 4, 3)), (2, 2), "lanczos")


def test_padding_mirrors_below_and_to_the_right():
    image = np.arange(5 * 6, dtype=np.float32).reshape(5, 6, 1)
    padded = pad_to_multiple(image, 4).numpy()
    np.testing.assert_array_equal(padded, np.pad(image, [(0, 3), (0, 2), (0, 0)], "symmetric"))
    assert pad_to_multiple(image, 1).shape == (5, 6, 1)


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
@pytest.mark.parametrize("size", [(14, 30), (48, 64), (6, 90), (2, 2)])
def test_a_picture_that_tiles_rolls_through(kernel, size):
    image = np.random.default_rng(5).uniform(0, 255, (24, 40, 3)).astype(np.float32)
    found = resize(image, size, kernel, (True, True)).numpy()
    for rows, cols in ((True, True), (True, False), (False, True)):
        rolled = np.roll(image, (12 * rows, 20 * cols), (0, 1))
        expected = np.roll(found, (size[0] // 2 * rows, size[1] // 2 * cols), (0, 1))
        np.testing.assert_allclose(resize(rolled, size, kernel, (True, True)), expected, atol=1e-2)
    across = resize(image, size, kernel, (False, True)).numpy()
    whole = resize(np.tile(image, (1, 3, 1)), (size[0], 3 * size[1]), kernel).numpy()
    np.testing.assert_allclose(across, whole[:, size[1] : 2 * size[1]], atol=1e-2)
