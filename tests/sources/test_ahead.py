"""Reading ahead changes when things happen, and nothing else."""

import threading

import pytest

from logscan.sources.ahead import read_ahead


def test_every_item_comes_once_and_in_order_within_its_iterable():
    iterables = [[(name, number) for number in range(200)] for name in "abcdefg"]
    items = list(read_ahead(iterables, threads=3, depth=4))
    assert [[item for item in items if item[0] == name] for name in "abcdefg"] == iterables


def test_nothing_to_read_is_nothing():
    assert [] == list(read_ahead([], threads=3, depth=4))


@pytest.mark.parametrize("threads", [pytest.param(0, id="alone"), pytest.param(3, id="beside others")])
def test_what_is_iterated_beside_the_threads_comes_whole_and_in_order(threads):
    iterables = [[(name, number) for number in range(200)] for name in "abc"[:threads]]
    beside = [("beside", number) for number in range(300)]
    items = list(read_ahead(iterables, threads=3, depth=4, beside=beside))
    assert [[item for item in items if item[0] == name] for name in "abc"[:threads]] == iterables
    assert [item for item in items if item[0] == "beside"] == beside


def test_what_is_iterated_beside_the_threads_does_not_wait_for_them():
    may_go_on = threading.Event()

    def waiting():
        may_go_on.wait(10)
        yield "late"

    ahead = read_ahead([waiting()], threads=1, depth=4, beside=["first", "second"])
    assert ["first", "second"] == [next(ahead), next(ahead)]
    may_go_on.set()
    assert ["late"] == list(ahead)


def test_what_an_iterable_raises_is_raised_where_its_items_are_taken():
    def failing():
        yield 1
        raise ValueError("broken")

    ahead = read_ahead([failing()], threads=1, depth=4)
    assert 1 == next(ahead)
    with pytest.raises(ValueError, match="broken"):
        next(ahead)


def test_no_more_waits_than_asked_for():
    """The iterable runs ahead until the queue is full, with one item in hand."""
    made, full = [], threading.Event()

    def numbers():
        for number in range(100):
            made.append(number)
            if number == 3:
                full.set()
            yield number

    ahead = read_ahead([numbers()], threads=1, depth=2)
    assert 0 == next(ahead)
    assert full.wait(10)
    assert 4 == len(made)
    ahead.close()


def test_leaving_early_ends_the_threads():
    before = threading.active_count()
    ahead = read_ahead([iter(int, 1), iter(int, 1)], threads=2, depth=2)
    next(ahead)
    ahead.close()
    assert before == threading.active_count()
