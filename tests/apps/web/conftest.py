"""A page without Gradio and without a network."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from web_page import Client, Here, fake_net

from analogies.apps.web.limits import Limits
from analogies.apps.web.line import Line
from analogies.apps.web.nets import Nets
from analogies.apps.web.routes import Pages
from analogies.apps.web.sessions import Sessions


@pytest.fixture
def limits():
    return Limits(waiting=4, waiting_of_session=2, sessions=4, picture_pixels=200_000)


@pytest.fixture
def page(tmp_path, limits):
    """The page: pages, folder, nets, maker, and `visit` for one more person."""
    maker = Here()
    folder = tmp_path / "sessions"
    folder.mkdir()
    nets = tmp_path / "nets"
    nets.mkdir()
    (nets / "landscape.keras").write_bytes(fake_net())
    line = Line(maker, limits)
    pages = Pages(Sessions(folder, limits), line, limits, Nets(nets))
    yield SimpleNamespace(
        pages=pages,
        folder=folder,
        nets=nets,
        maker=maker,
        limits=limits,
        visit=lambda: Client(pages),
        with_limits=lambda **changes: replace(limits, **changes),
    )
    maker.hold = False
    line.close()


@pytest.fixture
def person(page):
    return page.visit()
