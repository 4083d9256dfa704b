"""Retention: what is old goes, and so does what is too much; what is open and what is there stays."""

from __future__ import annotations

import pytest

from logscan.store.reader import Reader
from logscan.store.records import Outgoing
from logscan.store.retention import KEEP_GAPS
from tests.store.making import DAY, HOST, HOUR, NOW, checkpoint, commit, finding, gap, opened

CEILING = 1 << 20


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logscan.db"


@pytest.fixture
def store(path):
    with opened(path) as store:
        yield store


def names(path):
    with Reader.open(path, now_ns=NOW) as reader:
        return {one.fingerprint for one in reader.findings()}


def test_findings_go_90_days_after_they_were_resolved(store, path):
    store.commit(commit(NOW, findings=[finding("v1:a"), finding("v1:b"), finding("v1:open", quiet_ns=400 * DAY)]))
    store.commit(commit(NOW + DAY, resolved=["v1:a"]))
    store.commit(commit(NOW + 2 * DAY, resolved=["v1:b"]))
    store.sweep(NOW + 91 * DAY, present=())
    assert {"v1:a", "v1:b", "v1:open"} == names(path)
    assert 1 == store.sweep(NOW + 91 * DAY + 1, present=()).findings
    assert {"v1:b", "v1:open"} == names(path)


def test_open_findings_of_a_host_that_nobody_follows_go_too(store, path):
    """Nobody is there to call them resolved."""
    store.commit(commit(NOW, findings=[finding("v1:a", quiet_ns=DAY)], outgoing=[Outgoing("e", b"")]))
    store.sweep(NOW + 91 * DAY, present=())
    assert {"v1:a"} == names(path)
    store.sweep(NOW + 91 * DAY + 1, present=())
    assert set() == names(path)
    assert () == store.load(HOST).undelivered


def test_checkpoints_go_after_30_days_but_not_of_containers_that_are_there(store):
    """A container that has been silent for a month still has its place when logscan starts anew."""
    store.commit(commit(NOW, checkpoints={"silent": checkpoint(), "gone": checkpoint()}))
    store.commit(commit(NOW + DAY, checkpoints={"busy": checkpoint()}))
    assert 0 == store.sweep(NOW + 30 * DAY, present=["silent"]).checkpoints
    assert 1 == store.sweep(NOW + 30 * DAY + 1, present=["silent"]).checkpoints
    assert {"silent", "busy"} == set(store.load(HOST).checkpoints)


def test_gaps_and_history_go_after_90_days(store, path):
    store.commit(commit(NOW, gaps=[gap(NOW)], findings=[finding(count=1, seen_ns=NOW, quiet_ns=400 * DAY)]))
    later_ns = NOW + 80 * DAY
    store.commit(
        commit(later_ns, gaps=[gap(later_ns)], findings=[finding(count=5, seen_ns=later_ns, quiet_ns=400 * DAY)])
    )
    assert 1 == store.sweep(NOW + 91 * DAY, present=()).gaps
    with Reader.open(path, now_ns=NOW) as reader:
        assert [later_ns] == [one.found_ns for one in reader.gaps()]
        assert [((later_ns // HOUR, 4),)] == [one.history for one in reader.findings()]


def test_of_too_many_gaps_the_newest_are_kept(store, path):
    store.commit(commit(gaps=[gap(NOW + number) for number in range(KEEP_GAPS + 7)]))
    assert 7 == store.sweep(NOW, present=()).gaps
    with Reader.open(path, now_ns=NOW) as reader:
        assert NOW + 7 == reader.gaps()[0].found_ns


def test_what_is_too_much_goes_the_longest_resolved_first(store, path):
    old = [f"v1:old-{number}" for number in range(200)]
    new = [f"v1:new-{number}" for number in range(100)]
    store.commit(commit(NOW, findings=[finding(name, bulk=4000) for name in [*old, *new, "v1:open"]]))
    store.commit(commit(NOW + 1, resolved=new))
    store.commit(commit(NOW, resolved=old))
    swept = store.sweep(NOW + 2, present=(), max_bytes=CEILING)
    assert 0 < swept.findings < 200
    assert 0 == swept.open_findings
    assert CEILING // 2 < swept.bytes <= CEILING
    assert {*new, "v1:open"} < names(path)


def test_open_findings_go_only_when_nothing_else_is_left(store, path):
    store.commit(commit(findings=[finding(f"v1:{number}", bulk=4000, seen_ns=NOW + number) for number in range(400)]))
    swept = store.sweep(NOW, present=(), max_bytes=CEILING)
    assert 0 < swept.findings == swept.open_findings < 400
    assert {f"v1:{number}" for number in range(swept.findings, 400)} == names(path)


def test_state_of_a_year_stays_below_its_ceiling(store, path):
    """Each day ten findings that last for an hour, a container that comes and goes, and a gap."""
    largest = 0
    for day in range(365):
        now_ns = NOW + day * DAY
        new = [finding(f"v1:{day}-{number}", seen_ns=now_ns, bulk=4000) for number in range(10)]
        store.commit(commit(now_ns, checkpoints={f"c{day}": checkpoint(day)}, findings=new, gaps=[gap(now_ns)]))
        store.commit(commit(now_ns + 2 * HOUR, resolved=store.overdue(HOST, now_ns + 2 * HOUR)))
        swept = store.sweep(now_ns + 2 * HOUR, present=[f"c{day}"], max_bytes=2 * CEILING)
        largest = max(largest, path.stat().st_size)
    assert largest < 3 * CEILING
    assert CEILING < swept.bytes <= 2 * CEILING
    assert 30 == len(store.load(HOST).checkpoints)
    with Reader.open(path, now_ns=now_ns) as reader:
        assert 90 == len(reader.gaps())
        assert {f"v1:{day}-{number}" for day in range(360, 365) for number in range(10)} <= names(path)
