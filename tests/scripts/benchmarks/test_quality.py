import argparse
import json

import numpy as np
import pytest

import benchmarks
from analogies.errors import InputError
from benchmarks import planted, quality


def arguments(*argv):
    parser = argparse.ArgumentParser()
    quality.add_arguments(parser)
    return parser.parse_args(argv)


@pytest.fixture
def made(monkeypatch):
    """The options of every call; results are what was given."""
    calls = []

    def analogy(a, a_prime, b, **options):
        calls.append(options)
        return b

    def texture(example, height, width, **options):
        calls.append(options)
        return example[:height, :width]

    monkeypatch.setattr(quality.analogies, "make_analogy", analogy, raising=False)
    monkeypatch.setattr(quality.analogies, "synthesize_texture", texture, raising=False)
    return calls


def test_table_and_json(made, tmp_path, capsys):
    file, strips = tmp_path / "cases.json", tmp_path / "strips"
    argv = [
        "--only",
        "planted",
        "--seeds",
        "1",
        "2",
        "--size",
        "48",
        "--json",
        str(file),
        "--save",
        str(strips),
    ]
    quality.run(arguments(*argv))
    cases = json.loads(file.read_text())["cases"]
    assert len(cases) == 2 * len(planted.FAMILIES)
    assert len(list(strips.glob("*.png"))) == len(cases)
    gains = [case["gain dB"] for case in cases if "gain dB" in case]
    np.testing.assert_allclose(gains, 0)  # the "result" is B
    printed = capsys.readouterr().out
    assert all(f"{name:20} mean" in printed for name in planted.FAMILIES)


def test_speeds_are_compared_in_one_table(made, capsys):
    argv = ["--seeds", "1", "--size", "48", "--families", "recolor", "--speeds"]
    quality.run(arguments("--only", "planted", *argv))
    assert [call["speed"] for call in made] == ["fast", "balanced", "best"]
    head, *lines = capsys.readouterr().out.splitlines()[-4:]
    assert head.split()[:5] == ["mean", "of", "all", "cases", "seconds"]
    assert [line.split()[0] for line in lines] == ["speed=fast", "speed=balanced", "speed=best"]
    assert "B's dB" not in head


def test_settings_are_every_variant_with_every_weight_file():
    found = quality.settings(["seed=3"], ["", "patch-size=5 tv_w=0"], ["embedded", "x.npz"])
    assert found == [
        {"seed": "3"},
        {"seed": "3", "vgg_weights": "x.npz"},
        {"seed": "3", "patch_size": "5", "tv_w": "0"},
        {"seed": "3", "patch_size": "5", "tv_w": "0", "vgg_weights": "x.npz"},
    ]


@pytest.mark.parametrize("text", ["patch_size", "patch_size=none", "path_size=3"])
def test_bad_settings_are_errors(text):
    with pytest.raises(InputError, match="Received"):
        quality.settings([text], [], ["embedded"])


def test_options_reach_the_program(made):
    quality.run(
        arguments(
            *("--only", "planted", "--families", "emboss", "--seeds", "1"),
            *("--size", "48", "--set", "seed=7"),
        )
    )
    assert made == [{"seed": "7"}]


def test_generators_of_another_file(made, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "import numpy as np\n"
        "def recolor(seed, h, w):\n"
        "    a = np.full((h, w, 3), seed, np.uint8)\n"
        "    return dict(A=a, Ap=a, B=a, truth=np.tri(h, w)[..., None].repeat(3, 2))\n"
    )
    families = quality.load_families(str(file), None)
    assert list(families) == ["recolor"]
    rows = list(quality.measure("recolor", families["recolor"], [5], 32, {}))
    assert rows[0]["seed"] == 5
    with pytest.raises(InputError, match="deblur"):
        quality.load_families(str(file), ["deblur"])
    with pytest.raises(InputError, match="no Python file"):
        quality.load_families(str(tmp_path / "none.py"), None)


def test_command_line(capsys):
    with pytest.raises(SystemExit) as stop:
        benchmarks.main(["quality", "--set", "scales=0"])
    assert stop.value.code == 2
    assert "scales" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        benchmarks.main(["--help"])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in benchmarks.TABLES)
