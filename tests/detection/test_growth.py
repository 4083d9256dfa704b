"""Severity grows with bursts of hits, half-open, to the nanosecond, in any order of arrival."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logscan.detection import growth as module
from logscan.detection.growth import Growth, first_burst
from logscan.finding import Severity
from logscan.ruleset.model import Burst, Escalation

MINUTES_5 = 300 * 10**9


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        pytest.param([0, 60 * 10**9, MINUTES_5 - 1], 0, id="three within a nanosecond less than the window"),
        pytest.param([0, 60 * 10**9, MINUTES_5], None, id="the window's own length is outside"),
        pytest.param([0, 0, 0], 0, id="all at one moment"),
        pytest.param([0, MINUTES_5, MINUTES_5 + 1, MINUTES_5 + 2], 1, id="the first window that fires"),
        pytest.param([0, 1], None, id="too few"),
        pytest.param([], None, id="none"),
    ],
)
def test_a_burst_is_so_many_hits_in_less_than_the_window(times, expected):
    assert expected == first_burst(times, 3, MINUTES_5)


@given(st.lists(st.integers(0, 50), max_size=30).map(sorted), st.integers(1, 6), st.integers(1, 20))
def test_the_burst_agrees_with_trying_every_group_of_hits(times, count, within):
    tried = [
        i
        for i in range(len(times))
        for j in range(i, len(times))
        if j - i + 1 == count and times[j] - times[i] < within
    ]
    assert (min(tried) if tried else None) == first_burst(times, count, within)


def steps(*pairs):
    return [
        Escalation.model_construct(severity=severity, when=Burst.model_construct(count=count, within=within))
        for severity, count, within in pairs
    ]


def test_severity_grows_by_the_highest_step_that_was_reached():
    growth = Growth(Severity.LOW, steps((Severity.MEDIUM, 2, 10), (Severity.CRITICAL, 4, 10)))
    reached = []
    for time in (0, 20, 21, 22, 23):
        growth.add(time)
        reached.append(growth.reached)
    assert [Severity.LOW, Severity.LOW, Severity.MEDIUM, Severity.MEDIUM, Severity.CRITICAL] == reached


def test_severity_never_falls_and_a_lower_step_is_no_step():
    growth = Growth(Severity.HIGH, steps((Severity.LOW, 2, 10)))
    growth.add(0)
    growth.add(1)
    assert Severity.HIGH is growth.severity()


@given(st.permutations([0, 3, 5, 9, 40, 41]))
def test_severity_does_not_depend_on_the_order_of_arrival(times):
    growth = Growth(Severity.LOW, steps((Severity.MEDIUM, 3, 6), (Severity.HIGH, 4, 9)))
    for time in times:
        growth.add(time)
    assert Severity.MEDIUM is growth.severity()


def test_nothing_is_collected_once_the_highest_step_is_reached():
    growth = Growth(Severity.LOW, steps((Severity.HIGH, 2, 10)))
    for time in range(100_000):
        growth.add(time)
    assert len(growth._times) < 2000


@given(st.lists(st.integers(0, 200), max_size=60), st.integers(2, 6), st.integers(1, 20))
def test_hits_far_behind_are_found_in_the_end(times, count, within):
    growth = Growth(Severity.LOW, steps((Severity.HIGH, count, within)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NEAR", 3)
        for time in times:
            growth.add(time)
        fires = first_burst(sorted(times), count, within) is not None
        assert (Severity.HIGH if fires else Severity.LOW) is growth.severity()


def test_severity_grows_with_the_very_hit_that_completes_a_burst_though_it_comes_late():
    growth = Growth(Severity.LOW, steps((Severity.HIGH, 3, 10)))
    for time in (0, 8, 100):
        growth.add(time)
    assert Severity.LOW is growth.reached
    growth.add(4)
    assert Severity.HIGH is growth.reached
