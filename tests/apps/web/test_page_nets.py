"""Networks of a folder on the page: which are offered, who may choose what, and what they make."""

import os

import numpy as np
import pytest
from PIL import Image
from web_page import fake_net, label_map, png

from analogies.apps import command_line
from analogies.apps.web import by_net, command, tabs
from analogies.apps.web.making import carry_out
from analogies.apps.web.nets import Nets, plain
from analogies.errors import InputError
from analogies.runs.learning import net_file
from analogies.runs.machine.device import start
from analogies.synthesis.student import using


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """Files of two networks that have learned nothing, one without noise and one with it."""
    start("cpu")
    from analogies.synthesis.student import network

    folder = tmp_path_factory.mktemp("networks")
    for name, noise, options in (("plain", False, {}), ("noisy", True, {"contrast": 1.0})):
        about = {"options": {"seed": 2, **options}, "inputs": {}, "steps": 0}
        net = net_file.Net(network.build("small", noise, None, seed=5), about)
        net_file.write(folder / f"{name}.keras", net)
    return folder


@pytest.fixture
def person(page, networks):
    """Somebody to whom both are offered."""
    for path in networks.iterdir():
        (page.nets / path.name).write_bytes(path.read_bytes())
    return page.visit()


def asked(person, net, b=None, **options):
    number = person.give(label_map() if b is None else b)["id"]
    return {"tab": "fast", "pictures": {"b": number}, "options": {"net": net, **options}}


def test_a_network_is_offered_with_what_it_learned_from(page, person):
    told = person.get("state")["nets"]
    assert (told["given"], told["problem"]) == (True, "")
    assert [each["name"] for each in told["nets"]] == [
        "landscape.keras", "noisy.keras", "plain.keras"]  # fmt: skip
    first = told["nets"][0]
    assert (first["title"], first["problem"]) == ("landscape", "")
    assert first["of"] == "map.png to painted.png"
    assert first["told"] == "2,000 steps, error 31 % of that of one color"
    assert first["pictures"] == ["a", "a_prime"]
    for which in first["pictures"]:
        answer = person.ask("GET", f"net/{first['id']}/{which}")
        assert (answer.status, answer.type) == (200, "image/png")
        assert answer.body.startswith(b"\x89PNG")
    assert person.ask("GET", f"net/{told['nets'][2]['id']}/a").status == 404
    assert person.ask("GET", f"net/{'0' * 32}/a").status == 404
    assert str(page.nets) not in str(told)


def test_what_is_no_network_is_told_at_it_and_not_offered(page, person, tmp_path):
    whole = (page.nets / "plain.keras").read_bytes()
    (page.nets / "cut.keras").write_bytes(whole[:-300])
    (page.nets / "empty.keras").write_bytes(b"")
    (page.nets / "text.keras").write_text("<script>alert(1)</script>")
    (page.nets / "foreign.keras").write_bytes(fake_net(program="another"))
    (page.nets / "newer.keras").write_bytes(fake_net(format=99))
    (page.nets / "changed.keras").write_bytes(fake_net(weights_sha256="0"))
    (page.nets / "shapeless.keras").write_bytes(fake_net(network={"size": "huge"}))
    (page.nets / "options.keras").write_bytes(fake_net(options={"seed": "x"}))
    (page.nets / "folder.keras").mkdir()
    os.mkfifo(page.nets / "pipe.keras")
    (tmp_path / "outside.keras").write_bytes(whole)
    (page.nets / "link.keras").symlink_to(tmp_path / "outside.keras")
    (page.nets / "inside.keras").symlink_to(page.nets / "plain.keras")
    (page.nets / "gone.keras").symlink_to(page.nets / "nothing.keras")
    (page.nets / ".hidden.keras").write_bytes(whole)
    (page.nets / "net.sample.png").write_bytes(png(label_map()))
    found = {each["name"]: each["problem"] for each in person.get("nets")["nets"]}
    good = {"inside.keras", "landscape.keras", "noisy.keras", "plain.keras"}
    assert {name for name, problem in found.items() if not problem} == good
    for name, words in {
        "cut": "damaged", "empty": "empty", "text": "no .keras file", "foreign": "no network",
        "newer": "of format 99", "changed": "damaged", "shapeless": "no network",
        "options": "seed", "folder": "a folder", "pipe": "a pipe", "gone": "no such file",
        "link": "a link out of this folder",
    }.items():  # fmt: skip
        problem = found.pop(f"{name}.keras")
        assert words in problem
        assert "\n" not in problem
        assert str(page.nets) not in problem
        told = person.post("make", 422, **asked(person, f"{name}.keras"))
        assert (told["slot"], problem in told["error"]) == ("net", True)
    assert set(found) == good


def test_a_file_that_changes_is_looked_at_anew(page, person):
    path = page.nets / "landscape.keras"
    old = person.get("nets")["nets"][0]
    path.write_bytes(b"half of it")
    assert person.get("nets")["nets"][0]["problem"]
    path.write_bytes(fake_net(steps=7))
    new = person.get("nets")["nets"][0]
    assert (new["problem"], new["told"].startswith("7 steps"), new["id"] != old["id"]) == (
        "", True, True)  # fmt: skip
    path.unlink()
    assert "landscape.keras" not in str(person.get("nets"))
    for each in page.nets.iterdir():
        each.unlink()
    page.nets.rmdir()
    told = person.get("state")["nets"]
    assert (told["nets"], told["given"]) == ([], True)
    assert told["problem"].startswith("the folder of networks cannot be read")
    assert str(page.nets) not in told["problem"]


def test_what_a_file_says_of_itself_is_plain_words():
    assert plain("a\u202eb\n\x1b[31mc") == "a b  [31mc"
    assert len(plain("x" * 1000)) == 60


def test_strange_descriptions_and_pictures_do_no_harm(page, person):
    strange = {"inputs": [1], "steps": True, "held_out": float("nan"), "learned": "yes"}
    (page.nets / "a.keras").write_bytes(fake_net(**strange))
    names = {"a": {"file": "x\ny" + "z" * 500}, "a_prime": {"file": 3}}
    (page.nets / "b.keras").write_bytes(fake_net(inputs=names, learned=False, held_out=1e9))
    one, other, *_ = person.get("nets")["nets"]
    assert (one["of"], one["told"], one["problem"]) == ("", "", "")
    assert (other["told"], len(other["of"])) == ("2,000 steps, it learned little", 60)


@pytest.mark.parametrize(
    "name", ["../outside.keras", "./plain.keras", "plain", "{outside}", "{inside}",
             "nets/plain.keras", "plain.keras/", "plain.keras\0", "PLAIN.KERAS",
             "%2e%2e/outside.keras", "a.png", "..", "~/outside.keras", "", None, 3,
             ["plain.keras"], {"name": "plain.keras"}]
)  # fmt: skip
def test_only_what_is_listed_can_be_chosen(page, person, tmp_path, name):
    outside = tmp_path / "outside.keras"
    outside.write_bytes((page.nets / "plain.keras").read_bytes())
    if isinstance(name, str):
        name = name.format(outside=outside, inside=page.nets / "plain.keras")
    told = person.post("make", 422, **asked(person, name))
    assert told["slot"] == "net"
    assert page.maker.works == []


def test_no_option_but_those_of_the_tab_can_be_set(page, person):
    for name in ("device", "checkpoint", "logdir", "preset", "frames", "transfer", "quiet"):
        told = person.post("make", 422, **asked(person, "plain.keras", **{name: "cpu"}))
        assert told["error"].startswith("this option cannot be set here")
    told = person.post("make", 422, **asked(person, "plain.keras", height="5000"))
    assert "makes pictures of up to 4 megapixels" in told["error"]
    told = person.post("make", 422, **asked(person, "plain.keras", height="8"))
    assert "height must be" in told["error"]
    told = person.post("make", 422, tab="numbers", pictures=person.given(),
                       options={"net": "plain.keras"})  # fmt: skip
    assert told["error"].startswith("this option cannot be set here")


@pytest.mark.parametrize(
    ("net", "options"),
    [("plain", {}), ("noisy", {"seed": "4", "width": "40"}), ("noisy", {"preserve_color": True})],
)
def test_a_picture_made_here_is_the_command_s_to_the_byte(page, person, tmp_path, net, options):
    b = np.dstack([label_map(61, 43), np.full((43, 61), 180, np.uint8)])
    run = person.post("make", **asked(person, f"{net}.keras", b, **options))
    told = person.wait(run)
    assert (told["state"], told["error"], told["record"]) == ("done", "", False)
    Image.fromarray(b).save(tmp_path / "b.png")
    words = ["--with", str(page.nets / f"{net}.keras"), str(tmp_path / "b.png")]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", *([value] if value is not True else [])]
    assert command_line.main([*words, str(tmp_path / "out.png")]) == 0
    made = person.ask("GET", f"made/{run['id']}/picture").body
    assert made == (tmp_path / "out.png").read_bytes()
    (kept,) = person.get("state")["gallery"]
    assert (kept["tab"], kept["options"]) == ("fast", {"net": f"{net}.keras", **options})
    assert kept["record"] is False
    person.get(f"made/{run['id']}/record", status=404)
    again = person.post("make", tab="fast", pictures=kept["pictures"], options=kept["options"])
    assert person.wait(again)["state"] == "done"
    assert person.ask("GET", f"made/{again['id']}/picture").body == made


def test_a_network_stays_warm_until_its_file_changes(page, person, networks):
    by_net._warm.clear()
    for _ in range(2):
        person.wait(person.post("make", **asked(person, "plain.keras")))
    (first,) = by_net._warm.values()
    (page.nets / "plain.keras").write_bytes((networks / "noisy.keras").read_bytes())
    assert person.wait(person.post("make", **asked(person, "plain.keras")))["state"] == "done"
    assert len(by_net._warm) == 2
    assert next(reversed(by_net._warm.values())).chance.noise
    for number in range(by_net.MOST):
        (page.nets / f"{number}.keras").write_bytes((networks / "plain.keras").read_bytes())
        person.wait(person.post("make", **asked(person, f"{number}.keras")))
    assert len(by_net._warm) == by_net.MOST
    assert first not in by_net._warm.values()


def test_numbers_that_are_none_are_told_at_the_network_from_then_on(page, person):
    told = person.wait(person.post("make", **asked(person, "landscape.keras")))
    assert (told["state"], told["slot"]) == ("failed", "net")
    assert "is no network" in told["error"]
    assert str(page.nets) not in told["error"]
    listed = person.get("nets")["nets"][0]
    assert (listed["name"], "is no network" in listed["problem"]) == ("landscape.keras", True)
    assert person.post("make", 422, **asked(person, "landscape.keras"))["slot"] == "net"
    assert person.get("state")["gallery"] == []


def test_a_run_is_stopped_between_two_pieces(page, person, monkeypatch):
    monkeypatch.setattr(using, "PIECE", 16)
    by_net._warm.clear()
    shares = []

    def stopping(work, tell, stopped, seconds):
        def note(told):
            shares.append(told["done"])

        return carry_out(work, note, lambda: len(shares) > 2)

    monkeypatch.setattr(page.maker, "run", stopping)
    told = person.wait(person.post("make", **asked(person, "plain.keras")))
    by_net._warm.clear()
    assert (told["state"], told["error"]) == ("stopped", "")
    assert shares == [0.0, 1 / 6, 2 / 6]
    assert person.get("state")["gallery"] == []


def test_it_waits_in_the_line_and_is_found_again(page, person):
    page.maker.hold = True
    first = person.post("make", tab="numbers", pictures=person.given(), options={})
    told = person.post("make", 422, preview=True, **asked(person, "plain.keras"))
    assert told["error"] == "there is no preview of this"
    second = person.post("make", **asked(person, "plain.keras"))
    assert second["before"] == 1
    assert [each["tab"] for each in person.get("state")["runs"]] == ["numbers", "fast"]
    page.maker.hold = False
    assert person.wait(first)["state"] == "done"
    assert person.wait(second)["state"] == "done"


def test_without_a_folder_the_tab_is_there_and_nothing_can_be_chosen(page, person):
    page.pages._nets = Nets(None)
    state = person.get("state")
    assert state["nets"] == {"given": False, "nets": [], "problem": ""}
    (fast,) = (tab for tab in state["tabs"] if tab["name"] == "fast")
    assert fast["nets"]
    assert "missing" in person.post("make", 422, **asked(person, ""))["error"]
    assert "no such network" in person.post("make", 422, **asked(person, "plain.keras"))["error"]


def test_options_are_those_that_can_be_given_beside_a_network():
    (fast,) = (tab for tab in tabs.TABS if tab.nets)
    from analogies.apps.fast.words import BESIDE

    assert set(fast.taken()) == set(BESIDE) - {"device", "quiet", "verbose"}
    assert tabs.chosen_options(fast, {"seed": "3", "width": ""}) == {"seed": "3"}


def test_more_files_than_are_looked_at(tmp_path, monkeypatch):
    from analogies.apps.web import nets

    monkeypatch.setattr(nets, "MOST", 3)
    for number in range(5):
        (tmp_path / f"{number}.keras").write_bytes(b"")
    found = Nets(tmp_path)
    assert [each.name for each in found.listed()] == ["0.keras", "1.keras", "2.keras"]
    with pytest.raises(InputError, match="no such network"):
        found.find("4.keras")
    assert found.remarks()[-1].startswith("there is no network")


def served(monkeypatch, words):
    """(exit code, networks that the page was shown with)."""
    from analogies.apps.web import server

    monkeypatch.setattr(command, "_NEEDED", ())
    shown = []
    monkeypatch.setattr(server, "serve", lambda *given: shown.append(given[-1]))
    return command.main(words), shown


def test_a_folder_that_is_none_ends_the_command(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    for name, why in (("nowhere", "No such file or directory"), ("file", "Not a directory")):
        assert served(monkeypatch, ["--nets", str(tmp_path / name)]) == (2, [])
        said = capsys.readouterr().err
        place = str(tmp_path / name)
        assert said == (
            "analogies-page: error: the folder of networks cannot be read: "
            f"{why}. Received: {place!r}\n"
        )


def test_what_is_wrong_in_the_folder_is_said_and_the_page_is_shown(tmp_path, monkeypatch, capsys):
    code, (nets,) = served(monkeypatch, ["--nets", str(tmp_path)])
    assert (code, nets.folder) == (0, tmp_path)
    assert "warning: there is no network in" in capsys.readouterr().err
    (tmp_path / "good.keras").write_bytes(fake_net())
    (tmp_path / "broken.keras").write_bytes(b"PK")
    assert served(monkeypatch, ["--nets", str(tmp_path)])[0] == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("analogies-page: warning: broken.keras: is no network")
    assert served(monkeypatch, []) == (0, [None])
    assert capsys.readouterr().err == ""
