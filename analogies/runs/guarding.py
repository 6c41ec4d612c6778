"""Listeners that cannot end a run: what fails in them is told, and the picture is made."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from analogies.files import reason
from analogies.runs.telling import tell

if TYPE_CHECKING:
    from analogies.synthesis.loop import Progress

Listener = Callable[["Progress"], None]


class Guarded:
    """A listener whose failures are warnings, each told once.

    It is called again with the next record, for a disk that is full may not stay so; only one
    that could not even be entered is left out.

    Args:
        listener: entered and left where it is a context manager.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener: Any = listener
        self._told: set[str] = set()
        self._out = False

    def __enter__(self) -> Self:
        if hasattr(self._listener, "__enter__"):
            self._out = not self._try(self._listener.__enter__)
        return self

    def __exit__(self, *exception: Any) -> None:
        if hasattr(self._listener, "__exit__") and not self._out:
            self._try(self._listener.__exit__, *exception)

    def __call__(self, record: "Progress") -> None:
        """Hand on one record."""
        if not self._out:
            self._try(self._listener, record)

    def _try(self, function: Callable[..., Any], *given: Any) -> bool:
        """Call a function; whether that went well."""
        try:
            function(*given)
        except (Exception, SystemExit) as error:  # a library's way of saying that a pipe broke
            name = getattr(self._listener, "title", None) or type(self._listener).__name__
            said = f"{name}: {reason(error) if isinstance(error, Exception) else 'gave up'}"
            if said not in self._told:
                self._told.add(said)
                tell([f"{said}; the run goes on"])
            return False
        return True
