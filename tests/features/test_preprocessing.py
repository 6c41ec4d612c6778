import numpy as np
import pytest
import tensorflow as tf

from analogies.features import FeatureModel
from analogies.features.preprocessing import CaffePreprocessing, ReflectionPadding, WrapPadding


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


@pytest.mark.parametrize("beyond", ["reflect", "zero"])
@pytest.mark.parametrize("wrap", [(True, True), (True, False), (False, True)])
def test_padding_wraps_along_the_axes_asked_for(wrap, beyond):
    x = np.random.default_rng(3).normal(size=(2, 4, 5, 3)).astype("float32")
    padded = WrapPadding(wrap, beyond)(x)
    expected = x
    for axis in (1, 2):
        border = [(0, 0)] * 4
        border[axis] = (1, 1)
        other = {"reflect": "reflect", "zero": "constant"}[beyond]
        expected = np.pad(expected, border, mode="wrap" if wrap[axis - 1] else other)
    np.testing.assert_array_equal(padded, expected)


@pytest.mark.parametrize("name", ["slim", "vgg16"])
def test_features_roll_with_a_picture_that_tiles(name):
    layers = ("block2_conv1", "block4_conv1")
    model = FeatureModel(name, layers, weights="random", wrap=(True, True))
    x = np.random.default_rng(4).uniform(0, 255, (1, 32, 48, 3)).astype("float32")
    for by in ((8, 16), (24, 40)):
        rolled = model(np.roll(x, by, (1, 2)))
        for layer, stride in zip(layers, (2, 8), strict=True):
            maps = model(x)[layer].numpy()
            expected = np.roll(maps, [side // stride for side in by], (1, 2))
            np.testing.assert_allclose(rolled[layer], expected, atol=1e-4 * maps.max())
