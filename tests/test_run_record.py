import json
import math

from analogies import run_record


def test_a_record_is_plain_json(tmp_path):
    record = {"loss": math.nan, "passes": [{"loss": math.inf}], "file": "caf\u00e9\udcff.png"}
    run_record.write(tmp_path / "out.json", record)
    read = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert read == {"loss": None, "passes": [{"loss": None}], "file": "caf\u00e9\udcff.png"}


def test_versions_and_memory():
    assert set(run_record.versions()) >= {"analogies", "python", "tensorflow", "keras", "numpy"}
    assert 10 < run_record.peak_memory() < 10**6
