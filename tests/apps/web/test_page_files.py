"""The page's own files: all there, none that asks another host for anything."""

import re
from importlib import resources
from pathlib import Path

import pytest

from analogies.apps.web import routes, tabs

CHECKOUT = Path(__file__).resolve().parents[3]
STATIC = Path(str(resources.files("analogies.apps.web"))) / "static"


def test_every_file_is_served_and_every_import_is_of_one_of_them(page):
    names = {path.name for path in STATIC.iterdir()}
    assert names == set(routes._STATIC)
    for path in STATIC.glob("*.js"):
        for imported in re.findall(r'from "\./([^"]+)"', path.read_text()):
            assert imported in names


@pytest.mark.parametrize("name", sorted(routes._STATIC))
def test_no_file_names_another_host(name):
    text = (STATIC / name).read_text()
    assert not re.search(r"https?://|//[a-z0-9-]+\.[a-z]|@import|\burl\(", text)


def test_pictures_of_examples_are_those_of_the_checkout():
    names = {name for example in tabs.examples() for name in example["pictures"].values()}
    held = {path.name for path in (STATIC.parent / "examples").glob("*.png")}
    assert held == names
    for name in names:
        assert tabs.example_picture(name) == (CHECKOUT / "examples" / name).read_bytes()
