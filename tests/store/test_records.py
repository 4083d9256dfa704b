"""Commits that are merged: one of them does what its parts would have done."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logscan.batch import Container
from logscan.finding import Gap, GapReason
from logscan.state_row import StateRow
from logscan.store.records import MAX_WAITING_BYTES, MAX_WAITING_GAPS, Commit, GapRow, Outgoing
from tests.store.making import HOUR, NOW, checkpoint, commit, finding, gap, opened

CONTAINERS = st.sampled_from(["c1", "c2", "c3"])
FINGERPRINTS = st.sampled_from(["v1:aa", "v1:bb", "v1:cc"])
COUNTS = st.integers(1, 20)
EVENTS = [f"e{number}" for number in range(12)]


@st.composite
def commits(draw):
    """A few commits in a row. Each event is sent by one of them, and delivered by the same or a later one."""
    count = draw(st.integers(1, 6))
    sent = [(name, draw(st.integers(0, count - 1)), draw(st.integers(0, count + 2))) for name in EVENTS]
    now_ns = NOW
    parts = []
    for number in range(count):
        now_ns += draw(st.sampled_from([0, 1, HOUR // 3, 2 * HOUR]))
        names = draw(st.lists(FINGERPRINTS, unique=True))
        parts.append(
            commit(
                now_ns,
                checkpoints=draw(st.dictionaries(CONTAINERS, st.builds(checkpoint, COUNTS))),
                forgotten=draw(st.sets(CONTAINERS, max_size=1)),
                events_told_ns=draw(st.none() | st.just(now_ns)),
                rows=[
                    StateRow("window", bytes([key]), blob)
                    for key, blob in draw(st.lists(st.tuples(st.integers(0, 3), st.none() | st.binary(max_size=2))))
                ],
                findings=[finding(name, count=draw(COUNTS), seen_ns=now_ns - 5) for name in names],
                resolved=draw(st.sets(FINGERPRINTS)),
                outgoing=[Outgoing(name, b"") for name, at, _ in sent if at == number],
                delivered=[name for name, at, until in sent if max(at, until) == number],
                gaps=[gap(now_ns + nth) for nth in range(draw(st.integers(0, 2)))],
            )
        )
    return parts


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("merge") / "logscan.db") as store:
        yield store


HOSTS = itertools.count()


def kept(store, parts: list[Commit]):
    """Commit all parts for a host of their own, and give all that the file then holds of it."""
    host = f"host {next(HOSTS)}"
    for part in parts:
        store.commit(replace(part, host=host, gaps=[replace(one, host=host) for one in part.gaps]))
    statements = {
        "checkpoint": "SELECT container, checkpoint FROM checkpoint WHERE host = ? ORDER BY 1",
        "state": "SELECT kind, key, blob FROM state WHERE host = ? ORDER BY 1, 2",
        "told": "SELECT events_told_ns FROM host WHERE host = ?",
        "finding": "SELECT fingerprint, count, last_seen_ns, opened_ns, resolved_ns, regressed_ns, due_ns, document, tally"
        " FROM finding WHERE host = ? ORDER BY 1",
        "history": "SELECT fingerprint, hour, history.count FROM history JOIN finding ON finding = id WHERE host = ?"
        " ORDER BY 1, 2",
        "outgoing": "SELECT id, document FROM outgoing WHERE host = ? ORDER BY number",
        "gap": "SELECT found_ns, reason FROM gap WHERE host = ? ORDER BY id",
    }
    with closing(sqlite3.connect(store.path)) as connection:
        return {name: connection.execute(statement, [host]).fetchall() for name, statement in statements.items()}


@settings(max_examples=60, deadline=None)
@given(before=commits(), parts=commits())
def test_merged_commit_equals_its_parts(store, before, parts):
    """Over any state, and however the parts are taken together."""
    later = [replace(part, now_ns=part.now_ns + 20 * HOUR) for part in parts]
    renamed = [replace(part, outgoing=(), delivered=()) for part in before]  # an event is committed once
    expected = kept(store, [*renamed, *later])
    assert expected == kept(store, [*renamed, reduce(Commit.merge, later)])
    assert expected == kept(store, [*renamed, reduce(lambda right, left: left.merge(right), reversed(later))])


def test_commits_of_two_hosts_do_not_merge():
    with pytest.raises(ValueError, match="does not merge"):
        commit(host="one").merge(commit(host="other"))


def test_waiting_commit_does_not_grow_with_time():
    """A disk that stays full for a week of commits, with the same container and finding all along."""
    waiting = commit()
    for second in range(0, 7 * 24 * 3600, 60):
        now_ns = NOW + second * 10**9
        waiting = waiting.merge(
            commit(
                now_ns,
                checkpoints={"c1": checkpoint(second)},
                rows=[StateRow("window", b"k", b"blob")],
                findings=[finding(count=second, seen_ns=now_ns)],
                outgoing=[Outgoing(f"e{second}", b"told at once")],
                delivered=[f"e{second - 60}"],
            )
        )
    assert (1, 1, 1, 1) == (len(waiting.checkpoints), len(waiting.rows), len(waiting.findings), len(waiting.outgoing))
    assert len(waiting.turns) <= 7 * 24 + 1
    assert len(waiting.delivered) <= 1
    assert waiting.size < 2000
    assert 0 == waiting.dropped


def test_events_and_gaps_that_wait_for_too_long_are_let_go_and_counted():
    waiting = commit()
    for number in range(20):
        event = Outgoing(f"e{number}", b"x" * (1 << 20))
        waiting = waiting.merge(commit(outgoing=[event], gaps=[gap()] * 1000))
    assert [f"e{number}" for number in range(4, 20)] == [event.id for event in waiting.outgoing]
    assert MAX_WAITING_BYTES == waiting.size
    assert MAX_WAITING_GAPS == len(waiting.gaps)
    assert 4 + 20 * 1000 - MAX_WAITING_GAPS == waiting.dropped


def test_gap_is_stored_flat():
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    container = Container(key="c" * 64, name="shop-web-1", labels=labels)
    expected = gap(NOW, from_ns=1, to_ns=2)
    assert expected == GapRow.of(Gap(container, 1, 2, GapReason.ROTATED), "here", NOW)


def test_count_that_falls_and_rises_is_not_hidden_by_a_merge(store):
    """Commits that are taken together from behind: 5, then 2 and 7 are 12 hits, since it began anew at 2."""
    parts = [commit(findings=[finding(count=count)]) for count in (5, 2, 7)]
    merged = parts[0].merge(parts[1].merge(parts[2]))
    assert [("v1:aa", NOW // HOUR, 12)] == kept(store, [merged])["history"]
    assert kept(store, parts) == kept(store, [merged])
