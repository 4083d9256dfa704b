"""What lists and events say is put together rightly, in whatever order and however often they say it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from logscan.sources.docker.events import EngineEvent
from logscan.sources.docker.follow.roster import Roster
from logscan.sources.docker.select import Selection

SECOND_NS = 10**9


def event(action, id_="a" * 64, time_ns=5 * SECOND_NS, name="web", **attributes):
    return EngineEvent(id_, action, time_ns, attributes={"name": name, "image": "app", **attributes})


def entry(id_="a" * 64, name="web", state="running", created=1):
    return {"Id": id_, "Names": [f"/{name}"], "Image": "app", "Labels": {}, "State": state, "Created": created}


def listed(roster, *entries):
    roster.list_asked()
    return roster.listed(entries)


def test_a_container_of_the_first_list_was_there_at_first_and_later_ones_were_not():
    roster = Roster(Selection(), None)
    listed(roster, entry("a" * 64))
    listed(roster, entry("a" * 64), entry("b" * 64))
    assert [True, False] == [roster.get(id_ * 64).at_first for id_ in "ab"]


def test_an_event_of_the_first_seconds_tells_the_birth_more_exactly_than_the_list():
    roster = Roster(Selection(), None)
    roster.list_asked()
    roster.happened(event("create", time_ns=1_500_000_000))
    roster.listed([entry(created=1)])
    assert 1_500_000_000 == roster.get("a" * 64).born_ns


def test_a_list_from_before_a_creation_does_not_take_the_container_away():
    roster = Roster(Selection(), None)
    roster.list_asked()
    roster.happened(event("create"))
    assert roster.listed([])
    assert ["a" * 64] == roster.to_inspect()
    assert [] == roster.departures()


def test_a_list_from_before_a_removal_does_not_bring_the_container_back():
    roster = Roster(Selection(), None)
    listed(roster, entry())
    roster.list_asked()
    roster.happened(event("destroy", time_ns=7))
    roster.listed([entry()])
    assert [] == roster.to_inspect()
    assert [7] == [departure.time_ns for departure in roster.departures()]


def test_what_only_a_list_tells_of_means_that_events_were_missed():
    roster = Roster(Selection(), None)
    assert listed(roster, entry("a" * 64))
    assert not listed(roster, entry("a" * 64), entry("b" * 64))
    assert listed(roster, entry("a" * 64), entry("b" * 64))
    assert not listed(roster, entry("b" * 64))


def test_a_container_is_inspected_again_after_it_started_or_died_and_not_while_that_is_under_way():
    roster = Roster(Selection(), None)
    listed(roster, entry())
    assert ["a" * 64] == roster.to_inspect()
    roster.happened(event("start"))
    assert [] == roster.to_inspect()
    roster.inspected("a" * 64, running=True)
    assert ["a" * 64] == roster.to_inspect()
    roster.inspected("a" * 64, running=True)
    roster.happened(event("health_status"))
    roster.happened(event("kill"))
    assert [] == roster.to_inspect()
    roster.happened(event("die"))
    assert ["a" * 64] == roster.to_inspect()


def test_a_list_that_says_something_else_than_inspect_did_makes_it_be_inspected():
    roster = Roster(Selection(), None)
    listed(roster, entry())
    roster.to_inspect()
    roster.inspected("a" * 64, running=True)
    listed(roster, entry(state="paused"))
    assert [] == roster.to_inspect()
    listed(roster, entry(state="exited"))
    assert ["a" * 64] == roster.to_inspect()


def test_a_name_that_matches_nothing_is_waited_for():
    roster = Roster(Selection(names=("web",)), None)
    listed(roster, entry("b" * 64, name="other"))
    assert [] == roster.to_inspect()
    assert ("web",) == roster.unmatched
    roster.happened(event("create"))
    assert ["a" * 64] == roster.to_inspect()
    assert () == roster.unmatched


def test_a_container_that_is_renamed_into_the_selection_is_followed_and_one_renamed_out_of_it_stays():
    roster = Roster(Selection(names=("web",)), None)
    listed(roster, entry("a" * 64, name="web"), entry("b" * 64, name="other"))
    roster.happened(event("rename", "a" * 64, name="old"))
    roster.happened(event("rename", "b" * 64, name="web"))
    assert roster.is_chosen("a" * 64)
    assert roster.is_chosen("b" * 64)


def test_the_own_container_is_left_out():
    roster = Roster(Selection(), "a" * 12)
    listed(roster, entry("a" * 64), entry("b" * 64))
    assert ["b" * 64] == roster.to_inspect()


def test_one_that_came_and_went_before_it_was_asked_for_departs():
    roster = Roster(Selection(), None)
    listed(roster)
    roster.happened(event("create", time_ns=1))
    roster.happened(event("start", time_ns=2))
    roster.happened(event("destroy", time_ns=3))
    assert [] == roster.to_inspect()
    assert [(2, 3)] == [(gone.known.started_ns, gone.time_ns) for gone in roster.departures()]


@dataclass(frozen=True)
class Truth:
    """A container as the engine has it."""

    name: str
    running: bool = False


class AnEngineAndItsRoster(RuleBasedStateMachine):
    """Events arrive late, lists and inspections are answered late, subscriptions break: in the end both agree."""

    def __init__(self):
        super().__init__()
        self.ids = (f"{number:064x}" for number in itertools.count(1))
        self.time_ns = 0
        self.truth: dict[str, Truth] = {}
        self.underway: list[EngineEvent] = []
        self.delivered: list[EngineEvent] = []
        self.list: list[dict] | None = None
        self.is_asked = False
        self.inspecting: set[str] = set()
        self.states: dict[str, Truth] = {}
        self.departed: list[str] = []
        self.roster = Roster(Selection(), None)
        self.roster.list_asked()
        self.roster.listed([])

    def tell(self, action, id_):
        self.time_ns += 1
        name = self.truth[id_].name
        self.underway.append(event(action, id_, self.time_ns, name))

    @rule()
    def create(self):
        id_ = next(self.ids)
        self.truth[id_] = Truth(f"c{id_[-4:]}")
        self.tell("create", id_)

    @precondition(lambda self: self.truth)
    @rule(data=st.data())
    def change(self, data):
        id_ = data.draw(st.sampled_from(sorted(self.truth)))
        one = self.truth[id_]
        action = data.draw(st.sampled_from(["die" if one.running else "start", "rename", "destroy"]))
        if action == "rename":
            self.truth[id_] = replace(one, name=one.name + "x")
        elif action in ("start", "die"):
            self.truth[id_] = replace(one, running=action == "start")
        self.tell(action, id_)
        if action == "destroy":
            del self.truth[id_]

    @precondition(lambda self: self.underway)
    @rule(count=st.integers(1, 5))
    def deliver(self, count):
        for told in self.underway[:count]:
            self.roster.happened(told)
            self.delivered.append(told)
        del self.underway[:count]

    @rule(count=st.integers(0, 9), forgets=st.booleans())
    def resubscribe(self, count, forgets):
        """A new subscription begins with events that came before; or those that were on their way are forgotten."""
        if forgets:
            self.underway.clear()
            self.ask_list()
            self.answer_list()
        else:
            self.underway[:0] = self.delivered[len(self.delivered) - count :] if count else []

    @precondition(lambda self: not self.is_asked)
    @rule()
    def ask_list(self):
        self.roster.list_asked()
        self.is_asked, self.list = True, None

    @precondition(lambda self: self.is_asked and self.list is None)
    @rule()
    def take_list(self):
        self.list = [entry(id_, one.name, "running" if one.running else "exited") for id_, one in self.truth.items()]

    @precondition(lambda self: self.is_asked)
    @rule()
    def answer_list(self):
        if self.list is None:
            self.take_list()
        self.roster.listed(self.list)
        self.is_asked = False

    @rule()
    def ask_inspections(self):
        self.inspecting |= set(self.roster.to_inspect())
        self.departed += [gone.known.listed.id for gone in self.roster.departures()]

    @precondition(lambda self: self.inspecting)
    @rule(data=st.data())
    def answer_inspection(self, data):
        id_ = data.draw(st.sampled_from(sorted(self.inspecting)))
        self._answer(id_)

    def _answer(self, id_):
        self.inspecting.discard(id_)
        if id_ in self.truth:
            self.states[id_] = self.truth[id_]
            self.roster.inspected(id_, running=self.truth[id_].running)
        else:
            self.roster.gone(id_)

    def teardown(self):
        self.deliver(len(self.underway) or 1)
        if self.is_asked:
            self.answer_list()
        self.ask_list()
        self.answer_list()
        while self.inspecting or self.ask_inspections() or self.inspecting:
            for id_ in sorted(self.inspecting):
                self._answer(id_)
        self.ask_inspections()
        assert set(self.truth) == {id_ for id_ in (*self.truth, *self.states) if self.roster.get(id_)}
        assert self.truth == {id_: self.states[id_] for id_ in self.truth}
        assert len(self.departed) == len(set(self.departed))
        assert set(self.states) - set(self.truth) <= set(self.departed)


AnEngineAndItsRoster.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnEngineAndItsRoster = AnEngineAndItsRoster.TestCase
