"""Each thing that happens to a container is told once, when it can be judged, and over restarts as well."""

from __future__ import annotations

import json

import pytest

from logscan.batch import Container
from logscan.sources.docker.events import EngineEvent
from logscan.sources.docker.follow.live_events import LiveEvents
from logscan.sources.docker.state import ContainerState, HealthCheck
from logscan.sources.live import EventLines, EventsTold

SECOND_NS = 10**9
HOUR_NS = 3600 * SECOND_NS
T = 1_700_000_000 * SECOND_NS
WEB = Container(key="a", id="a", name="web")


def at(seconds, action, detail="", **attributes):
    return EngineEvent("a", action, T + int(seconds * SECOND_NS), detail, attributes)


class Telling:
    """A LiveEvents that is subscribed, and what it told."""

    def __init__(self, from_s=0.0, *, subscribed_s=None, remembered=()):
        self.news = []
        self.events = LiveEvents("host", T + int(from_s * SECOND_NS), self.news.append)
        self.subscribe(from_s if subscribed_s is None else subscribed_s, *remembered)

    def subscribe(self, now_s, *remembered):
        self.asked_ns = self.events.ask_from_ns(T + int(now_s * SECOND_NS))
        self.come(*remembered)

    def come(self, *events):
        for event in events:
            self.events.came(event)
            self.events.happened(event, WEB)

    def inspected(self, **state):
        self.events.inspected(WEB, ContainerState(**state))

    def until(self, seconds):
        """Tell up to then, and give the lines that came of it."""
        self.news.clear()
        self.events.tell_until(T + int(seconds * SECOND_NS))
        return [
            json.loads(line)
            for news in self.news
            if isinstance(news, EventLines)
            for line in news.batch.text.splitlines()
        ]


def test_a_line_is_told_when_its_time_has_passed_and_never_again():
    telling = Telling()
    telling.come(at(1, "start"), at(3, "die", exitCode="1"))
    assert [{"event": "start"}] == telling.until(2)
    assert [("die", 1, False)] == [(line["event"], line["exit_code"], line["planned"]) for line in telling.until(4)]
    assert [] == telling.until(5)


def test_a_stop_that_comes_behind_its_die_makes_it_planned():
    telling = Telling()
    telling.come(at(1, "start"), at(3, "die", exitCode="1"), at(4.5, "stop"))
    assert [("start", None), ("die", True), ("stop", None)] == [
        (line["event"], line.get("planned")) for line in telling.until(9)
    ]


def test_how_far_was_told_comes_behind_the_lines():
    telling = Telling()
    telling.come(at(1, "start"))
    telling.until(2)
    assert [EventLines, EventsTold] == [type(news) for news in telling.news]
    assert T + 2 * SECOND_NS == telling.news[-1].time_ns


def test_while_nothing_happens_that_is_told_seldom():
    telling = Telling()
    told = 0
    for seconds in range(1, 21):
        telling.until(seconds)
        told += len(telling.news)
    assert 4 == told


def test_events_that_are_told_again_are_the_same():
    telling = Telling()
    telling.come(at(1, "start"))
    telling.until(2)
    telling.subscribe(3, at(1, "start"))
    assert T + SECOND_NS == telling.asked_ns
    assert [] == telling.until(5)


def test_an_event_that_comes_late_is_told_late():
    telling = Telling()
    telling.until(10)
    telling.come(at(8, "oom"))
    assert ["oom"] == [line["event"] for line in telling.until(11)]


def test_a_later_run_judges_by_what_was_before_and_tells_only_the_rest():
    telling = Telling(10, remembered=[at(4, "start"), at(9, "kill", signal="15"), at(11, "die", exitCode="143")])
    assert T + 10 * SECOND_NS - HOUR_NS == telling.asked_ns
    (line,) = telling.until(20)
    assert ("die", True) == (line["event"], line["planned"])


@pytest.mark.parametrize(
    ("resumed", "planned"),
    [
        pytest.param([at(1, "oom")], False, id="the engine remembers"),
        pytest.param([], True, id="the engine was restarted and has forgotten"),
    ],
)
def test_what_may_have_been_a_kill_that_is_forgotten_counts_as_planned(resumed, planned):
    telling = Telling(0, remembered=[at(-90, "create")])
    telling.come(at(1, "oom"))
    telling.subscribe(100, *resumed)
    telling.come(at(101, "die", exitCode="143"))
    assert [planned] == [line["planned"] for line in telling.until(200) if line["event"] == "die"]


def test_an_end_of_which_no_event_is_left_is_told_from_the_state():
    telling = Telling(10)
    telling.inspected(status="exited", exit_code=3, started_ns=T, finished_ns=T + 15 * SECOND_NS)
    assert [("die", 3)] == [(line["event"], line["exit_code"]) for line in telling.until(20)]
    telling.inspected(status="exited", exit_code=3, started_ns=T, finished_ns=T + 15 * SECOND_NS)
    assert [] == telling.until(30)


def test_an_end_of_before_is_not_told_however_often_it_is_inspected():
    telling = Telling(10)
    for seconds in (20, 5000, 10_000):
        telling.inspected(status="exited", exit_code=3, started_ns=T, finished_ns=T + 5 * SECOND_NS)
        assert [] == telling.until(seconds)


def test_restarts_that_were_seen_are_not_told_again_from_the_count():
    telling = Telling(0)
    for number in range(1, 4):
        telling.come(at(10 * number, "die", exitCode="1"), at(10 * number + 1, "start"))
        telling.inspected(status="running", restart_count=500 + number, started_ns=at(10 * number + 1, "").time_ns)
    assert ["die", "start"] * 3 == [line["event"] for line in telling.until(100)]


def test_restarts_that_nobody_saw_are_told_once():
    telling = Telling(0, subscribed_s=12)
    for seconds in (20, 30):
        telling.inspected(status="running", restart_count=7, started_ns=T + 10 * SECOND_NS)
        expected = [7] if seconds == 20 else []
        assert expected == [line["restart_count"] for line in telling.until(seconds)]


def test_a_container_that_was_ill_all_the_while_is_not_told_ill_at_each_start():
    telling = Telling(100)
    checks = tuple(HealthCheck(T + seconds * SECOND_NS, failed=True, output="") for seconds in (80, 90, 110))
    telling.inspected(status="running", health="unhealthy", checks=checks)
    assert [] == telling.until(200)


def test_what_is_long_over_is_forgotten():
    telling = Telling()
    telling.come(at(1, "start"))
    telling.until(10)
    telling.until(2 * 3600)
    telling.until(2 * 3600 + 1)
    assert {} == telling.events._lives
