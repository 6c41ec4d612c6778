"""Checkpoints of a run, between its passes."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analogies.errors import InputError
from analogies.runs.checkpoints import files as checkpoint_files
from analogies.runs.checkpoints.files import Saved

if TYPE_CHECKING:
    from analogies.runs.checkpoints.resuming import Keeping
    from analogies.runs.monitors.pass_log import PassLog
    from analogies.synthesis.loop import Progress

KEPT = 2  # the last ones; should one be damaged, the other is there


class Checkpoints:
    """Writes a checkpoint wherever the run could go on from, and keeps the last two.

    Listens last, so that what other monitors write of a pass is there before its checkpoint is.

    Args:
        keeping: the folder, and where the run started; checkpoints beyond that are damaged ones
            and are removed.
        log: whose rows are saved along, so that a resumed run has the record of all passes.
        extras: what others want to be saved along, as JSON can hold it.
    """

    title = "the checkpoint"

    def __init__(self, keeping: "Keeping", log: "PassLog", extras: dict[str, Any]) -> None:
        self._keeping, self._log, self._extras = keeping, log, extras
        found = checkpoint_files.files_in(keeping.folder)
        if keeping.saved is not None:
            sound = checkpoint_files.path_of(keeping.folder, keeping.saved.carried)
            found = found[found.index(sound) + 1 :] if sound in found else []
        _remove(found)

    def __call__(self, record: "Progress") -> None:
        """Save what the run could go on from, if the record stands there."""
        if record.carried is None:
            return
        folder = self._keeping.folder
        saved = Saved(self._keeping.made_from, record.carried, self._log.rows, self._extras)
        try:
            checkpoint_files.write(folder, saved)
        except InputError as error:
            left = checkpoint_files.files_in(folder)
            hint = f"; {left[-1]} stays" if left else ""
            raise InputError(f"{error}{hint}") from None
        _remove(checkpoint_files.files_in(folder)[:-KEPT])


def remove_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of a run whose result is written."""
    with contextlib.suppress(OSError):
        _remove(checkpoint_files.files_in(folder))


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
