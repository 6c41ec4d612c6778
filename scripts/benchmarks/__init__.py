"""Measurements of the program: ``python scripts/benchmark.py TABLE``; see ``--help``.

Each table is a module with ``add_arguments(parser)`` and ``run(args)``; only the one that is
asked for is imported.
"""

import argparse
from collections.abc import Sequence
from importlib import import_module, util

from analogies.errors import InputError

TABLES = (
    *("run", "start", "batch", "memory", "quality", "fast"),
    *("optimizer", "matching", "moving", "hlo"),
)
_HELP = {
    "run": "phases, time and memory of the public command",
    "start": "import and tracing, against a bare import of TensorFlow",
    "batch": "many analogies in one process, against as many commands",
    "memory": "the estimate made before a run, against what the run takes",
    "quality": "planted analogies, where the right answer is known, and the examples",
    "fast": "networks that learned an analogy, against the program itself",
    "optimizer": "evaluations needed, against SciPy's L-BFGS-B",
    "matching": "time and accuracy of the matchers",
    "moving": "a clip in sequence against its frames one by one, and planted motion",
    "hlo": "write a pass and a match as StableHLO, for other machines",
}


def main(argv: Sequence[str]) -> int:
    """Print one table.

    Args:
        argv: the table's name and its arguments.

    Returns:
        exit code: 0, or 2 where something given cannot be used.
    """
    parser = argparse.ArgumentParser(prog="benchmark.py", description="Measure the program.")
    chosen = parser.add_subparsers(dest="table", required=True, metavar="TABLE")
    asked = next((name for name in argv if name in TABLES), None)
    for name in TABLES:
        table = chosen.add_parser(name, help=_HELP[name], description=_HELP[name])
        if name == asked and util.find_spec(f"{__name__}.{name}"):
            import_module(f"{__name__}.{name}").add_arguments(table)
    args = parser.parse_args(argv)
    try:
        import_module(f"{__name__}.{args.table}").run(args)
    except InputError as error:
        parser.error(str(error))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "scipy":
            raise
        parser.error("this table needs SciPy: pip install 'analogies[test]'")
    return 0
