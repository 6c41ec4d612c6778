"""Image analogies: given A, A' and B, make B' such that A is to A' as B is to B'.

Loaded on first use: importing the package imports neither TensorFlow nor Keras.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analogies.api import (
        FastAnalogy,
        apply_field,
        fill,
        make_analogy,
        make_moving_analogy,
        paint_from_keys,
        synthesize_texture,
        transfer_style,
    )
    from analogies.errors import InputError
    from analogies.options.table import Options

_HOMES = {
    "FastAnalogy": "api",
    "InputError": "errors",
    "Options": "options",
    "apply_field": "api",
    "fill": "api",
    "make_analogy": "api",
    "make_moving_analogy": "api",
    "paint_from_keys": "api",
    "synthesize_texture": "api",
    "transfer_style": "api",
}
_ROOMS = ("features", "images", "losses", "matching", "optimizers", "synthesis")
__all__ = [
    "FastAnalogy",
    "InputError",
    "Options",
    "apply_field",
    "fill",
    "make_analogy",
    "make_moving_analogy",
    "paint_from_keys",
    "synthesize_texture",
    "transfer_style",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("analogies.runs.machine.versions").version()
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS])
