"""The one way to run, on runs that compute nothing, as the command and Python come to it."""

import json
import subprocess
import sys
from types import SimpleNamespace

import fake_synthesis
import numpy as np
import pytest
from PIL import Image

import analogies
from analogies.apps import command_line
from analogies.errors import InputError
from analogies.options.table import Options
from analogies.runs import job as jobs
from analogies.runs.machine import device
from analogies.runs.machine.device import Machine
from analogies.runs.machine.free_memory import Room
from analogies.runs.run import run

RED, GREEN, BLUE = (np.full((40, 30, 3), color, np.uint8) for color in np.eye(3) * 200)


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Options of the runs; they yield made-up records."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VGG_WEIGHT_PATH", raising=False)
    made = []

    def synthesize(a, a_prime, b, options, *, init=None, carried=None, pairs=(), controls=None):
        made.append(SimpleNamespace(options=options, init=init, pairs=pairs))
        height, width = options.height or 40, options.width or 30
        return fake_synthesis.records(options.scales, options.iters, (height, width))

    fake = SimpleNamespace(synthesize=synthesize)
    monkeypatch.setitem(sys.modules, "analogies.synthesis.loop", fake)
    monkeypatch.setitem(sys.modules, "analogies.images.resampling", fake_synthesis)
    return made


def test_every_door_writes_the_same_files(calls, tmp_path):
    for name, pixels in (("a", RED), ("ap", GREEN), ("b", BLUE)):
        Image.fromarray(pixels).save(f"{name}.png")
    words = ["--scales=2", "--iters=1", "--output-full", "--contrast=1", "--logdir=logs"]
    assert command_line.main(["a.png", "ap.png", "b.png", "1/out", "--quiet", *words]) == 0
    given = {"scales": 2, "iters": 1, "output_full": True, "contrast": 1, "logdir": "logs"}
    picture = analogies.make_analogy("a.png", "ap.png", "b.png", out="2/out", **given)
    (tmp_path / "list.csv").write_text("a,a_prime,b,out\na.png,ap.png,b.png,3/out\n")
    assert command_line.main(["--batch=list.csv", "--quiet", *words]) == 0
    files = [sorted((tmp_path / number).iterdir()) for number in "123"]
    assert [path.name for path in files[0]] == [
        "out.json",
        "out.png",
        "out_at_iteration_0_0.png",
        "out_at_iteration_1_0.png",
    ]
    for one, *others in zip(*files, strict=True):
        if one.suffix == ".png":
            assert all(other.read_bytes() == one.read_bytes() for other in others)
    np.testing.assert_array_equal(picture, np.asarray(Image.open("1/out.png")))
    records = [json.loads(path.read_text()) for path, *_ in files]
    for record in records:
        del record["seconds"], record["peak_memory_mib"]
        assert record["options"].pop("quiet") is not (record is records[1])
    assert records[0] == records[1] == records[2]
    assert len(list((tmp_path / "logs").iterdir())) == 3
    assert calls[0].options.as_dict() | {"quiet": False} == calls[1].options.as_dict()


def test_python_writes_nothing_unless_asked(calls, tmp_path):
    picture = analogies.make_analogy(RED, GREEN, BLUE)
    assert (picture.shape, picture.dtype) == ((40, 30, 3), np.uint8)
    assert list(tmp_path.iterdir()) == []
    analogies.synthesize_texture(RED, 32, 48, checkpoint="kept", logdir="logs")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["logs"]
    (folder,) = (tmp_path / "logs").iterdir()
    assert list(folder.glob("events*"))


def test_a_record_of_pictures_that_are_no_files(calls, tmp_path):
    analogies.make_analogy(RED, GREEN, BLUE, init=RED, out=tmp_path / "out.png")
    record = json.loads((tmp_path / "out.json").read_text())
    assert set(record["inputs"]) == {"a", "a_prime", "b", "init"}
    assert record["inputs"]["a"] == record["inputs"]["init"]
    assert record["inputs"]["a"]["file"] is None
    assert record["inputs"]["a"]["sha256"] != record["inputs"]["b"]["sha256"]
    assert (calls[0].init == RED).all()


def test_python_tells_as_much_as_is_asked_for(calls, caplog):
    caplog.set_level("WARNING", "absl")
    caplog.handler.setLevel("DEBUG")

    def told(**options):
        caplog.clear()
        analogies.make_analogy(RED, GREEN, BLUE, jitter=3, output_full=True, **options)
        return " ".join(record.getMessage() for record in caplog.records)

    usual = told()
    assert "--jitter has no effect" in usual
    assert "--output-full has no effect: no file is written" in usual
    assert "one note" in usual
    assert "level 1/3" not in usual
    assert "level 3/3, pass 1/1, 30x40 px: loss" in told(verbose=True)
    assert told(quiet=True) == ""


@pytest.fixture
def small_gpu(monkeypatch):
    """A machine whose device has 1 GB; what it was asked to settle."""
    machine, settled = Machine("/CPU:0", "a small one", Room(10**9, "of the GPU")), []
    monkeypatch.setattr(device, "start", lambda device: machine)
    monkeypatch.setattr(device, "settle", lambda machine, precision: settled.append(precision))
    return settled


def test_every_door_looks_at_the_memory_of_the_device(calls, small_gpu, capsys):
    big = np.zeros((700, 700, 3), np.uint8)
    with pytest.raises(InputError, match=r"of the GPU; .* would fit, and --fit chooses"):
        analogies.make_analogy(big, big, big, device="gpu", precision="bfloat16")
    assert calls == []
    assert small_gpu == ["bfloat16"]
    analogies.make_analogy(big, big, big, device="gpu", fit=True)
    fitted = calls[0].options
    assert fitted.height or fitted.memory
    for name in ("a.png", "b.png"):
        Image.fromarray(big).save(name)
    words = ["a.png", "b.png", "b.png", "out.png", "--device=gpu", "--preset=texture"]
    assert command_line.main(words) == 2
    assert "of the GPU; " in capsys.readouterr().err


def test_a_listener_is_entered_while_the_run_computes(calls):
    seen = []

    class Listener:
        def __enter__(self):
            seen.append("in")
            return self

        def __exit__(self, *_):
            seen.append("out")

        def __call__(self, record):
            seen.append(record.kind)

    job = jobs.plan(RED, GREEN, BLUE, None, Options(scales=1))
    outcome = run(job, [Listener()])
    assert seen == ["in", "chunk", "chunk", "pass", "done", "out"]
    assert outcome.notes == ["one note"]
    assert outcome.log.last.kind == "done"
    assert outcome.ended is None
    assert outcome.kept.path is None
    assert set(outcome.seconds) == {"read", "import"}


def test_an_interruption_in_python_keeps_the_picture_and_goes_on_upwards(calls, monkeypatch):
    def synthesize(*_, **__):
        yield from list(fake_synthesis.records())[:2]
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["analogies.synthesis.loop"], "synthesize", synthesize)
    with pytest.raises(KeyboardInterrupt):
        analogies.make_analogy(RED, GREEN, BLUE, out="out.png")
    assert Image.open("out.png").size == (30, 40)


NO_TENSORS = """
import sys
import numpy as np
import analogies
good, flat = np.full((20, 30, 3), 99, np.uint8), np.full((9, 9), 99, np.uint8)
refused = [
    ((good, good, good), {"scales": 0}),
    ((good, good, good), {"nope": 0}),
    ((good, good, flat), {}),
    ((good, good[:18], good), {}),
    ((good, good, "missing.png"), {}),
    ((good, good, good), {"logdir": "/proc/none"}),
    ((good, good, good), {"out": "out.gif"}),
    ((good, good, good), {"vgg_weights": "missing.h5"}),
    ((good, good, good), {"memory": 0.01, "device": "cpu"}),
]
for pictures, options in refused:
    try:
        analogies.make_analogy(*pictures, **options)
    except analogies.InputError as error:
        assert str(error), (pictures, options)
    else:
        raise AssertionError((pictures, options))
assert not [name for name in ("tensorflow", "keras", "rich") if name in sys.modules]
"""


def test_python_refuses_before_tensorflow(tmp_path):
    subprocess.run([sys.executable, "-c", NO_TENSORS], check=True, timeout=120, cwd=tmp_path)
