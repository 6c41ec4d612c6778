"""Runs that are stopped and gone on with."""

import dataclasses

import numpy as np
import pytest

import analogies
from analogies.errors import InputError
from analogies.images.pictures import Picture
from analogies.options.kinds import OptionError
from analogies.options.table import Options, kinds
from analogies.runs.checkpoints import files as checkpoint_files
from analogies.runs.checkpoints import resuming
from analogies.runs.checkpoints.writer import Checkpoints
from analogies.runs.monitors import PassLog
from analogies.synthesis import pyramid

TINY = {"scales": 2, "min_scale": 0.5, "votes": 1, "iters": 2, "evaluations": 3, "patch_size": 3}


def picture(seed):
    pixels = np.random.default_rng(seed).uniform(0, 255, (32, 40, 3)).astype(np.float32)
    return Picture(pixels, None, ())


PICTURES = {"a": picture(1), "a_prime": picture(2), "b": picture(3)}


def sources():
    return [PICTURES[name].pixels for name in ("a", "a_prime", "b")]


def stopped(folder, passes, **changes):
    """Run until so many passes are saved."""
    from analogies.synthesis.loop import synthesize

    options = Options(**{**TINY, **changes}, checkpoint=folder)
    log = PassLog()
    monitor = Checkpoints(resuming.prepare(options, PICTURES), log, {})
    for record in synthesize(*sources(), options):
        log(record)
        monitor(record)
        if len(log.rows) == passes:
            return


@pytest.mark.parametrize(
    "model", [*(pytest.param(x, marks=pytest.mark.slow) for x in ("exact", "patchmatch")), "auto"]
)
def test_a_resumed_run_ends_with_the_same_bytes(tmp_path, monkeypatch, model):
    monkeypatch.setattr(pyramid, "REFINED_PAIRS", 0)
    expected = analogies.make_analogy(*sources(), **TINY, model=model)
    for passes in range(5):
        folder = tmp_path / str(passes)
        stopped(folder, passes, model=model)
        kept = [path.name for path in checkpoint_files.files_in(folder)]
        assert len(kept) == (2 if passes else 0)
        found = analogies.make_analogy(
            *sources(), **TINY, model=model, checkpoint=folder, resume=True
        )
        assert found.tobytes() == expected.tobytes()
        assert not folder.exists()


def test_the_last_sound_checkpoint_is_used(tmp_path):
    expected = analogies.make_analogy(*sources(), **TINY)
    stopped(tmp_path, 3)
    *_, before, last = checkpoint_files.files_in(tmp_path)
    last.write_bytes(last.read_bytes()[:-1])
    options = Options(**TINY, checkpoint=tmp_path, resume=True)
    keeping = resuming.prepare(options, PICTURES)
    assert (keeping.carried().level, keeping.carried().iteration) == (1, 0)
    assert last.name in keeping.notes[0]
    assert "damaged" in keeping.notes[0]
    assert f"goes on from {before}: level 2, 0 of its 2 passes done" in keeping.notes[1]
    before.write_bytes(b"")
    keeping = resuming.prepare(options, PICTURES)
    assert keeping.saved is None
    assert "starts from the beginning" in keeping.notes[-1]
    assert len(keeping.notes) == 3
    found = analogies.make_analogy(*sources(), **options.as_dict())
    assert found.tobytes() == expected.tobytes()


def test_a_run_that_was_not_finished_is_not_overwritten(tmp_path):
    stopped(tmp_path, 1)
    before = [path.read_bytes() for path in checkpoint_files.files_in(tmp_path)]
    with pytest.raises(OptionError, match="was not finished: --resume"):
        analogies.make_analogy(*sources(), **TINY, checkpoint=tmp_path)
    assert [path.read_bytes() for path in checkpoint_files.files_in(tmp_path)] == before
    with pytest.raises(OptionError, match="needs the folder"):
        Options(resume=True)


def test_a_checkpoint_of_another_run_is_refused_with_what_differs(tmp_path):
    stopped(tmp_path, 1)
    given = {**TINY, "checkpoint": tmp_path, "resume": True}
    with pytest.raises(
        InputError, match=r"of another run: --tv-w was 0.0, is 1.0; --seed was 0, is 3\."
    ):
        resuming.prepare(Options(**given, seed=3, tv_w=1), PICTURES)
    with pytest.raises(InputError, match=r": B was a picture of 40x32 px and SHA-256 .*, is a pic"):
        resuming.prepare(Options(**given), PICTURES | {"b": picture(4)})
    with pytest.raises(InputError, match=": --init was auto, is a picture of 40x32 px"):
        resuming.prepare(Options(**given), PICTURES | {"init": picture(4)})
    further = PICTURES | {"a2": picture(5), "a_prime2": picture(6)}
    differ = "A of pair 2 was not there, is a picture.*; A' of pair 2 was not there"
    with pytest.raises(InputError, match=differ):
        resuming.prepare(Options(**given, pair=[("x.png", "y.png")]), further)
    quiet = Options(**given, quiet=True, logdir=tmp_path, device="cpu")
    assert resuming.prepare(quiet, PICTURES).saved is not None


def test_other_versions_are_refused(tmp_path, monkeypatch):
    stopped(tmp_path, 1)
    now = resuming.versions() | {"tensorflow": "9.9"}
    monkeypatch.setattr(resuming, "versions", lambda: now)
    with pytest.raises(InputError, match=r"version of tensorflow was \d.*, is 9\.9\. Received"):
        resuming.prepare(Options(**TINY, checkpoint=tmp_path, resume=True), PICTURES)


def test_another_device_is_told(tmp_path):
    stopped(tmp_path, 1)
    (last,) = checkpoint_files.files_in(tmp_path)[-1:]
    saved = dataclasses.replace(checkpoint_files.read(last), extras={"device": "one"})
    keeping = resuming.Keeping(tmp_path, {}, saved, ())
    assert keeping.remarks("one") == []
    assert "began on one and goes on on another" in keeping.remarks("another")[0]


# Compared by what they stand for: by the values of a preset, by the pixels of pictures.
OTHERWISE = {"preset", "pair", "guide", "a_mask", "b_mask"}
PRESET_OF = {"extend": "fill", "from_other": "fill", "seam": "tile"}  # they go with


@pytest.mark.parametrize("name", sorted(set(kinds()) - OTHERWISE))
def test_what_a_run_is_made_from_is_what_its_pixels_depend_on(name, tmp_path):
    """An option is compared if and only if the result depends on it."""
    (tmp_path / "x").write_bytes(b"weights")
    kind, usual = kinds()[name], getattr(Options(), name)
    other = {
        "integer": lambda: usual + 2 if usual else 12 if kind.maximum == 12 else 20,
        "number": lambda: usual / 2 if usual else 0.5,
        "choice": lambda: next(word for word in kind.choices if word != usual),
        "layers": lambda: ("block1_conv1", "block2_conv1"),
        "flag": lambda: not usual,
        "text": lambda: {"device": "cpu", "init": "b", "extend": "1,2,3,4"}.get(
            name, str(tmp_path / "x")
        ),
    }[kind.type]()
    beside = {"preset": PRESET_OF[name]} if name in PRESET_OF else {}
    given = beside | {name: other} | ({"checkpoint": "x"} if name == "resume" else {})
    both = [Options.parse(x) if beside else Options(**x) for x in (beside, given)]
    found = resuming.differences(*(resuming.made_from(options, PICTURES) for options in both))
    assert len(found) == (0 if kind.runtime else 1), found
