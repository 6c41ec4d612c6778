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


def test_two_thousand_mutated_pictures(tmp_path):
    fuzz(tmp_path, "pictures", 1, 2000, 600)


def test_two_thousand_command_lines(tmp_path):
    fuzz(tmp_path, "commands", 1, 2000, 300)


def test_two_thousand_mutated_lists(tmp_path):
    fuzz(tmp_path, "lists", 1, 2000, 300)


def test_some_mutated_weight_files(tmp_path):
    fuzz(tmp_path, "weights", 1, 14, 300)


@pytest.mark.slow
def test_fifty_thousand_mutated_pictures(tmp_path):
    fuzz(tmp_path, "pictures", 2, 50_000, 3600)


@pytest.mark.slow
def test_five_hundred_mutated_weight_files(tmp_path):
    fuzz(tmp_path, "weights", 2, 500, 7200)
