"""The exported network, loaded without this package, against the network itself."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from analogies.apps.serving import fast_export
from analogies.runs.learning import net_file
from analogies.runs.machine.device import start

start("cpu")

from analogies import FastAnalogy  # noqa: E402
from analogies.options.table import Options  # noqa: E402
from analogies.synthesis.student import drawn, network  # noqa: E402
from analogies.synthesis.student.labels import Textures  # noqa: E402

CALL = """
import sys, numpy as np, tensorflow as tf
folder, given, out = sys.argv[1:]
given = np.load(given, allow_pickle=True)
model = tf.saved_model.load(folder)
files = tf.constant(given["files"].tolist())
answer = model.signatures["serving_default"](image_bytes=files)["b_prime_bytes"]
one = model.signatures["serving_default"](image_bytes=files[0])["b_prime_bytes"]
images = model.signatures["images"](images=tf.constant(given["images"]))["b_prime"]
found = {f"file{i}": tf.io.decode_png(x).numpy() for i, x in enumerate(answer)}
np.savez(out, images=images.numpy(), one=tf.io.decode_png(one).numpy(), **found)
assert not [name for name in sys.modules if name.startswith("analogies")]
"""


def encoded(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def written(path, noise, textures=None, **options):
    model = network.build("small", noise, seed=4, textures=textures)
    net_file.write(path, net_file.Net(model, {"options": Options(**options).as_dict()}))
    return path


@pytest.fixture(scope="module", params=["noise", "textures"])
def net(tmp_path_factory, request):
    start, random = None, np.random.default_rng(1)
    if request.param == "textures":
        tiles = random.integers(0, 256, (3, 20, 20, 3)).astype(np.uint8)
        start = Textures(random.uniform(0, 255, (3, 3)).astype(np.float32), tiles)
    return written(tmp_path_factory.mktemp("net") / "net.keras", True, start, seed=7)


def test_a_fresh_process_answers_alike(net, tmp_path):
    folder = fast_export.export(tmp_path / "served", net)
    assert folder.name == "1"
    pictures = [drawn.scene(height, width, 1) for height, width in ((24, 40), (33, 50))]
    files = np.array([encoded(x) for x in pictures], object)
    batch = np.stack([pictures[0], pictures[0][::-1]])
    np.savez(tmp_path / "in.npz", files=files, images=batch.astype(np.float32))
    words = [sys.executable, "-c", CALL, str(folder), "in.npz", "out.npz"]
    subprocess.run(words, cwd=tmp_path, check=True, timeout=500)
    found, fast = np.load(tmp_path / "out.npz"), FastAnalogy(net)
    for number, picture in enumerate(pictures):
        wanted = fast(picture).astype(int)
        assert np.abs(found[f"file{number}"].astype(int) - wanted).max() <= 1
    np.testing.assert_array_equal(found["one"], found["file0"])
    np.testing.assert_allclose(found["images"], fast.raw(batch), atol=0.01)
    assert (folder / "assets.extra" / "tf_serving_warmup_requests").stat().st_size > 100


def test_a_tflite_model_is_checked_by_its_interpreter(net, tmp_path, capsys):
    words = ["--net", str(net), "--tflite", str(tmp_path / "net.tflite")]
    assert fast_export.main([*words, "--height", "32", "--width", "48"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "net.tflite")
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(tmp_path / "net.tflite"))
    interpreter.allocate_tensors()
    picture = drawn.scene(32, 48, 2)
    given = interpreter.get_input_details()[0]["index"]
    interpreter.set_tensor(given, picture[np.newaxis].astype(np.float32))
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
    np.testing.assert_allclose(found, FastAnalogy(net).raw(picture[np.newaxis])[0], atol=0.5)


def test_what_is_done_outside_of_the_network_is_not_exported(tmp_path, capsys):
    net = written(tmp_path / "net.keras", False, preserve_color=True)
    assert fast_export.main([str(tmp_path / "served"), "--net", str(net)]) == 2
    assert "preserve_color cannot be exported" in capsys.readouterr().err
    assert not (tmp_path / "served").exists()
    assert fast_export.main(["--net", str(net)]) == 2
    assert fast_export.main([str(tmp_path / "served"), "--net", str(tmp_path / "no.keras")]) == 2
