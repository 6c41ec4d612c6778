from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import gallery
from analogies.options.presets import PRESETS


@pytest.fixture
def results(monkeypatch):
    """The calls of the public functions, which answer with a gray picture."""
    calls = []

    def answer(name):
        def function(*given, **options):
            names = [path.name for path in given if isinstance(path, Path)]
            calls.append((name, names, options))
            if "save_field" in options:
                Path(options["save_field"]).touch()
            return np.full((40, 50, 3), 128, np.uint8)

        return function

    def move(a, a_prime, b, out, **options):
        out.mkdir()
        for file in b.iterdir():
            Image.fromarray(np.full((160, 200, 3), 128, np.uint8)).save(out / file.name)

    monkeypatch.setattr(gallery.analogies, "make_moving_analogy", move, raising=False)

    def apply(field, heights):
        assert field.exists()
        return np.full((40, 50, 1), 90, np.uint8)

    monkeypatch.setattr(gallery.analogies, "apply_field", apply, raising=False)
    for name in {sheet.function for sheet in gallery.SHEETS}:
        monkeypatch.setattr(gallery.analogies, name, answer(name), raising=False)
    return calls


def test_all_sheets_are_drawn_from_the_examples(results, tmp_path):
    assert gallery.main(["--out", str(tmp_path)]) == 0
    assert len(results) == len(gallery.SHEETS) + 1  # and that whose field is kept
    written = {file.name for file in tmp_path.iterdir()}
    names = [sheet.name for sheet in gallery.SHEETS]
    expected = {f"{name}.png" for name in names} | {f"{name}-sheet.png" for name in names}
    fields = {"field-colors.png", "field-heights.png", "field-sheet.png"}
    assert written == expected | fields | {"gallery.png", "moving.webp"}
    heights = [Image.open(tmp_path / f"{name}-sheet.png").height for name in [*names, "field"]]
    assert Image.open(tmp_path / "gallery.png").height == sum(heights)


def test_one_sheet(results, tmp_path):
    gallery.main(["style", "--out", str(tmp_path)])
    pictures = ["style-content.png", "style-painting.png"]
    assert results == [("transfer_style", pictures, {"preset": "style"})]


def test_maps_say_what_goes_where(results, tmp_path):
    gallery.main(["guides", "masks", "regions", "--out", str(tmp_path)])
    (_, _, guided), (_, _, masked), (_, pictures, parted) = results
    painting, first, second = (
        gallery.EXAMPLES / f"{name}.png" for name in ("style-painting", "guide-a", "guide-b")
    )
    assert guided == {"preset": "style", "guides": [(first, second, 2)]}
    assert masked == {"preset": "style", "b_mask": second}
    assert pictures == ["texture.png", "texture.png", "guide-b.png"]
    assert parted["pairs"] == [(painting, painting, first)]
    assert parted["guides"] == [(["#000000", "#ffffff"], second, 10)]


def test_an_animation_shows_b_beside_what_is_made_of_it(results, tmp_path):
    path = tmp_path / "moving.webp"
    assert gallery.draw_gallery(gallery.EXAMPLES, tmp_path, ["moving"]) == [path]
    with Image.open(path) as image:
        assert (image.size, image.n_frames) == ((400, 160), 2 * gallery.MOVING_COUNT - 2)
        image.seek(5)
        right = np.asarray(image.convert("RGB"))[:, 205:]
    assert np.abs(right.astype(int) - 128).max() < 6


def test_every_preset_has_a_sheet():
    others = {"ebsynth", "repeat"} & set(PRESETS)  # of guides, and of a field of another run
    assert {sheet.options["preset"] for sheet in gallery.SHEETS} == set(PRESETS) - others


def test_pictures_stand_side_by_side_at_their_own_size():
    red, blue = (np.zeros((h, w, 3), np.uint8) for h, w in ((30, 20), (50, 40)))
    red[..., 0], blue[..., 2] = 255, 255
    page = np.asarray(gallery.draw_sheet("Title", {"A": red, "B": blue}))
    for color, area in (((255, 0, 0), 30 * 20), ((0, 0, 255), 50 * 40)):
        assert (page == color).all(-1).sum() == area
    assert (page < 100).all(-1).any()  # something is written on it


def test_unknown_sheet_is_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        gallery.main(["landscpe", "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    assert "landscape, desert" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
