"""Windows over a rule's own hits count by the time of the events, half-open, to the nanosecond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.detection.growth import first_burst
from logscan.detection.windows import EventCountWindow, NewValueWindow, SpikeWindow, ValueCountWindow
from logscan.ruleset.model import EventCount, NewValue, Spike, ValueCount
from tests.detection.making import box, event, rule

R, BOX = rule(), box()


def admitted(window, *pairs):
    """The times that count, after hits at these times, with these values of the field `v`."""
    pairs = [pair if isinstance(pair, tuple) else (pair, "x") for pair in pairs]
    events = [event(R, time, container=BOX, fields={} if value is None else {"v": value}) for time, value in pairs]
    return [one.counts_at_ns for given_ in events for one in window.admit(given_)]


def event_count(count, within):
    return EventCountWindow(EventCount.model_construct(count=count, within=within))


def value_count(count, within, **more):
    return ValueCountWindow(ValueCount.model_construct(field="v", count=count, within=within), **more)


def spike(times, over, within, minimum, **more):
    return SpikeWindow(Spike.model_construct(times=times, over=over, within=within, min=minimum), **more)


def new_value(learn, **more):
    return NewValueWindow(NewValue.model_construct(field="v", learn=learn), **more)


@given(st.lists(st.integers(0, 50), max_size=30).map(sorted), st.integers(1, 6), st.integers(1, 20))
def test_event_count_lets_through_all_hits_from_the_first_burst_on(times, count, within):
    start = first_burst(times, count, within)
    assert ([] if start is None else times[start:]) == admitted(event_count(count, within), *times)


def test_event_count_holds_no_hit_that_is_too_old_for_its_window():
    window = event_count(1_000_000, 10)
    assert [] == admitted(window, *range(500))
    assert [10] == [len(queue) for queue in window.queues]


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param(299_999_999_999, [0, 60 * 10**9, 299_999_999_999], id="a nanosecond less than the window"),
        pytest.param(300_000_000_000, [], id="the window's own length"),
    ],
)
def test_three_events_within_five_minutes(last, expected):
    assert expected == admitted(event_count(3, 300 * 10**9), 0, 60 * 10**9, last)


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        pytest.param([(0, "a"), (1, "b"), (9, "c")], [0, 1, 9], id="three values within"),
        pytest.param([(0, "a"), (1, "b"), (10, "c")], [], id="the first is exactly as old as the window"),
        pytest.param([(0, "a"), (1, "a"), (2, "a"), (3, "b")], [], id="the same value again is no other value"),
        pytest.param([(0, "a"), (1, None), (2, "b"), (3, "c")], [0, 2, 3], id="a hit without the field takes no part"),
        pytest.param([(0, "a"), (1, "b"), (10, "a"), (10, "c"), (99, "c")], [1, 10, 10, 99], id="from the window on"),
        pytest.param([(0, "a"), (1, "b"), (2, "c"), (50, None)], [0, 1, 2], id="nor when it has fired"),
    ],
)
def test_value_count_fires_on_so_many_different_values(hits, expected):
    assert expected == admitted(value_count(3, 10), *hits)


def test_value_count_forgets_the_earliest_beyond_its_bound_and_counts_them():
    window = value_count(2, 1000, max_held=3)
    assert [2, 3, 4] == admitted(window, (0, "a"), (1, "a"), (2, "a"), (3, "a"), (4, "b"))
    assert 2 == window.forgotten


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        pytest.param([0, 10, *[20] * 4], [20] * 4, id="four times one a step"),
        pytest.param([0, 10, *[20] * 3], [], id="one hit less"),
        pytest.param([0, *[15] * 9], [], id="silent until the time before has passed"),
        pytest.param([9, *[29] * 3], [29] * 3, id="steps begin at multiples, and empty ones count in the average"),
        pytest.param([0, *[100] * 3, 500], [100] * 3 + [500], id="after quiet steps the minimum is enough"),
        pytest.param([0, 100, 100], [], id="below the minimum it is no spike"),
        pytest.param([0, 100, 101, 110, 111, 112], [], id="the average is of the steps before, not of all"),
    ],
)
def test_spike_fires_in_a_step_with_so_many_times_the_average(hits, expected):
    assert expected == admitted(spike(4.0, 20, 10, 3), *hits)


def test_spike_forgets_the_earliest_of_its_step_beyond_its_bound():
    window = spike(2.0, 10, 10, 5, max_held=3)
    assert [12, 13, 14] == admitted(window, 0, 10, 11, 12, 13, 14)
    assert 2 == window.forgotten


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        pytest.param([(0, "a"), (9, "b"), (10, "c")], [10], id="learning is half-open"),
        pytest.param([(0, "a"), (20, "a"), (30, "b"), (31, "b")], [30], id="what was learned or told is known"),
        pytest.param([(0, None), (9, "a"), (12, "b"), (19, "c")], [19], id="it learns from the first value on"),
    ],
)
def test_new_value_lets_through_what_was_never_there(hits, expected):
    assert expected == admitted(new_value(10), *hits)


def test_new_value_stays_silent_when_it_can_learn_no_more():
    window = new_value(10, max_values=2)
    assert [20] == admitted(window, (0, "a"), (20, "b"), (21, "c"), (22, "c"))
    assert 2 == window.forgotten
