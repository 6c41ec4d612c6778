"""The numbers of a run, pass by pass, for its record."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analogies.synthesis.loop import Progress


class PassLog:
    """Keeps the last record and one row of plain numbers per pass.

    Args:
        rows: of the passes before, where the run goes on from a checkpoint.

    Attributes:
        last: the last record, or None before the first; its image is the best so far.
        rows: per finished pass: level, iteration, size, evaluations, loss, terms and seconds.
        phases: seconds per phase of the whole run, once it is done.
        notes: what the run has to say about how it was set up.
        decisions: what it has decided by looking at the pictures.
    """

    def __init__(self, rows: Iterable[dict[str, Any]] = ()) -> None:
        self.last: Progress | None = None
        self.rows: list[dict[str, Any]] = list(rows)
        self.phases: dict[str, float] = {}
        self.notes: tuple[str, ...] = ()
        self.decisions: tuple[str, ...] = ()

    def __call__(self, record: "Progress") -> None:
        """Take one record."""
        self.last = record
        self.notes, self.decisions = record.notes, record.decisions
        if record.kind == "done":
            self.phases = {name: round(value, 3) for name, value in record.phases.items()}
        if record.kind != "pass":
            return
        row = {
            "level": record.level,
            "iteration": record.iteration,
            "height": record.size[0],
            "width": record.size[1],
            "evaluations": record.evaluations,
            "loss": record.loss,
            "terms": dict(record.terms),
            "cell": record.cell,
            "method": record.method,
            "match_score": record.match_score,
            "changed_matches": record.changed_matches,
            "matches_from": record.matches_from,
            "seconds": round(record.seconds, 3),
        }
        self.rows.append(row)
