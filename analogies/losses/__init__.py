"""What B' should be like: one Keras layer per loss, over pure functions in `energies`.

Loaded on first use, so that importing the package does not import TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analogies.losses.feature_losses import AnalogyLoss, ContentLoss, GramLoss, MRFLoss
    from analogies.losses.pixel_losses import StartLoss, TotalVariationLoss

_HOMES = {
    "AnalogyLoss": "feature_losses",
    "ContentLoss": "feature_losses",
    "GramLoss": "feature_losses",
    "MRFLoss": "feature_losses",
    "StartLoss": "pixel_losses",
    "TotalVariationLoss": "pixel_losses",
}
__all__ = [
    "AnalogyLoss",
    "ContentLoss",
    "GramLoss",
    "MRFLoss",
    "StartLoss",
    "TotalVariationLoss",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
