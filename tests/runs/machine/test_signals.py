import signal
import subprocess
import sys
import threading

import pytest

from analogies.runs.machine.signals import Interrupted, signals_ignored, signals_raised


def test_a_signal_is_raised_with_the_exit_code_of_shells():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as raised, signals_raised():
        signal.raise_signal(signal.SIGTERM)
    assert raised.value.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_signals_that_wait_for_the_end():
    with signals_raised(), signals_ignored():
        signal.raise_signal(signal.SIGTERM)


def test_ignored_signals_stay_ignored(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_raised():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_leave_signals_alone():
    failed = []

    def work():
        try:
            with signals_raised(), signals_ignored():
                pass
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failed == []


WITHOUT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells may ignore it
del signal.SIGHUP
from analogies.runs.machine.signals import Interrupted, signals_raised
try:
    with signals_raised():
        signal.raise_signal(signal.SIGINT)
except Interrupted as error:
    print(error.exit_code)
"""


def test_a_system_without_sighup():
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "130\n"


def test_a_handler_that_python_did_not_set(monkeypatch):
    """`getsignal` says None of it, and `signal` could not set it again."""
    monkeypatch.setattr(signal, "getsignal", lambda number: None)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with signals_raised():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
