"""The store: what is committed is there at the next start, all of it, and findings live their lives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from logscan.finding import Severity
from logscan.state_row import StateRow
from logscan.store.life import Life
from logscan.store.reader import Reader
from logscan.store.records import Outgoing
from logscan.store.store import Loaded
from tests.store.making import DAY, HOST, HOUR, NOW, checkpoint, commit, finding, gap, opened


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logscan.db"


@pytest.fixture
def store(path):
    with opened(path) as store:
        yield store


def only(path, now_ns=NOW):
    """Read the only finding that is stored."""
    with Reader.open(path, now_ns=now_ns) as reader:
        (stored,) = reader.findings()
        return stored


def test_new_store_knows_nothing(store):
    assert Loaded({}, (), None, ()) == store.load(HOST)
    assert store.recall(HOST, "v1:aa") is None
    assert {} == store.states(HOST, ["v1:aa"], now_ns=NOW)
    assert [] == store.overdue(HOST, NOW)
    assert store.recovered_from is None


def test_everything_of_a_commit_is_there_at_the_next_start(path):
    rows = (StateRow("open", b"k1", b"1"), StateRow("window", b"\x00\xff", b""))
    with opened(path) as store:
        names = store.id, store.digest_key
        store.commit(
            commit(
                checkpoints={"c1": checkpoint(1), "c2": checkpoint(2)},
                events_told_ns=7,
                rows=rows,
                findings=[finding(count=3)],
                outgoing=[Outgoing("e2", b"two"), Outgoing("e1", b"one")],
            )
        )
    with opened(path) as store:
        assert names == (store.id, store.digest_key)
        assert 16 == len(store.digest_key)
        expected = Loaded(
            {"c1": checkpoint(1), "c2": checkpoint(2)},
            rows,
            7,
            (Outgoing("e2", b"two"), Outgoing("e1", b"one")),
            committed_ns=NOW,
        )
        assert expected == store.load(HOST)
        assert b"tally 3" == store.recall(HOST, "v1:aa")


def test_later_commit_replaces_what_it_names_and_leaves_the_rest(store):
    store.commit(
        commit(
            checkpoints={"c1": checkpoint(1), "c2": checkpoint(1), "c3": checkpoint(1)},
            events_told_ns=7,
            rows=[StateRow("a", b"1", b"old"), StateRow("a", b"2", b"kept"), StateRow("a", b"3", b"gone")],
            outgoing=[Outgoing("e1", b"one"), Outgoing("e2", b"two")],
        )
    )
    store.commit(
        commit(
            checkpoints={"c1": checkpoint(2)},
            forgotten=["c2"],
            rows=[StateRow("a", b"1", b"new"), StateRow("a", b"3", None)],
            outgoing=[Outgoing("e3", b"three")],
            delivered=["e1", "e3"],
        )
    )
    expected = Loaded(
        {"c1": checkpoint(2), "c3": checkpoint(1)},
        (StateRow("a", b"1", b"new"), StateRow("a", b"2", b"kept")),
        7,
        (Outgoing("e2", b"two"),),
        committed_ns=NOW,
    )
    assert expected == store.load(HOST)


def test_hosts_do_not_see_each_other(store):
    store.commit(
        commit(host="one", checkpoints={"c1": checkpoint()}, findings=[finding()], outgoing=[Outgoing("e", b"")])
    )
    assert Loaded({}, (), None, ()) == store.load("other")
    assert store.recall("other", "v1:aa") is None
    assert [] == store.overdue("other", NOW + DAY)
    store.commit(commit(host="other", findings=[finding(count=9)], delivered=["e"]))
    assert b"tally 1" == store.recall("one", "v1:aa")
    assert 1 == len(store.load("one").undelivered)


def test_commit_that_can_not_be_kept_whole_leaves_nothing(store):
    """A fault of the caller halfway through: not even the checkpoint before it is kept."""
    with pytest.raises(Exception, match=r"gap\.host"):
        store.commit(commit(checkpoints={"c1": checkpoint()}, findings=[finding()], gaps=[gap(host=None)]))
    assert Loaded({}, (), None, ()) == store.load(HOST)
    assert store.recall(HOST, "v1:aa") is None
    store.commit(commit(findings=[finding()]))
    assert b"tally 1" == store.recall(HOST, "v1:aa")


def test_finding_is_resolved_and_comes_back(store, path):
    """New, ongoing, resolved, regressed, ongoing: as the caller is told before each commit."""

    def state(now_ns):
        return store.states(HOST, ["v1:aa", "v1:unknown"], now_ns=now_ns)

    store.commit(commit(NOW, findings=[finding(count=1)]))
    assert {"v1:aa": Life.NEW} == state(NOW + DAY - 1)
    assert {"v1:aa": Life.ONGOING} == state(NOW + DAY)
    store.commit(commit(NOW + DAY, findings=[finding(count=2)], resolved=["v1:aa"]))
    assert {"v1:aa": Life.RESOLVED} == state(NOW + 9 * DAY)
    assert (Life.RESOLVED, NOW, NOW + DAY) == (only(path).life, only(path).opened_ns, only(path).resolved_ns)
    store.commit(commit(NOW + 9 * DAY, findings=[finding(count=3)]))
    assert {"v1:aa": Life.REGRESSED} == state(NOW + 10 * DAY - 1)
    assert {"v1:aa": Life.ONGOING} == state(NOW + 10 * DAY)
    assert (NOW, None) == (only(path).opened_ns, only(path).resolved_ns)


def test_finding_that_is_not_known_can_not_be_resolved(store, path):
    store.commit(commit(resolved=["v1:aa"]))
    with Reader.open(path, now_ns=NOW) as reader:
        assert [] == reader.findings()


def test_overdue_is_what_was_quiet_for_longer_than_its_time(store):
    store.commit(
        commit(
            findings=[
                finding("v1:hour", seen_ns=NOW, quiet_ns=HOUR),
                finding("v1:day", seen_ns=NOW, quiet_ns=DAY),
                finding("v1:old", seen_ns=NOW - DAY, quiet_ns=HOUR),
                finding("v1:untimed", seen_ns=None, quiet_ns=2 * HOUR),
                finding("v1:resolved", seen_ns=NOW - DAY, quiet_ns=HOUR),
            ],
            resolved=["v1:resolved"],
        )
    )
    assert ["v1:old"] == store.overdue(HOST, NOW + HOUR)
    assert ["v1:old", "v1:hour"] == store.overdue(HOST, NOW + HOUR + 1)
    assert ["v1:old", "v1:hour", "v1:untimed"] == store.overdue(HOST, NOW + 3 * HOUR)


def test_what_was_counted_and_is_open_is_told(store):
    store.commit(
        commit(
            findings=[
                finding("v1:a", count=3),
                finding("v1:b", count=5, severity=Severity.LOW),
                finding("v1:c", count=7, severity=Severity.LOW),
            ],
            resolved=["v1:c"],
        )
    )
    assert {"v1:a": 3, "v1:c": 7} == store.counts(HOST, ["v1:a", "v1:c", "v1:unknown"])
    assert {Severity.HIGH: 1, Severity.LOW: 1} == store.open_findings(HOST)
    assert {} == store.open_findings("other")


def test_history_adds_up_what_came_in_each_hour(store, path):
    hour = NOW // HOUR
    for count, after in [(1, 0), (5, 1), (5, 2), (9, HOUR), (20, 5 * HOUR)]:
        store.commit(commit(NOW + after, findings=[finding(count=count, seen_ns=NOW + after)]))
    assert ((hour, 5), (hour + 1, 4), (hour + 5, 11)) == only(path).history


def test_history_goes_on_when_a_count_begins_anew(store, path):
    for count in (10, 3):
        store.commit(commit(findings=[finding(count=count)]))
    assert ((NOW // HOUR, 13),) == only(path).history


def test_many_findings_are_asked_for_at_once(store):
    names = [f"v1:{number:04}" for number in range(1201)]
    store.commit(commit(findings=list(map(finding, names))))
    assert dict.fromkeys(names, Life.NEW) == store.states(HOST, names, now_ns=NOW)


def test_foreign_text_and_times_beyond_64_bits_are_kept_as_well_as_they_can_be(store, path):
    odd = finding(seen_ns=2**70, project="a\ud800b", service="c\x00d")
    store.commit(commit(findings=[odd], gaps=[gap(from_ns=-(2**70))]))
    stored = only(path)
    assert ("a?b", "c\x00d", 2**63 - 1) == (stored.project, stored.service, stored.last_seen_ns)


def test_threads_take_turns(store):
    """A host that is reached late is loaded on its own thread, while another's commit is written."""

    def ask(number):
        store.commit(commit(host=f"h{number}", checkpoints={"c": checkpoint(number)}))
        return store.load(f"h{number}").checkpoints["c"].mark.records

    with ThreadPoolExecutor(8) as threads:
        assert list(range(100)) == list(threads.map(ask, range(100)))
