"""How long the rest of a run takes."""

import logging
from itertools import pairwise
from types import SimpleNamespace

import fake_synthesis
import pytest

from analogies import tracing
from analogies.options.table import Options
from analogies.runs.monitors import LevelLines
from analogies.runs.monitors.progress import TimeLeft, clock, share_done
from analogies.synthesis.costs import LevelCost, pixel_cost
from analogies.synthesis.pixels.kinds import ALIKE
from analogies.synthesis.pixels.planning import pixel_rounds
from analogies.synthesis.pyramid import Level


def weighed(first=5.0, levels=(1.0, 4.0, 16.0), chunks=10):
    """Records of a run whose levels take so many seconds, with its work weighed so."""
    seconds, done, total = first, 0.0, sum(levels)
    for level, cost in enumerate(levels):
        for _ in range(chunks):
            yield SimpleNamespace(
                kind="chunk", level=level, levels=len(levels), size=(8 << level, 9 << level),
                seconds=seconds, work_done=done / total, work_planned=1.0, evaluations=level,
                evaluations_planned=len(levels),
            )  # fmt: skip
            seconds, done = seconds + cost / chunks, done + cost / chunks


def test_time_left_is_true_from_the_second_level_on():
    records = list(weighed())
    for record in records[1:10]:  # the first takes longer, as everything is called the first time
        record.seconds += 7
    for record in records[10:]:
        record.seconds += 8
    left, end = TimeLeft(), records[-1].seconds + 16 / 10
    told = [left(record) for record in records]
    assert told[:11] == [None] * 11
    for record, seconds in list(zip(records, told, strict=True))[11:]:
        assert seconds == pytest.approx(end - record.seconds, rel=0.25)


def test_tracing_says_nothing_about_the_rest(monkeypatch):
    records, traced = list(weighed()), [0.0]
    monkeypatch.setattr(tracing, "seconds", lambda: traced[0])
    left, told = TimeLeft(), []
    for number, record in enumerate(records):
        traced[0] = 9.0 if number > 10 else 0.0
        record.seconds += traced[0]
        told.append(left(record))
    end = records[-1].seconds + 16 / 10
    for record, seconds in list(zip(records, told, strict=True))[15:]:
        assert seconds == pytest.approx(end - record.seconds, rel=1e-6)


def test_a_run_of_one_level_or_in_its_last_one_counts_from_where_it_is():
    for records in (list(weighed())[20:], list(weighed(levels=(16.0,)))):
        for record in records:
            record.seconds += 1000
        left = TimeLeft()
        told = [left(record) for record in records]
        assert told[0] is None
        assert told[1] == pytest.approx(14.4)
        assert told[-1] == pytest.approx(1.6)


def test_shares_are_of_the_work():
    record = SimpleNamespace(kind="chunk", work_done=0.4, work_planned=0.8)
    assert share_done(record) == 0.5
    record.work_done = 0.9
    assert share_done(record) == 1
    assert share_done(SimpleNamespace(kind="done")) == 1


def test_what_is_over_in_no_time_tells_nothing():
    records = list(weighed(levels=(1.0, 0.05, 16.0)))
    left = TimeLeft()
    told = [left(record) for record in records]
    assert told[:20] == [None] * 20
    assert told[-1] == pytest.approx(1.6, rel=0.05)


def test_rounds_that_search_less_and_less_weigh_less():
    cost = pixel_cost(Options(), ALIKE, Level(1.0, (1024, 1024), (1024, 1024), 1))
    level = Level(1.0, (1024, 1024), (1024, 1024), 1)
    assert len(cost.rounds) == pixel_rounds(Options(), ALIKE, level) + 1  # with small patches
    assert all(more > less for more, less in pairwise(cost.rounds[:-1]))
    assert cost.done(2, 0) == sum(cost.rounds[:2])
    assert cost.done(len(cost.rounds), 1) == cost.total == pytest.approx(sum(cost.rounds))


def test_evaluations_of_a_pass_that_has_begun_count():
    cost = LevelCost((5.0, 5.0), matching=4.0, evaluation=2.0, passes=2, evaluations=10)
    assert cost.total == 10 + 2 * (4 + 20)
    steps = [cost.done(2, 0), cost.done(2, 0, 1), cost.done(2, 0, 9), cost.done(2, 1)]
    assert steps == [10, 16, 32, 34]
    assert cost.done(2, 1, 5) == 48
    assert cost.done(2, 1, 99) == cost.total  # a search along a line may go on beyond
    assert cost.done(0, 0, 1) == cost.done(2, 0, 1)  # what was given is not put together


def test_a_line_per_level(caplog):
    caplog.set_level(logging.INFO, "absl")
    lines = LevelLines()
    for record in weighed(levels=(60.0, 240.0, 960.0)):
        lines(record)
    assert [record.getMessage() for record in caplog.records] == [
        "level 1/3, 9x8 px",
        "level 2/3, 18x16 px: 5% done",
        "level 3/3, 36x32 px: 24% done, about 16 min left",
    ]
    caplog.clear()
    lines = LevelLines()
    for record in fake_synthesis.records():
        lines(record)
    assert len(caplog.records) == 2


def test_times_in_words():
    assert [clock(x) for x in (0.1, 59.4, 59.6, 61, 599, 3599, 3600, 86400)] == [
        "1 s", "59 s", "1:00 min", "1:00 min", "9:50 min", "1:00 h", "1:00 h", "24:00 h"
    ]  # fmt: skip
