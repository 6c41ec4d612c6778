import json
import os
import subprocess
import sys

import generated
import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import correlate

from analogies.errors import InputError
from analogies.features import FeatureModel, weights

RNG = np.random.default_rng(0)


def _picture(height, width):
    return RNG.uniform(0, 255, (1, height, width, 3)).astype("float32")


def _layer(x, kernel, bias, mode):
    """One convolution with ReLU by SciPy, in float64: (h, w, c) to (h, w, o)."""
    padded = np.pad(x, [(1, 1), (1, 1), (0, 0)], mode=mode)
    maps = [
        sum(
            correlate(
                padded[..., c], kernel[..., c, o].astype(float), mode="valid", method="direct"
            )
            for c in range(x.shape[-1])
        )
        for o in range(kernel.shape[-1])
    ]
    return np.maximum(np.stack(maps, -1) + bias, 0)


def _pool(x):
    h, w = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    return x[:h, :w].reshape(h // 2, 2, w // 2, 2, -1)


def _relative(value, expected):
    return np.linalg.norm(value - expected) / np.linalg.norm(expected)


def test_the_genuine_layers_against_scipy(shared_folder):
    path = shared_folder / "models" / "vgg19_normalised_conv1_1_to_conv3_1.npz"
    layers = ("conv1_1", "block1_conv2", "relu2_1", "conv2_2", "conv3_1")
    picture = _picture(13, 18)
    maps = FeatureModel("vgg19", layers, path)(picture)
    assert list(maps) == list(layers)
    with np.load(path) as file:
        x = (
            picture[0].astype(float) / 255 @ file["preprocess/kernel"][0, 0]
            + file["preprocess/bias"]
        )
        for name in layers:
            block, conv = name[-3] if "_conv" not in name else name[5], name[-1]
            if conv == "1" and block != "1":
                x = _pool(x).max((1, 3))
            full = f"block{block}_conv{conv}"
            x = _layer(x, file[f"{full}/kernel"], file[f"{full}/bias"], "reflect")
            assert _relative(np.asarray(maps[name])[0], x) < 1e-4, name


@pytest.mark.parametrize("layout", ["keras-h5", "keras-weights-h5", "image-analogies"])
@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_files_of_keras_and_image_analogies_against_scipy(tmp_path, layout, pooling):
    arrays = generated.convolutions("vgg16", 3)
    path = generated.write(tmp_path, layout, arrays)
    picture = _picture(8, 11)
    maps = FeatureModel("vgg16", ("conv2_1",), path, pooling)(picture)
    x = picture[0, ..., ::-1].astype(float) - np.array([103.939, 116.779, 123.68])
    x = _layer(_layer(x, *arrays["block1_conv1"], "constant"), *arrays["block1_conv2"], "constant")
    x = _pool(x).max((1, 3)) if pooling == "max" else _pool(x).mean((1, 3))
    x = _layer(x, *arrays["block2_conv1"], "constant")
    assert _relative(np.asarray(maps["conv2_1"])[0], x) < 1e-4


def test_a_file_written_by_keras_itself_gives_keras_activations(tmp_path):
    path = tmp_path / "vgg16.weights.h5"
    whole = keras.applications.VGG16(weights=None, include_top=False)
    whole.save_weights(path)
    picture = _picture(32, 48)
    prepared = keras.applications.vgg16.preprocess_input(picture.copy())
    for name in ("block3_conv3", "block5_conv2"):
        expected = keras.Model(whole.inputs[0], whole.get_layer(name).output)(prepared)
        assert weights.inspect(path).network == "vgg16"
        value = FeatureModel("vgg16", (name,), path)(picture)[name]
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4 * np.max(expected))


def test_the_embedded_weights_are_the_default_and_of_unit_scale():
    layers = ["conv1_1", "conv2_1", "conv3_1", "conv4_1", "conv5_1"]
    model = FeatureModel(layers=layers)
    assert (model.network, model.padding) == ("slim", "reflect")
    assert isinstance(model, keras.Model)
    x = np.linspace(0, 12, 96)
    smooth = 128 + 70 * np.sin(x[:, None] + np.cos(3 * x)) * np.cos(x[None] * 2)
    picture = np.clip(smooth[..., None] * [1, 0.8, 0.6] + RNG.normal(0, 15, (96, 96, 3)), 0, 255)
    for name, value in model(picture[None].astype("float32")).items():
        assert 0.1 < float(tf.reduce_mean(value**2)) < 10, name
        assert float(tf.reduce_min(value)) >= 0


def test_keras_can_load_the_embedded_file_itself():
    ours = FeatureModel(layers=("block5_conv1",))
    theirs = FeatureModel(layers=("block5_conv1",), weights="random")
    theirs.load_weights(weights.embedded_path())
    picture = _picture(33, 47)
    np.testing.assert_array_equal(ours(picture)["block5_conv1"], theirs(picture)["block5_conv1"])


@pytest.mark.parametrize("size", [(8, 8), (9, 31), (16, 17), (37, 23)])
def test_sizes_round_down_at_each_pooling(size):
    value = FeatureModel(layers=("conv4_1",))(_picture(*size))["conv4_1"]
    assert value.shape == (1, size[0] // 8, size[1] // 8, 128)
    assert np.isfinite(value).all()


def test_one_trace_serves_all_sizes_and_gives_gradients():
    model = FeatureModel(layers=("conv1_2", "conv3_1"))
    traces = []

    @tf.function(input_signature=[tf.TensorSpec((1, None, None, 3))])
    def loss_and_gradient(images):
        traces.append(1)
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.add_n([tf.reduce_sum(v**2) for v in model(images).values()])
        return loss, tape.gradient(loss, images)

    for size in ((16, 16), (21, 34), (4, 40)):
        picture = _picture(*size)
        _, gradient = loss_and_gradient(picture)
        assert gradient.shape == picture.shape
        step = 1e-3 * gradient / tf.norm(gradient)
        ahead, behind = (
            loss_and_gradient(picture + 50 * step)[0],
            loss_and_gradient(picture - 50 * step)[0],
        )
        np.testing.assert_allclose(ahead - behind, tf.reduce_sum(100 * step * gradient), rtol=0.02)
    assert len(traces) == 1


def test_the_model_ends_at_the_last_layer_used():
    model = FeatureModel(layers=("conv3_1", "conv1_1"))
    assert [layer.name for layer in model.layers][-1] == "block3_conv1"
    assert model.trainable_variables == []


def test_name_none_takes_what_the_file_holds(tmp_path):
    path = generated.write(tmp_path, "npz", generated.convolutions("vgg19", 3))
    assert FeatureModel(None, ("conv2_1",), path).network == "vgg19"


def test_what_cannot_be_is_refused(tmp_path):
    path = generated.write(tmp_path, "npz", generated.convolutions("vgg19", 3))
    with pytest.raises(
        InputError, match=r"ends below block3_conv1; it holds block1_conv1, .*conv1"
    ):
        FeatureModel("vgg19", ("conv3_1",), path)
    with pytest.raises(InputError, match="holds vgg19, but slim was asked for"):
        FeatureModel("slim", ("conv1_1",), path)
    with pytest.raises(InputError, match="has no layer block5_conv2"):
        FeatureModel(layers=("conv5_2",))
    with pytest.raises(InputError, match="max or avg"):
        FeatureModel(pooling="sum")
    with pytest.raises(InputError, match="At least one layer"):
        FeatureModel(layers=())
    with pytest.raises(InputError, match="slim, vgg16, vgg19"):
        FeatureModel("vgg11")


def test_a_foreign_keras_configuration_changes_nothing(tmp_path):
    config = {"floatx": "float16", "image_data_format": "channels_first", "epsilon": 1e-3}
    (tmp_path / "keras.json").write_text(json.dumps(config | {"backend": "tensorflow"}))
    picture = _picture(24, 20)
    np.save(tmp_path / "picture.npy", picture)
    code = (
        "import sys, numpy as np; from analogies.features import FeatureModel;"
        "v = FeatureModel(layers=('conv3_1',))(np.load(sys.argv[1] + '/picture.npy'));"
        "np.save(sys.argv[1] + '/map.npy', v['conv3_1'])"
    )
    environment = os.environ | {"KERAS_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    expected = FeatureModel(layers=("conv3_1",))(picture)["conv3_1"]
    value = np.load(tmp_path / "map.npy")
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)


def test_bfloat16_convolutions_give_nearly_the_float32_maps():
    image = keras.random.uniform((1, 32, 48, 3), 0, 255, seed=1)
    layers = ("conv1_1", "conv3_1")
    exact = FeatureModel("slim", layers)
    rough = FeatureModel("slim", layers, precision="bfloat16")
    assert all(weight.dtype == "float32" for weight in rough.weights)
    for name, wanted in exact(image).items():
        found = rough(image)[name]
        assert found.dtype == "float32"
        difference = np.abs(np.asarray(found) - np.asarray(wanted))
        assert 0 < difference.mean() < 0.02 * np.abs(np.asarray(wanted)).mean()
