"""The file of a network: read back, and refused where it is damaged, foreign or malicious."""

import io
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from analogies.errors import InputError
from analogies.runs.learning import net_file
from analogies.runs.machine.device import start

start("cpu")

import h5py  # noqa: E402
import keras  # noqa: E402

from analogies.synthesis.student import network, using  # noqa: E402
from analogies.synthesis.student.labels import Textures  # noqa: E402


@pytest.fixture(scope="module")
def net():
    random = np.random.default_rng(1)
    weights = network.RuleWeights(
        np.linspace(-1, 1, 24, endpoint=False).astype("f"),
        random.normal(size=(24, 3, 3)).astype("f"),
        random.normal(size=(9, 9, 3, 3)).astype("f"),
        np.zeros(3, "f"),
    )
    model = network.build("small", False, weights, seed=5)
    return net_file.Net(model, {"options": {"seed": 3}}, {"a.png": b"png"})


@pytest.fixture(scope="module")
def data(net):
    return net_file.encode(net)


def rewritten(data, change):
    """The file with its members `{name: bytes}` changed in place by a function."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, value in members.items():
            archive.writestr(name, value)
    return stream.getvalue()


def with_checksum(members, weights):
    """Other numbers, with a checksum that is theirs."""
    import hashlib

    about = json.loads(members["analogy.json"])
    about["weights_sha256"] = hashlib.sha256(weights).hexdigest()
    members |= {"model.weights.h5": weights, "analogy.json": json.dumps(about).encode()}


def made(model):
    pictures = np.random.default_rng(0).integers(0, 256, (1, 40, 52, 3)).astype(np.uint8)
    return using.make(using.compiled(model), pictures, network.chance_of(model))


def test_what_is_written_is_read_and_keras_reads_it_in_safe_mode(net, data, tmp_path):
    path = tmp_path / "net.keras"
    net_file.write(path, net)
    assert path.read_bytes() == data
    assert len(data) < 2e6
    read = net_file.read(path)
    assert read.about["options"] == {"seed": 3}
    assert read.thumbnails == {"a.png": b"png"}
    assert net_file.describe(path)["network"] == net_file.shape_of(net.model)
    np.testing.assert_array_equal(made(read.model), made(net.model))
    foreign = keras.models.load_model(path, safe_mode=True)
    np.testing.assert_array_equal(made(foreign), made(net.model))


def textured(period=128, count=5, blur=1):
    random = np.random.default_rng(0)
    smooth = random.integers(0, 256, (count, period // 4, period // 4, 3)).repeat(4, 1).repeat(4, 2)
    tiles = np.clip(smooth + random.integers(-9, 9, (count, period, period, 3)), 0, 255)
    return Textures(random.uniform(0, 255, (count, 3)).astype("f"), tiles.astype(np.uint8), blur)


@pytest.mark.parametrize("start", [None, textured(), textured(64, 7, 3)])
@pytest.mark.parametrize("size", ["small", "large"])
def test_every_network_is_read_back_and_small(size, start, tmp_path):
    model = network.build(size, True, seed=2, textures=start)
    net_file.write(tmp_path / "net.keras", net_file.Net(model, {}))
    assert (tmp_path / "net.keras").stat().st_size < 2e6
    np.testing.assert_array_equal(made(net_file.read(tmp_path / "net.keras").model), made(model))
    foreign = keras.models.load_model(tmp_path / "net.keras", safe_mode=True)
    np.testing.assert_array_equal(made(foreign), made(model))


def test_files_from_before_there_were_textures_are_read(tmp_path):
    model = network.build("small", True, seed=2)

    def old(members):
        about = json.loads(members["analogy.json"])
        for name in ("labels", "period"):
            del about["network"][name]
        members["analogy.json"] = json.dumps(about).encode()

    path = tmp_path / "net.keras"
    path.write_bytes(rewritten(net_file.encode(net_file.Net(model, {})), old))
    np.testing.assert_array_equal(made(net_file.read(path).model), made(model))


@pytest.mark.parametrize(
    "lie",
    [
        {"period": 10**6},
        {"labels": 10**6},
        {"period": 0},
        {"labels": 0},
        {"filter": 1},
        {"blur": 5},
    ],
)
def test_textures_of_a_size_that_cannot_be_are_refused(lie, tmp_path):
    model = network.build("small", True, textures=textured(16, 2))

    def lying(members):
        about = json.loads(members["analogy.json"])
        about["network"] |= lie
        members["analogy.json"] = json.dumps(about).encode()

    path = tmp_path / "net.keras"
    path.write_bytes(rewritten(net_file.encode(net_file.Net(model, {})), lying))
    with pytest.raises(InputError, match="is no network that this program has learned"):
        net_file.read(path)


class Bomb:
    def __reduce__(self):
        import os

        return os.system, ("touch /tmp/analogies-bomb",)


def lambda_config(members):
    config = json.loads(members["config.json"])
    layer = {"class_name": "Lambda", "config": {"function": "4wEAAAA="}, "module": "keras.layers"}
    config["config"]["layers"].append(layer)
    members["config.json"] = json.dumps(config).encode()


def other_function(members):
    config = json.loads(members["config.json"])
    config["config"]["layers"][2] = {"class_name": "function", "module": "os", "config": "system"}
    members["config.json"] = json.dumps(config).encode()


def outside(members):
    members["../../outside"] = b"x"


def pickled(members):
    members["assets.pkl"] = pickle.dumps(Bomb())


def pickle_for_numbers(members):
    with_checksum(members, pickle.dumps(Bomb()))


def without_description(members):
    del members["analogy.json"]


def other_size(members):
    about = json.loads(members["analogy.json"])
    about["network"]["size"] = "../large"
    members["analogy.json"] = json.dumps(about).encode()


def flipped(members):
    weights = bytearray(members["model.weights.h5"])
    weights[len(weights) // 2] ^= 1
    members["model.weights.h5"] = bytes(weights)


def external_numbers(members):
    stream = io.BytesIO(members["model.weights.h5"])
    with h5py.File(stream, "r+") as file:
        del file["layers/conv2d/vars/0"]
        file["layers/conv2d/vars/0"] = h5py.ExternalLink("/etc/passwd", "x")
    with_checksum(members, stream.getvalue())


def not_a_number(members):
    stream = io.BytesIO(members["model.weights.h5"])
    with h5py.File(stream, "r+") as file:
        file["layers/conv2d/vars/1"][0] = np.nan
    with_checksum(members, stream.getvalue())


def huge(members):
    members["a.png"] = bytes(2 * 10**6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda_config, "'Lambda', which is never run"),
        (other_function, "'function', which is never run"),
        (outside, "holds '../../outside'"),
        (pickled, "holds 'assets.pkl'"),
        (pickle_for_numbers, "no network that this program has learned"),
        (without_description, "lacks a part"),
        (other_size, "no network that this program has learned"),
        (flipped, "damaged"),
        (external_numbers, "not where they should be"),
        (not_a_number, "some of its numbers are none"),
        (huge, "its a.png is too large"),
    ],
)
def test_changed_files_are_refused_in_one_line(data, change, words, tmp_path):
    path = tmp_path / "net.keras"
    path.write_bytes(rewritten(data, change))
    with pytest.raises(InputError, match=words) as told:
        net_file.read(path)
    assert "\n" not in str(told.value)
    assert str(path) in str(told.value)
    assert not (tmp_path.parent / "outside").exists()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_cut_files_are_refused_in_one_line(data, share, tmp_path):
    path = tmp_path / "net.keras"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(InputError) as told:
        net_file.describe(path)
    assert "\n" not in str(told.value)


def test_another_programs_network_is_refused(tmp_path):
    inputs = keras.Input((None, None, 3))
    keras.Model(inputs, keras.layers.Conv2D(3, 1)(inputs)).save(tmp_path / "foreign.keras")
    with pytest.raises(InputError, match="no network that this program has learned"):
        net_file.read(tmp_path / "foreign.keras")


def test_a_file_is_described_without_tensorflow(tmp_path):
    path = tmp_path / "net.keras"
    model = network.build("small", True, textures=textured(16, 2))
    net_file.write(path, net_file.Net(model, {}))
    code = (
        "import sys; from analogies.runs.learning.net_file import describe, has_textures; "
        "assert has_textures(describe(sys.argv[1])); "
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=120)
