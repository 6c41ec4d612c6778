"""From A, A' and B to B', level by level: the only room that knows the whole way.

Loaded on first use, so that importing the package does not import TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analogies.synthesis.loop import Progress, synthesize

_HOMES = {"Progress": "loop", "synthesize": "loop"}
__all__ = ["Progress", "synthesize"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
