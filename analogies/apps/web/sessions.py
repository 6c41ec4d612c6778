"""Sessions: the pictures and runs of one person, which no other can reach.

A session is known by a key that cannot be guessed and is sent with every request; a picture by an
id that is looked for in that session alone. No name that is sent becomes the name of a file.
"""

import contextlib
import io
import json
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from analogies import images
from analogies.apps.web.limits import Limits
from analogies.apps.web.line import Ticket
from analogies.apps.web.palette import Color
from analogies.errors import InputError
from analogies.files import reason

THUMBNAIL = 1024  # px, the longer side of a picture as it is shown on the page
_GALLERY = 200  # pictures that are kept
_ENDED = 4  # runs that are known, with their pictures, after they have ended
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".avif")


@dataclass(frozen=True)
class Stored:
    """A picture of a session.

    Attributes:
        id: unguessable.
        path: file with the bytes that were sent.
        name: what the person called it.
        width, height: px.
        length: of both files, bytes.
        notes: on how it is read.
        shown: file of a PNG for the page, no larger than `THUMBNAIL`.
    """

    id: str
    path: Path
    name: str
    width: int
    height: int
    length: int
    notes: tuple[str, ...]
    shown: Path

    def described(self) -> dict[str, Any]:
        """As plain data, for the page."""
        about = {key: getattr(self, key) for key in ("id", "name", "width", "height")}
        return {**about, "notes": list(self.notes)}


@dataclass(frozen=True)
class Made:
    """A picture that was made, with what it was made of.

    Attributes:
        id: that of its run.
        tab, pictures, options: as they were asked for.
        path: of the picture.
        width, height: px.
        stopped: whether it is the picture so far.
        seconds: that it took.
    """

    id: str
    tab: str
    pictures: dict[str, str]
    options: dict[str, Any]
    path: Path
    width: int
    height: int
    stopped: bool
    seconds: float

    def described(self) -> dict[str, Any]:
        """As plain data, for the page."""
        names = ("id", "tab", "pictures", "options", "width", "height", "stopped")
        about = {name: getattr(self, name) for name in names}
        return {**about, "seconds": round(self.seconds, 1), "record": has_record(self.path)}


class Session:
    """The pictures and runs of one person.

    Args:
        folder: of it alone.
        limits: how much it may hold.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.key = secrets.token_urlsafe(32)
        self.folder, self._limits = folder, limits
        self.pictures: dict[str, Stored] = {}
        self.tickets: dict[str, Ticket] = {}
        self.made: dict[str, Made] = {}
        self.palettes: dict[str, list[Color]] = {}
        self.used = time.monotonic()
        self.lock = threading.RLock()
        folder.mkdir(mode=0o700)

    def add(self, data: bytes, name: str) -> Stored:
        """Keep a picture that was sent, checked as files are for a run.

        Raises:
            InputError: it is none, is damaged or too large; or the session is full.
        """
        said = spoken_name(name)
        number = new_id()
        path = self.folder / (number + _suffix(said))
        self._make_room(len(data))
        path.write_bytes(data)
        try:
            header = images.inspect(path)
            area = header.width * header.height
            if area > self._limits.picture_pixels:
                most = self._limits.picture_pixels / 1e6
                raise InputError(
                    f"this page takes pictures of up to {most:.3g} megapixels; make it smaller "
                    f"first. Received: {header.width}x{header.height} px, {area / 1e6:.1f} "
                    "megapixels"
                )
            picture = images.read(path)
            thumbnail = _shown(picture)
        except InputError as error:
            path.unlink()
            raise InputError(str(error).replace(repr(str(path)), repr(said))) from None
        except BaseException:
            path.unlink()
            raise
        shown = path.with_suffix(".shown")
        shown.write_bytes(thumbnail)
        length = len(data) + len(thumbnail)
        height, width = picture.size
        stored = Stored(number, path, said, width, height, length, picture.notes, shown)
        with self.lock:
            self.pictures[number] = stored
        return stored

    def picture(self, number: Any) -> Stored:
        """A picture by its id.

        Raises:
            InputError: the session has none of that id.
        """
        with self.lock:
            found = self.pictures.get(number) if isinstance(number, str) else None
        if found is None:
            raise InputError("this picture is not here any more; give it again")
        return found

    def running(self) -> list[Ticket]:
        """Runs that have not ended, and those that ended last."""
        with self.lock:
            return list(self.tickets.values())

    def keep(self, ticket: Ticket) -> None:
        """Note a run; of those that have ended only the last few stay known."""
        with self.lock:
            self.tickets[ticket.id] = ticket
            ended = [each for each in self.tickets.values() if each.ended]
            for old in ended[: max(0, len(ended) - _ENDED)]:
                del self.tickets[old.id]

    def finish(self, made: Made) -> None:
        """Put a picture into the gallery."""
        with self.lock:
            self.made[made.id] = made
            while len(self.made) > _GALLERY:
                self.forget(next(iter(self.made)))

    def forget(self, number: Any) -> None:
        """Take a picture out of the gallery, and delete its files."""
        with self.lock:
            made = self.made.pop(number, None) if isinstance(number, str) else None
        if made is not None:
            for path in (made.path, made.path.with_suffix(".json")):
                path.unlink(missing_ok=True)

    def record(self, made: Made) -> bytes:
        """The record of a run, in which files go by the names that the person gave them."""
        text = made.path.with_suffix(".json").read_text("utf-8")
        for stored in self.pictures.values():
            text = text.replace(str(stored.path), json.dumps(stored.name)[1:-1])
        return text.encode()

    def _make_room(self, wanted: int) -> None:
        """Forget the oldest pictures of which nothing was made or is being made.

        Raises:
            InputError: that does not do.
        """
        with self.lock:
            used = {number for made in self.made.values() for number in made.pictures.values()}
            for ticket in self.tickets.values():
                if not ticket.ended:
                    used |= {path.stem for path in ticket.work.sources.values()}
            free = [each for each in self.pictures.values() if each.id not in used]
            held = sum(path.stat().st_size for path in self.folder.iterdir())
            while held + wanted > self._limits.session_bytes or len(free) > _GALLERY:
                if not free:
                    most = self._limits.session_bytes // 2**20
                    raise InputError(
                        f"your pictures fill the {most} MiB that there are; take some out of the "
                        "gallery"
                    )
                oldest = free.pop(0)
                for path in (oldest.path, oldest.shown):
                    path.unlink(missing_ok=True)
                del self.pictures[oldest.id]
                self.palettes.pop(oldest.id, None)
                held -= oldest.length


class Sessions:
    """All sessions.

    Args:
        folder: that they are in; it has to be empty.
        limits: how many there may be.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder, self._limits = folder, limits
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def open(self) -> Session:
        """A new session; the least used may be forgotten for it.

        Raises:
            InputError: all that there may be are in use.
        """
        with self._lock:
            self._sweep()
            if len(self._sessions) >= self._limits.sessions:
                raise InputError("too many people are here at once; try again later")
            session = Session(self._folder / new_id(), self._limits)
            self._sessions[session.key] = session
            return session

    def find(self, key: str) -> Session | None:
        """The session of a key, or None."""
        with self._lock:
            session = self._sessions.get(key)
            if session is not None:
                session.used = time.monotonic()
            return session

    def _sweep(self) -> None:
        """Forget sessions that nobody looks at any more, and empty ones where room is wanted."""
        now = time.monotonic()
        full = len(self._sessions) >= self._limits.sessions
        for key, session in list(self._sessions.items()):
            idle = now - session.used
            empty = not session.pictures and not session.made
            old = idle > self._limits.session_seconds or (full and empty and idle > 10.0)
            if old and all(ticket.ended for ticket in session.running()):
                del self._sessions[key]
                shutil.rmtree(session.folder, ignore_errors=True)


def has_record(path: Path | None) -> bool:
    """Whether there is a record of the run that made a picture."""
    return path is not None and path.with_suffix(".json").exists()


@contextlib.contextmanager
def session_folder(folder: Path) -> Iterator[Path]:
    """A folder for all sessions in another one; it goes with the block.

    Raises:
        InputError: it cannot be made.
    """
    own = folder / f"analogies-page-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        own.mkdir(mode=0o700)
    except OSError as error:
        raise InputError(
            f"pictures cannot be kept there: {reason(error)}. Received: {str(folder)!r}"
        ) from None
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


def new_id() -> str:
    """A name that cannot be guessed."""
    return secrets.token_hex(16)


def spoken_name(name: str) -> str:
    """The last part of a name as a person gave it, without what does not belong in a line.

    >>> spoken_name("../../etc/pass\\nwd"), spoken_name("C:\\\\a\\\\b.png"), spoken_name("")
    ('passwd', 'b.png', 'picture')
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(letter for letter in last if letter.isprintable())[-80:]
    return plain.strip(". ") or "picture"


def _suffix(name: str) -> str:
    """The suffix of a name, if it is one of pictures."""
    return next((suffix for suffix in _SUFFIXES if name.lower().endswith(suffix)), ".png")


def _shown(picture: images.Picture) -> bytes:
    """A PNG of a picture for the page."""
    image = Image.fromarray(images.to_uint8(picture.pixels))
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
