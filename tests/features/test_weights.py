import os
import time

import generated
import h5py
import numpy as np
import pytest

from analogies.errors import InputError
from analogies.features import hdf5, weights


@pytest.mark.parametrize("layout", generated.WRITERS)
@pytest.mark.parametrize(("network", "count"), [("vgg19", 5), ("slim", 13), ("vgg16", 8)])
def test_every_layout_gives_back_its_numbers(tmp_path, layout, network, count):
    arrays = generated.convolutions(network, count)
    path = generated.write(tmp_path, layout, arrays)
    info = weights.inspect(path)
    assert info == weights.WeightsInfo(layout, network, tuple(arrays))
    loaded = weights.load(path, network)
    assert loaded.info == info
    assert loaded.caffe == (loaded.padding == "zero") == (network != "slim" and layout != "npz")
    for name, (kernel, bias) in arrays.items():
        np.testing.assert_array_equal(loaded.arrays[name][0], kernel)
        np.testing.assert_array_equal(loaded.arrays[name][1], bias)


def test_the_first_layers_of_vgg16_and_vgg19_look_alike_and_the_caller_decides(tmp_path):
    path = generated.write(tmp_path, "keras-h5", generated.convolutions("vgg19", 7))
    assert weights.inspect(path).network == "vgg19"
    assert weights.inspect(path, "vgg16").network == "vgg16"


@pytest.mark.parametrize("pattern", ["conv{}_{}", "convolution2d_{}{}"])
def test_layers_of_a_keras_file_may_go_by_other_names(tmp_path, pattern):
    arrays = generated.convolutions("vgg16", 8)
    renamed = {pattern.format(name[5], name[-1]): pair for name, pair in arrays.items()}
    path = generated.write(tmp_path, "keras-h5", renamed)
    assert weights.inspect(path).layers == tuple(arrays)


def test_another_network_than_asked_for_is_an_error(tmp_path):
    path = generated.write(tmp_path, "keras-weights-h5", generated.convolutions("vgg16", 8))
    with pytest.raises(InputError, match=r"holds vgg16, but slim was asked for .*block1_conv1"):
        weights.inspect(path, "slim")
    with pytest.raises(InputError, match=r"holds vgg16, but vgg19 was asked for .*block3_conv4"):
        weights.load(path, "vgg19")


def test_fold_of_the_preprocessing_is_the_two_convolutions(tmp_path):
    arrays = generated.convolutions("slim", 1)
    mix = np.array([[0, 0, 255.0], [0, 255, 0], [255, 0, 0]], "float32")[None, None]
    offset = np.array([-104, -117, -123], "float32")
    path = tmp_path / "file.npz"
    generated.write_npz(path, arrays, **{"preprocess/kernel": mix, "preprocess/bias": offset})
    kernel, bias = weights.load(path).arrays["block1_conv1"]
    patch = np.random.default_rng(1).uniform(0, 255, (3, 3, 3))
    bgr = patch[..., ::-1] + offset
    expected = np.einsum("ijc,ijco->o", bgr, arrays["block1_conv1"][0]) + arrays["block1_conv1"][1]
    np.testing.assert_allclose(np.einsum("ijc,ijco->o", patch, kernel) + bias, expected, rtol=1e-5)


def _damaged(folder, kind):
    arrays = generated.convolutions("vgg19", 3)
    name = "block1_conv2"
    kernel, bias = arrays[name]
    layout = "npz" if kind.startswith("npz") else "keras-h5"
    if kind.endswith("nan"):
        kernel = kernel.copy()
        kernel[1, 2, 3, 4] = np.nan
    elif kind.endswith("in-order"):
        arrays = {n: (k.transpose(0, 1, 3, 2), b) for n, (k, b) in arrays.items()}
        kernel = arrays[name][0]
    elif kind.endswith("shape"):
        bias = bias[:-1]
    arrays[name] = kernel, bias
    if kind.endswith("gap"):
        del arrays[name]
    path = generated.write(folder, layout, arrays)
    if kind.endswith("truncated"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif kind.endswith("empty"):
        path.write_bytes(b"")
    elif kind.endswith("noise"):
        path.write_bytes(bytes(range(200, 256)) * 9)
    elif kind.endswith("text"):
        path.write_text("These are not the weights you are looking for.")
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nan", "block1_conv2 holds 1 values that are NaN or infinite"),
        ("npz-nan", "block1_conv2 holds 1 values that are NaN or infinite"),
        ("in-order", r"kernel \(3, 3, 3, 64\), the file \(3, 3, 64, 3\)"),
        ("shape", r"block1_conv2 of vgg19 has a bias \(64,\), the file \(63,\)"),
        ("npz-shape", r"block1_conv2 of vgg19 has a bias \(64,\), the file \(63,\)"),
        ("gap", "where vgg19 has block1_conv2 the file has block2_conv1"),
        ("npz-gap", "where vgg19 has block1_conv2 the file has block2_conv1"),
        ("truncated", "it is cut off: .* bytes"),
        ("npz-truncated", "it is cut off: .* bytes"),
        ("empty", "it is empty"),
        ("npz-empty", "it is empty"),
        ("text", "it is a text"),
        ("noise", "cannot be read as HDF5"),
        ("npz-noise", "truncated or damaged"),
    ],
)
def test_damage_is_named(tmp_path, kind, message):
    path = _damaged(tmp_path, kind)
    with pytest.raises(InputError, match=message) as caught:
        weights.load(path)
    assert str(caught.value).endswith(f"Received: {str(path)!r}")


def test_files_of_other_kinds_are_named(tmp_path):
    with pytest.raises(InputError, match="no weight file of this name"):
        weights.inspect(tmp_path / "absent.h5")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(InputError, match="found a"):
        weights.inspect(tmp_path / "other.npz")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["table"] = np.zeros(3)
    with pytest.raises(InputError, match="no convolutions in a known layout, but table"):
        weights.inspect(tmp_path / "other.h5")
    np.savez(
        tmp_path / "pickle.npz",
        **{"block1_conv1/kernel": np.array([{}]), "block1_conv1/bias": np.zeros(64)},
    )
    with pytest.raises(InputError):
        weights.load(tmp_path / "pickle.npz")


def test_reading_that_does_not_end_is_ended(tmp_path):
    pipe = tmp_path / "pipe.h5"
    os.mkfifo(pipe)
    start = time.monotonic()
    with pytest.raises(hdf5.LayoutError, match="did not end within 1 s"):
        hdf5.read_safely(pipe, seconds=1)
    assert time.monotonic() - start < 20


def test_the_embedded_file_is_small_whole_and_half_precision():
    path = weights.embedded_path()
    assert path.stat().st_size <= 3_000_000
    info = weights.inspect(path, "slim")
    assert info.layers[-1] == "block5_conv1"
    with h5py.File(path) as file:
        assert file["layers/conv2d/vars/0"].dtype == np.float16
