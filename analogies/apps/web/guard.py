"""The way into the server, an ASGI application: what may be asked, by whom, and how much is read.

In front of Gradio stands a list of what the page needs of it; all else of Gradio (its routes to
files, uploads, proxies and functions) cannot be reached. Answers forbid the browser to ask any
other host for anything.
"""

import asyncio
import re
import urllib.parse
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from analogies.apps.web.limits import Limits
from analogies.apps.web.requests import PREFIX, Answer, RefusedError, Request, as_json
from analogies.apps.web.routes import Pages

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

SESSION_HEADER = b"x-analogies-session"
LOCAL = ("localhost", "127.0.0.1", "[::1]")

_SMALL = 2**16  # bytes of a body that is no picture
_DECODED = 2  # pictures at once
_OF_GRADIO = re.compile(
    r"/|/config|/theme\.css|/favicon\.ico|/manifest\.json|/robots\.txt"
    r"|/(assets|static)(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+"
    r"|/gradio_api/(startup-events|info|app_id|heartbeat/[a-z0-9]+)"
)
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self' data:",
        "style-src 'self' 'unsafe-inline'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "connect-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Lets through what the page needs.

    Args:
        pages: answer what is below `PREFIX`.
        gradio: the application behind the rest.
        limits: of bodies.
        hosts: names under which the server may be asked, or None for any; the names of this
            machine alone keep other web pages from reaching it under a name of theirs.
    """

    def __init__(
        self,
        pages: Pages,
        gradio: Application,
        limits: Limits,
        hosts: Iterable[str] | None = LOCAL,
    ) -> None:
        self._pages, self._gradio, self._limits = pages, gradio, limits
        self._hosts = None if hosts is None else set(hosts)
        self._uploads = asyncio.Semaphore(limits.uploads)
        self._decoding = asyncio.Semaphore(_DECODED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._gradio(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"]
        try:
            self._check_host(headers)
            if path.startswith(PREFIX):
                await _send(send, await self._own(scope, headers, receive))
            elif scope["method"] in ("GET", "HEAD") and _OF_GRADIO.fullmatch(path):
                await self._gradio(scope, receive, _with_headers(send, path))
            else:
                raise RefusedError(404, "there is no such page")
        except RefusedError as error:
            await _send(send, as_json({"error": str(error)}, error.status))
        except ConnectionError:
            pass  # nobody is there any more

    async def _own(self, scope: Scope, headers: dict[bytes, str], receive: Receive) -> Answer:
        method, path = scope["method"], scope["path"][len(PREFIX) :]
        if method not in ("GET", "POST"):
            raise RefusedError(405, "this cannot be asked so")
        body = b""
        if method == "POST":
            most = self._limits.file_bytes if path == "picture" else _SMALL
            length = headers.get(b"content-length", "0")
            if not length.isdecimal() or int(length) > most:
                raise RefusedError(413, _too_much(most))
            if path == "picture":
                return await self._picture(scope, headers, path, receive)
            body = await self._body(receive, most)
        return await self._ask(scope, headers, method, path, body)

    async def _picture(
        self, scope: Scope, headers: dict[bytes, str], path: str, receive: Receive
    ) -> Answer:
        """Take a picture: some may be on their way at once, and few are decoded at once."""
        if self._uploads.locked():
            raise RefusedError(503, "too much is sent at once; try again in a moment")
        async with self._uploads:
            body = await self._body(receive, self._limits.file_bytes)
        async with self._decoding:
            return await self._ask(scope, headers, "POST", path, body)

    async def _ask(
        self, scope: Scope, headers: dict[bytes, str], method: str, path: str, body: bytes
    ) -> Answer:
        text = scope.get("query_string", b"").decode("latin-1")
        try:
            query = dict(urllib.parse.parse_qsl(text, max_num_fields=20))
        except ValueError:
            raise RefusedError(400, "the address cannot be read") from None
        key = headers.get(SESSION_HEADER, "")
        request = Request(method, path, query, key, body)
        return await asyncio.to_thread(self._pages.answer, request)

    async def _body(self, receive: Receive, most: int) -> bytes:
        """The body of a request, as long as it comes soon and is no larger than it may be."""
        parts: list[bytes] = []
        length = 0
        try:
            async with asyncio.timeout(self._limits.upload_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ConnectionError
                    parts.append(message.get("body", b""))
                    length += len(parts[-1])
                    if length > most:
                        raise RefusedError(413, _too_much(most))
                    if not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError:
            said = f"sending took more than {self._limits.upload_seconds:g} s"
            raise RefusedError(408, said) from None

    def _check_host(self, headers: dict[bytes, str]) -> None:
        """The request is meant for this server, and comes from its own page."""
        host = headers.get(b"host", "")
        if self._hosts is not None and re.sub(r":\d+$", "", host).lower() not in self._hosts:
            raise RefusedError(421, "this server is asked as localhost or 127.0.0.1 alone")
        origin = headers.get(b"origin")
        if origin is not None and self._hosts is not None:
            name = urllib.parse.urlsplit(origin).netloc.lower()
            if name != host.lower():
                raise RefusedError(403, "requests of other pages are not answered")


def _too_much(most: int) -> str:
    return f"this is larger than the {most / 2**20:.3g} MiB that may be sent at once"


def _with_headers(send: Send, path: str) -> Send:
    """Answers of Gradio get our headers; its page loses what names other hosts."""

    async def sending(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            names = {name.encode() for name in _HEADERS}
            kept = [(n, v) for n, v in message["headers"] if n.lower() not in names]
            ours = dict(_HEADERS)
            if path.startswith(("/assets/", "/static/")):
                ours["cache-control"] = "public, max-age=3600"
            added = [(name.encode(), value.encode()) for name, value in ours.items()]
            message = {**message, "headers": [*kept, *added]}
        await send(message)

    return sending


async def _send(send: Send, answer: Answer) -> None:
    headers = {
        "content-type": answer.type,
        "content-length": str(len(answer.body)),
        **_HEADERS,
        **answer.headers,
    }
    if answer.status in (408, 413):  # what is still on its way is not read
        headers["connection"] = "close"
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": answer.body})
