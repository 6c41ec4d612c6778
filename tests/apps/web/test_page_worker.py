"""The process in which runs are made; one real run, and processes that misbehave."""

import os
import time

import numpy as np
from PIL import Image
from web_page import label_map

from analogies.apps.web.work import Work
from analogies.apps.web.worker import Worker


def deaf(connection):
    """Tells of a picture and never ends."""
    connection.recv()
    connection.send(("told", {"level": 1, "picture": b"so far"}))
    time.sleep(600)


def dying_once(connection):
    work = connection.recv()
    if not os.path.exists(work.options["mark"]):
        open(work.options["mark"], "w").close()
        os._exit(9)
    connection.send(("ended", {"error": "", "stopped": False}))
    time.sleep(600)


def work(tmp_path, **options):
    for name, turned in (("a", False), ("b", True)):
        Image.fromarray(np.ascontiguousarray(label_map(turned=turned))).save(
            tmp_path / f"{name}.png"
        )
    sources = {name: tmp_path / f"{file}.png" for name, file in
               (("a", "a"), ("a_prime", "a"), ("b", "b"))}  # fmt: skip
    return Work(sources, options, tmp_path / "out.png", 10**6)


def test_a_real_run_in_a_process_of_its_own_tells_of_its_levels(tmp_path):
    worker, told = Worker(), []
    try:
        asked = work(tmp_path, preset="pixels", seed=1)
        ended = worker.run(asked, told.append, lambda: False, 60)
        assert (ended["error"], ended["stopped"]) == ("", False)
        assert ended["picture"] == (tmp_path / "out.png").read_bytes()
        assert [each["level"] for each in told] == sorted(each["level"] for each in told)
        assert told[-1]["done"] == 1.0
        assert sum("picture" in each for each in told) >= told[0]["levels"]
        number = worker._process.pid
        again = worker.run(asked, told.append, lambda: False, 60)
        assert again["picture"] == ended["picture"]
        assert worker._process.pid == number
    finally:
        worker.close()
    assert not os.path.exists(f"/proc/{number}")


def test_what_does_not_stop_is_ended_and_its_last_picture_was_told(tmp_path):
    worker, told = Worker(patience=0.2, target=deaf), []
    try:
        ended = worker.run(work(tmp_path), told.append, lambda: bool(told), 60)
        assert ended == {"error": "the run did not stop by itself", "stopped": True}
        assert told[0]["picture"] == b"so far"
        late = worker.run(work(tmp_path), told.append, lambda: False, 0.3)
        assert late["stopped"]
        assert late["error"].startswith("stopped after 0 s, the longest")
    finally:
        worker.close()


def test_a_process_that_dies_fails_its_run_alone(tmp_path):
    worker = Worker(target=dying_once)
    try:
        asked = work(tmp_path, mark=str(tmp_path / "mark"))
        first = worker.run(asked, print, lambda: False, 60)
        assert "perhaps for want of memory" in first["error"]
        second = worker.run(asked, print, lambda: False, 60)
        assert second == {"error": "", "stopped": False}
    finally:
        worker.close()
