"""A row unpacked, run and packed, in this process; stores are fsspec's in memory and of files."""

import csv
import hashlib
import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest
import rows_that_fail
from fake_cluster import nodes
from one_worker import OneWorker, unpinned
from PIL import Image

from analogies.apps import command_line
from analogies.apps.batch import lists, runner
from analogies.apps.workers import asked, folders, stores
from analogies.apps.workers.asked import Asked
from analogies.apps.workers.crew import Crew
from analogies.apps.workers.folders import own_folder
from analogies.apps.workers.parcels import Parcel, Setup
from analogies.apps.workers.worker import Worker
from analogies.errors import InputError
from analogies.options.table import Options
from analogies.runs import job as jobs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Worker, "__init__", unpinned(Worker.__init__))
    for name, color in (("a", "red"), ("ap", "green"), ("b", "blue"), ("c", "navy")):
        Image.new("RGB", (30, 40), color).save(f"{name}.png")
    return tmp_path


def batch(text, run="rows_that_fail:run", **given):
    Path("list.csv").write_text(text)
    cluster = OneWorker(nodes(1))
    cluster.worker = Worker(Setup(1, run=run))
    try:
        crew = Crew(Asked(address="head:1"), cluster)
        return runner.run(lists.listing("list.csv"), given, crew), cluster
    finally:
        cluster.worker.close()


def summary():
    with open("list.summary.csv", newline="") as stream:
        return list(csv.DictReader(stream))


def test_files_names_and_records_are_those_of_a_run_here(folder):
    text = "a,a_prime,b,out,preset,init\na.png,ap.png,b.png,made/o.png,pixels,c.png\n"
    code, _ = batch(text, seed=9, logdir="logs")
    assert code == 0
    assert os.listdir("made") == ["o.json", "o.png"] or os.listdir("made") == ["o.png", "o.json"]
    record = json.loads(Path("made/o.json").read_text())
    assert {name: given["file"] for name, given in record["inputs"].items()} == {
        name: f"./{slot}.png"
        for name, slot in (("a", "a"), ("a_prime", "ap"), ("b", "b"), ("init", "c"))
    }
    options = Options.parse({"preset": "pixels", "init": "./c.png", "seed": 9, "logdir": "logs"})
    assert Options.parse(record["options"]) == options
    assert record["options_sha256"] == options.fingerprint()
    job = jobs.check("a.png", "ap.png", "b.png", "made/o.png", options)
    digest = hashlib.sha256(Path("c.png").read_bytes()).hexdigest()
    assert record["inputs"]["init"]["sha256"] == digest
    assert job.destination.result == Path("made/o.png")
    assert summary()[0]["message"] == ""


def test_a_guide_and_a_mask_travel_as_files_and_a_color_as_it_is(folder):
    for name, level in (("map", 200), ("mask", 255)):
        Image.new("L", (30, 40), level).save(f"{name}.png")
    text = "a,a_prime,b,out,preset,guide,a_mask\n"
    text += "a.png,ap.png,b.png,made/o.png,pixels,map.png; #00ff00,mask.png\n"
    noted.jobs.clear()
    code, cluster = batch(text, run="test_worker:noted")
    assert code == 0, summary()
    (parcel,) = cluster.made
    digests = {
        f"./{name}.png": hashlib.sha256(Path(f"{name}.png").read_bytes()).hexdigest()
        for name in ("a", "ap", "b", "map", "mask")
    }
    assert parcel.contents == digests
    (job,) = noted.jobs
    green = np.broadcast_to(np.array([0, 255, 0], np.uint8), (40, 30, 3))
    np.testing.assert_array_equal(job.pictures["guide1_b"].pixels, green)
    for name, file in (("guide1_a", "./map.png"), ("a_mask", "./mask.png")):
        there = Path(job.sources[name])
        assert there.is_absolute()
        assert folder not in there.parents
        assert there.parent.name == digests[file]  # where the worker puts what it is sent
    made = json.loads(Path("made/o.json").read_text())["inputs"]
    assert made["guide1_a"]["file"] == "./map.png"
    assert made["guide1_b"]["file"] is None
    assert made["a_mask"]["file"] == "./mask.png"
    batch(text)
    assert summary()[0]["status"] == "skipped"


def test_a_further_pair_travels_with_its_mask(folder):
    Image.new("L", (30, 40), 255).save("mask.png")
    text = "a,a_prime,b,out,preset\na.png,ap.png,b.png,made/o.png,pixels\n"
    noted.jobs.clear()
    pair = [["b.png", "c.png", "mask.png"]]
    code, cluster = batch(text, run="test_worker:noted", pair=pair)
    assert code == 0, summary()
    assert {Path(name).name for name in cluster.made[0].contents} == {
        *("a.png", "ap.png", "b.png", "c.png", "mask.png")
    }
    (job,) = noted.jobs
    for name in ("a2", "a_prime2", "a_mask2"):
        assert folder not in Path(job.sources[name]).parents
    made = json.loads(Path("made/o.json").read_text())["inputs"]
    assert Path(made["a_mask2"]["file"]).name == "mask.png"
    batch(text, pair=pair)
    assert summary()[0]["status"] == "skipped"
    Image.new("L", (30, 40), 250).save("mask.png")
    batch(text, pair=pair)
    assert summary()[0]["status"] == "done"


def noted(job, listeners):
    """A run whose job is looked at afterwards."""
    noted.jobs.append(job)
    return rows_that_fail.run(job, listeners)


noted.jobs = []


def test_what_is_wrong_with_a_picture_names_it_as_here(folder):
    Path("c.png").write_bytes(Path("c.png").read_bytes()[:60])
    text = (
        "a,a_prime,b,out,preset\na.png,ap.png,c.png,o.png,pixels\na.png,ap.png,b.png,p.png,pixels\n"
    )
    code, _ = batch(text)
    assert code == 2
    assert [row["status"] for row in summary()] == ["failed", "done"]
    message = summary()[0]["message"]
    assert "'./c.png'" in message
    assert "analogies-worker" not in message


def test_a_worker_keeps_what_it_was_sent_for_the_next_row(folder):
    worker, asked_for = Worker(Setup(1, run="rows_that_fail:run")), []
    data = {
        hashlib.sha256(p.read_bytes()).hexdigest(): p.read_bytes() for p in folder.glob("*.png")
    }
    contents = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.png")}

    def fetch(key):
        asked_for.append(key)
        return data[key]

    options = Options.parse({"preset": "pixels"}).as_dict()
    for b in ("b.png", "c.png"):
        own = {name: contents[name] for name in ("a.png", "ap.png", b)}
        parcel = Parcel(options, {"a": "a.png", "a_prime": "ap.png", "b": b}, "o.png", own)
        assert worker.make(parcel, fetch).code == 0
    assert sorted(asked_for) == sorted(set(asked_for))
    assert len(asked_for) == 4
    worker.close()


def test_a_share_of_the_memory_that_does_not_do_is_told_as_such(folder):
    worker = Worker(Setup(1, run="rows_that_fail:run"))
    paths = {"a": "a.png", "a_prime": "ap.png", "b": "b.png"}
    contents = {name: name for name in paths.values()}
    options = Options.parse({"preset": "pixels", "height": 3000}).as_dict()
    parcel = Parcel(options, paths, "o.png", contents, 300 << 20)
    result = worker.make(parcel, lambda name: Path(name).read_bytes())
    assert result.short
    assert "would fit" in result.message
    assert "its share of the worker's machine" in result.message
    worker.close()


def test_a_worker_that_is_stopped_ends_its_row(folder):
    worker = Worker(Setup(1, run="test_worker:stopped"))
    stopped.worker = worker
    paths = {"a": "a.png", "a_prime": "ap.png", "b": "b.png"}
    options = Options.parse({"preset": "pixels"}).as_dict()
    parcel = Parcel(options, paths, "o.png", {name: name for name in paths.values()})
    result = worker.make(parcel, lambda name: Path(name).read_bytes())
    assert result.code == 130
    worker.close()


def stopped(job, listeners):
    """A run in which Ctrl-C comes before its first record."""
    stopped.worker.stop(2)
    for listener in listeners:
        listener(None)


@pytest.mark.parametrize("store", ["memory://pictures", "file://{folder}/store"])
def test_rows_from_and_to_a_store_are_skipped_when_they_are_there(folder, store):
    pytest.importorskip("fsspec")
    store = store.format(folder=folder)
    for name in ("a", "ap", "b"):
        stores.write(f"{store}/{name}.png", Path(f"{name}.png").read_bytes())
    text = f"""a,a_prime,b,out,preset
{store}/a.png,{store}/ap.png,{store}/b.png,{store}/made/1.png,pixels
a.png,ap.png,{store}/b.png,here/2.png,pixels
a.png,ap.png,{store}/none.png,{store}/made/3.png,pixels
"""
    code, cluster = batch(text)
    assert code == 2
    assert [row["status"] for row in summary()] == ["done", "done", "failed"]
    assert f"'{store}/none.png'" in summary()[2]["message"]
    made = stores.read(f"{store}/made/1.png")
    assert made == Path("here/2.png").read_bytes()
    assert (
        json.loads(stores.read(f"{store}/made/1.json"))["inputs"]["b"]["file"] == f"{store}/b.png"
    )
    assert Path("a.png").read_bytes() in cluster.puts
    code, cluster = batch(text)
    assert [row["status"] for row in summary()] == ["skipped", "skipped", "failed"]
    stores.write(f"{store}/b.png", Path("c.png").read_bytes())
    batch(text)
    assert [row["status"] for row in summary()] == ["done", "done", "failed"]


def test_a_guide_in_a_store_is_read_there_and_a_color_needs_no_file(folder):
    pytest.importorskip("fsspec")
    store = f"file://{folder}/store"
    for name in ("a", "b"):
        stores.write(f"{store}/{name}.png", Path(f"{name}.png").read_bytes())
    text = "a,a_prime,b,out,preset,guide\n"
    text += f"{store}/a.png,ap.png,{store}/b.png,o.png,pixels,{store}/a.png; #00ff00\n"
    for status in ("done", "skipped"):
        batch(text)
        assert summary()[0]["status"] == status, summary()


def test_stores_that_cannot_be_used_are_told(folder):
    with pytest.raises(InputError, match=r"Received: 'nostore://x/y.png'"):
        stores.read("nostore://x/y.png")


@pytest.mark.parametrize(
    ("workers", "cores", "meant"),
    [
        ("4", None, Asked(4)),
        ("auto", "3", Asked(None, "auto", 3)),
        ("ray://head:10001", None, Asked(None, "ray://head:10001")),
        ("head:6379", "1", Asked(None, "head:6379", 1)),
    ],
)
def test_what_workers_are_asked_for(monkeypatch, workers, cores, meant):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert asked.asked(workers, cores) == meant


@pytest.mark.parametrize(
    ("workers", "cores", "problem"),
    [
        ("0", None, "--workers must be a number from 1"),
        ("many", None, "--workers must be a number, auto, or the address"),
        ("head:65536", None, "--workers must be a number, auto, or the address"),
        ("ray://head:0", None, "--workers must be a number, auto, or the address"),
        ("2", "none", "--per-worker must be a number from 1"),
        (None, "2", "--per-worker goes with --workers"),
    ],
)
def test_what_workers_cannot_be_asked_for(monkeypatch, workers, cores, problem):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    with pytest.raises(InputError, match=problem):
        asked.asked(workers, cores)


def test_without_ray_it_is_told_how_to_get_it(folder, monkeypatch, capsys):
    plain = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "ray" else plain(name, *more),
    )
    Path("list.csv").write_text("a,out\na.png,o.png\n")
    assert command_line.main(["--batch=list.csv", "--workers=4"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "--workers needs Ray: pip install 'analogies[ray]'" in line


def test_the_folder_of_a_killed_process_is_removed_by_the_next(folder):
    left = own_folder("mine-", str(folder))
    kept = own_folder("mine-", str(folder))
    assert left.is_dir()
    folders._HELD.pop(-2).close()  # as the end of its process does
    own_folder("mine-", str(folder))
    assert not left.exists()
    assert kept.is_dir()


def test_cores_of_a_worker_of_this_machine():
    assert [Asked(count).cores_each(8) for count in (1, 3, 4, 16)] == [8, 2, 2, 1]
    assert Asked(cores=3).cores_each(8) == 3
    assert Asked().cores_each(1) == 1
