"""What the page asks and gets, without HTTP; runs are real and small."""

import io
import json
import time

import numpy as np
import pytest
from PIL import Image
from web_page import BLUE, GREEN, RED, label_map, png

from analogies.apps import command_line
from analogies.apps.web import tabs
from analogies.errors import InputError
from analogies.options.presets import PRESETS
from analogies.options.table import kinds


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_picture_made_here_is_the_command_s_to_the_byte(page, person, tmp_path, monkeypatch):
    monkeypatch.delenv("VGG_WEIGHT_PATH", raising=False)
    pictures = person.given()
    options = {"seed": "3", "preset": "pixels", "height": 24, "uniformity": "0.1"}
    run = person.post("make", tab="analogy", pictures=pictures, options=options)
    assert person.wait(run)["state"] == "done"
    words = []
    for slot, number in pictures.items():
        (tmp_path / f"{slot}.png").write_bytes(person.ask("GET", f"picture/{number}/file").body)
        words.append(str(tmp_path / f"{slot}.png"))
    words += [str(tmp_path / "out.png"), "--seed", "3", "--preset", "pixels", "--height", "24"]
    assert command_line.main([*words, "--uniformity", "0.1", "--quiet"]) == 0
    made = person.ask("GET", f"made/{run['id']}/picture").body
    assert made == (tmp_path / "out.png").read_bytes()
    record = json.loads(person.ask("GET", f"made/{run['id']}/record").body)
    asked = json.loads((tmp_path / "out.json").read_text())
    assert record["options"] == {**asked["options"], "quiet": False}
    assert [record["inputs"][name]["sha256"] for name in ("a", "a_prime", "b")] == [
        asked["inputs"][name]["sha256"] for name in ("a", "a_prime", "b")
    ]
    assert {each["file"] for each in record["inputs"].values()} == {"a.png", "a_prime.png", "b.png"}
    assert str(page.folder) not in json.dumps(record)


def test_a_painted_map_arrives_in_the_colors_of_a_alone(person):
    a = person.give(label_map())["id"]
    colors = [tuple(color["rgb"]) for color in person.get(f"picture/{a}/palette")]
    assert set(colors) == {RED, BLUE, GREEN}
    smooth = np.random.default_rng(0).integers(0, 256, (20, 30, 3))
    given = person.give(smooth, "painted.jpg", colors_of=a)
    file = person.ask("GET", f"picture/{given['id']}/file").body
    arrived = {tuple(map(int, color)) for color in decoded(file).reshape(-1, 3)}
    assert arrived == {RED, BLUE, GREEN}
    exact = person.give(label_map(turned=True), colors_of=a)
    file = person.ask("GET", f"picture/{exact['id']}/file").body
    np.testing.assert_array_equal(decoded(file), label_map(turned=True))


def test_a_preview_is_small_made_without_a_network_and_not_kept(page, person):
    pictures = {**person.given(), "b": person.give(label_map(400, 300))["id"]}
    run = person.post("make", tab="numbers", pictures=pictures, options={"seed": 5}, preview=True)
    told = person.wait(run)
    assert (told["state"], told["width"], told["height"]) == ("done", 128, 96)
    assert decoded(person.ask("GET", f"run/{run['id']}/picture").body).shape == (96, 128, 3)
    assert page.maker.works[0].options["seed"] == 5
    assert page.maker.works[0].options["preset"] == "pixels"
    assert person.get("state")["gallery"] == []


def test_a_preview_of_a_texture_is_the_whole_result_made_smaller_by_pixels(page, person):
    asked = {"tab": "texture", "pictures": {"example": person.give(label_map())["id"]}}
    options = {"width": 400, "height": "200", "tile": "x", "seed": 3, "uniformity": 0.2}
    run = person.post("make", preview=True, options=options, **asked)
    told = person.wait(run)
    assert (told["state"], told["width"], told["height"]) == ("done", 128, 64)
    assert page.maker.works[0].options == {
        "preset": "texture", "coarse_side": 0, "speed": "fast", "width": 128, "height": 64,
        "a_scale": 0.32, "tile": "x", "seed": 3}  # fmt: skip
    person.wait(person.post("make", preview=True, options={"height": 16}, **asked))
    small = page.maker.works[1].options
    assert (small["width"], small["height"], small["a_scale"]) == (24, 16, 1.0)
    assert person.get("state")["gallery"] == []


def test_what_is_wrong_with_a_picture_is_told_as_on_the_command_line(page, person):
    told = person.give(b"GIF89a", "broken.png", status=422)
    assert "'broken.png'" in told["error"]
    assert str(page.folder) not in told["error"]
    assert "a PDF document" in person.give(b"%PDF-1.4", "x.pdf", status=422)["error"]
    assert "empty" in person.give(b"", "x.png", status=422)["error"]
    cut = png(np.random.default_rng(0).integers(0, 256, (64, 64, 3)))[:2000]
    assert person.give(cut, "../../cut.png", status=422)["error"].endswith("'cut.png'")
    large = person.give(np.zeros((500, 401, 3)), "large.png", status=422)["error"]
    assert "0.2 megapixels" in large
    assert "401x500" in large
    (folder,) = page.folder.iterdir()
    assert list(folder.iterdir()) == []


def test_what_is_wrong_with_a_job_is_told_at_the_picture_it_concerns(person):
    pictures = person.given()
    told = person.post("make", 422, tab="analogy", pictures={"a": pictures["a"]}, options={})
    assert (told["slot"], told["error"]) == ("a_prime", "A' is missing")
    wrong = {**pictures, "a_prime": person.give(label_map(40, 40), "other.png")["id"]}
    told = person.post("make", 422, tab="numbers", pictures=wrong, options={})
    assert told["slot"] == "a_prime"
    assert "same size" in told["error"]
    assert "'other.png' of 40x40 px" in told["error"]
    gone = {**pictures, "b": "0" * 32}
    told = person.post("make", 422, tab="numbers", pictures=gone, options={})
    assert (told["slot"], "not here any more" in told["error"]) == ("b", True)
    told = person.post("make", 422, tab="analogy", pictures=pictures, options={"height": 8})
    assert "height must be an integer between 16" in told["error"]
    told = person.post("make", 422, tab="analogy", pictures=pictures, options={"height": 5000})
    assert "makes pictures of up to 4 megapixels: height 1632 fits" in told["error"]


@pytest.mark.parametrize(
    "name", ["init", "logdir", "checkpoint", "vgg_weights", "pair", "device", "fit", "nonsense"]
)
def test_options_that_name_files_or_devices_cannot_be_set(person, name):
    told = person.post(
        "make", 422, tab="analogy", pictures=person.given(), options={name: "/etc/passwd"}
    )
    assert told["error"].startswith("this option cannot be set here")


def test_stopping_keeps_what_is_there_and_the_gallery_makes_it_again(page, person):
    pictures = person.given()
    page.maker.hold = True
    run = person.post("make", tab="numbers", pictures=pictures, options={"seed": 2})
    queued = person.post("make", tab="numbers", pictures=pictures, options={"seed": 4})
    assert queued["before"] == 1
    while not page.maker.works:  # until the first is begun
        time.sleep(0.005)
    assert [each["id"] for each in person.get("state")["runs"]] == [run["id"], queued["id"]]
    person.post(f"stop/{queued['id']}")
    person.post(f"stop/{run['id']}")
    told = person.wait(run)
    assert told["state"] == "stopped"
    assert person.get("state")["runs"] == []
    (made,) = person.get("state")["gallery"]
    assert (made["id"], made["stopped"], made["options"]) == (run["id"], True, {"seed": 2})
    assert made["pictures"] == pictures
    again = person.post("make", tab=made["tab"], pictures=made["pictures"], options=made["options"])
    page.maker.hold = False
    assert person.wait(again)["state"] == "done"
    assert len(person.get("state")["gallery"]) == 2
    for each in person.get("state")["gallery"]:
        person.post(f"forget/{each['id']}")
    assert person.get("state")["gallery"] == []
    person.get(f"made/{run['id']}/picture", status=404)


def test_of_a_run_that_had_to_be_ended_the_last_picture_is_kept(page, person, monkeypatch):
    def ended(work, tell, stopped, seconds):
        tell({"level": 1, "width": 24, "height": 16, "picture": png(np.zeros((16, 24, 3)))})
        tell({"level": 2, "width": 48, "height": 32})
        return {"error": "the run did not stop by itself", "stopped": True}

    monkeypatch.setattr(page.maker, "run", ended)
    run = person.post("make", tab="numbers", pictures=person.given(), options={})
    assert person.wait(run)["state"] == "stopped"
    (made,) = person.get("state")["gallery"]
    assert (made["width"], made["height"], made["stopped"]) == (24, 16, True)
    assert decoded(person.ask("GET", f"made/{run['id']}/picture").body).shape == (16, 24, 3)
    person.get(f"made/{run['id']}/record", status=404)


def test_two_people_do_not_see_each_other_s_pictures(page, person):
    pictures, other = person.given(), page.visit()
    run = person.post("make", tab="numbers", pictures=pictures, options={"height": 16})
    person.wait(run)
    mine = [f"picture/{number}{what}" for number in pictures.values()
            for what in ("", "/file", "/palette")]  # fmt: skip
    mine += [f"run/{run['id']}", f"run/{run['id']}/picture"]
    mine += [f"made/{run['id']}/picture", f"made/{run['id']}/record"]
    for path in mine:
        assert person.ask("GET", path).status == 200, path
        assert other.ask("GET", path).status == 404, path
        other.key, key = "guessed", other.key
        assert other.ask("GET", path).status == 401, path
        other.key = key
    other.post(f"stop/{run['id']}", 404)
    other.post("make", 422, tab="numbers", pictures=pictures, options={})
    assert other.get("state")["gallery"] == other.get("state")["runs"] == []
    other.post(f"forget/{run['id']}")
    assert person.ask("GET", f"made/{run['id']}/picture").status == 200


def test_too_many_runs_and_people_are_refused_in_one_line(page, person):
    page.maker.hold = True
    asked = {"tab": "numbers", "pictures": person.given(), "options": {}}
    person.post("make", **asked)
    while not page.maker.works:  # until it is begun and waits no more
        time.sleep(0.005)
    for _ in range(2):
        person.post("make", **asked)
    assert "2 runs of yours wait" in person.post("make", 429, **asked)["error"]
    for _ in range(3):
        page.visit()
    with pytest.raises(AssertionError, match="too many people"):
        page.visit()


def test_pictures_of_which_nothing_is_made_go_when_a_session_is_full(page, person):
    kept = person.given()
    person.wait(person.post("make", tab="numbers", pictures=kept, options={"height": 16}))
    session = page.pages._sessions.find(person.key)
    held = sum(path.stat().st_size for path in session.folder.iterdir())
    rng = np.random.default_rng(0)
    noise = [png(rng.integers(0, 256, (60, 60, 3))) for _ in range(4)]
    session._limits = page.with_limits(session_bytes=held + 4 * len(noise[0]) + 1000)
    given = [person.give(data)["id"] for data in noise]
    present = [person.ask("GET", f"picture/{number}").status for number in given]
    assert present == [404, 404, 200, 200]
    assert all(person.ask("GET", f"picture/{number}").status == 200 for number in kept.values())
    session._limits = page.with_limits(session_bytes=100)
    assert "out of the gallery" in person.give(noise[0], status=422)["error"]


def test_sessions_that_nobody_looks_at_go_with_their_files(page, person):
    person.given()
    (folder,) = page.folder.iterdir()
    page.pages._sessions.find(person.key).used -= page.limits.session_seconds + 1
    page.visit()
    assert not folder.exists()
    assert person.ask("GET", "state").status == 401


def test_nonsense_is_answered_with_one_line(person):
    for body in (b"", b"[]", b"{", b"\xff", b"[" * 100_000):
        assert person.ask("POST", "make", body).status == 400
    for value in ({}, {"tab": 3}, {"tab": "numbers", "pictures": 7},
                  {"tab": "numbers", "pictures": {"a": []}},
                  {"tab": "texture", "pictures": {"example": {}}, "options": []}):  # fmt: skip
        assert person.ask("POST", "make", json.dumps(value).encode()).status == 422
    assert person.ask("POST", "example", b'{"tab": "numbers", "name": "../x"}').status == 404
    assert person.ask("GET", "make").status == 405
    assert person.ask("POST", "state").status == 405


def test_a_fault_of_the_program_is_answered_and_logged(person, monkeypatch, caplog):
    monkeypatch.setattr(tabs, "described", lambda tab: 1 / 0)
    told = json.loads(person.ask("GET", "state").body)
    assert told == {"error": "this failed: ZeroDivisionError"}
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert person.get("state")["tabs"]


def test_every_example_can_be_given_and_passes_all_checks(page, person):
    page.maker.idle = True
    asked = [(tab.name, each["name"]) for tab in tabs.TABS
             for each in tabs.described(tab)["examples"]]  # fmt: skip
    assert {tab for tab, _ in asked} == {tab.name for tab in tabs.TABS}
    for tab, name in asked:
        example = person.post("example", tab=tab, name=name)
        numbers = {slot: each["id"] for slot, each in example["pictures"].items()}
        options = example["options"] | ({"net": "landscape.keras"} if tab == "fast" else {})
        run = person.post("make", tab=tab, pictures=numbers, options=options)
        person.wait(run)
    palette = tabs.names_of_colors()
    landscape = person.post("example", tab="numbers", name="landscape")["pictures"]
    colors = person.get(f"picture/{landscape['a']['id']}/palette")
    assert {color["name"] for color in colors} == set(palette.values())


@pytest.mark.parametrize("tab", tabs.TABS, ids=lambda tab: tab.name)
def test_tabs_name_what_the_program_knows(tab):
    described = tabs.described(tab)
    assert {tab.preset, *tab.presets} <= set(PRESETS)
    assert set(tab.taken()) <= set(kinds())
    assert described["options"]
    assert set(tab.stands_for) == set(tab.pictures)
    named = {name for names in tab.stands_for.values() for name in names}
    assert named - {"a", "a_prime", "b", "guide_a", "guide_b"} <= set(kinds())
    needed = set(tab.pictures) - set(tab.optional)
    meant = [name for slot in needed for name in tab.stands_for[slot]]
    given = ["b"] if tab.nets else ["a", "a_prime", "b"]
    assert sorted(set(meant) & {"a", "a_prime", "b"}) == given
    assert [each["slot"] for each in described["pictures"]] == list(tab.pictures)


def test_pictures_that_stand_for_options_become_their_files():
    (analogy,) = (tab for tab in tabs.TABS if tab.name == "analogy")
    files = {"a": "1", "a_prime": "2", "b": "3", "b_mask": "4"}
    assert tabs.file_options(analogy, files) == {"b_mask": "4"}
    guided = {**files, "guide_a": "5", "guide_b": "6"}
    assert tabs.file_options(analogy, guided) == {"b_mask": "4", "guide": [["5", "6"]]}
    with pytest.raises(InputError, match="one of them is missing"):
        tabs.file_options(analogy, {**files, "guide_a": "5"})


def test_what_is_painted_over_is_filled_and_the_rest_stays(person):
    picture = np.random.default_rng(0).integers(100, 130, (48, 64, 3)).astype(np.uint8)
    mask = np.zeros_like(picture)
    picture[16:28, 20:36], mask[14:30, 18:38] = (255, 0, 0), 255
    numbers = {"picture": person.give(picture)["id"], "mask": person.give(mask)["id"]}
    run = person.post("make", tab="fill", pictures=numbers, options={"seed": 1})
    assert person.wait(run)["error"] == ""
    made = decoded(person.ask("GET", f"made/{run['id']}/picture").body)
    outside = (mask == 0).all(-1)
    np.testing.assert_array_equal(made[outside], picture[outside])
    assert made[18:26, 22:34].max() < 140
    record = person.ask("GET", f"made/{run['id']}/record").body
    assert b"/sessions/" not in record
