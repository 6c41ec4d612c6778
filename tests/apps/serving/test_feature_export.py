"""The exported feature model, loaded without this package, against the model itself."""

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analogies.apps.serving import feature_export as export
from analogies.features import FeatureModel

LAYERS = ("block1_conv1", "conv3_1")

CALL = """
import sys, numpy as np, tensorflow as tf
folder, given, out = sys.argv[1:]
given = np.load(given, allow_pickle=True)
model = tf.saved_model.load(folder)
maps = model.signatures["serving_default"](images=tf.constant(given["images"]))
data = tf.constant(given["files"].tolist())
of_files = model.signatures["image_bytes"](image_bytes=data, size=tf.constant([0, 0]))
np.savez(out, **{k: v.numpy() for k, v in maps.items()},
         **{"file_" + k: v.numpy() for k, v in of_files.items()})
assert not [name for name in sys.modules if name.startswith("analogies")]
"""


def encoded(pixels, kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An exported version."""
    return Path(export.export(str(tmp_path_factory.mktemp("features")), "slim", LAYERS))


@pytest.fixture(scope="module")
def signatures(folder):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))

    def call(name, **inputs):
        given = {key: tf.constant(value) for key, value in inputs.items()}
        return loaded.signatures[name](**given)

    call.loaded = loaded
    return call


@pytest.fixture(scope="module")
def model():
    return FeatureModel("slim", LAYERS)


def pictures(*shape):
    return np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)


def test_a_fresh_process_gets_the_same_maps(folder, model, tmp_path):
    batch = pictures(2, 37, 53)
    files = np.array([encoded(x) for x in batch], object)
    np.savez(tmp_path / "in.npz", images=batch.astype(np.float32), files=files)
    words = [sys.executable, "-c", CALL, str(folder), "in.npz", "out.npz"]
    subprocess.run(words, cwd=tmp_path, check=True, timeout=300)
    found = np.load(tmp_path / "out.npz")
    for name, wanted in model(batch.astype(np.float32)).items():
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(found[name], wanted, atol=1e-5 * scale)
        np.testing.assert_allclose(found[f"file_{name}"], wanted, atol=1e-5 * scale)


@pytest.mark.parametrize("shape", [(1, 4, 4), (1, 5, 31), (3, 64, 17)])
def test_any_size_and_batch(signatures, model, shape):
    images = pictures(*shape).astype(np.float32)
    found = signatures("serving_default", images=images)
    assert set(found) == set(LAYERS)
    for name, wanted in model(images).items():
        np.testing.assert_allclose(found[name], wanted, atol=1e-5 * np.abs(wanted).max())


def test_files_of_several_sizes_are_resized(signatures, model):
    from analogies.images.resampling import resize

    small, large = pictures(20, 24), pictures(31, 18)
    for size, wanted in (((0, 0), (20, 24)), ((28, 30), (28, 30))):
        files = [encoded(small), encoded(large, "PNG")]
        found = signatures("image_bytes", image_bytes=files, size=np.int32(size))
        batch = np.stack([resize(x.astype(np.float32), wanted) for x in (small, large)])
        for name, maps in model(batch).items():
            np.testing.assert_allclose(found[name], maps, atol=1e-4 * np.abs(maps).max())


def test_one_file_without_a_batch_and_a_jpeg(signatures, model):
    data = encoded(np.full((24, 24, 3), 99, np.uint8), "JPEG")
    found = signatures("image_bytes", image_bytes=data, size=np.int32([0, 0]))
    decoded = np.asarray(Image.open(io.BytesIO(data)), np.float32)[None]
    for name, maps in model(decoded).items():
        np.testing.assert_allclose(found[name], maps, atol=1e-5 * np.abs(maps).max())


BAD_IMAGES = {
    "a pixel": (np.zeros((1, 1, 1, 3), "f"), "4 px high and wide"),
    "four channels": (np.zeros((1, 8, 8, 4), "f"), "images must be RGB"),
    "NaN": (np.full((1, 8, 8, 3), np.nan, "f"), "images must be finite"),
    "none": (np.zeros((0, 8, 8, 3), "f"), "at least one"),
}


@pytest.mark.parametrize("kind", BAD_IMAGES)
def test_bad_images_are_told(signatures, kind):
    import tensorflow as tf

    images, message = BAD_IMAGES[kind]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures("serving_default", images=images)


BAD_FILES = {
    "nothing": (b"", "must be the bytes of a PNG or JPEG"),
    "no picture": (b"GIF89a....", "must be the bytes of a PNG or JPEG"),
    "cut": (encoded(np.zeros((9, 9, 3), np.uint8))[:50], "Invalid PNG"),
    "a pixel": (encoded(np.zeros((1, 1, 3), np.uint8)), "4 px high and wide"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files_are_told(signatures, kind):
    import tensorflow as tf

    data, message = BAD_FILES[kind]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signatures("image_bytes", image_bytes=[data], size=np.int32([0, 0]))


def test_a_size_that_cannot_be_is_told(signatures):
    import tensorflow as tf

    data = encoded(np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(tf.errors.InvalidArgumentError, match="size must be height and width"):
        signatures("image_bytes", image_bytes=data, size=np.int32([-1, 8]))


def test_nothing_is_compiled_by_xla_or_in_python(folder):
    model = (folder / "saved_model.pb").read_bytes()
    assert b"_XlaMustCompile" not in model
    assert b"PyFunc" not in model


def test_warm_up_requests_are_real_and_run(folder, signatures):
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    import tensorflow as tf

    path = str(folder / "assets.extra" / "tf_serving_warmup_requests")
    called = []
    for record in tf.data.TFRecordDataset(path):
        request = logs.PredictionLog.FromString(record.numpy()).predict_log.request
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        assert set(signatures(request.model_spec.signature_name, **inputs)) == set(LAYERS)
        called.append(request.model_spec.signature_name)
    assert called == ["serving_default", "image_bytes"]


def test_signatures_name_their_inputs(signatures):
    signature = signatures.loaded.signatures["serving_default"]
    assert set(signature.structured_input_signature[1]) == {"images"}
    assert set(signature.structured_outputs) == set(LAYERS)


@pytest.mark.slow
def test_saved_model_cli_shows_and_runs_it(folder, tmp_path):
    cli = [str(Path(sys.executable).parent / "saved_model_cli")]
    common = ["--dir", str(folder), "--tag_set", "serve", "--signature_def", "serving_default"]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    shown = subprocess.run([*cli, "show", *common], env=environment, capture_output=True, text=True)
    assert "inputs['images']" in shown.stdout
    np.save(tmp_path / "x.npy", pictures(1, 20, 22).astype(np.float32))
    run = ["run", *common, "--inputs", f"images={tmp_path / 'x.npy'}", "--outdir", str(tmp_path)]
    subprocess.run(cli + run, env=environment, capture_output=True, check=True)
    assert np.load(tmp_path / "conv3_1.npy").shape == (1, 5, 5, 64)


def test_the_command_numbers_versions_and_tells_errors(folder, capsys):
    base = str(folder.parent)
    assert export.main([base, "--layers", "block1_conv1"]) == 0
    assert capsys.readouterr().out.strip() == str(folder.parent / "2")
    assert export.main([base, "--layers", "block1_conv1", "--version", "2"]) == 2
    assert "this version is there already" in capsys.readouterr().err
    assert export.main([base, "--layers", "block9_conv1"]) == 2
    assert "slim has no layer block9_conv1" in capsys.readouterr().err
    assert export.main([base, "--layers", ","]) == 2
    assert export.main([base, "--vgg-weights", "/none.h5"]) == 2
    assert sorted(path.name for path in folder.parent.iterdir()) == ["1", "2"]
