"""The field of a run, as a file."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analogies.synthesis.loop import Progress


class FieldFile:
    """Writes the field that the result was voted from, when it is there.

    Args:
        path: of the file.
    """

    title = "the field"

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, record: "Progress") -> None:
        """Write the field, if the record brings it."""
        if record.patches is not None:
            record.patches.save(self._path)
