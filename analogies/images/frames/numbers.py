"""Which frames are meant, counted from 0 in the order in which they are shown."""

import re

from analogies.errors import InputError

_SPAN = re.compile(r"\s*(\d*)\s*:\s*(\d*)\s*")


def selected(count: int, span: str = ":", every: int = 1) -> range:
    """The numbers of the frames that are worked on.

    Args:
        count: how many there are.
        span: "FIRST:LAST", both included; either may be left out.
        every: 1 takes each, 2 every second one, from the first of the span on.

    Raises:
        InputError: the span is none, or there are no such frames.

    >>> list(selected(10, "2:8", 3)), list(selected(4, "2:"))
    ([2, 5, 8], [2, 3])
    """
    first, last = _ends(span)
    if first >= count:
        raise InputError(
            f"must begin within the {count} frames, 0 to {count - 1}. Received: {span!r}"
        )
    return range(first, min(count, count if last is None else last + 1), every)


def check_span(span: str) -> None:
    """Whether a span is one, before the frames are known.

    Raises:
        InputError: it is not.
    """
    _ends(span)


def _ends(span: str) -> tuple[int, int | None]:
    found = _SPAN.fullmatch(span)
    if found is None:
        raise InputError(f"must be FIRST:LAST, say 100:200, 100: or :200. Received: {span!r}")
    first, last = int(found[1] or 0), int(found[2]) if found[2] else None
    if last is not None and last < first:
        raise InputError(f"must not end before it begins. Received: {span!r}")
    return first, last
