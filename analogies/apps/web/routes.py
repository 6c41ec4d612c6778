"""What the page can ask for, and the answers; HTTP itself is elsewhere.

Every request but those for the page's own files is of a session, and reaches what is that
session's alone. Paths are compared with the few patterns below; none becomes the name of a file.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from typing import Any

import numpy as np

from analogies import images
from analogies.apps.web import tabs
from analogies.apps.web.limits import Limits
from analogies.apps.web.line import FullError, Line, Ticket
from analogies.apps.web.palette import Color, palette, snap
from analogies.apps.web.requests import Answer, RefusedError, Request, as_json
from analogies.apps.web.sessions import Made, Session, Sessions, Stored, new_id
from analogies.apps.web.work import Work, renamed
from analogies.errors import InputError
from analogies.runs.monitors.progress import clock

_STATIC = {
    "page.js": "text/javascript",
    "api.js": "text/javascript",
    "painter.js": "text/javascript",
    "slots.js": "text/javascript",
    "runs.js": "text/javascript",
    "page.css": "text/css",
}
_ID = "([0-9a-f]{32})"
_MEANT = {"A": "a", "A'": "a_prime", "B": "b"}


class Pages:
    """Answers requests.

    Args:
        sessions: of whoever is here.
        line: in which runs wait.
        limits: of what is taken.
    """

    def __init__(self, sessions: Sessions, line: Line, limits: Limits) -> None:
        self._sessions, self._line, self._limits = sessions, line, limits
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
        asked = request.json()
        tab, preview = tabs.find(asked.get("tab")), asked.get("preview") is True
        given = asked.get("pictures")
        given = given if isinstance(given, dict) else {}
        chosen: dict[str, Stored] = {}
        for slot in tab.pictures:
            if not given.get(slot):
                if slot in tab.optional:
                    continue
                said = f"{tab.pictures[slot].split(':')[0]} is missing"
                raise RefusedError(422, said, slot=slot)
            try:
                chosen[slot] = session.picture(given[slot])
            except InputError as error:
                raise RefusedError(422, str(error), slot=slot) from None
        options = tabs.chosen_options(tab, asked.get("options", {}))
        number = new_id()
        files = tabs.file_options(tab, {slot: str(each.path) for slot, each in chosen.items()})
        sources = {name: chosen[slot].path for slot in chosen for name in tab.stands_for[slot]}
        work = Work(
            sources={name: sources[name] for name in ("a", "a_prime", "b")},
            options={**options, **files},
            out=session.folder / f"{number}.png",
            result_pixels=self._limits.result_pixels,
            names={str(stored.path): stored.name for stored in chosen.values()},
        )
        if preview:
            b = next(stored for slot, stored in chosen.items() if "b" in tab.stands_for[slot])
            work = replace(work, options=_small(b, options), out=None)
        from analogies.apps.web.making import checked

        try:
            checked(work)
        except InputError as error:
            raise _at_picture(renamed(str(error), work), tab) from None
        ticket = Ticket(number, session.key, work, preview, tab.name)
        if not preview:
            numbers = {slot: stored.id for slot, stored in chosen.items()}
            ticket.finished = lambda ended: _keep(session, ended, tab.name, numbers, options)
        self._line.submit(ticket)
        session.keep(ticket)
        return as_json(self._described(ticket))

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
            raise RefusedError(404, "this run was ended before it wrote a record") from None
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
            "notes": ticket.notes,
            "seconds": round(ticket.seconds, 2),
        }


def _small(b: Stored, options: dict[str, Any]) -> dict[str, Any]:
    """Options of a preview: pixels alone, no larger than a stamp."""
    side = min(tabs.PREVIEW, max(b.width, b.height))
    size = {"width": side} if b.width >= b.height else {"height": side}
    seed = {"seed": options["seed"]} if "seed" in options else {}
    return {"preset": "pixels", "speed": "fast", **size, **seed}


def _keep(
    session: Session,
    ticket: Ticket,
    tab: str,
    pictures: dict[str, str],
    options: dict[str, Any],
) -> None:
    """Put what a run came to into the gallery; of one that was stopped, the picture so far."""
    path = ticket.work.out
    assert path is not None
    if ticket.picture is None:
        return
    if not path.exists():
        path.write_bytes(ticket.picture)
    header = images.inspect(path)
    stopped = ticket.stop.is_set() or bool(ticket.error)
    asked = {name: value for name, value in options.items() if name != "preset"}
    if tabs.find(tab).presets:
        asked["preset"] = options["preset"]
    size = header.width, header.height
    session.finish(Made(ticket.id, tab, pictures, asked, path, *size, stopped, ticket.seconds))


def _at_picture(said: str, tab: tabs.Tab) -> RefusedError:
    """A message, and the slot of the picture that it is about."""
    meant, _, rest = said.partition(": ")
    name = "a_prime" if said.startswith("A and A'") else _MEANT.get(meant)
    for slot, names in tab.stands_for.items():
        if name in names:
            return RefusedError(422, rest if meant in _MEANT else said, slot=slot)
    return RefusedError(422, said)


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
