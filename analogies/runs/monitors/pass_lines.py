"""One line per pass, for those who want to know."""

from typing import TYPE_CHECKING

from absl import logging

if TYPE_CHECKING:
    from analogies.synthesis.loop import Progress

MOST = 6  # pairs and copies that are named


def report(record: "Progress") -> None:
    """Log what a finished pass has come to, and at the end where the time went."""
    if record.kind == "done":
        phases = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in record.phases.items())
        for decision in record.decisions:
            logging.info("%s", decision)
        logging.info("time: %s", phases)
    if record.kind != "pass":
        return
    height, width = record.size
    terms = ", ".join(f"{name} {value:.4g}" for name, value in record.terms.items())
    logging.info(
        "level %d/%d, pass %d/%d, %dx%d px: loss %.4g (%s), %d evaluations, %.1f s, "
        "%s matching on cells of %d px",
        record.level + 1,
        record.levels,
        record.iteration + 1,
        record.iterations,
        width,
        height,
        record.loss,
        terms,
        record.evaluations,
        record.seconds,
        record.method,
        record.cell,
    )
    if record.matches_from:
        shares = [f"{name} {share:.1%}" for name, share in record.matches_from.items()]
        more = f", {len(shares) - MOST} others" if len(shares) > MOST else ""
        logging.info("  matches in %s%s", ", ".join(shares[:MOST]), more)
