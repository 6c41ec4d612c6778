"""The server: sessions, the line of runs and the page, until it is told to end."""

import contextlib
import importlib
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from analogies.apps.web.guard import LOCAL, Guard
from analogies.apps.web.limits import LISTENING, Limits
from analogies.apps.web.line import Line
from analogies.apps.web.nets import Nets
from analogies.apps.web.routes import Pages
from analogies.apps.web.sessions import Sessions, session_folder
from analogies.apps.web.worker import Worker
from analogies.errors import InputError

PORTS = 20  # that are tried from the first one on
SILENCE = 15.0  # s in which the head of a first request has to come


def serve(
    host: str, port: int | None, folder: Path | None, listening: bool, nets: Nets | None = None
) -> None:
    """Show the page until a signal ends the program.

    Args:
        host: address to listen at.
        port: or None for the first that is free from 7860 on.
        folder: for the files of sessions, in one of their own that goes at the end; None: that
            for temporary files.
        listening: others can reach it: smaller limits, asked under any name.
        nets: that can be chosen; None: none.

    Raises:
        InputError: the address or the folder cannot be used.
    """
    import uvicorn

    from analogies.apps.web.page import application

    limits = LISTENING if listening else Limits()
    taken = bound(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{taken.getsockname()[1]}/"
    with session_folder(folder or Path(tempfile.gettempdir())) as own:
        worker = Worker()
        worker.start()
        importlib.import_module("analogies.apps.web.making")  # or the first request waits for it
        line = Line(worker, limits)
        guard = Guard(
            Pages(Sessions(own, limits), line, limits, nets),
            application(),
            limits,
            hosts=None if listening else LOCAL,
        )
        config = uvicorn.Config(
            guard,
            http=_impatient(),
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            timeout_keep_alive=10,
            timeout_graceful_shutdown=3,
            limit_concurrency=400,
        )
        server = uvicorn.Server(config)
        threading.Thread(target=_tell, args=(server, address), daemon=True).start()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                server.run(sockets=[taken])
        finally:
            line.close()
            worker.close()


def bound(host: str, port: int | None) -> socket.socket:
    """A socket at an address.

    Raises:
        InputError: it is in use, or not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = [port] if port is not None else range(7860, 7860 + PORTS)
    problem: OSError | None = None
    for number in wanted:
        taken = socket.socket(family, socket.SOCK_STREAM)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, number))
            return taken
        except (OSError, OverflowError) as error:
            taken.close()
            problem = error if isinstance(error, OSError) else OSError(str(error))
    said = getattr(problem, "strerror", None) or problem
    where = f"{host} port {port}" if port is not None else host
    raise InputError(f"the page cannot be shown there: {said}. Received: {where}")


def _impatient() -> Any:
    """The way uvicorn speaks HTTP, but connections that ask nothing for a while are closed."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Impatient(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.loop.call_later(SILENCE, self._part)

        def _part(self) -> None:
            if self.cycle is None:  # no request has come, or but a part of one
                self.transport.close()

    return Impatient


def _tell(server: Any, address: str) -> None:
    """Say where the page is as soon as it can be asked for."""
    while not server.started:
        time.sleep(0.05)
    print(f"The page is at {address} (Ctrl-C ends it)", flush=True)
