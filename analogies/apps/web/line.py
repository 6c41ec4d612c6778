"""The line of runs: one at a time, previews before whole pictures, each in its turn."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from analogies.apps.web.limits import Limits
from analogies.apps.web.work import Tell, Work
from analogies.errors import InputError

WAITING, RUNNING, DONE, STOPPED, FAILED = "waiting", "running", "done", "stopped", "failed"


class FullError(InputError):
    """No more runs can wait."""


class Maker(Protocol):
    """What makes runs, one at a time."""

    def run(
        self, work: Work, tell: Tell, stopped: Callable[[], bool], seconds: float
    ) -> dict[str, Any]:
        """Make one; see `worker.Worker.run`."""
        ...


@dataclass(eq=False)
class Ticket:
    """A run, from when it was asked for.

    Attributes:
        id: unguessable.
        owner: the session it belongs to.
        work: what to make.
        preview: small and soon; a later one takes its place.
        tab: in which it was asked for.
        state: waiting, running, done, stopped (the picture so far may be there) or failed.
        told: what was last told of it, see `work.carry_out`.
        picture: bytes of a PNG, the last there is, or None.
        pictures: how many there were.
        error: one line, or "".
        slot: that the error is about, or "".
        notes: what a person may not expect.
        finished: called with the ticket when it has ended.
        seconds: that it ran.
    """

    id: str
    owner: str
    work: Work
    preview: bool = False
    tab: str = ""
    state: str = WAITING
    told: dict[str, Any] = field(default_factory=dict)
    picture: bytes | None = None
    pictures: int = 0
    error: str = ""
    slot: str = ""
    notes: list[str] = field(default_factory=list)
    finished: Callable[["Ticket"], None] | None = None
    seconds: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    number: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in (DONE, STOPPED, FAILED)


class Line:
    """Runs wait here for the one that is made.

    Args:
        maker: makes them.
        limits: how many may wait, and how long one may take.
    """

    def __init__(self, maker: Maker, limits: Limits) -> None:
        self._maker, self._limits = maker, limits
        self._waiting: list[Ticket] = []
        self._running: Ticket | None = None
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def submit(self, ticket: Ticket) -> None:
        """Put a run in the line; a preview ends the one of the same session before it.

        Raises:
            FullError: too many wait.
        """
        with self._changed:
            if ticket.preview:
                for other in [*self._waiting, *([self._running] if self._running else [])]:
                    if other.preview and other.owner == ticket.owner:
                        self._stop(other)
            waiting = [other for other in self._waiting if not other.preview]
            own = [other for other in waiting if other.owner == ticket.owner]
            if not ticket.preview and len(own) >= self._limits.waiting_of_session:
                raise FullError(f"{len(own)} runs of yours wait already; stop one or wait")
            if not ticket.preview and len(waiting) >= self._limits.waiting:
                raise FullError(f"{len(waiting)} runs wait already; try again later")
            if ticket.preview and len(self._waiting) >= 2 * self._limits.waiting:
                raise FullError("too many previews wait; try again later")
            ticket.number = next(self._numbers)
            self._waiting.append(ticket)
            self._waiting.sort(key=lambda each: (not each.preview, each.number))
            self._changed.notify_all()

    def before(self, ticket: Ticket) -> int:
        """How many runs are made before a ticket's, that which is being made included."""
        with self._changed:
            if ticket not in self._waiting:
                return 0
            return self._waiting.index(ticket) + (self._running is not None)

    def stop(self, ticket: Ticket) -> None:
        """End a run, with the picture so far; one that waits is not begun."""
        with self._changed:
            self._stop(ticket)

    def close(self) -> None:
        """End all runs."""
        with self._changed:
            self._closed = True
            for ticket in [*self._waiting, *([self._running] if self._running else [])]:
                self._stop(ticket)
            self._changed.notify_all()
        self._thread.join(10)

    def _stop(self, ticket: Ticket) -> None:
        ticket.stop.set()
        if ticket in self._waiting:
            self._waiting.remove(ticket)
            ticket.state = STOPPED
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                ticket = self._running = self._waiting.pop(0)
                ticket.state = RUNNING
            self._make(ticket)
            with self._changed:
                self._running = None
                self._changed.notify_all()

    def _make(self, ticket: Ticket) -> None:
        """Make one; whatever fails, the line goes on."""
        started = time.monotonic()

        def tell(told: dict[str, Any]) -> None:
            picture = told.pop("picture", None)
            if picture is not None:
                ticket.picture, ticket.pictures = picture, ticket.pictures + 1
            ticket.told = told

        try:
            ended = self._maker.run(ticket.work, tell, ticket.stop.is_set, self._limits.run_seconds)
        except Exception as error:
            ended = {"error": f"{type(error).__name__}: {error}", "stopped": False}
        ticket.seconds = time.monotonic() - started
        ticket.error, ticket.notes = ended["error"], ended.get("notes", [])
        ticket.slot = ended.get("slot", "")
        if ended.get("picture") is not None:
            ticket.picture, ticket.pictures = ended["picture"], ticket.pictures + 1
            ticket.told |= {key: ended[key] for key in ("width", "height")}
        state = STOPPED if ended["stopped"] else FAILED if ended["error"] else DONE
        try:
            if ticket.finished is not None:
                ticket.finished(ticket)
        except Exception as error:
            ticket.error = f"{type(error).__name__}: {error}"
            state = FAILED
        ticket.state = state
