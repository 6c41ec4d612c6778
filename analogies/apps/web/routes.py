"""What the page can ask for, and the answers; HTTP itself is elsewhere.

Every request but those for the page's own files is of a session, and reaches what is that
session's alone. Paths are compared with the few patterns below; none becomes the name of a file.
"""

import logging
import re
from collections.abc import Callable
from importlib import resources
from typing import Any

import numpy as np

from analogies import images
from analogies.apps.web import tabs
from analogies.apps.web.asking import NET, Asked, understood
from analogies.apps.web.limits import Limits
from analogies.apps.web.line import FullError, Line, Ticket
from analogies.apps.web.nets import Nets
from analogies.apps.web.palette import Color, palette, snap
from analogies.apps.web.requests import Answer, RefusedError, Request, as_json
from analogies.apps.web.sessions import Made, Session, Sessions, Stored, has_record
from analogies.errors import InputError
from analogies.runs.monitors.progress import clock

_STATIC = {
    "page.js": "text/javascript",
    "api.js": "text/javascript",
    "gallery.js": "text/javascript",
    "nets.js": "text/javascript",
    "painter.js": "text/javascript",
    "slots.js": "text/javascript",
    "runs.js": "text/javascript",
    "page.css": "text/css",
}
_ID = "([0-9a-f]{32})"


class Pages:
    """Answers requests.

    Args:
        sessions: of whoever is here.
        line: in which runs wait.
        limits: of what is taken.
        nets: networks that can be chosen; left out: none.
    """

    def __init__(
        self, sessions: Sessions, line: Line, limits: Limits, nets: Nets | None = None
    ) -> None:
        self._sessions, self._line, self._limits = sessions, line, limits
        self._nets = nets or Nets(None)
        folder = resources.files(__package__).joinpath("static")
        self._files = {name: folder.joinpath(name).read_bytes() for name in _STATIC}
        self._routes: tuple[tuple[str, re.Pattern[str], Callable[..., Answer]], ...] = tuple(
            (method, re.compile(pattern), function)
            for method, pattern, function in (
                ("GET", "state", self._state),
                ("POST", "picture", self._add),
                ("GET", f"picture/{_ID}", self._show),
                ("GET", f"picture/{_ID}/file", self._file),
                ("GET", f"picture/{_ID}/palette", self._palette),
                ("POST", f"picture/{_ID}/map", self._map),
                ("POST", "example", self._example),
                ("POST", "make", self._make),
                ("POST", f"stop/{_ID}", self._stop),
                ("GET", f"run/{_ID}", self._run),
                ("GET", f"run/{_ID}/picture", self._run_picture),
                ("GET", f"made/{_ID}/picture", self._made_picture),
                ("GET", f"made/{_ID}/record", self._made_record),
                ("POST", f"forget/{_ID}", self._forget),
                ("GET", "nets", self._look),
                ("GET", f"net/{_ID}/(a|a_prime)", self._net_picture),
            )
        )

    def answer(self, request: Request) -> Answer:
        """Answer one request; raises nothing that is to be expected."""
        try:
            return self._answer(request)
        except RefusedError as error:
            return as_json({"error": str(error), **error.details}, error.status)
        except FullError as error:
            return as_json({"error": str(error)}, 429)
        except InputError as error:
            return as_json({"error": str(error)}, 422)
        except Exception as error:  # a fault of the program; the server goes on
            logging.getLogger(__name__).exception("%s %s", request.method, request.path)
            return as_json({"error": f"this failed: {type(error).__name__}"}, 500)

    def _answer(self, request: Request) -> Answer:
        if request.method == "GET" and request.path in self._files:
            return Answer(200, _STATIC[request.path], self._files[request.path])
        if (request.method, request.path) == ("POST", "session"):
            return as_json({"key": self._sessions.open().key})
        known = [
            (method, function, found.groups())
            for method, pattern, function in self._routes
            if (found := pattern.fullmatch(request.path))
        ]
        if not known:
            raise RefusedError(404, "there is no such page")
        for method, function, groups in known:
            if method == request.method:
                session = self._sessions.find(request.key)
                if session is None:
                    raise RefusedError(401, "this session is over; load the page again")
                return function(session, request, *groups)
        raise RefusedError(405, "this cannot be asked so")

    def _state(self, session: Session, request: Request) -> Answer:
        """All that a page needs to begin, or to go on where it was."""
        gallery = [made.described() for made in reversed(list(session.made.values()))]
        pictures = dict(session.pictures)
        runs = [ticket for ticket in session.running() if not ticket.ended and not ticket.preview]
        return as_json(
            {
                "tabs": [tabs.described(tab) for tab in tabs.TABS],
                "file_bytes": self._limits.file_bytes,
                "result_pixels": self._limits.result_pixels,
                "nets": self._nets.described(),
                "runs": [self._described(ticket) for ticket in runs],
                "gallery": gallery,
                "pictures": {number: each.described() for number, each in pictures.items()},
            }
        )

    def _add(self, session: Session, request: Request) -> Answer:
        """Take a picture; a map that is painted gets the colors of A exactly."""
        data = request.body
        if not data:
            raise InputError("the file is empty")
        stored = session.add(data, request.query.get("name", ""))
        of = request.query.get("colors_of")
        if of:
            stored = _snapped(session, stored, session.picture(of))
        return as_json(stored.described())

    def _show(self, session: Session, request: Request, number: str) -> Answer:
        return Answer(200, "image/png", _known(session, number).shown.read_bytes())

    def _file(self, session: Session, request: Request, number: str) -> Answer:
        data = _known(session, number).path.read_bytes()
        return Answer(200, "application/octet-stream", data)

    def _map(self, session: Session, request: Request, number: str) -> Answer:
        """The picture as a map of its own colors."""
        stored = _known(session, number)
        return as_json(_snapped(session, stored, stored).described())

    def _palette(self, session: Session, request: Request, number: str) -> Answer:
        colors = _colors(session, _known(session, number))
        return as_json([{"name": c.name, "rgb": list(c.rgb), "share": c.share} for c in colors])

    def _example(self, session: Session, request: Request) -> Answer:
        """The pictures of an example, as if they had been sent."""
        asked = request.json()
        for example in tabs.examples():
            if (example["tab"], example["name"]) == (asked.get("tab"), asked.get("name")):
                pictures = {
                    slot: session.add(tabs.example_picture(name), name).described()
                    for slot, name in example["pictures"].items()
                }
                return as_json({"pictures": pictures, "options": example["options"]})
        raise RefusedError(404, "there is no such example")

    def _make(self, session: Session, request: Request) -> Answer:
        """Put a run into the line."""
        asked = understood(request.json(), session, self._nets, self._limits)
        ticket = Ticket(asked.id, session.key, asked.work, asked.preview, asked.tab.name)
        if not asked.preview:
            ticket.finished = lambda ended: self._finish(session, ended, asked)
        self._line.submit(ticket)
        session.keep(ticket)
        return as_json(self._described(ticket))

    def _finish(self, session: Session, ended: Ticket, asked: Asked) -> None:
        """Put what a run came to into the gallery; of one that was stopped, the picture so far."""
        if ended.slot == NET and asked.net is not None:
            self._nets.spoil(asked.net, ended.error)
        path = ended.work.out
        assert path is not None
        if ended.picture is None:
            return
        if not path.exists():
            path.write_bytes(ended.picture)
        header = images.inspect(path)
        stopped = ended.stop.is_set() or bool(ended.error)
        given = dict(asked.pictures), dict(asked.options)
        size = header.width, header.height
        made = Made(asked.id, asked.tab.name, *given, path, *size, stopped, ended.seconds)
        session.finish(made)

    def _look(self, session: Session, request: Request) -> Answer:
        """The networks that there are now."""
        return as_json(self._nets.described())

    def _net_picture(self, session: Session, request: Request, number: str, of: str) -> Answer:
        picture = self._nets.picture(number, of)
        if picture is None:
            raise RefusedError(404, "there is no such picture")
        return Answer(200, "image/png", picture)

    def _stop(self, session: Session, request: Request, number: str) -> Answer:
        ticket = _ticket(session, number)
        self._line.stop(ticket)
        return as_json(self._described(ticket))

    def _run(self, session: Session, request: Request, number: str) -> Answer:
        return as_json(self._described(_ticket(session, number)))

    def _run_picture(self, session: Session, request: Request, number: str) -> Answer:
        picture = _ticket(session, number).picture
        if picture is None:
            raise RefusedError(404, "there is no picture yet")
        return Answer(200, "image/png", picture)

    def _made_picture(self, session: Session, request: Request, number: str) -> Answer:
        return Answer(200, "image/png", _made(session, number).path.read_bytes())

    def _made_record(self, session: Session, request: Request, number: str) -> Answer:
        try:
            record = session.record(_made(session, number))
        except FileNotFoundError:
            raise RefusedError(404, "there is no record of this run") from None
        return Answer(200, "application/json", record)

    def _forget(self, session: Session, request: Request, number: str) -> Answer:
        session.forget(number)
        return as_json({})

    def _described(self, ticket: Ticket) -> dict[str, Any]:
        left = ticket.told.get("left")
        return {
            **ticket.told,
            "id": ticket.id,
            "tab": ticket.tab,
            "state": ticket.state,
            "before": self._line.before(ticket),
            "left": f"{clock(left)} left" if left is not None and not ticket.ended else "",
            "pictures": ticket.pictures,
            "error": ticket.error,
            "slot": ticket.slot,
            "notes": ticket.notes,
            "record": ticket.ended and has_record(ticket.work.out),
            "seconds": round(ticket.seconds, 2),
        }


def _colors(session: Session, stored: Stored) -> list[Color]:
    """The palette of a picture."""
    with session.lock:
        if stored.id not in session.palettes:
            pixels = images.to_uint8(images.read(stored.path).pixels)
            session.palettes[stored.id] = palette(np.asarray(pixels), tabs.names_of_colors())
        return session.palettes[stored.id]


def _snapped(session: Session, stored: Stored, of: Stored) -> Stored:
    """A picture in the colors of another's palette alone."""
    colors = [color.rgb for color in _colors(session, of)]
    pixels = images.to_uint8(images.read(stored.path).pixels)
    snapped = snap(pixels, colors)
    if stored.path.suffix == ".png" and np.array_equal(snapped, pixels):
        return stored
    name = f"{stored.name.rpartition('.')[0] or stored.name}.png"
    return session.add(images.encode(".png", snapped), name)


def _known(session: Session, number: str) -> Stored:
    try:
        return session.picture(number)
    except InputError as error:
        raise RefusedError(404, str(error)) from None


def _ticket(session: Session, number: str) -> Ticket:
    with session.lock:
        found = session.tickets.get(number)
    if found is None:
        raise RefusedError(404, "this run is not known any more")
    return found


def _made(session: Session, number: str) -> Made:
    with session.lock:
        found = session.made.get(number)
    if found is None:
        raise RefusedError(404, "this picture is not in the gallery any more")
    return found
