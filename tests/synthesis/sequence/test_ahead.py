"""Work that another thread does one item ahead."""

import threading

import pytest

from analogies.synthesis.sequence.ahead import ahead


def test_items_keep_their_order_and_their_work():
    assert [(x, found()) for x, found in ahead(range(7), lambda x: x * x)] == [
        (x, x * x) for x in range(7)
    ]
    assert list(ahead([], lambda x: x)) == []


def test_no_more_than_one_item_is_read_ahead():
    read, seen = [], []

    def items():
        for number in range(6):
            read.append(number)
            yield number

    for number, found in ahead(items(), lambda x: x):
        assert found() == number
        seen.append(number)
        assert len(read) - len(seen) <= 1


def test_work_is_done_while_the_item_before_is_seen_to():
    begun = threading.Event()
    found = ahead([1, 2], lambda x: begun.set() if x == 2 else None)
    next(found)
    assert begun.wait(10)
    found.close()


def test_what_goes_wrong_is_raised_where_it_is_asked_for():
    def work(number):
        if number == 2:
            raise ValueError("two")
        return number

    found = ahead(range(5), work)
    assert [next(found)[1](), next(found)[1]()] == [0, 1]
    wrong = next(found)[1]
    with pytest.raises(ValueError, match="two"):
        wrong()


def test_whoever_stops_leaves_no_thread_behind():
    before = threading.active_count()
    found = ahead(range(100), lambda x: x)
    next(found)
    found.close()
    assert threading.active_count() == before
