"""A person at the page: real Chromium, real mouse strokes, the real server."""

import base64
import io
import json
import re
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from page_server import CHECKOUT, Server
from PIL import Image

from analogies.apps import command_line
from analogies.apps.web.palette import palette
from analogies.runs.learning import course

pytestmark = pytest.mark.browser

pytest.importorskip("gradio", reason="the page needs the extra web")
playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
AXE = Path(sys.prefix) / "node_modules" / "axe-core" / "axe.min.js"
EXAMPLES = CHECKOUT / "examples"
TITLES = {"numbers": "Paint by numbers", "style": "Style", "texture": "Texture", "fill": "Fill",
          "analogy": "Analogy", "fast": "Fast", "gallery": "Gallery"}  # fmt: skip
SLOW = 120_000  # ms that a run may take on a busy machine


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    """A folder with a network that learned a little, and with one that is cut off."""
    folder = tmp_path_factory.mktemp("nets")
    pictures = [str(EXAMPLES / f"recolor-{name}.png") for name in ("a", "a-prime")]
    words = ["--learn", str(folder / "recolor.keras"), *pictures, "--learn-steps", "20", "--quiet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "BATCH", 1)
        patch.setattr(course, "CROP", 48)
        assert command_line.main(words) == 0
    whole = (folder / "recolor.keras").read_bytes()
    (folder / "broken.keras").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory, nets):
    server = Server(tmp_path_factory.mktemp("page"), "--nets", str(nets))
    yield server
    server.close()


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("chromium is not installed; `make test-browser` installs it")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """A browser's window with a memory of its own."""

    def __init__(self, chromium, server, **details):
        self.context = chromium.new_context(**details)
        self.context.set_default_timeout(SLOW)
        self.page = self.context.new_page()
        self.asked, self.errors = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(server.address)
        self.page.wait_for_selector(".an .told >> visible=true")

    def tab(self, name):
        button = self.page.locator(f"[role=tablist] [data-tab-id={name}]")
        if not button.is_visible():
            self.page.get_by_label("More tabs").click()
            button = self.page.locator(".overflow-dropdown button", has_text=TITLES[name])
        button.click()
        place = self.page.locator(f"[data-an-tab={name}]")
        place.locator(":scope > *").first.wait_for(state="attached")
        return place

    def give(self, place, slot, file):
        slot = place.locator(f"[data-slot={slot}]")
        slot.locator("input[type=file]").first.set_input_files(file)
        return slot

    def given(self):
        """The tab to paint in, with A and A' of the example."""
        place = self.tab("numbers")
        for slot, name in (("a", "landscape-a.png"), ("a_prime", "landscape-a-prime.png")):
            self.give(place, slot, EXAMPLES / name).locator("img[alt]:visible").wait_for()
        return place

    def stroke(self, place, *shares):
        """Draw with the mouse through places of the canvas, as shares of its sides."""
        canvas = place.locator("canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in shares]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=8)
        self.page.mouse.up()

    def canvas(self, place):
        """What is painted, uint8 `(h, w, 3)`."""
        url = place.locator("canvas").evaluate("canvas => canvas.toDataURL('image/png')")
        return decoded(base64.b64decode(url.partition(",")[2]))

    def fetch(self, path):
        """(status, bytes) of what the page's own session can see."""
        script = """async (path) => {
          const key = JSON.parse(localStorage.getItem("analogies-session"));
          const headers = { "x-analogies-session": key };
          const answer = await fetch("analogies/" + path, { headers });
          return [answer.status, [...new Uint8Array(await answer.arrayBuffer())]];
        }"""
        status, data = self.page.evaluate(script, path)
        return status, bytes(data)

    def state(self):
        return json.loads(self.fetch("state")[1])

    def until(self, place, words, timeout=SLOW):
        place.locator(".state", has_text=re.compile(words)).wait_for(timeout=timeout)

    def close(self):
        self.context.close()


@pytest.fixture
def visit(chromium, server):
    """Open one more window; at the end all of them have asked this server alone."""
    visitors = []

    def visit(**details):
        visitors.append(Visitor(chromium, server, **details))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.close()
        known = (server.address, "blob:" + server.address.rstrip("/"), "data:")
        assert [url for url in visitor.asked if not url.startswith(known)] == []
        assert visitor.errors == []
    assert server.others() == ""


def decoded(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_whole_session(visit, tmp_path, monkeypatch):
    monkeypatch.delenv("VGG_WEIGHT_PATH", raising=False)
    visitor = visit()
    place = visitor.given()
    known = {color.rgb: color.name for color in
             palette(decoded((EXAMPLES / "landscape-a.png").read_bytes()))}  # fmt: skip
    assert place.locator(".swatch").count() == len(known)

    preview = place.locator(".preview img")
    preview.wait_for(timeout=SLOW)  # of the empty map; from here on all is warm
    place.locator(".swatch", has_text="meadow").click()
    place.locator("input[type=range]").fill("61")
    visitor.stroke(place, (0.02, 0.9), (0.5, 0.8), (0.98, 0.95), (0.02, 0.98))
    place.locator(".swatch", has_text="rock").click()
    visitor.stroke(place, (0.1, 0.6), (0.4, 0.4), (0.9, 0.65))
    painted = visitor.canvas(place)
    assert {tuple(map(int, rgb)) for rgb in np.unique(painted.reshape(-1, 3), axis=0)} < set(known)
    visitor.page.wait_for_function(
        "() => Number(document.querySelector('.preview img').dataset.turn) >= 3", timeout=SLOW
    )
    print("preview after", preview.get_attribute("data-milliseconds"), "ms")

    place.locator(".swatch", has_text="water").click()
    place.get_by_role("button", name="Fill", exact=True).click()
    visitor.stroke(place, (0.5, 0.05))
    assert (visitor.canvas(place)[5, 160] == (34, 88, 172)).all()
    place.get_by_role("button", name="Undo").click()
    np.testing.assert_array_equal(visitor.canvas(place), painted)

    place.get_by_label("Height (px)").fill("400")
    place.get_by_label("Seed").fill("3")
    place.get_by_role("button", name="Make it").click()
    shown = set()
    image = place.locator(".result")
    limit = time.monotonic() + SLOW / 1000
    done = False
    while not done:
        assert time.monotonic() < limit
        done = place.locator(".state").inner_text().startswith("Done")  # the last comes with it
        if image.is_visible():
            size = image.evaluate("image => [image.naturalWidth, image.dataset.pictures]")
            shown.add(tuple(size))
        time.sleep(0.05)
    assert len(shown) >= 4, shown  # three on the way, and the last
    assert len({width for width, _ in shown}) >= 3, "it does not grow"

    (made,) = visitor.state()["gallery"]
    arrived = visitor.fetch(f"picture/{made['pictures']['b']}/file")[1]
    np.testing.assert_array_equal(decoded(arrived), painted)
    with visitor.page.expect_download() as downloading:
        place.get_by_role("button", name="Download picture").click()
    (tmp_path / "b.png").write_bytes(arrived)
    words = [EXAMPLES / "landscape-a.png", EXAMPLES / "landscape-a-prime.png", tmp_path / "b.png",
             tmp_path / "out.png", "--height", "400", "--seed", "3", "--quiet"]  # fmt: skip
    assert command_line.main([str(word) for word in words]) == 0
    assert Path(downloading.value.path()).read_bytes() == (tmp_path / "out.png").read_bytes()
    with visitor.page.expect_download() as downloading:
        place.get_by_role("button", name="Download record").click()
    record = json.loads(Path(downloading.value.path()).read_text())
    assert (record["seed"], record["inputs"]["b"]["file"]) == (3, "painted-map.png")

    gallery = visitor.tab("gallery")
    gallery.get_by_role("button", name="Again with these").click()
    place.get_by_label("Seed").wait_for()
    assert place.get_by_label("Seed").input_value() == "3"
    np.testing.assert_array_equal(visitor.canvas(place), painted)


def test_stopping_keeps_what_is_there_and_a_reload_finds_the_run_again(visit):
    visitor = visit()
    place = visitor.tab("analogy")
    for slot, name in (("a", "landscape-a"), ("a_prime", "landscape-a-prime"),
                       ("b", "landscape-b")):  # fmt: skip
        visitor.give(place, slot, EXAMPLES / f"{name}.png").locator("img:visible").wait_for()
    place.get_by_label("Height (px)").fill("600")
    place.get_by_role("button", name="Make it").click()
    visitor.until(place, "Level")
    visitor.page.reload()
    place = visitor.page.locator("[data-an-tab=analogy]")
    visitor.until(place, "Level")
    assert place.get_by_label("Height (px)").input_value() == "600"
    place.locator(".result").wait_for()
    place.get_by_role("button", name="Stop").click()
    visitor.until(place, "Stopped; the picture so far is kept")
    (made,) = visitor.state()["gallery"]
    assert made["stopped"]
    status, data = visitor.fetch(f"made/{made['id']}/picture")
    assert (status, decoded(data).shape) == (200, (made["height"], made["width"], 3))


def test_a_network_of_a_folder_makes_a_picture_in_moments(visit, nets, tmp_path):
    visitor = visit()
    place = visitor.tab("fast")
    broken = place.locator(".net", has_text="broken")
    assert "damaged" in broken.inner_text()
    assert broken.locator("input").count() == 0
    chosen = place.locator(".net", has_text=re.compile("^recolor")).locator("input")
    assert chosen.is_checked()
    assert place.locator(".net img").count() == 2
    place.get_by_role("button", name="Make it").click()
    place.locator("[data-slot=b] .error", has_text="B is missing").wait_for()
    place.get_by_role("button", name="A photograph").click()
    visitor.until(place, "Done")
    place.get_by_label("Width (px)").fill("150")
    began = time.monotonic()
    place.get_by_role("button", name="Make it").click()
    visitor.until(place, "Done: 150")
    print("a picture of 150 px by a warm network after", round(time.monotonic() - began, 2), "s")
    with visitor.page.expect_download() as downloading:
        place.get_by_role("button", name="Download picture").click()
    assert place.get_by_role("button", name="Download record").count() == 0
    words = ["--with", nets / "recolor.keras", EXAMPLES / "style-content.png"]
    words += [tmp_path / "out.png", "--width", "150", "--quiet"]
    assert command_line.main([str(word) for word in words]) == 0
    assert Path(downloading.value.path()).read_bytes() == (tmp_path / "out.png").read_bytes()

    (nets / "late.keras").write_bytes((nets / "recolor.keras").read_bytes())
    visitor.tab("gallery").get_by_role("button", name="Again with these").first.click()
    place.get_by_label("Width (px)").wait_for()
    visitor.tab("fast")
    late = place.locator(".net", has_text=re.compile("^late")).locator("input")
    late.check()
    assert chosen.is_checked() is False
    visitor.page.reload()
    late.wait_for()
    assert late.is_checked()
    assert place.get_by_label("Width (px)").input_value() == "150"
    (nets / "late.keras").write_bytes(b"cut")
    place.get_by_role("button", name="Make it").click()
    place.locator(".chooser > .error", has_text="late.keras").wait_for()
    (nets / "late.keras").unlink()


def test_two_people_wait_for_each_other_and_see_nothing_of_each_other(visit):
    one, other = visit(), visit()
    first, second = one.tab("numbers"), other.tab("numbers")
    first.get_by_role("button", name="Landscape").click()
    one.until(first, "Level")
    second.get_by_role("button", name="Landscape").click()
    other.until(second, "One run is before yours|Starting|Level")
    one.until(first, "Done")
    (made,) = one.state()["gallery"]
    assert other.state()["gallery"] == []
    for path in (f"made/{made['id']}/picture", f"run/{made['id']}/picture",
                 f"picture/{made['pictures']['a']}"):  # fmt: skip
        assert other.fetch(path)[0] == 404
        assert one.fetch(path)[0] == 200
    other.until(second, "Done")
    assert len(one.state()["gallery"]) == len(other.state()["gallery"]) == 1


def test_what_is_wrong_is_told_at_the_picture(visit, tmp_path):
    visitor = visit()
    place = visitor.tab("style")
    broken = (EXAMPLES / "landscape-a.png").read_bytes()[:900]
    (tmp_path / "broken.png").write_bytes(broken)
    slot = visitor.give(place, "style", tmp_path / "broken.png")
    slot.locator(".error", has_text="'broken.png'").wait_for()
    Image.new("RGB", (8000, 5000)).save(tmp_path / "large.png")
    slot = visitor.give(place, "content", tmp_path / "large.png")
    slot.locator(".error", has_text="8000x5000 px, 40.0 megapixels").wait_for(timeout=SLOW)
    place.get_by_role("button", name="Make it").click()
    place.locator("[data-slot=style] .error", has_text="Style is missing").wait_for()
    assert visitor.state()["gallery"] == []


def test_a_map_can_be_painted_with_the_keyboard(visit):
    visitor = visit()
    place = visitor.given()
    before = visitor.canvas(place)
    place.locator(".swatch", has_text="sun").click()
    place.locator("canvas").focus()
    for key in ["Shift+ArrowRight"] * 4 + ["Shift+ArrowDown"] * 3 + [" "]:
        visitor.page.keyboard.press(key)
    painted = visitor.canvas(place)
    changed = (painted != before).any(-1)
    assert 30 < changed.sum() < 100
    assert (painted[changed] == (255, 214, 64)).all()
    visitor.page.keyboard.press("z")
    np.testing.assert_array_equal(visitor.canvas(place), before)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_stands_in_the_way_of_anybody(visit, width, scheme, tmp_path):
    if not AXE.exists():
        pytest.skip("axe-core is not installed; `make test-browser` installs it")
    visitor = visit(viewport={"width": width, "height": 900}, color_scheme=scheme)
    visitor.tab("style").get_by_role("button", name="Make it").click()  # messages are seen, too
    for name in TITLES:
        place = visitor.tab(name)
        for more in place.locator("details").all():
            more.evaluate("details => (details.open = true)")
        visitor.page.evaluate(AXE.read_text())
        found = visitor.page.evaluate("axe.run(document)")
        assert len(found["passes"]) > 20
        told = [(each["id"], each["impact"], [node["html"] for node in each["nodes"]])
                for each in found["violations"]]  # fmt: skip
        assert told == []
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
        visitor.page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)
