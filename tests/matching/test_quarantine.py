"""A rule is measured by what it computes, not by what the machine does meanwhile."""

from __future__ import annotations

from logscan.matching.quarantine import PATIENCE, Watch
from tests.matching.making import Ticking, rule


class Starved:
    """A question that runs out of time so many times before it is answered."""

    def __init__(self, times):
        self.left = times

    def __call__(self):
        if self.left:
            self.left -= 1
            raise TimeoutError
        return "answer"


def test_a_search_that_got_no_time_is_begun_again():
    watch, slow = Watch(lambda: 0.0, lambda: 0.0), rule({"contains": "x"})

    assert "answer" == watch.over(slow, Starved(3))
    assert () == watch.quarantined


def test_a_search_that_never_gets_time_is_given_up():
    watch, slow = Watch(lambda: 0.0, lambda: 0.0), rule({"contains": "x"})

    assert watch.over(slow, Starved(1 + len(PATIENCE))) is None
    assert slow in watch


def test_a_search_that_computed_all_the_time_sets_its_rule_aside_once_it_is_measured():
    seconds = iter((0.0, 0.0, 0.25))  # begun again, then measured
    watch, slow = Watch(lambda: next(seconds), lambda: 0.0), rule({"contains": "x"})

    assert "answer" == watch.over(slow, Starved(1))
    assert watch.over(slow, Starved(1)) is None
    assert ["one search took longer than 0.25 s"] == [one.reason for one in watch.quarantined]


def test_what_is_quick_by_the_clock_on_the_wall_is_never_measured():
    def asked():
        raise AssertionError

    watch, quick = Watch(asked, lambda: 0.0), rule({"contains": "x"})
    assert ["answer"] * 9 == [watch.over(quick, Starved(0)) for _ in range(9)]


def test_what_is_slow_on_a_busy_machine_alone_is_never_set_aside():
    wall = Ticking(60.0)
    watch, starved = Watch(lambda: 0.0, wall), rule({"contains": "x"})
    assert ["answer"] * 99 == [watch.over(starved, Starved(0)) for _ in range(99)]
    assert () == watch.quarantined


class Counted(Ticking):
    """A clock that knows how often it was asked."""

    asked = 0

    def __call__(self):
        self.asked += 1
        return super().__call__()


def measured(*, computes, slow_on_the_wall):
    """How many of four questions are measured, once a rule was slow by the clock on the wall."""
    clock, wall = Counted(computes), Ticking(60.0)
    watch, rule_ = Watch(clock, wall), rule({"contains": "x"})
    while not clock.asked:
        watch.over(rule_, Starved(0))
    clock.asked, wall.step = 0, 60.0 if slow_on_the_wall else 0.0
    for _ in range(4):
        watch.over(rule_, Starved(0))
    return clock.asked // 2


def test_a_rule_that_was_measured_and_found_quick_is_trusted_until_it_is_slow_again():
    assert 0 == measured(computes=0.0, slow_on_the_wall=False)
    assert 2 == measured(computes=0.0, slow_on_the_wall=True)


def test_a_rule_that_was_measured_and_found_slow_is_measured_from_then_on():
    assert 4 == measured(computes=0.01, slow_on_the_wall=False)
