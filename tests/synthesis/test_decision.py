"""Who makes what, on analogies of which it is known what is wanted."""

import subprocess
import sys

import numpy as np
import pytest

from analogies.options.idle import NETWORK_OPTIONS
from analogies.options.table import Options
from analogies.synthesis import decision
from analogies.synthesis.choice import plan
from analogies.synthesis.decision import Decision, decide
from analogies.synthesis.references import References
from benchmarks.planted import FAMILIES

SIDE = 224  # px, larger than what is small enough for the network alone


def _pictures(family: str, seed: int = 0, side: int = SIDE) -> list[np.ndarray]:
    """A, A' and B."""
    case = FAMILIES[family](seed, side, side)
    return [case[name].astype(np.float32) for name in ("A", "Ap", "B")]


def _decided(a, a_prime, b, **options) -> Decision:
    return decide(Options.parse(options), References([(a, a_prime)], b))


@pytest.mark.parametrize("family", ["recolor", "deblur", "edges", "emboss", "night", "restore"])
@pytest.mark.parametrize("seed", [0, 1])
def test_what_a_rule_makes_of_a_is_carried_over_by_the_network(family, seed):
    found = _decided(*_pictures(family, seed))
    assert (found.transfer, found.kind.name) == ("residual", "alike")
    assert (found.network, found.pixels, found.share) == (True, False, 1.0)
    assert "residual" in found.why[0]


def test_what_labels_stand_for_is_put_together_from_pixels():
    found = _decided(*_pictures("texture_by_numbers"))
    assert (found.transfer, found.kind.name) == ("picture", "alike")
    assert (found.network, found.pixels) == (False, True)
    assert "picture" in found.why[0]


def test_a_style_is_a_picture():
    _, a_prime, b = _pictures("texture_by_numbers")
    found = _decided(a_prime, a_prime.copy(), b)
    assert (found.transfer, found.kind.name) == ("picture", "style")
    assert (found.network, found.pixels, found.why) == (False, True, ())


def test_a_rule_is_not_carried_over_to_a_b_unlike_a():
    a, a_prime, _ = _pictures("deblur")
    checks = np.indices((SIDE, SIDE)).sum(0) // 3 % 2 * 255.0
    b = np.repeat(checks[..., None], 3, -1).astype(np.float32)
    found = _decided(a, a_prime, b)
    assert (found.transfer, found.kind.name) == ("picture", "unlike")
    assert (found.network, found.pixels) == (False, True)


def test_a_texture_follows_no_b_and_is_laid_out_by_the_network():
    sample = FAMILIES["texture"](0, SIDE, SIDE)["Ap"].astype(np.float32)
    found = _decided(sample, sample, sample, preset="texture", width=768, height=768)
    assert (found.kind.name, found.network, found.pixels) == ("texture", True, True)
    assert found.share == pytest.approx(0.5)
    small = _decided(sample, sample, sample, preset="texture")
    assert (small.network, small.pixels, small.share) == (True, False, 1.0)


def test_a_small_picture_of_labels_is_the_networks():
    found = _decided(*_pictures("texture_by_numbers", side=192))
    assert (found.transfer, found.network, found.pixels) == ("picture", True, False)
    found = _decided(*_pictures("texture_by_numbers", side=193))
    assert (found.network, found.pixels) == (False, True)


# A value other than the usual of each.
ASKED = {
    **{"scales": 2, "min_scale": 0.5, "iters": 2, "votes": 1, "evaluations": 5},
    **{"model": "exact", "patch_size": 5, "match_mode": "layer", "patch_stride": 2},
    **{"confidence": 0.1, "analogy_layers": "conv1_1", "mrf_layers": "conv1_1"},
    **{"content_layers": "conv1_1", "nstyle_w": 0.1, "nstyle_layers": "conv1_1", "tv_w": 0.1},
    **{"features": "vgg16", "vgg_weights": "x.h5", "pool_mode": "avg", "precision": "bfloat16"},
    **{"jitter": 1.0, "color_jitter": 1.0},
    **{"init": "noise", "b_content_w": 0.5, "transfer": "residual"},
}


def test_who_asks_for_what_only_a_network_looks_at_gets_one(monkeypatch):
    monkeypatch.setattr(decision, "explained_detail", lambda pairs: 0.1)
    monkeypatch.setattr(decision, "strangeness", lambda b, pictures: 0.5)
    assert set(NETWORK_OPTIONS) < set(ASKED)
    pictures = _pictures("texture_by_numbers")
    for name, value in ASKED.items():
        assert _decided(*pictures, **{name: value}).network, name
        found = _decided(*pictures, **{name: value, "finish": "pixels"})
        assert found.network, name
        assert found.pixels, name
    for name, value in {"mrf_w": 1.0, "seed": 3, "uniformity": 0.5, "init": "x.png"}.items():
        assert not _decided(*pictures, **{name: value}).network, name


def test_options_decide_before_pictures():
    pictures = _pictures("texture_by_numbers")
    for given, wanted in [
        ({"finish": "network"}, (True, False, 1.0)),
        ({"finish": "pixels"}, (False, True, 1.0)),
        ({"coarse_side": 0}, (False, True, 1.0)),
        ({"coarse_side": SIDE // 2}, (True, True, 0.5)),
        ({"coarse_side": SIDE}, (True, False, 1.0)),
        ({"transfer": "residual"}, (True, False, 1.0)),
        ({"transfer": "picture"}, (False, True, 1.0)),
        ({"preset": "image-analogies"}, (True, True, decision.COARSE_SIDE / SIDE)),
        ({"preset": "neural-style"}, (True, False, 1.0)),
    ]:
        found = _decided(*pictures, **given)
        assert (found.network, found.pixels, found.share) == wanted, given
    residual = _pictures("deblur")
    assert _decided(*residual, finish="pixels").pixels
    assert not _decided(*residual, coarse_side=0).network


def test_levels_follow_the_decision():
    a, a_prime, b = _pictures("texture_by_numbers")
    references = References([(a, a_prime)], b)
    for given, makers in [
        ({}, {"pixels"}),
        ({"finish": "network"}, {"network"}),
        ({"coarse_side": 64}, {"network", "pixels"}),
    ]:
        made = plan(Options.parse(given), references)
        assert {level.made_by for level in made.levels} == makers == set(made.methods)
        assert made.levels[-1].size_b == b.shape[:2]
        names = [level.made_by for level in made.levels]
        assert names == sorted(names)  # the network's come first
        if len(makers) == 2:
            last = [level for level in made.levels if level.made_by == "network"][-1]
            assert last.size_b == (64, 64)
            assert last.scale == pytest.approx(64 / SIDE)


def test_the_same_pictures_are_looked_at_once(monkeypatch):
    calls = []
    real = decision.explained_detail
    monkeypatch.setattr(decision, "explained_detail", lambda x: calls.append(1) or real(x))
    pictures = _pictures("deblur", side=64)
    first = _decided(*pictures)
    assert _decided(*pictures) is first
    assert len(calls) == 1
    assert _decided(*pictures, seed=1) is not first
    assert _decided(*(x.copy() for x in pictures)) == first
    assert len(calls) == 3


PYTHON = """
import sys
import numpy as np
from analogies import make_analogy
a, a_prime, b = (np.asarray(x) for x in np.load(sys.argv[1]).values())
made = make_analogy(a, a_prime, b)
assert made.shape == b.shape, made.shape
assert "tensorflow" not in sys.modules and "keras" not in sys.modules
"""


def test_python_makes_a_picture_of_pixels_without_tensorflow(tmp_path):
    case = FAMILIES["texture_by_numbers"](0, 200, 200)
    np.savez(tmp_path / "x.npz", a=case["A"], a_prime=case["Ap"], b=case["B"])
    done = subprocess.run(
        [sys.executable, "-c", PYTHON, str(tmp_path / "x.npz")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_command_line_makes_a_picture_of_pixels_without_tensorflow(tmp_path):
    from PIL import Image

    case = FAMILIES["texture_by_numbers"](1, 200, 200)
    names = [str(tmp_path / f"{name}.png") for name in ("A", "Ap", "B")]
    for name, key in zip(names, ("A", "Ap", "B"), strict=True):
        Image.fromarray(case[key]).save(name)
    out = tmp_path / "out.png"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "analogies", *names, str(out), "--quiet"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "analogies.synthesis.pixels.method" in modules
    assert not {"tensorflow", "keras"} & modules
    with Image.open(out) as made:
        assert made.size == (200, 200)
