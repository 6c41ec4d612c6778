"""Event files read back with TensorBoard's own reader, and served by its own server."""

import io
import itertools
import json
import os
import re
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
from fake_synthesis import records
from PIL import Image
from running import running

from analogies.options.table import Options, kinds
from analogies.runs.monitors import TensorBoard

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
event_file_loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")

SMALL = {"scales": 2, "min_scale": 0.5, "votes": 1, "evaluations": 6, "patch_size": 3, "iters": 2}


def read(folder):
    """The events of a run's folder."""
    everything = {"tensors": 0, "images": 0, "scalars": 0}
    events = accumulator.EventAccumulator(str(folder), size_guidance=everything)
    events.Reload()
    return events


def curve(events, tag):
    """Steps and values of a scalar."""
    from tensorboard.util.tensor_util import make_ndarray

    points = [(e.step, float(make_ndarray(e.tensor_proto))) for e in events.Tensors(tag)]
    return [step for step, _ in points], [value for _, value in points]


def picture(events, tag, index=-1):
    from tensorboard.util.tensor_util import make_ndarray

    width, height, png = make_ndarray(events.Tensors(tag)[index].tensor_proto)
    image = Image.open(io.BytesIO(png))
    assert image.size == (int(width), int(height))
    return np.asarray(image)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Folder, records and inputs of a small real run."""
    from analogies.synthesis.loop import synthesize
    from benchmarks.planted import texture_by_numbers

    case = texture_by_numbers(1, 48, 56)
    a, a_prime, b = (case[name].astype(np.float32) for name in ("A", "Ap", "B"))
    options = Options(**SMALL)
    pictures = {"a": a, "a_prime": a_prime, "b": b}
    logdir = tmp_path_factory.mktemp("logs")
    with TensorBoard(logdir, options, pictures, b.shape[:2], name="the picture") as board:
        made = list(synthesize(a, a_prime, b, options))
        for record in made:
            board(record)
    return board.folder, made, pictures


def test_every_promised_tag_is_there(run):
    folder, _made, _ = run
    tags = set(read(folder).Tags()["tensors"])
    layers = Options().analogy_layers
    assert tags >= {"loss/total", "run/level", "run/seconds", "seconds/matching"}
    assert tags >= {f"optimizer/{name}" for name in ("gradient_norm", "step_length", "evaluations")}
    assert tags >= {"matching/score", "matching/changed", "matching/field", "result", "options"}
    assert tags >= {f"inputs/{name}" for name in ("a", "a_prime", "b")}
    for kind in ("weighted", "unweighted"):
        assert tags >= {f"{kind}/{name}" for name in ("analogy", "mrf", "start")}
        assert tags >= {f"{kind}/{name}/{layer}" for name in ("analogy", "mrf") for layer in layers}


def test_steps_strictly_increase_over_levels(run):
    folder, made, _ = run
    events = read(folder)
    for tag in events.Tags()["tensors"]:
        steps = [event.step for event in events.Tensors(tag)]
        assert all(one < two for one, two in itertools.pairwise(steps)), tag
    steps, levels = curve(events, "run/level")
    assert levels == [0, 0, 1, 1]
    assert steps == [record.evaluations for record in made if record.kind == "pass"]


def test_the_total_is_the_weighted_sum_of_the_terms(run):
    events = read(run[0])
    tags = events.Tags()["tensors"]
    total = dict(zip(*curve(events, "loss/total"), strict=True))
    by_pass = [curve(events, tag) for tag in tags if re.fullmatch("weighted/[a-z]+", tag)]
    by_layer = [curve(events, tag) for tag in tags if tag.startswith("weighted/analogy/")]
    analogy = curve(events, "weighted/analogy")[1]
    for index, step in enumerate(by_pass[0][0]):
        assert sum(values[index] for _, values in by_pass) == pytest.approx(total[step], rel=1e-5)
        parts = sum(values[index] for _, values in by_layer)
        assert parts == pytest.approx(analogy[index], rel=1e-5)
    mrf, unweighted = curve(events, "weighted/mrf")[1], curve(events, "unweighted/mrf")[1]
    np.testing.assert_allclose(mrf, Options().mrf_w * np.array(unweighted), rtol=1e-5)


def test_the_loss_falls_on_every_level(run):
    events = read(run[0])
    ends, levels = curve(events, "run/level")
    steps, losses = curve(events, "loss/total")
    first = 0
    for level in (0, 1):
        last = max(end for end, at in zip(ends, levels, strict=True) if at == level)
        of_level = [x for at, x in zip(steps, losses, strict=True) if first < at <= last]
        assert of_level[-1] < of_level[0]
        first = last


def test_pictures_are_those_of_the_run(run):
    folder, made, pictures = run
    events = read(folder)
    for name, pixels in pictures.items():
        np.testing.assert_array_equal(picture(events, f"inputs/{name}"), np.rint(pixels))
    assert [picture(events, "result", i).shape for i in range(4)] == [(48, 56, 3)] * 4
    np.testing.assert_array_equal(picture(events, "result"), np.rint(made[-1].image()))
    last = [record for record in made if record.kind == "pass"][-1]
    assert picture(events, "matching/field").shape == (*last.field.rows.shape, 3)


def options_of(folder):
    """The options of a run as text, and as hparams."""
    from tensorboard.plugins.hparams import metadata
    from tensorboard.util.tensor_util import make_ndarray

    events = read(folder)
    text = make_ndarray(events.Tensors("options")[0].tensor_proto).item().decode()
    content = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    return text, metadata.parse_session_start_info_plugin_data(content).hparams


def test_the_options_are_there_as_text_and_as_hparams(run):
    text, hparams = options_of(run[0])
    assert "| evaluations | 6 |" in text
    assert hparams["evaluations"].number_value == 6
    assert hparams["analogy_layers"].string_value.startswith("block1_conv1,")


def test_a_run_has_its_own_readable_folder(tmp_path):
    folders = []
    for _ in range(2):
        with TensorBoard(tmp_path / "new" / "logs", name="a/b c") as board:
            folders.append(board.folder)
    assert folders[0] != folders[1]
    assert re.fullmatch(r"a_b_c_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(_\d+)?", folders[0].name)


def test_a_running_job_can_be_read_and_is_written_once_per_pass(tmp_path):
    with TensorBoard(tmp_path) as board:
        sizes = []
        for record in records(levels=2, iterations=1):
            board(record)
            sizes.append(sum(path.stat().st_size for path in board.folder.iterdir()))
            if record.kind == "pass":
                assert curve(read(board.folder), "loss/total")[0][-1] == record.evaluations
    kinds = [record.kind for record in records(levels=2, iterations=1)]
    grown = [new > old for old, new in itertools.pairwise(sizes)]
    assert grown == [kind != "chunk" for kind in kinds[1:]]
    steps, losses = curve(read(board.folder), "loss/total")
    assert steps == list(range(1, 21))
    np.testing.assert_allclose(losses, 1 / np.arange(1, 21), rtol=1e-6)


def fetch(address):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(address, timeout=20) as answer:
        return answer.read()


def test_the_server_answers_with_scalars_and_images(run):
    folder, made, _ = run
    words = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder.parent)]
    words += ["--port", "0", "--host", "127.0.0.1", "--load_fast", "false"]
    with running(words, stderr=subprocess.STDOUT) as it:
        said = ""
        while "http://" not in said:
            line = it.stdout.readline()
            assert line, said
            said += line
        base = re.search(r"http://\S+?:\d+/", said)[0] + "data/plugin/"
        query = f"run={folder.name}&tag="
        deadline = time.monotonic() + 30
        while folder.name not in json.loads(fetch(base + "scalars/tags")):
            assert time.monotonic() < deadline
            time.sleep(0.3)
        points = json.loads(fetch(f"{base}scalars/scalars?{query}loss/total"))
        assert points[-1][1] == made[-1].evaluations
        assert points[-1][2] == pytest.approx(made[-1].loss, rel=1e-5)
        shown = json.loads(fetch(f"{base}images/images?{query}result&sample=0"))
        assert [x["step"] for x in shown] == [x.evaluations for x in made if x.kind == "pass"]
        png = fetch(f"{base}images/individualImage?{shown[-1]['query']}")
        assert Image.open(io.BytesIO(png)).size == (56, 48)
        assert json.loads(fetch(base + "text/tags")) == {folder.name: ["options"]}


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_value_of_an_option_can_be_logged(tmp_path, name):
    kind, usual = kinds()[name], getattr(Options(), name)
    other = {
        "integer": lambda: kind.maximum if kind.maximum and kind.maximum < 100 else 20,
        "number": lambda: usual / 2 if usual else 0.5,
        "choice": lambda: kind.choices[-1],
        "layers": lambda: ("block1_conv1", "block2_conv1"),
        "pairs": lambda: (("a,b.png", "c d.png"), ("e|.png", "é.png")),
        "flag": lambda: not usual,
        "guides": lambda: ((("a,b.png", "c|d.png"), 0.5, "é.png"),),
        "text": lambda: {"device": "cpu", "extend": "1,2,3,4"}.get(name, "a\nb|c"),
    }[kind.type]()
    beside = {"extend": "fill", "from_other": "fill", "seam": "tile"}
    given = {name: other} | ({"checkpoint": "x"} if name == "resume" else {})
    given |= {"preset": beside[name]} if name in beside else {}
    for options in (Options.parse(given), Options(**{name: usual})):
        with TensorBoard(tmp_path, options) as board:
            pass
        text, hparams = options_of(board.folder)
        assert set(hparams) == set(kinds())
        rows = [re.split(r"(?<!\\)\|", line) for line in text.splitlines()[2:]]
        assert [len(row) for row in rows] == [4] * len(kinds())
        assert [row[1].strip() for row in rows] == list(kinds())


def test_names_of_files_that_are_no_utf_8(tmp_path):
    strange = os.fsdecode(b"L\xe4ufe")
    options = Options(logdir=strange, vgg_weights=strange)
    with TensorBoard(tmp_path / strange, options, name=strange) as board:
        pass
    files = [path for path in board.folder.iterdir() if path.name.startswith("events")]
    (table,) = {
        str(value.tensor.string_val[0], "utf-8")
        for file in files
        for event in event_file_loader.EventFileLoader(os.fsencode(file)).Load()
        for value in event.summary.value
        if value.tag.startswith("options")
    }
    assert "| L\\udce4ufe |" in table


def test_passes_without_evaluations_have_steps_of_their_own(tmp_path):
    made = list(records(levels=3, iterations=1))
    for record in made[3:]:  # the levels that pixels finish
        record.evaluations, record.losses = made[2].evaluations, ()
        record.gradient_norm = record.step_length = None
    with TensorBoard(tmp_path) as board:
        for record in made:
            board(record)
    events, last = read(board.folder), made[2].evaluations
    assert curve(events, "run/level") == ([last, last + 1, last + 2], [0, 1, 2])
    assert [event.step for event in events.Tensors("result")] == [last, last + 1, last + 2]
    assert curve(events, "loss/total")[0] == list(range(1, last + 1))
    assert curve(events, "optimizer/evaluations")[1] == [last, 0, 0]
    assert curve(events, "optimizer/gradient_norm")[0] == [last]
