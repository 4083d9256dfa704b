"""The parts of discovery: what the last run left, asking for states, and meeting an engine."""

from __future__ import annotations

import pytest

from logscan.batch import Container
from logscan.checkpoint import Checkpoint, Mark, Place, RecordKey
from logscan.errors import SourceError
from logscan.finding import GapReason
from logscan.sources.docker.engine import ContainerInfo, NoAnswer, Refused
from logscan.sources.docker.follow.handover import Handover
from logscan.sources.docker.follow.inspections import REFUSED_NS, RETRY_NS, Inspections
from logscan.sources.docker.follow.jobs import Outcome
from logscan.sources.docker.follow.logs import Tools
from logscan.sources.docker.follow.meeting import Meeting
from logscan.sources.docker.follow.roster import Known, Roster
from logscan.sources.docker.select import Listed, Selection
from logscan.sources.live import Back, First, GapFound, Lost, Removed, Start
from tests.sources.docker.follow.test_roster import entry, event
from tests.sources.docker.follow.test_roster import listed as list_all

BEGAN_NS = 1_000
WEB = Listed("a" * 64, ("web",), "app", {})
READ = Checkpoint(Mark(Place((RecordKey(700, 1, 1),))), name="web")


def handover(*, is_meant=True, **start):
    told = []
    made = Handover(Start(b"k" * 16, **start), BEGAN_NS, host="here", is_meant=lambda _: is_meant, tell=told.append)
    return made, told


def summaries(told):
    gaps = [news.gap for news in told if isinstance(news, GapFound)]
    return [(gap.container.id, gap.from_ns, gap.to_ns, gap.reason) for gap in gaps]


@pytest.mark.parametrize(
    ("start", "known", "since_ns"),
    [
        pytest.param({}, {}, None, id="a later container: all of it"),
        pytest.param({}, {"at_first": True, "born_ns": 5}, BEGAN_NS, id="one of before: from now on"),
        pytest.param({"last_ns": 4}, {"at_first": True, "born_ns": 5}, None, id="made since the last run: all of it"),
        pytest.param({"last_ns": 6}, {"at_first": True, "born_ns": 5}, BEGAN_NS, id="older than the last run"),
        pytest.param({}, {"at_first": True}, BEGAN_NS, id="who knows how old"),
        pytest.param({"first": First.MOMENT, "since_ns": 3}, {"at_first": True}, 3, id="a moment was asked for"),
    ],
)
def test_log_that_is_met_for_the_first_time_is_read_from(start, known, since_ns):
    assert since_ns == handover(**start)[0].since_ns(Known(WEB, **known))


@pytest.mark.parametrize(
    ("start", "from_ns"),
    [
        pytest.param({}, BEGAN_NS, id="now"),
        pytest.param({"first": First.MOMENT, "since_ns": 3}, 3, id="the moment that was asked for"),
        pytest.param({"first": First.MOMENT, "since_ns": 3, "events_from_ns": 9}, 9, id="where the last run stopped"),
    ],
)
def test_events_are_told_from(start, from_ns):
    assert from_ns == handover(**start)[0].events_from_ns


def test_container_that_vanished_while_no_logscan_ran_is_told_once_with_what_was_not_read_of_it():
    made, told = handover(logs={WEB.id: READ})
    made.tell_missing()
    made.tell_missing()
    assert [WEB.id] == [news.container.id for news in told if isinstance(news, Removed)]
    assert [(WEB.id, 700, None, GapReason.REMOVED)] == summaries(told)


def test_container_that_is_there_is_not_missing():
    made, told = handover(logs={WEB.id: READ})
    made.listed([WEB.id])
    made.tell_missing()
    assert [] == told


def test_removal_that_an_event_tells_of_ends_the_gap_and_is_not_told_again():
    made, told = handover(logs={WEB.id: READ})
    made.destroyed(event("destroy", time_ns=900))
    made.departed(Known(WEB), 950)
    made.tell_missing()
    assert [GapFound, Removed] == [type(news) for news in told]
    assert 900 == told[0].gap.to_ns


def test_container_that_would_not_be_followed_any_more_leaves_no_gap():
    made, told = handover(logs={WEB.id: READ}, is_meant=False)
    made.tell_missing()
    assert [Removed] == [type(news) for news in told]


@pytest.mark.parametrize(
    ("started_ns", "gaps"),
    [
        pytest.param(BEGAN_NS, [(WEB.id, BEGAN_NS, 2_000, GapReason.REMOVED)], id="a new one"),
        pytest.param(BEGAN_NS - 1, [], id="one of before"),
        pytest.param(None, [], id="one that never ran"),
    ],
)
def test_container_that_was_gone_before_it_could_be_asked_for(started_ns, gaps):
    made, told = handover()
    made.departed(Known(WEB, started_ns=started_ns), 2_000)
    assert gaps == summaries(told)


class AtOnce:
    """Makes each call at once, in place of Jobs."""

    def begin(self, lane, call, then):
        try:
            outcome = Outcome(call(), None, 0, 0)
        except SourceError as error:
            outcome = Outcome(None, error, 0, 0)
        then(outcome)


class Answering:
    """An engine that answers one question after the other with these."""

    over_ssh = False

    def __init__(self, *answers):
        self.answers = list(answers)

    def inspect(self, id_, *, timeout_s):
        answer = self.answers.pop(0)
        if isinstance(answer, SourceError):
            raise answer
        return answer


INFO = ContainerInfo(Container(WEB.id, "web", id=WEB.id, host="here"), True, False, "json-file", {})
SILENT = NoAnswer("it hangs", timed_out=True)


class Asking:
    """Inspections of a roster with one container, and all that came of them."""

    def __init__(self, *answers, once=False):
        self.now_ns = 0
        self.told, self.inspected, self.failed = [], [], []
        self.engine = Answering(*answers)
        self.roster = Roster(Selection(), None)
        list_all(self.roster, entry())
        tools = Tools(AtOnce(), None, None, lambda: self.now_ns, lambda: 0.5, self.told.append, lambda _: None)
        self.inspections = Inspections(
            tools,
            self.roster,
            host="here",
            once=once,
            inspected=lambda info, known, engine: self.inspected.append(info),
            failed=self.failed.append,
        )

    def ask(self, after_ns=0):
        self.now_ns += after_ns
        self.inspections.ask(self.engine)


def test_state_that_was_asked_for_is_handed_on():
    asking = Asking(INFO)
    assert not asking.inspections.are_done
    asking.ask()
    assert [INFO] == asking.inspected
    assert asking.inspections.are_done


def test_refused_inspection_is_told_once_and_so_is_that_it_is_granted():
    refused = Refused("not for you", status=403)
    asking = Asking(refused, refused, INFO)
    asking.ask()
    assert REFUSED_NS == asking.inspections.due_ns()
    asking.ask(REFUSED_NS - 1)
    assert 2 == len(asking.engine.answers)
    asking.ask(1)
    asking.ask(REFUSED_NS)
    assert [Lost, Back] == [type(news) for news in asking.told]
    assert [] == asking.failed
    assert asking.inspections.due_ns() is None


def test_inspection_that_hangs_is_made_again_soon_and_no_news_but_for_the_engine():
    asking = Asking(SILENT, INFO)
    asking.ask()
    asking.ask(RETRY_NS)
    assert [INFO] == asking.inspected
    assert [] == asking.told
    assert [SILENT] == asking.failed


def test_what_fails_is_told_and_not_asked_for_again_where_all_is_read_once():
    asking = Asking(SILENT, once=True)
    asking.ask()
    assert [Lost] == [type(news) for news in asking.told]
    assert asking.inspections.due_ns() is None


def test_container_that_is_not_there_any_more_departs():
    asking = Asking(Refused("no such container", status=404))
    asking.ask()
    assert [WEB.id] == [departure.known.listed.id for departure in asking.roster.departures()]
    assert [] == asking.told


class Closing:
    is_closed = False

    def close(self):
        self.is_closed = True


class Meetable:
    """An engine that notes what it is asked for; it may have no list."""

    def __init__(self, *, over_ssh=False, lists=True):
        self.over_ssh = over_ssh
        self.lists = lists
        self.asked = []
        self.stream = Closing()

    def event_stream(self, since_ns, *, timeout_s):
        self.asked.append(("events", since_ns))
        return self.stream

    def list_containers(self, *, timeout_s):
        self.asked.append("list")
        if not self.lists:
            raise SILENT
        return [entry()]


def test_events_are_subscribed_to_before_the_list_is_asked_for():
    engine = Meetable()
    meeting = Meeting.of(engine, 7)
    assert [("events", 7), "list"] == engine.asked
    assert not engine.stream.is_closed
    meeting.close()
    assert engine.stream.is_closed


@pytest.mark.parametrize(
    ("met", "from_ns"),
    [pytest.param(Meetable(), None, id="not wanted"), pytest.param(Meetable(over_ssh=True), 7, id="over ssh")],
)
def test_events_that_can_not_be_had_are_not_asked_for(met, from_ns):
    assert Meeting.of(met, from_ns).events is None
    assert ["list"] == met.asked


def test_subscription_of_a_meeting_that_failed_is_closed():
    engine = Meetable(lists=False)
    with pytest.raises(NoAnswer):
        Meeting.of(engine, 7)
    assert engine.stream.is_closed
