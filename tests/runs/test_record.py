import json
import math
from importlib import metadata

import pytest

from analogies.runs import record as run_record
from analogies.runs.machine.versions import installed


def test_a_record_is_plain_json(tmp_path):
    record = {"loss": math.nan, "passes": [{"loss": math.inf}], "file": "caf\u00e9\udcff.png"}
    run_record.write(tmp_path / "out.json", record)
    read = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert read == {"loss": None, "passes": [{"loss": None}], "file": "caf\u00e9\udcff.png"}


@pytest.fixture
def _asked_anew():
    """Versions are asked for once in a process."""
    installed.cache_clear()
    yield
    installed.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
def test_the_version_of_a_package_from_a_distribution_of_another_name(monkeypatch):
    def version(name):
        if name in ("tensorflow-cpu", "pillow-simd"):
            return "2.21.0"
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    found = {"tensorflow": ["tensorflow-cpu"], "PIL": ["pillow-simd"]}
    monkeypatch.setattr(metadata, "packages_distributions", lambda: found)
    versions = run_record.versions()
    assert versions["tensorflow"] == versions["pillow"] == "2.21.0"
    assert versions["keras"] == "unknown"


def test_versions_and_memory():
    assert set(run_record.versions()) >= {"analogies", "python", "tensorflow", "keras", "numpy"}
    assert 10 < run_record.peak_memory() < 10**6
