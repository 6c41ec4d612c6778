"""Keras models in one file, and kernels in other orders than (rows, columns, in, out)."""

import io
import os
import zipfile

import generated
import h5py
import numpy as np
import pytest

from analogies.errors import InputError
from analogies.features import weights


def _transposed(arrays, turned=False):
    """Kernels (out, in, rows, columns), perhaps rotated by 180 degrees."""
    return {
        name: (np.rot90(kernel, 2 if turned else 0).transpose(3, 2, 0, 1), bias)
        for name, (kernel, bias) in arrays.items()
    }


def _same(found, arrays):
    assert list(found.arrays) == list(arrays)
    for name, (kernel, bias) in arrays.items():
        np.testing.assert_array_equal(found.arrays[name][0], kernel)
        np.testing.assert_array_equal(found.arrays[name][1], bias)


@pytest.fixture(scope="module")
def arrays():
    return generated.convolutions("vgg16", 6)


@pytest.mark.parametrize("layout", ["npz", "keras-weights-h5", "keras-h5"])
def test_kernels_with_the_channels_first_are_transposed(tmp_path, arrays, layout):
    path = generated.write(tmp_path, layout, _transposed(arrays))
    if layout == "keras-h5":
        with h5py.File(path, "a") as file:
            file.attrs["backend"] = b"tensorflow"
    assert weights.inspect(path, "vgg16").layers == tuple(arrays)
    _same(weights.load(path, "vgg16"), arrays)


@pytest.mark.parametrize("backend", [None, "theano", b"theano", "tensorflow", b"cntk"])
@pytest.mark.parametrize("first", [True, False], ids=["channels first", "channels last"])
def test_theano_s_kernels_are_turned_too(tmp_path, arrays, backend, first):
    """Without the attribute those with the channels first are Theano's."""
    turned = first if backend is None else backend in ("theano", b"theano")
    written = {n: (np.rot90(k, 2 if turned else 0), b) for n, (k, b) in arrays.items()}
    if first:
        written = _transposed(written)
    path = generated.write(tmp_path, "keras-h5", written)
    with h5py.File(path, "a") as file:
        if backend is not None:
            file.attrs["backend"] = backend
    _same(weights.load(path, "vgg16"), arrays)


@pytest.mark.parametrize("dims", ["th", "tf"])
@pytest.mark.parametrize("kernels", ["th", "tf"])
def test_keras_1_files_say_by_their_names_whose_kernels_they_hold(tmp_path, arrays, dims, kernels):
    """As fchollet released them: the order of dimensions and the direction, each of two."""
    written = {n: (np.rot90(k, 2 if kernels == "th" else 0), b) for n, (k, b) in arrays.items()}
    path = tmp_path / f"vgg16_weights_{dims}_dim_ordering_{kernels}_kernels_notop.h5"
    generated.write_keras_h5(path, _transposed(written) if dims == "th" else written)
    _same(weights.load(path, "vgg16"), arrays)


def test_the_backend_of_a_whole_saved_model_counts(tmp_path, arrays):
    inner = generated.write(tmp_path, "keras-h5", _transposed(arrays, turned=True))
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file, h5py.File(inner) as source:
        source.copy(source, file, "model_weights")
        file.attrs["backend"] = b"theano"
        file.attrs["model_config"] = b"{}"
    _same(weights.load(path, "vgg16"), arrays)


@pytest.fixture(scope="module")
def keras_model(arrays):
    """As Keras itself saves it, with a top and with names of its own."""
    import keras

    x = images = keras.Input((32, 32, 3))
    for name, (kernel, _) in arrays.items():
        layer = keras.layers.Conv2D(kernel.shape[-1], 3, padding="same", name=name)
        x = layer(x)
    top = keras.layers.Dense(4)(keras.layers.Flatten()(keras.layers.MaxPooling2D(16)(x)))
    model = keras.Model(images, top)
    for name, pair in arrays.items():
        model.get_layer(name).set_weights(pair)
    return model


def test_a_model_that_keras_saved_is_read(tmp_path, arrays, keras_model):
    path = tmp_path / "model.keras"
    keras_model.save(path)
    info = weights.inspect(path, "vgg16")
    assert info == weights.WeightsInfo("keras", "vgg16", tuple(arrays))
    found = weights.load(path, "vgg16")
    _same(found, arrays)
    assert (found.padding, found.caffe) == ("zero", True)


def _keras_file(path, arrays, **members):
    generated.write_weights_h5(path.with_suffix(".weights.h5"), arrays)
    content = path.with_suffix(".weights.h5").read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), text)
        archive.writestr("model.weights.h5", content)
    return path


def test_nothing_but_the_weights_is_read_and_nothing_written(tmp_path, arrays):
    """A configuration that would run code, and members that would lie outside."""
    inside = tmp_path / "inside"
    inside.mkdir()
    config = '{"class_name": "Lambda", "config": {"function": ["code", null, null]}}'
    path = _keras_file(inside / "m.keras", arrays, config_json=config, metadata_json="no JSON")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../escaped.h5", b"x")
        archive.writestr("/tmp/../escaped.weights.h5", b"x")
        archive.writestr("assets/../../../escaped", b"x")
    before = sorted(os.listdir(tmp_path)), sorted(os.listdir(inside))
    _same(weights.load(path, "vgg16"), arrays)
    assert (sorted(os.listdir(tmp_path)), sorted(os.listdir(inside))) == before


def test_weights_at_another_place_in_the_archive_are_not_the_weights(tmp_path, arrays):
    stream = io.BytesIO(generated.write(tmp_path, "keras-weights-h5", arrays).read_bytes())
    for name in ("../model.weights.h5", "/model.weights.h5", "a/model.weights.h5"):
        with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
            archive.writestr("config.json", "{}")
            archive.writestr("metadata.json", "{}")
            archive.writestr(name, stream.getvalue())
        with pytest.raises(InputError, match=r"a Keras model without model\.weights\.h5"):
            weights.load(tmp_path / "m.keras")


@pytest.mark.parametrize("link", ["external", "storage", "virtual"])
def test_numbers_in_other_files_are_not_followed(tmp_path, link):
    kernel, bias = generated.convolutions("vgg16", 1)["block1_conv1"]
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["kernel"] = kernel
    (tmp_path / "secret.bin").write_bytes(kernel.tobytes())
    with h5py.File(tmp_path / "w.weights.h5", "w") as file:
        group = file.create_group("layers/conv2d/vars")
        group["1"] = bias
        if link == "external":
            group["0"] = h5py.ExternalLink(secret, "kernel")
        elif link == "storage":
            parts = [(str(tmp_path / "secret.bin"), 0, kernel.nbytes)]
            group.create_dataset("0", kernel.shape, "f4", external=parts)
        else:
            layout = h5py.VirtualLayout(kernel.shape, "f4")
            layout[:] = h5py.VirtualSource(str(secret), "kernel", kernel.shape)
            group.create_virtual_dataset("0", layout)
    with pytest.raises(InputError, match=r"another file|no convolutions"):
        weights.load(tmp_path / "w.weights.h5")


def test_a_model_with_more_bytes_than_any_is_not_unpacked(tmp_path, arrays, monkeypatch):
    from analogies.features import hdf5

    path = _keras_file(tmp_path / "m.keras", arrays, config_json="{}")
    monkeypatch.setattr(hdf5, "_LARGEST", 1000)
    with pytest.raises(hdf5.LayoutError, match="is said to have"):
        hdf5.read(path)
