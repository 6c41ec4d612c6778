import numpy as np
import pytest
import tensorflow as tf

from analogies.features.preprocessing import CaffePreprocessing, ReflectionPadding


def test_caffe_preprocessing_leaves_its_input_alone():
    images = np.random.default_rng(0).uniform(0, 255, (2, 4, 5, 3)).astype("float32")
    before = images.copy()
    result = CaffePreprocessing()(images)
    np.testing.assert_array_equal(images, before)
    expected = before[..., ::-1] - np.array([103.939, 116.779, 123.68], "float32")
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "shape", [(1, 5, 7, 3), (2, 2, 2, 1), (1, 1, 6, 2), (1, 6, 1, 2), (1, 1, 1, 1)]
)
@pytest.mark.parametrize("dynamic", [False, True])
def test_padding_reflects_and_repeats_where_there_is_one_pixel(shape, dynamic):
    x = np.random.default_rng(1).normal(size=shape).astype("float32")
    layer = ReflectionPadding()
    if dynamic:
        spec = tf.TensorSpec((None, None, None, shape[-1]))
        padded = tf.function(lambda v: layer(v), input_signature=[spec])(x)
    else:
        padded = layer(x)
    expected = x
    for axis in (1, 2):
        border = [(0, 0)] * 4
        border[axis] = (1, 1)
        mode = "reflect" if shape[axis] > 1 else "edge"
        expected = np.pad(expected, border, mode=mode)
    np.testing.assert_array_equal(padded, expected)


@pytest.mark.parametrize("shape", [(1, 5, 7, 3), (1, 1, 4, 2)])
def test_the_gradient_is_the_transpose(shape):
    rng = np.random.default_rng(2)
    x = tf.constant(rng.normal(size=shape).astype("float32"))
    layer = ReflectionPadding()
    y = rng.normal(size=layer(x).shape).astype("float32")
    with tf.GradientTape() as tape:
        tape.watch(x)
        product = tf.reduce_sum(layer(x) * y)
    back = tape.gradient(product, x)
    np.testing.assert_allclose(product, np.sum(x * back), rtol=1e-5)
