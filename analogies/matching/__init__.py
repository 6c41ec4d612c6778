"""Dense patch matching: exact and PatchMatch nearest neighbors, voting and drawing of fields.

Loaded on first use, so that importing the package does not import TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analogies.matching.augmentation import augmented, copy_of, stack
    from analogies.matching.drawing import draw
    from analogies.matching.field import NearestNeighborField
    from analogies.matching.matcher import match
    from analogies.matching.voting import coverage, middles, vote

_HOMES = {
    "NearestNeighborField": "field",
    "augmented": "augmentation",
    "copy_of": "augmentation",
    "coverage": "voting",
    "draw": "drawing",
    "match": "matcher",
    "middles": "voting",
    "stack": "augmentation",
    "vote": "voting",
}
__all__ = [
    "NearestNeighborField",
    "augmented",
    "copy_of",
    "coverage",
    "draw",
    "match",
    "middles",
    "stack",
    "vote",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
