"""The `start` table: what it takes to get to work, against a bare import of TensorFlow.

Every figure comes from a process of its own; the processes take turns, so that a change of the
machine's mood meets all of them. Tracing is what the first of two equal, tiny analogies takes more
than the second.
"""

import argparse
import json
import statistics
import subprocess
import sys

from analogies.errors import InputError
from benchmarks.run import ROOT

BARE = """
import json, time
started, used = time.perf_counter(), time.process_time()
import tensorflow
wall, cpu = time.perf_counter() - started, time.process_time() - used
print(json.dumps({"import tensorflow": [wall, cpu]}))
"""

OURS = """
import json, time
def clock():
    return time.perf_counter(), time.process_time()
marks = [clock()]
from analogies.runs.machine.device import start
start("cpu")
import numpy as np
from analogies.options import Options
from analogies.synthesis import synthesize
marks.append(clock())
random = np.random.default_rng(0)
pictures = [random.uniform(0, 255, (48, 48, 3)).astype("float32") for _ in range(3)]
options = Options.parse({"scales": 2, "min_scale": 0.5, "evaluations": 3})
for _ in range(2):
    for _ in synthesize(*pictures, options):
        pass
    marks.append(clock())
imported, first, second = (
    [now - before for now, before in zip(later, mark)] for mark, later in zip(marks, marks[1:])
)
traced = [cold - warm for cold, warm in zip(first, second)]
print(json.dumps({"import": imported, "tracing": traced}))
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this table understands."""
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="default: 3")


def run(args: argparse.Namespace) -> None:
    """Print the table."""
    if args.runs < 1:
        raise InputError(f"--runs must be at least 1. Received: {args.runs}")
    runs = [_turn() for _ in range(args.runs)]
    print(f"{'':28}{'wall s':>10}{'CPU s':>10}")
    for name in runs[0]:
        medians = (statistics.median(turn[name][i] for turn in runs) for i in range(2))
        print(f"{name:28}" + "".join(f"{value:10.2f}" for value in medians))


def _turn() -> dict[str, list[float]]:
    """One bare import and one start of ours, [wall, CPU] each, and the ratio."""
    bare = _measured(BARE)["import tensorflow"]
    ours = _measured(OURS)
    both = [sum(pair) for pair in zip(*ours.values(), strict=True)]
    ratio = [mine / theirs for mine, theirs in zip(both, bare, strict=True)]
    return {"import tensorflow": bare, **ours, "both, times the bare import": ratio}


def _measured(code: str) -> dict[str, list[float]]:
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if answer.returncode:
        raise InputError(f"a measured process failed: {answer.stderr.strip()[-300:]}")
    return json.loads(answer.stdout.splitlines()[-1])
