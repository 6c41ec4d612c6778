"""Pictures as arrays: read and written, their colors, their sizes, cut into pieces.

Loaded on first use: neither Pillow nor TensorFlow is imported before something asks for them.
"""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.pictures"), name)
