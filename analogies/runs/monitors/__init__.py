"""What listens to a run: callables that take its `Progress` records.

None of them is known to the algorithm; each knows only the record.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analogies.runs.monitors.field_file import FieldFile
    from analogies.runs.monitors.level_lines import LevelLines
    from analogies.runs.monitors.pass_lines import report
    from analogies.runs.monitors.pass_log import PassLog
    from analogies.runs.monitors.progress_bar import ProgressBar
    from analogies.runs.monitors.saved_iterations import SavedIterations
    from analogies.runs.monitors.tensorboard import TensorBoard

__all__ = [
    "FieldFile",
    "LevelLines",
    "PassLog",
    "ProgressBar",
    "SavedIterations",
    "TensorBoard",
    "report",
]

_MODULES = {
    "FieldFile": "field_file",
    "LevelLines": "level_lines",
    "PassLog": "pass_log",
    "ProgressBar": "progress_bar",
    "SavedIterations": "saved_iterations",
    "TensorBoard": "tensorboard",
    "report": "pass_lines",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
