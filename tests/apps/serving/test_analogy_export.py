"""The exported analogy, loaded without this package, against the program.

Python's `saved_model.load` and `saved_model_cli` (a C++ session) run here what a model server
would; the server itself is not installed.
"""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analogies.apps.serving import analogy_export as export
from analogies.errors import InputError
from analogies.images import pictures as images
from analogies.options.table import Options
from analogies.synthesis.decision import decide
from analogies.synthesis.pyramid import plan
from analogies.synthesis.references import References
from benchmarks.planted import texture_by_numbers

LAYERS = ("block2_conv1", "block3_conv1")
OPTIONS = {"scales": 2, "min_scale": 0.5, "votes": 2, "evaluations": 6, "patch_size": 3}
OPTIONS |= {"analogy_layers": LAYERS, "mrf_layers": LAYERS}

CALL = """
import sys, numpy as np, tensorflow as tf
folder, given, out, threads = sys.argv[1:]
tf.config.threading.set_intra_op_parallelism_threads(int(threads))
# Operations that are rewritten into others round otherwise, on some processors, and among patches
# that are alike another one is taken: a picture as good, which could not be compared by its pixels.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
inputs = np.load(given)
model = tf.saved_model.load(folder)
results = {}
for name in ("serving_default", "first_pass", "again"):
    signature = model.signatures["serving_default" if name == "again" else name]
    made = signature(**{k: tf.constant(inputs[k].item()) for k in inputs.files})
    results |= {f"{name}.{key}": value.numpy() for key, value in made.items()}
np.savez(out, **results)
assert not [name for name in sys.modules if name.startswith("analogies")]
"""

# The program in a process of its own: a last digit that differs is amplified to whole gray levels.
PROGRAM = """
import json, sys, numpy as np
from analogies.runs.machine import device
given, options, out, device.THREADS = *sys.argv[1:4], int(sys.argv[4])
device.start("cpu")
from analogies.options.table import Options
from analogies.synthesis.loop import synthesize
pixels = np.load(given)
names = ("a", "a_prime", "b")
records = list(synthesize(*(pixels[name] for name in names), Options(**json.loads(options))))
first = next(record for record in records if record.losses)
np.savez(out, image=records[-1].image(), size=first.size, loss=first.losses[0])
"""
THREADS = "2"  # of both


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def servable(tmp_path_factory):
    """The folder of an exported version."""
    return export.export(tmp_path_factory.mktemp("analogy"), options=OPTIONS)


@pytest.fixture(scope="module")
def case():
    return texture_by_numbers(1, 57, 66)


@pytest.fixture(scope="module")
def files(case):
    """The inputs of the signature."""
    names = {"a_bytes": "A", "a_prime_bytes": "Ap", "b_bytes": "B"}
    return {key: png(case[name]) for key, name in names.items()} | {"seed": np.int32(0)}


@pytest.fixture(scope="module")
def answers(servable, files, tmp_path_factory):
    """What a fresh process gets from the export: {"signature.output": array}."""
    folder = tmp_path_factory.mktemp("answers")
    np.savez(folder / "in.npz", **{k: np.array(v, object) for k, v in files.items()})
    script = CALL.replace("np.load(given)", "np.load(given, allow_pickle=True)")
    words = [sys.executable, "-c", script, str(servable), "in.npz", "out.npz", THREADS]
    subprocess.run(words, cwd=folder, check=True, timeout=300)
    return dict(np.load(folder / "out.npz", allow_pickle=True))


@pytest.fixture(scope="module")
def signature(servable):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(servable))
    return lambda **inputs: loaded.signatures["serving_default"](
        **{name: tf.constant(value) for name, value in inputs.items()}
    )


def functions(folder):
    """The function library of a SavedModel, and all of its operations."""
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graph = model.meta_graphs[0].graph_def
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    return graph.library.function, {node.op for node in nodes}


def test_a_server_can_run_it_as_it_is(servable):
    library, operations = functions(servable)
    assert len(library) > 10
    marked = [f.signature.name for f in library if "_XlaMustCompile" in f.attr]
    assert marked == []
    assert not operations & {"PyFunc", "PyFuncStateless", "EagerPyFunc", "XlaLaunch"}
    assert b"_XlaMustCompile" not in (servable / "saved_model.pb").read_bytes()


def test_two_calls_give_the_same_bytes(answers, case):
    first, again = (
        answers[f"{name}.b_prime_bytes"].item() for name in ("serving_default", "again")
    )
    assert first == again
    assert Image.open(io.BytesIO(first)).size == case["B"].shape[1::-1]


def test_it_agrees_with_the_program_stage_by_stage(answers, case, tmp_path):
    """Decoded pixels, sizes, features, first match, first loss, and about the whole picture."""
    from analogies.synthesis.network_methods import joint_steps

    pixels = {key: case[name].astype(np.float32) for key, name in
              {"a": "A", "a_prime": "Ap", "b": "B"}.items()}  # fmt: skip
    for name, values in pixels.items():
        np.testing.assert_array_equal(answers[f"first_pass.{name}"], values)
    options = Options(**OPTIONS)
    made = Image.open(io.BytesIO(answers["serving_default.b_prime_bytes"].item()))
    np.savez(tmp_path / "in.npz", **pixels)
    words = [sys.executable, "-c", PROGRAM, "in.npz", json.dumps(OPTIONS), "out.npz", THREADS]
    subprocess.run(words, cwd=tmp_path, check=True, timeout=300)
    program = np.load(tmp_path / "out.npz")
    assert answers["first_pass.sizes"][0].tolist() == program["size"].tolist()
    assert np.abs(np.asarray(made, float) - program["image"]).mean() < 1  # the same recipe
    assert answers["first_pass.loss"] == pytest.approx(program["loss"], rel=1e-4)

    decision = decide(options, References([(pixels["a"], pixels["a_prime"])], pixels["b"]))
    steps = joint_steps(options, decision.transfer)
    level = plan(case["A"].shape[:2], case["B"].shape[:2], case["B"].shape[:2], scales=2,
                 min_scale=0.5, patch_size=3, smallest_side=steps.smallest_side,
                 cell_pairs=steps.cell_pairs).levels[0]  # fmt: skip
    sizes = (np.int32(level.size_a), np.int32(level.size_b))
    scene = steps.set_scene(*pixels.values(), *sizes, level.cell)
    name = steps.matched[0]
    scale = np.abs(scene.maps[name]).max()
    np.testing.assert_allclose(answers["first_pass.features"], scene.maps[name], atol=1e-5 * scale)
    m, n = (side - 2 for side in scene.reference.shape[:2])
    unused = np.zeros((m, n, 1), np.float32)
    matches = steps.search(scene.base, scene, level.cell, 0.0, unused)
    same = (answers["first_pass.rows"] == matches.rows) & (
        answers["first_pass.cols"] == matches.cols
    )
    assert np.mean(same) > 0.99


def test_operations_that_a_server_rewrites_leave_it_as_good(signature, files, answers):
    loss = float(signature(**files)["loss"])
    assert loss == pytest.approx(float(answers["serving_default.loss"]), rel=0.02)


@pytest.mark.slow
def test_quality_is_that_of_the_program(tmp_path):
    import tensorflow as tf

    import analogies
    from benchmarks.measures import label_accuracy

    folder = export.export(tmp_path)
    call = tf.saved_model.load(str(folder)).signatures["serving_default"]
    scores = []
    for seed in (0, 1):
        case = texture_by_numbers(seed, 160, 160)
        a, a_prime, b = (case[name] for name in ("A", "Ap", "B"))
        made = call(a_bytes=tf.constant(png(a)), a_prime_bytes=tf.constant(png(a_prime)),
                    b_bytes=tf.constant(png(b)), seed=tf.constant(0))  # fmt: skip
        served = np.asarray(Image.open(io.BytesIO(made["b_prime_bytes"].numpy())))
        program = analogies.make_analogy(a, a_prime, b)
        both = (label_accuracy(a_prime, case["la"], x, case["lb"]) for x in (served, program))
        scores.append(list(both))
    served, program = np.mean(scores, axis=0)
    assert abs(served - program) <= 0.01


@pytest.mark.parametrize(("a_size", "b_size"), [((32, 41), (90, 33)), ((70, 65), (32, 32))])
def test_any_sizes(signature, a_size, b_size):
    random = np.random.default_rng(0)
    a, b = (random.integers(0, 255, (*size, 3), np.uint8) for size in (a_size, b_size))
    for a_prime in (a, 255 - a):  # the same picture is another kind of job
        made = signature(a_bytes=png(a), a_prime_bytes=png(a_prime), b_bytes=png(b), seed=1)
        assert Image.open(io.BytesIO(made["b_prime_bytes"].numpy())).size == b_size[::-1]


BAD = {
    "nothing": (b"", "b_bytes must be the bytes of a PNG or JPEG"),
    "text": (b"not a picture", "b_bytes must be the bytes of a PNG or JPEG"),
    "cut": (png(np.zeros((40, 40, 3), np.uint8))[:60], "Invalid PNG data"),
    "a pixel": (png(np.zeros((1, 1, 3), np.uint8)), "must be 16 to 65500 px high and wide"),
    "two": ([b"", b""], "b_bytes must be one file"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_told(signature, files, kind):
    import tensorflow as tf

    data, message = BAD[kind]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        signature(**files | {"b_bytes": data})


def test_a_pair_of_two_sizes_is_told(signature, files):
    import tensorflow as tf

    with pytest.raises(tf.errors.InvalidArgumentError, match=r"A and A.* must have the same size"):
        signature(
            **files | {"a_bytes": files["b_bytes"], "a_prime_bytes": png(np.zeros((9, 9, 3), "u1"))}
        )


def test_decoded_pixels_are_those_of_the_program(tmp_path):
    import tensorflow as tf

    from analogies.apps.serving.decoding import decode

    random = np.random.default_rng(3)
    soft = np.asarray(
        Image.fromarray(random.integers(0, 255, (5, 6, 4), np.uint8)).resize((33, 20))
    )
    pictures = {
        "rgb.png": Image.fromarray(soft[..., :3]),
        "rgba.png": Image.fromarray(soft),
        "gray.png": Image.fromarray(soft[..., 0]),
        "la.png": Image.fromarray(soft[..., :2], "LA"),
        "palette.png": Image.fromarray(soft[..., :3]).quantize(8),
        "rgb.jpg": Image.fromarray(soft[..., :3]),
        "gray.jpg": Image.fromarray(soft[..., 0]),
    }
    for name, picture in pictures.items():
        picture.save(tmp_path / name)
        found = decode(tf.constant((tmp_path / name).read_bytes())).numpy()
        np.testing.assert_allclose(
            found, images.read(tmp_path / name).pixels, atol=1e-3, err_msg=name
        )


def test_the_plan_is_that_of_the_program():
    import tensorflow as tf

    from analogies.errors import InputError
    from analogies.runs.job import result_size
    from analogies.synthesis import graph_pyramid as planning

    random = np.random.default_rng(4)
    modes = [{}, {"width": 90}, {"height": 77}, {"a_scale_mode": "match"},
             {"a_scale_mode": "ratio", "height": 200, "a_scale": 0.7},
             {"a_scale_mode": "none", "height": 60},
             {"height": 60, "width": 80, "a_scale": 0.9}]  # fmt: skip
    for given in modes:
        options = Options(scales=4, min_scale=0.11, **given)
        limits = {"smallest_side": 16, "cell_pairs": 2e6}
        in_graph = tf.function(lambda a, b, o=options, x=limits: planning.plan(a, b, o, **x))
        for sides in random.integers(8, 300, (25, 4)).tolist():
            a, b = sides[:2], sides[2:]
            same = {name: getattr(options, name) for name in
                    ("scales", "min_scale", "patch_size", "a_scale_mode", "a_scale")}  # fmt: skip
            try:
                levels = plan(a, b, result_size(b, options), **same, **limits).levels
            except InputError:
                with pytest.raises(tf.errors.InvalidArgumentError, match="px high and wide"):
                    in_graph(tf.constant(a), tf.constant(b))
                continue
            if min(result_size(b, options)) < 16:
                continue
            found = in_graph(tf.constant(a), tf.constant(b))
            wanted = [(list(x.size_a), list(x.size_b), x.cell) for x in levels]
            assert list(zip(*(x.numpy().tolist() for x in found), strict=True)) == wanted


def test_versions_follow_each_other_and_nothing_else_is_left(tmp_path, servable):
    from analogies.apps.serving import saved_models as servables

    (tmp_path / "7").mkdir()
    (tmp_path / "notes").mkdir()
    assert servables.next_version(tmp_path) == 8
    assert servables.next_version(tmp_path / "none") == 1
    assert servable.name == "1"
    assert [path.name for path in servable.parent.iterdir()] == ["1"]


def test_warm_up_requests_are_real_and_run(servable, signature):
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    import tensorflow as tf

    path = str(servable / "assets.extra" / "tf_serving_warmup_requests")
    records = [x.numpy() for x in tf.data.TFRecordDataset(path)]
    assert records
    for record in records:
        request = logs.PredictionLog.FromString(record).predict_log.request
        assert request.model_spec.signature_name == "serving_default"
        inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        assert set(inputs) == {"a_bytes", "a_prime_bytes", "b_bytes", "seed"}
        assert signature(**inputs)["b_prime_bytes"].numpy()[:4] == b"\x89PNG"


@pytest.mark.slow
def test_saved_model_cli_shows_and_runs_it(servable, files, tmp_path):
    cli = [str(Path(sys.executable).parent / "saved_model_cli")]
    for name, value in files.items():
        np.save(tmp_path / f"{name}.npy", np.array(value, dtype=None if name == "seed" else object))
    inputs = ";".join(f"{name}={tmp_path / name}.npy" for name in files)
    common = ["--dir", str(servable), "--tag_set", "serve", "--signature_def", "serving_default"]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    shown = subprocess.run([*cli, "show", *common], env=environment, capture_output=True, text=True)
    assert "inputs['a_prime_bytes']" in shown.stdout
    assert "outputs['b_prime_bytes']" in shown.stdout
    run = ["run", *common, "--inputs", inputs, "--outdir", str(tmp_path)]
    answer = subprocess.run(cli + run, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    made = np.load(tmp_path / "b_prime_bytes.npy", allow_pickle=True).item()
    assert made[:4] == b"\x89PNG"


def test_what_cannot_be_exported_is_told(tmp_path, capsys):
    assert export.main([str(tmp_path / "x"), "--init", "picture.png"]) == 2
    assert "init cannot be a picture" in capsys.readouterr().err
    assert export.main([str(tmp_path / "x"), "--scales", "0"]) == 2
    assert export.main([str(tmp_path / "x"), "--version", "0", "--scales", "1"]) == 2
    assert "a version is a number from 1 up" in capsys.readouterr().err
    given = [("guide", (("a.png", "b.png"),))]
    given += [("preset", name) for name in ("ebsynth", "fill", "repeat")]
    given += [("a_mask", "m.png"), ("b_mask", "m.png"), ("tile", "x"), ("save_field", "f.npz")]
    for name, value in given:
        with pytest.raises(InputError, match=f"{name}.* cannot be exported"):
            export.export(tmp_path / "x", options={name: value})
    (tmp_path / "file").write_text(json.dumps({}))
    assert not (tmp_path / "x").exists()
