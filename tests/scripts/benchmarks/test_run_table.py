import json
import sys

import pytest

from analogies.errors import InputError
from benchmarks import run, run_cases

# Stands for the program: takes its last argument as the result and writes a run record beside it.
PROGRAM = """
import json, pathlib, sys
ballast = bytearray(60 * 2**20)
record = pathlib.Path(sys.argv[-1]).with_suffix(".json")
record.write_text(json.dumps({"seconds": {"import": 0.001, "matching": 0.002}}))
print("said something")
"""


@pytest.fixture
def program(monkeypatch):
    monkeypatch.setattr(run, "COMMAND", [sys.executable, "-c", PROGRAM])


def test_phases_times_and_memory(program):
    figures = run.one_run(["a.png", "b.png", "c.png"], ["--seed", "1"])
    assert figures["phase import"] == 0.001
    assert figures["phase matching"] == 0.002
    assert figures["wall"] == pytest.approx(figures["other"] + 0.003)
    assert 60 < figures["memory"] < 500
    assert figures["user"] + figures["system"] > 0


def test_a_failing_command_is_an_error_with_what_it_said(monkeypatch):
    code = "import sys; print('no such picture'); sys.exit(2)"
    monkeypatch.setattr(run, "COMMAND", [sys.executable, "-c", code])
    with pytest.raises(InputError, match="exit code 2: no such picture"):
        run.one_run(["a", "b", "c"], [])


def test_medians_count_a_missing_phase_as_zero():
    runs = [{"wall": 1.0, "phase save": 3.0}, {"wall": 5.0}, {"wall": 2.0}]
    assert run.medians(runs) == {"wall": 2.0, "phase save": 0.0}


def test_table_with_an_earlier_run(tmp_path):
    file = tmp_path / "before.json"
    file.write_text(json.dumps({"cases": {"x": {"median": {"wall": 4.0, "memory": 100}}}}))
    runs = [{"wall": 2.0, "memory": 150.0, "user": 1.0}]
    lines = run.table(run.medians(runs), runs, run.load(str(file))["x"]).splitlines()
    assert lines[1].split() == ["wall,", "s", "2.00", "2.00", "2.00", "4.00", "0.50"]
    assert lines[2].split() == ["memory,", "MiB", "150", "150", "150", "100", "1.50"]
    assert len(lines[3].split()) == 5  # was not measured before
    file.write_text("{}")
    with pytest.raises(InputError, match=r"before\.json"):
        run.load(str(file))


# The same for a batch of two; the second row is faster.
BATCH = """
import csv, json, pathlib, sys
with open(sys.argv[sys.argv.index("--batch") + 1]) as stream:
    for seconds, row in zip((0.5, 0.25), csv.DictReader(stream), strict=True):
        record = pathlib.Path(row["out"]).with_suffix(".json")
        record.write_text(json.dumps({"seconds": {"matching": seconds}}))
"""


def test_a_warm_run_is_the_second_row_of_a_batch(monkeypatch):
    monkeypatch.setattr(run, "COMMAND", [sys.executable, "-c", BATCH])
    figures = run.one_run(["a", "b", "c"], ["--height=16"], run.Case("one", warm=True, threads=1))
    assert figures["phase matching"] == 0.5
    assert figures["warm"] == 0.25
    assert figures["wall"] == pytest.approx(figures["other"] + 0.5)


def test_generated_weights_fit_their_network(tmp_path):
    from analogies.features import weights

    (_, file) = run_cases.weight_options("vgg19", tmp_path)
    info = weights.inspect(file.partition("=")[2], "vgg19")
    assert (info.network, info.layers[-1]) == ("vgg19", "block4_conv1")


def test_every_case_is_one_that_the_program_takes():
    from analogies.apps.arguments import parse
    from analogies.options.table import Options

    cases = [*run_cases.of_sizes(None, None), *run_cases.of_peers()]
    assert len({case.name for case in cases}) == len(cases) >= 9
    for case in cases:
        Options.parse(parse([*case.options, "a", "b", "c", "out.png"])[1])
    assert [case.name for case in run_cases.of_sizes([64], ["vgg16"])] == ["vgg16 64"]
