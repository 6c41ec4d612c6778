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
            calls.append((name, [path.name for path in given], options))
            return np.full((40, 50, 3), 128, np.uint8)

        return function

    def move(a, a_prime, b, out, **options):
        out.mkdir()
        for file in b.iterdir():
            Image.fromarray(np.full((160, 200, 3), 128, np.uint8)).save(out / file.name)

    monkeypatch.setattr(gallery.analogies, "make_moving_analogy", move, raising=False)
    for name in {sheet.function for sheet in gallery.SHEETS}:
        monkeypatch.setattr(gallery.analogies, name, answer(name), raising=False)
    return calls


def test_all_sheets_are_drawn_from_the_examples(results, tmp_path):
    assert gallery.main(["--out", str(tmp_path)]) == 0
    assert len(results) == len(gallery.SHEETS)
    written = {file.name for file in tmp_path.iterdir()}
    names = [sheet.name for sheet in gallery.SHEETS]
    expected = {f"{name}.png" for name in names} | {f"{name}-sheet.png" for name in names}
    assert written == expected | {"gallery.png", "moving.webp"}
    heights = [Image.open(tmp_path / f"{name}-sheet.png").height for name in names]
    assert Image.open(tmp_path / "gallery.png").height == sum(heights)


def test_one_sheet(results, tmp_path):
    gallery.main(["style", "--out", str(tmp_path)])
    pictures = ["style-content.png", "style-painting.png"]
    assert results == [("transfer_style", pictures, {"preset": "style"})]


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
