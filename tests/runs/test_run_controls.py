"""Guides and masks from what a person gives to what the synthesis gets."""

import json

import numpy as np
import pytest
from PIL import Image

import analogies
from analogies.errors import InputError
from analogies.options.presets import with_preset
from analogies.options.table import Options
from analogies.runs import job
from analogies.runs.checkpoints.resuming import made_from
from analogies.runs.controls import Guide, as_guide

SMALL = {"coarse_side": 0, "speed": "fast", "quiet": True}


@pytest.fixture
def paths(tmp_path):
    """A, A', B, maps of both and masks of both, as files."""
    random = np.random.default_rng(0)
    sizes = {"a": (24, 32), "ap": (24, 32), "b": (28, 20), "ga": (24, 32), "gb": (28, 20)}
    found = {}
    for name, size in {**sizes, "ma": (24, 32), "mb": (28, 20)}.items():
        values = random.integers(0, 256, (*size, 3)).astype(np.uint8)
        if name.startswith("m"):
            values[:] = 255 * (np.arange(size[1]) < 12)[:, None]
        found[name] = str(tmp_path / f"{name}.png")
        Image.fromarray(values).save(found[name])
    return {**found, "out": str(tmp_path / "out.png")}


def plan(paths, guides=(), masks=None, **options):
    asked = Options.parse({"coarse_side": 0, **options})
    pictures = (paths[name] for name in ("a", "ap", "b", "out"))
    return job.plan(*pictures, asked, guides=guides, masks=masks or {})


@pytest.mark.parametrize(
    ("guides", "masks", "told"),
    [
        ([("gb", "gb")], {}, r"A_MAP of guide 1 must be as large as A, 32x24 px.*20x28 px"),
        ([("ga", "ga")], {}, r"B_MAP of guide 1 must be as large as B, 20x28 px.*32x24 px"),
        ([("ga", "gb"), ("gb", "gb")], {}, "A_MAP of guide 2"),
        ([], {"a_mask": "mb"}, r"--a-mask must be as large as A, 32x24 px.*20x28 px"),
        ([], {"b_mask": "ma"}, r"--b-mask must be as large as B, 20x28 px.*32x24 px"),
        ([("ga", "ga", "gb")], {}, "a map for each A and one for B: A_MAP B_MAP"),
    ],
)
def test_wrong_sizes_are_one_line_that_names_both(paths, guides, masks, told):
    given = [Guide(tuple(paths[name] for name in maps)) for maps in guides]
    with pytest.raises(InputError, match=told) as error:
        plan(paths, given, {name: paths[source] for name, source in masks.items()})
    assert "\n" not in str(error.value)


def test_masks_that_leave_nothing_are_refused(paths):
    black = np.zeros((24, 32), bool)
    with pytest.raises(InputError, match=r"--a-mask must be white where.*0 such pixels of 768"):
        plan(paths, masks={"a_mask": black})
    thin = black.copy()
    thin[:, 3:5] = True
    with pytest.raises(InputError, match="at least 3 px"):
        plan(paths, masks={"a_mask": thin})
    with pytest.raises(InputError, match="--b-mask must be white where B' is made"):
        plan(paths, masks={"b_mask": np.zeros((28, 20), bool)})


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "the mask must be white where the picture is made. Received: none of 768 pixels is"),
        (255, "the mask must leave some of the picture.* all of 768 pixels are white"),
    ],
)
def test_masks_of_a_filling_are_called_so(value, told):
    picture, mask = np.zeros((24, 32, 3), np.uint8), np.full((24, 32), value, np.uint8)
    with pytest.raises(InputError, match=told):
        analogies.fill(picture, mask)


def test_a_color_is_a_map_of_it(paths):
    labels = np.zeros((28, 20, 3), np.uint8)
    labels[:, 10:, 1] = 255
    planned = plan(paths, [Guide(("#00ff00", labels), 2.0)])
    (guide,) = planned.controls.guides
    assert guide.classes
    assert guide.weight == 2.0
    assert (guide.a[0].argmax(-1) == guide.b[0, -1].argmax()).all()
    assert any("#000000" in note for note in planned.notes())


def test_maps_of_several_pairs_may_be_colors_and_paths(paths):
    maps = (["#00ff00", paths["ga"]], paths["gb"])
    assert as_guide(1, maps) == Guide(("#00ff00", paths["ga"], paths["gb"]))
    assert as_guide(1, (paths["ga"], paths["gb"])) == Guide((paths["ga"], paths["gb"]))


def test_a_weight_of_0_is_off_and_told(paths):
    planned = plan(paths, [Guide((paths["ga"], paths["gb"]), 0.0)])
    assert planned.controls.guides == ()
    assert any("guide 1 has no effect" in note for note in planned.notes())
    pictures = [paths[name] for name in ("a", "ap", "b")]
    plain = analogies.make_analogy(*pictures, **SMALL)
    off = analogies.make_analogy(*pictures, guides=[(paths["ga"], paths["gb"], 0)], **SMALL)
    np.testing.assert_array_equal(plain, off)


def test_transparency_is_a_mask(paths, tmp_path):
    rgba = np.dstack([np.asarray(Image.open(paths["ap"])), np.full((24, 32), 255, np.uint8)])
    rgba[:, 16:, 3] = 0
    paths["ap"] = str(tmp_path / "alpha.png")
    Image.fromarray(rgba).save(paths["ap"])
    planned = plan(paths, masks={"a_mask": paths["ma"]})
    (usable,) = planned.controls.usable
    np.testing.assert_array_equal(usable, np.broadcast_to(np.arange(32) < 12, (24, 32)))
    assert any("transparent in A or A'" in note for note in planned.notes())


def test_each_pair_has_a_mask_of_its_own(paths, tmp_path):
    """By a picture or an array, and by the transparency of its own pictures."""
    rgba = np.full((24, 32, 4), 255, np.uint8)
    rgba[:12, :, 3] = 0
    clear = str(tmp_path / "clear.png")
    Image.fromarray(rgba).save(clear)
    lower = np.broadcast_to(np.arange(28)[:, None] >= 14, (28, 20))
    pictures = [paths[name] for name in ("a", "ap", "b")]
    pairs = [(paths["a"], clear), (paths["b"], paths["b"], lower), (paths["a"], paths["ap"])]
    planned = job.plan(*pictures, None, Options.parse({"coarse_side": 0}), pairs=pairs)
    first, second, third, fourth = planned.controls.usable
    assert first is fourth is None
    np.testing.assert_array_equal(second, rgba[..., 3] > 0)
    np.testing.assert_array_equal(third, lower)
    assert "--pair-mask of pair 3" in made_from(planned.options, planned.pictures)

    given = Options.parse({"coarse_side": 0, "pair": [(paths["a"], paths["ap"], paths["ma"])]})
    assert Options.parse(given.as_dict()) == given
    planned = job.plan(*pictures, None, given)
    np.testing.assert_array_equal(planned.controls.usable[1][0], np.arange(32) < 12)


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        (("a", "ap", "mb"), r"--pair-mask of pair 2 must be as large as A of pair 2, 32x24 px"),
        (("a", "ap", "black"), r"--pair-mask of pair 2 must be white where.*0 such pixels of 768"),
        (("a",), r"pair 2 must be \(a, a_prime\) or \(a, a_prime, mask\)"),
    ],
)
def test_masks_of_pairs_that_are_of_no_use_are_refused(paths, tmp_path, pair, told):
    black = str(tmp_path / "black.png")
    Image.fromarray(np.zeros((24, 32), np.uint8)).save(black)
    pictures = [paths[name] for name in ("a", "ap", "b")]
    given = tuple({**paths, "black": black}[name] for name in pair)
    with pytest.raises(InputError, match=told):
        job.plan(*pictures, None, Options.parse({"coarse_side": 0}), pairs=[given])


def test_of_a_masked_pair_nothing_is_sampled_outside(paths):
    """Stripes of two colors, one of which may not be used."""
    red = np.zeros((24, 32, 3), np.uint8)
    red[..., 0] = 200
    red[:, 16:] = (0, 0, 200)
    gray = np.full((24, 32, 3), 90, np.uint8)
    made = analogies.make_analogy(
        gray, gray, np.full((28, 20, 3), 0, np.uint8), preset="texture", coarse_side=0,
        pairs=[(red, red, np.arange(32) + np.zeros((24, 1)) < 16)], quiet=True, uniformity=5,
    )  # fmt: skip
    assert (made[..., 0] > 150).any()
    assert (made[..., 2] <= 90).all()


def test_maps_that_lie_beside_the_pictures_are_told_of(paths, tmp_path):
    for name in ("ap", "b"):
        Image.open(paths[name]).save(tmp_path / f"{name}_sem.png")
    names = [str(tmp_path / f"{name}_sem.png") for name in ("ap", "b")]
    (note,) = [note for note in plan(paths).notes() if "_sem" in note]
    assert f"--guide {names[0]} {names[1]} uses it" in note
    used = plan(paths, [Guide(tuple(names))])
    assert not [note for note in used.notes() if "_sem" in note]


def test_what_is_outside_of_a_mask_is_b_to_the_byte(paths, tmp_path):
    options = {**SMALL, "b_mask": paths["mb"], "out": paths["out"], "contrast": 2}
    analogies.make_analogy(paths["a"], paths["ap"], paths["b"], **options)
    outside = np.asarray(Image.open(paths["mb"]))[..., 0] < 128
    made, b = (np.asarray(Image.open(paths[name])) for name in ("out", "b"))
    np.testing.assert_array_equal(made[outside], b[outside])
    assert (made[~outside] != b[~outside]).mean() > 0.9
    # An earlier result stays where it is given to start from.
    init = np.full((28, 20, 3), 77, np.uint8)
    again = analogies.make_analogy(paths["a"], paths["ap"], paths["b"], init=init, **options)
    assert (again[outside] == 77).all()
    record = json.loads((tmp_path / "out.json").read_text())
    assert set(record["inputs"]) == {"a", "a_prime", "b", "init", "b_mask"}


def test_the_record_and_a_checkpoint_know_guides_and_masks(paths):
    guide = (paths["ga"], paths["gb"], 0.5)
    options = {**SMALL, "guide": [guide], "a_mask": paths["ma"], "out": paths["out"]}
    first = analogies.make_analogy(paths["a"], paths["ap"], paths["b"], **options)
    record = json.loads((job.Path(paths["out"]).with_suffix(".json")).read_text())
    assert record["guides"] == [{"weight": 0.5, "classes": None}]
    assert {"guide1_a", "guide1_b", "a_mask"} <= set(record["inputs"])
    again = Options.parse(record["options"])
    planned = job.plan(paths["a"], paths["ap"], paths["b"], None, again)
    assert planned.weights == (0.5,)
    known = made_from(again, planned.pictures, planned.weights)
    other = made_from(again, planned.pictures, (0.6,))
    assert {name for name in known if known[name] != other[name]} == {"the weight of guide 1"}
    assert "B_MAP of guide 1" in known
    assert "--a-mask" in known
    assert first.shape == (28, 20, 3)


def test_ebsynth_takes_a_style_and_guides(paths):
    made = analogies.make_analogy(
        paths["ap"], paths["ap"], paths["gb"], guides=[(paths["ga"], paths["gb"])],
        preset="ebsynth", quiet=True,
    )  # fmt: skip
    assert made.shape == (28, 20, 3)
    weights = Options.parse({"preset": "ebsynth"}).weights_of([None, 3.0, None, None])
    assert weights == (0.25, 3.0, 0.25, 0.25)


@pytest.mark.parametrize(
    ("preset", "other", "wrong", "words"),
    [
        ("fill", None, {"b_mask": "none.png"}, "MASK: no such file"),
        ("fill", None, {"b_mask": "small.png"}, "MASK must be as large as PICTURE, 32x24 px"),
        ("fill", "none.png", {}, "--from: no such file"),
        ("tile", None, {"a": "none.png", "a_prime": "none.png", "b": "none.png"}, "PICTURE: no"),
        ("fill", None, {"a": "none.png"}, "A: no such file"),
    ],
)
def test_pictures_are_called_as_they_were_asked_for(
    tmp_path, monkeypatch, preset, other, wrong, words
):
    monkeypatch.chdir(tmp_path)
    for name, size in {"p.png": (32, 24), "small.png": (16, 24)}.items():
        Image.new("RGB", size, "white").save(name)
    given = {"a": "p.png", "a_prime": "p.png", "b": "p.png", **wrong}
    mask = given.pop("b_mask", "p.png" if preset == "fill" else None)
    options = Options.parse(with_preset({"preset": preset, "b_mask": mask, "from_other": other}))
    with pytest.raises(InputError, match=f"^{words}"):
        job.check(**given, out="out.png", options=options)
