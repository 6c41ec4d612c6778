"""A request and its answer, as plain data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PREFIX = "/analogies/"  # of all addresses that are not Gradio's


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes:
        method: "GET" or "POST".
        path: below the page's own prefix, without it.
        query: {name: value}.
        key: of the session, or "".
        body: what was sent.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as an object.

        Raises:
            RefusedError: it is none.
        """
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise RefusedError(400, "the body must be an object in JSON")
        return value


@dataclass(frozen=True)
class Answer:
    """What is answered.

    Attributes:
        status: of HTTP.
        type: media type of the body.
        body: bytes.
        headers: further ones.
    """

    status: int
    type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A request that is not answered as it was meant.

    Attributes:
        status: of HTTP.
        details: what the page wants to know beside the line, such as the slot of a picture.
    """

    def __init__(self, status: int, said: str, **details: Any) -> None:
        super().__init__(said)
        self.status = status
        self.details = details


def as_json(value: Any, status: int = 200) -> Answer:
    """An answer of plain data."""
    return Answer(status, "application/json", json.dumps(value).encode())
