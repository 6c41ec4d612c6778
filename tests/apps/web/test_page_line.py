"""The line of runs, with a maker that makes nothing and is held by the tests."""

import threading
import time

import pytest

from analogies.apps.web.limits import Limits
from analogies.apps.web.line import DONE, FAILED, RUNNING, STOPPED, WAITING, FullError, Line, Ticket
from analogies.apps.web.work import Work


class Held:
    """Makes nothing until it is let go, one run at a time."""

    def __init__(self):
        self.go = threading.Semaphore(0)
        self.at_once = self.most = 0
        self.order = []
        self.seconds = []
        self.trouble = None

    def run(self, work, tell, stopped, seconds):
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.order.append(work)
        self.seconds.append(seconds)
        tell({"level": 1, "picture": b"small"})
        while not self.go.acquire(timeout=0.005):
            if stopped():
                break
        self.at_once -= 1
        if self.trouble:
            raise self.trouble
        told = {"picture": b"large", "width": 3, "height": 2, "notes": ["a note"]}
        return {**told, "error": "", "stopped": stopped()}


@pytest.fixture
def maker():
    return Held()


@pytest.fixture
def line(maker):
    line = Line(maker, Limits(waiting=3, waiting_of_session=2, run_seconds=7.0))
    yield line
    line.close()


def ticket(name, owner="one", preview=False):
    return Ticket(name, owner, Work({}, {"name": name}, None, 1), preview)


def until(condition):
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.002)


def test_one_is_made_at_a_time_and_the_others_know_how_many_are_before_them(line, maker):
    tickets = [ticket("first"), ticket("second"), ticket("third", "two")]
    for each in tickets:
        line.submit(each)
    until(lambda: tickets[0].state == RUNNING)
    assert [line.before(each) for each in tickets] == [0, 1, 2]
    assert [each.state for each in tickets] == [RUNNING, WAITING, WAITING]
    for done in range(3):
        maker.go.release()
        until(lambda done=done: tickets[done].state == DONE)
    assert maker.most == 1
    assert maker.seconds == [7.0] * 3
    first = tickets[0]
    assert (first.picture, first.pictures, first.notes) == (b"large", 2, ["a note"])
    assert first.told == {"level": 1, "width": 3, "height": 2}


def test_too_many_are_refused_for_a_session_and_for_all(line, maker):
    running = ticket("running")
    line.submit(running)
    until(lambda: running.state == RUNNING)
    line.submit(ticket("a"))
    line.submit(ticket("b"))
    with pytest.raises(FullError, match="2 runs of yours"):
        line.submit(ticket("c"))
    line.submit(ticket("d", "two"))
    with pytest.raises(FullError, match="3 runs wait"):
        line.submit(ticket("e", "three"))


def test_stopping_keeps_the_picture_and_what_waits_is_not_begun(line, maker):
    running, waiting = ticket("running"), ticket("waiting")
    line.submit(running)
    line.submit(waiting)
    until(lambda: running.state == RUNNING)
    line.stop(waiting)
    line.stop(running)
    until(lambda: running.ended)
    assert (running.state, running.picture) == (STOPPED, b"large")
    assert (waiting.state, waiting.picture) == (STOPPED, None)
    assert [work.options["name"] for work in maker.order] == ["running"]


def test_previews_go_first_and_the_newest_of_a_session_alone_is_made(line, maker):
    running, whole = ticket("running"), ticket("whole")
    old, new = ticket("old", preview=True), ticket("new", preview=True)
    other = ticket("other", "two", preview=True)
    line.submit(running)
    until(lambda: running.state == RUNNING)
    for each in (whole, old, other, new):
        line.submit(each)
    assert [line.before(each) for each in (other, new, whole)] == [1, 2, 3]
    assert old.state == STOPPED
    for _ in range(4):
        maker.go.release()
    until(lambda: whole.ended)
    names = [work.options["name"] for work in maker.order]
    assert names == ["running", "other", "new", "whole"]
    assert running.state == DONE, "a preview does not end a whole picture"


def test_a_preview_that_is_being_made_gives_way_to_a_newer_one(line, maker):
    old, new = ticket("old", preview=True), ticket("new", preview=True)
    line.submit(old)
    until(lambda: old.state == RUNNING)
    line.submit(new)
    until(lambda: old.ended)
    maker.go.release()
    until(lambda: new.ended)
    assert (old.state, new.state) == (STOPPED, DONE)


def test_whatever_fails_the_line_goes_on(line, maker):
    maker.trouble = RuntimeError("something")
    first, second = ticket("first"), ticket("second")

    def fail(ended):
        raise OSError("the disk is full")

    second.finished = fail
    line.submit(first)
    maker.go.release()
    until(lambda: first.ended)
    maker.trouble = None
    line.submit(second)
    maker.go.release()
    until(lambda: second.ended)
    third = ticket("third")
    line.submit(third)
    maker.go.release()
    until(lambda: third.ended)
    assert (first.state, first.error) == (FAILED, "RuntimeError: something")
    assert (second.state, second.error) == (FAILED, "OSError: the disk is full")
    assert third.state == DONE
