"""The `quality` table: planted analogies, where the right answer is known, and the examples.

One row per case (a family and a seed) and the mean per family, for every setting that is asked
for, so that options and weight files can be compared in one run; then one row per example
picture, of which is told how much it looks as if made of A' and how much of B it shows.
"""

import argparse
import importlib.util
import json
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import analogies
from analogies.errors import InputError
from analogies.options.speeds import SPEEDS
from analogies.options.table import Options
from benchmarks import shipped

LABELED = ("texture_by_numbers",)  # families where the material is right or wrong
TEXTURES = ("texture",)  # families with an example alone
PARTS = ("planted", "examples")
KEYS = ("setting", "family", "seed", "seconds")
GIVEN = ("B's dB", "of truth", "of example")  # of the case, whatever is made of it
Setting = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this table understands."""
    parser.add_argument("--families", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument("--examples", nargs="+", metavar="NAME", help="default: all")
    parser.add_argument(
        "--only", choices=PARTS, help="leave out the other half of the table (default: both)"
    )
    parser.add_argument(
        "--against",
        metavar="COMMIT",
        help="also make the examples with the program of this commit, in turn with today's",
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5], metavar="N")
    parser.add_argument("--size", type=int, default=160, help="px of a side (default: 160)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the program for all settings, say patch_size=5; repeatable",
    )
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="'NAME=VALUE ...'",
        help="one more setting to compare, '' for the defaults; repeatable",
    )
    parser.add_argument(
        "--speeds", action="store_true", help="compare the settings speed=fast, balanced and best"
    )
    parser.add_argument(
        "--weights",
        nargs="+",
        default=["embedded"],
        metavar="FILE",
        help="weight files to compare; 'embedded' is what comes with the program",
    )
    parser.add_argument("--planted-module", metavar="PATH", help="other generators of cases")
    parser.add_argument(
        "--save", metavar="FOLDER", help="keep a strip per case and the examples' results"
    )
    parser.add_argument("--json", metavar="FILE", help="write settings and figures as JSON")


def run(args: argparse.Namespace) -> None:
    """Print the table.

    Raises:
        InputError: something given is not known, or belongs to the half that is left out.
    """
    if args.only == "planted" and (args.examples or args.against):
        raise InputError("--examples and --against need the examples. Received: --only planted")
    if args.only == "examples" and (args.families or args.planted_module):
        raise InputError("--families and --planted-module are planted. Received: --only examples")
    variants = [*args.variant, *(f"speed={name}" for name in SPEEDS if args.speeds)]
    asked = settings(args.set, variants, args.weights)
    families = load_families(args.planted_module, args.families)
    examples = shipped.known(args.examples)
    document: dict[str, Any] = {}
    if args.only != "examples":
        cases = [case for setting in asked for case in planted_rows(args, setting, families)]
        print(f"\n{curve(cases)}")
        document |= {"size": args.size, "seeds": args.seeds, "cases": cases}
    if args.only != "planted":
        rows = []
        for setting in asked:
            print(f"\n{describe(setting)}, coherence and completeness over the floor of A'")
            found = shipped.measure_all(examples, setting, args.against, args.save)
            rows += [{"setting": describe(setting), **row} for row in found]
        document["examples"] = rows
    if args.json:
        Path(args.json).write_text(json.dumps(document, indent=2) + "\n")


def planted_rows(
    args: argparse.Namespace, setting: Setting, families: dict[str, Callable[..., Any]]
) -> list[dict[str, Any]]:
    """Print and return the rows of one setting."""
    print(f"\n{describe(setting)}, {args.size} px, seeds {args.seeds}")
    cases = []
    for name, family in families.items():
        rows = []
        for row in measure(name, family, args.seeds, args.size, setting, args.save):
            rows.append(row)
            print(format_row(row), flush=True)
        if len(rows) > 1:
            print(format_row(mean_row(rows)), flush=True)
        cases += [{"setting": describe(setting), **row} for row in rows]
    return cases


def curve(cases: list[dict[str, Any]]) -> str:
    """Quality against time: per setting the mean seconds of a case, and of each measure."""
    measures = {key: None for case in cases for key in case if key not in KEYS}
    names = [name for name in measures if name not in GIVEN]
    lines = [f"{'mean of all cases':40}{'seconds':>12}" + "".join(f"{n:>16}" for n in names)]
    for setting in dict.fromkeys(case["setting"] for case in cases):
        chosen = [case for case in cases if case["setting"] == setting]
        line = f"{setting:40}{np.mean([case['seconds'] for case in chosen]):12.2f}"
        for name in names:
            values = [case[name] for case in chosen if name in case]
            line += f"{np.mean(values):16.3f}" if values else f"{'':16}"
        lines.append(line)
    return "\n".join(lines)


def settings(shared: list[str], variants: list[str], weights: list[str]) -> list[Setting]:
    """The option dictionaries to compare: every variant with every weight file.

    Raises:
        InputError: an option or its value is not valid.
    """
    found = []
    for variant in variants or [""]:
        given = _pairs([*shared, *shlex.split(variant)])
        for file in weights:
            extra = {} if file == "embedded" else {"vgg_weights": file}
            found.append(given | extra)
    for setting in found:
        Options.parse(setting)
    return found


def load_families(path: str | None, names: list[str] | None) -> dict[str, Callable[..., Any]]:
    """{name: generator} of the project's own cases or of another file's functions.

    Raises:
        InputError: the file or a family is not there.
    """
    from benchmarks import planted

    module: ModuleType = planted if path is None else _load(path)
    there = {
        name: getattr(module, name)
        for name in planted.FAMILIES
        if callable(getattr(module, name, None))
    }
    unknown = [name for name in names or () if name not in there]
    if unknown:
        raise InputError(f"there are the families {', '.join(there)}. Received: {unknown[0]!r}")
    return {name: there[name] for name in names or there}


def measure(
    name: str,
    family: Callable[..., Any],
    seeds: list[int],
    size: int,
    setting: Setting,
    folder: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield a row per seed: family, seed, measures and seconds."""
    for seed in seeds:
        case = family(seed, size, size)
        started = time.perf_counter()
        result = make(name, case, setting)
        seconds = time.perf_counter() - started
        if folder is not None:
            _save_strip(Path(folder), f"{name}-{seed}", case, result)
        yield {"family": name, "seed": seed, **judge(name, case, result), "seconds": seconds}


def make(name: str, case: dict[str, np.ndarray], setting: Setting) -> np.ndarray:
    """B' of a case, uint8 ``(H, W, 3)``."""
    if name in TEXTURES:
        height, width = case["truth"].shape[:2]
        return analogies.synthesize_texture(case["Ap"], height, width, **setting)
    return analogies.make_analogy(case["A"], case["Ap"], case["B"], **setting)


def judge(name: str, case: dict[str, np.ndarray], result: np.ndarray) -> dict[str, float]:
    """The measures that tell something about a family, {name: value}."""
    from benchmarks import measures

    truth = case["truth"]
    if name in TEXTURES:
        return {
            "patch distance": measures.patch_distance(result, truth),
            "of example": measures.patch_distance(case["Ap"], truth),
            "gradients": measures.gradient_energy_ratio(result, truth),
        }
    if name in LABELED:
        labels = (case["Ap"], case["la"])
        return {
            "accuracy": measures.label_accuracy(*labels, result, case["lb"]),
            "of truth": measures.label_accuracy(*labels, truth, case["lb"]),
            "sharpness": measures.sharpness_ratio(*labels, result, case["lb"]),
            "patch distance": measures.patch_distance(result, truth),
        }
    return {
        "gain dB": measures.psnr_gain(result, case["B"], truth),
        "B's dB": measures.psnr(case["B"], truth),
        "gradients": measures.gradient_energy_ratio(result, truth),
        "patch distance": measures.patch_distance(result, truth),
    }


def mean_row(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean of every measure over the seeds."""
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0] if key != "family"}
    return {**means, "family": rows[0]["family"], "seed": "mean"}


def format_row(row: dict[str, Any]) -> str:
    """One line: family, seed, then ``measure value`` pairs."""
    known = ("family", "seed", "seconds")
    values = "  ".join(f"{key} {value:7.3f}" for key, value in row.items() if key not in known)
    return f"{row['family']:20}{row['seed']!s:>5}  {values}  {row['seconds']:6.1f} s"


def describe(setting: Setting) -> str:
    """A setting in one line."""
    return " ".join(f"{name}={value}" for name, value in setting.items()) or "default options"


def _pairs(texts: list[str]) -> Setting:
    split = [text.partition("=") for text in texts]
    for name, equals, _ in split:
        if not equals:
            raise InputError(f"a setting is written as NAME=VALUE. Received: {name!r}")
    return {name.replace("-", "_"): value for name, _, value in split}


def _load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("other_planted", path)
    if spec is None or spec.loader is None or not Path(path).is_file():
        raise InputError(f"this is no Python file. Received: {path!r}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _save_strip(folder: Path, name: str, case: dict[str, np.ndarray], result: np.ndarray) -> None:
    """A, A', B, the result and the truth in a row."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    given = [case[key] for key in ("A", "Ap", "B") if key in case]
    Image.fromarray(np.hstack([*given, result, case["truth"]])).save(folder / f"{name}.png")
