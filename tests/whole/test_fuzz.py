"""Mutated pictures, weight files, lists and command lines are read or refused in a line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).with_name("fuzz.py")


def fuzz(tmp_path, kind, seed, count, seconds):
    answer = subprocess.run(
        [sys.executable, str(FUZZ), kind, str(seed), str(count), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    found, problems = json.loads(answer.stdout.splitlines()[-1])
    print(kind, found)
    assert problems == []
    assert found["read"] + found["refused"] == count
    assert min(found["read"], found["refused"]) > 0


KINDS = ("pictures", "commands", "lists")


@pytest.mark.parametrize("kind", KINDS)
def test_some_of_each(kind, tmp_path):
    fuzz(tmp_path, kind, 1, 400, 300)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_two_thousand_of_each(kind, tmp_path):
    fuzz(tmp_path, kind, 2, 2000, 1200)


def test_some_mutated_weight_files(tmp_path):
    fuzz(tmp_path, "weights", 1, 14, 300)


@pytest.mark.slow
def test_fifty_thousand_mutated_pictures(tmp_path):
    fuzz(tmp_path, "pictures", 3, 50_000, 3600)


@pytest.mark.slow
def test_five_hundred_mutated_weight_files(tmp_path):
    fuzz(tmp_path, "weights", 2, 500, 7200)
