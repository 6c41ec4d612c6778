"""Every preset, with the pictures that its usage names, at a small size."""

import json

import numpy as np
import pytest
from PIL import Image

from analogies.apps import command_line
from analogies.apps.arguments import build_parser
from analogies.features.networks import check_layers
from analogies.options.presets import EBSYNTH, PRESETS, choose, with_preset
from analogies.options.table import Options

SMALL = ["--scales=1", "--iters=1", "--evaluations=2", "--votes=1", "--height=32", "--quiet"]


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """A picture for every name that a usage may have."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VGG_WEIGHT_PATH", raising=False)
    random = np.random.default_rng(0)
    for name in {name for preset in PRESETS.values() for name in preset.pictures}:
        pixels = random.integers(0, 256, (36, 40, 3), np.uint8)
        if name == "MASK":  # of what is made anew
            pixels = np.zeros((36, 40), np.uint8)
            pixels[12:22, 12:24] = 255
        Image.fromarray(pixels).save(f"{name}.png")


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "repeat"])
def test_it_runs(name, pictures):
    given = [f"{picture}.png" for picture in PRESETS[name].pictures]
    guide = ["--guide", "STYLE.png", "CONTENT.png", "2"] if name == EBSYNTH else []
    assert command_line.main(["--preset", name, *given, "out.png", *guide, *SMALL]) == 0
    with open("out.json") as file:
        record = json.load(file)
    assert record["complete"]
    assert all(np.isfinite(row["loss"]) for row in record["passes"])
    assert Options.parse(record["options"]).preset == name
    result = np.asarray(Image.open("out.png")).astype(float)
    assert result.shape[0] == 32
    assert result.std() > 5


def test_a_field_is_repeated(pictures):
    given = ["A.png", "A'.png", "B.png", "out.png", "--save-field", "FIELD.npz", "--quiet"]
    assert command_line.main(["--preset", "pixels", *given]) == 0
    assert command_line.main(["--preset", "repeat", "FIELD.npz", "A'.png", "again.png"]) == 0
    made, again = (np.asarray(Image.open(name)) for name in ("out.png", "again.png"))
    np.testing.assert_array_equal(again, made)


def test_a_field_is_no_job_of_three_pictures(pictures, capsys):
    assert command_line.main(["--preset", "repeat", "A.png", "A'.png", "B.png", "out.png"]) == 2
    assert "FIELD MAP OUT" in capsys.readouterr().err


@pytest.mark.parametrize("name", PRESETS)
def test_its_values_are_options_and_its_layers_are_in_every_network(name):
    options = Options.parse({"preset": name})
    for network in ("slim", "vgg16", "vgg19"):
        for layers in options.layers().values():
            check_layers(network, layers)
    assert Options.parse(options.as_dict()) == options


@pytest.mark.parametrize("name", PRESETS)
def test_an_option_beside_it_wins(name):
    for option in PRESETS[name].values:
        assert with_preset({"preset": name, option: "given"})[option] == "given"


def test_the_help_lists_all():
    text = build_parser().format_help()
    for name, preset in PRESETS.items():
        assert f"  {name} {preset.usage()}: {preset.help}" in text


def test_one_picture_is_seen_as_such_in_every_form(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    Image.fromarray(255 - noise).save(tmp_path / "b.png")
    path, copy, other = (tmp_path / name for name in ("a.png", "copy.png", "b.png"))
    forms = [
        (path, copy, other),
        (path.read_bytes(), bytearray(copy.read_bytes()), other.read_bytes()),
        (noise, noise.copy(), 255 - noise),
    ]
    for same, again, unlike in forms:
        assert choose({}, same, again, unlike)[0] == {"preset": "style"}
        assert choose({}, same, again, same)[0] == {"preset": "texture"}
        assert choose({}, same, unlike, again) == ({}, "")
