"""Minimizing a function under box bounds, on the device that computes it.

`minimize` is L-BFGS-B for TensorFlow; nothing here knows about images. TensorFlow is imported at
the first use of a name, not with the package.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analogies.optimizers.lbfgsb import minimize, start
    from analogies.optimizers.result import OptimizeResult, State

__all__ = ["OptimizeResult", "State", "minimize", "start"]

_MODULES = {"minimize": "lbfgsb", "start": "lbfgsb", "OptimizeResult": "result", "State": "result"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
