"""The `batch` table: analogies of one size by `--batch`, against as many separate commands."""

import argparse
import csv
import shlex
import statistics
import tempfile
from pathlib import Path

from analogies.errors import InputError
from benchmarks.run import COMMAND, PICTURES, timed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this table understands."""
    parser.add_argument("--jobs", type=int, default=20, metavar="N", help="default: 20")
    parser.add_argument(
        "--separate", type=int, default=3, metavar="N", help="commands timed alone (default: 3)"
    )
    parser.add_argument(
        "--options", default="--height=64", metavar="TEXT", help="default: --height=64"
    )


def run(args: argparse.Namespace) -> None:
    """Print seconds of both ways and their ratio."""
    if args.jobs < 1 or args.separate < 1:
        raise InputError("--jobs and --separate must be at least 1")
    options = [*shlex.split(args.options), "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        alone = []
        for number in range(args.separate):
            alone.append(_timed([*options, *PICTURES, f"{folder}/{number}.png"]))
        listed = Path(folder, "list.csv")
        with open(listed, "w", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["a", "a_prime", "b", "out"])
            rows.writerows([*PICTURES, f"batch-{number}.png"] for number in range(args.jobs))
        together = _timed([*options, "--batch", str(listed)])
    separate = args.jobs * statistics.median(alone)
    print(f"{args.jobs} jobs, {args.options}")
    print(f"separate commands, s {separate:12.1f}   ({args.jobs} times the median of {len(alone)})")
    print(f"one batch, s         {together:12.1f}")
    print(f"ratio                {together / separate:12.2f}")


def _timed(arguments: list[str]) -> float:
    with tempfile.TemporaryFile("w+") as said:
        code, usage = timed([*COMMAND, *arguments], said)
        said.seek(0)
        if code:
            raise InputError(f"the command failed with exit code {code}: {said.read().strip()}")
    return usage["wall"]
