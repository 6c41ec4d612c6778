"""The `run` table: what the public command takes, phase by phase.

The command runs in processes of its own, as a person runs it; the phases come from its run
record, wall and processor time and the largest memory from the operating system.
"""

import argparse
import csv
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

from analogies.errors import InputError
from benchmarks import run_cases
from benchmarks.run_cases import Case

ROOT = Path(__file__).resolve().parents[2]
PICTURES = [str(ROOT / "examples" / f"landscape-{name}.png") for name in ("a", "a-prime", "b")]
COMMAND = [sys.executable, "-c", "from analogies.apps.command_line import run; run()"]
# Passes that do not end early: generated weights leave the optimizer little to do.
NO_EARLY_END = "from analogies.synthesis.joint.objective import Objective; Objective.ftol = 0.0; "
ORDER = ("read", "import", "build", "features", "matching", "optimizing", "save")
Run = dict[str, float]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this table understands."""
    parser.add_argument("--sizes", nargs="+", type=int, metavar="PX", help="sides of the pictures")
    parser.add_argument("--networks", nargs="+", metavar="NAME", help="slim, vgg16, vgg19")
    parser.add_argument(
        "--peers", action="store_true", help="what predecessors were timed on, instead of sizes"
    )
    parser.add_argument(
        "--pictures", nargs=3, metavar=("A", "A_PRIME", "B"), default=PICTURES, help="inputs"
    )
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="of each (default: 1)")
    parser.add_argument(
        "--options",
        metavar="TEXT",
        help="of the command, say '--height 231 --seed 1': time this one analogy; with --sizes, "
        "--networks or --peers they are added to each",
    )
    parser.add_argument("--json", metavar="FILE", help="write all runs and the medians as JSON")
    parser.add_argument("--compare", metavar="FILE", help="an earlier run's JSON, for ratios")


def run(args: argparse.Namespace) -> None:
    """Print the tables of medians."""
    if args.runs < 1:
        raise InputError(f"--runs must be at least 1. Received: {args.runs}")
    before = load(args.compare) if args.compare else {}
    done: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in cases(args):
            options = [
                *run_cases.weight_options(case.network, Path(folder)),
                *case.options,
                *shlex.split(args.options or ""),
            ]
            runs = []
            for number in range(args.runs):
                runs.append(one_run(args.pictures, options, case))
                said = f"{case.name}, run {number + 1}: {runs[-1]['wall']:.1f} s"
                print(said, file=sys.stderr, flush=True)
            middle = medians(runs)
            done[case.name] = {"options": options, "median": middle, "runs": runs}
            print(f"\n{case.name}\n{table(middle, runs, before.get(case.name))}", flush=True)
    print(f"\n{overview(done)}")
    if args.json:
        Path(args.json).write_text(json.dumps({"cases": done}, indent=2) + "\n")


def cases(args: argparse.Namespace) -> list[Case]:
    """What is asked for."""
    if args.peers:
        return run_cases.of_peers()
    if args.options is not None and not args.sizes and not args.networks:
        return [Case("the command", warm=True)]
    return run_cases.of_sizes(args.sizes, args.networks)


def one_run(pictures: list[str], options: list[str], case: Case | None = None) -> Run:
    """Run the command once.

    Args:
        pictures: A, A' and B.
        options: of the command.
        case: how to run it.

    Returns:
        {"phase ...": s from the run record, "other": the rest of the wall time, such as starting
        Python, "wall", "user" and "system": s, "memory": MiB, "evaluations": of the loss; of a
        warm case also "warm": the s of the second analogy, none of which are in the other figures
        but user, system and memory}.

    Raises:
        InputError: the command failed; with what it said.
    """
    case = case or Case("the command")
    command = [*COMMAND[:-1], NO_EARLY_END * case.every_evaluation + COMMAND[-1]]
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "out.png")
        paths = [os.path.abspath(path) for path in pictures]
        arguments = [*command, *options, "--quiet", *paths, str(result)]
        if case.warm:
            listed = Path(folder, "list.csv")
            rows: list[list[Any]] = [
                ["a", "a_prime", "b", "out"],
                [*paths, result],
                [*paths, f"{folder}/again.png"],
            ]
            with open(listed, "w", newline="") as stream:
                csv.writer(stream).writerows(rows)
            arguments = [*command, *options, "--quiet", "--batch", str(listed)]
        with tempfile.TemporaryFile("w+") as said:
            code, usage = timed(arguments, said, case.threads)
            said.seek(0)
            if code:
                raise InputError(f"the command failed with exit code {code}: {said.read().strip()}")
        record = _record(result)
        seconds = record["seconds"]
        again = sum(_record(Path(folder, "again.png"))["seconds"].values()) if case.warm else 0.0
    names = [name for name in ORDER if name in seconds]
    names += [name for name in seconds if name not in ORDER]
    phases = {f"phase {name}": float(seconds[name]) for name in names}
    usage["wall"] -= again
    figures = {**phases, "other": usage["wall"] - sum(phases.values()), **usage}
    if "evaluations" in record:
        figures["evaluations"] = float(record["evaluations"])
    return {**figures, "warm": again} if case.warm else figures


def _record(result: Path) -> dict[str, Any]:
    return json.loads(result.with_suffix(".json").read_text())


# A process inherits its parent's peak memory, so a small one starts and measures the command.
LAUNCHER = """
import json, os, subprocess, sys, time
threads = int(sys.argv.pop(1))
if threads:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
_, status, used = os.wait4(process.pid, 0)
wall = time.perf_counter() - started
code = process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([code, wall, used.ru_utime, used.ru_stime, used.ru_maxrss]))
"""


def timed(
    arguments: list[str], output: IO[str], threads: int | None = None, root: Path = ROOT
) -> tuple[int, Run]:
    """Run a process; its exit code and wall, user and system s and memory MiB at its peak.

    Args:
        arguments: the program and what it is given.
        output: open file for all it says.
        threads: processors it may use; all by default.
        root: folder it runs in, from which it takes the package.
    """
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    answer = subprocess.run(
        [sys.executable, "-S", "-c", LAUNCHER, str(threads or 0), *arguments],
        env={**os.environ, "PYTHONPATH": path},
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=output,
        check=True,
    )
    code, wall, user, system, memory = json.loads(answer.stdout)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return code, {"wall": wall, "user": user, "system": system, "memory": memory / unit}


def medians(runs: list[Run]) -> Run:
    """The median of every figure; one that a run lacks counts as 0 there."""
    names = list(dict.fromkeys(name for run in runs for name in run))
    return {name: statistics.median(run.get(name, 0.0) for run in runs) for name in names}


def table(middle: Run, runs: list[Run], before: Run | None) -> str:
    """Median, smallest and largest of every figure, and the ratio to an earlier median."""
    head = f"{'':24}{'median':>10}{'least':>10}{'most':>10}" + (
        f"{'before':>10}{'ratio':>8}" if before else ""
    )
    lines = [head]
    for name, value in middle.items():
        values = [run.get(name, 0.0) for run in runs]
        unit = {"memory": ", MiB", "evaluations": ""}.get(name, ", s")
        digits = 2 if unit == ", s" else 0
        cells = "".join(f"{v:10.{digits}f}" for v in (value, min(values), max(values)))
        if before and before.get(name):
            cells += f"{before[name]:10.{digits}f}{value / before[name]:8.2f}"
        lines.append(f"{name + unit:24}{cells}")
    return "\n".join(lines)


def overview(done: dict[str, Any]) -> str:
    """One line per case."""
    columns = (
        "wall",
        "warm",
        "user",
        "phase import",
        "phase matching",
        "phase optimizing",
        "evaluations",
        "memory",
    )
    heads = "".join(f"{name.removeprefix('phase '):>12}" for name in columns)
    lines = [f"{'medians, s and MiB':32}{heads}"]
    for name, case in done.items():
        values = (case["median"].get(column) for column in columns)
        lines.append(f"{name:32}" + "".join(f"{v:12.1f}" if v else f"{'':12}" for v in values))
    return "\n".join(lines)


def load(path: str) -> dict[str, Run]:
    """The medians of an earlier run, {case: figures}.

    Raises:
        InputError: the file is not one that ``--json`` wrote.
    """
    try:
        known = json.loads(Path(path).read_text())["cases"]
        return {name: dict(case["median"]) for name, case in known.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"no figures of an earlier run. Received: {path!r} ({error})") from None
