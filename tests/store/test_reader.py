"""The reader: what is stored, chosen and in order, beside a running follow."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from logscan.finding import Severity
from logscan.store.errors import NoState, StateUnusable
from logscan.store.life import Life
from logscan.store.reader import Reader
from tests.store.making import DAY, HOST, HOUR, NOW, commit, finding, gap, opened


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logscan.db"


@pytest.fixture
def reader(path):
    """Reads four findings while their store is open."""
    with opened(path) as store:
        store.commit(
            commit(
                NOW - 3 * DAY,
                findings=[
                    finding("v1:abc1", rule_id="db-down", severity=Severity.CRITICAL, service="db", count=2),
                    finding("v1:abd2", rule_id="db-slow", severity=Severity.LOW, service="db", count=9),
                    finding("v1:bcd3", rule_id="db-slow", severity=Severity.LOW, service="cache", count=10),
                ],
                resolved=["v1:bcd3"],
            )
        )
        store.commit(
            commit(
                host="there",
                findings=[finding("v1:cde4", rule_id="web", severity=Severity.HIGH)],
                gaps=[gap(host="there")],
            )
        )
        with Reader.open(path, now_ns=NOW) as reader:
            yield reader


def chosen(findings):
    return [one.fingerprint.removeprefix("v1:") for one in findings]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param({}, ["abc1", "cde4", "bcd3", "abd2"], id="all, in the order of a report"),
        pytest.param({"states": [Life.NEW]}, ["cde4"], id="new"),
        pytest.param({"states": ["ongoing", "resolved"]}, ["abc1", "bcd3", "abd2"], id="ongoing or resolved"),
        pytest.param({"min_severity": Severity.HIGH}, ["abc1", "cde4"], id="high or worse"),
        pytest.param({"severities": [Severity.LOW, Severity.HIGH]}, ["cde4", "bcd3", "abd2"], id="severities"),
        pytest.param({"services": ["db"]}, ["abc1", "abd2"], id="service"),
        pytest.param({"services": ["cac*", "web"]}, ["cde4", "bcd3"], id="services by glob"),
        pytest.param({"rules": ["db-*"]}, ["abc1", "bcd3", "abd2"], id="rules by glob"),
        pytest.param({"hosts": ["there"]}, ["cde4"], id="host"),
        pytest.param({"rules": ["db-slow"], "services": ["db"], "states": [Life.ONGOING]}, ["abd2"], id="all of them"),
        pytest.param({"services": ["d"]}, [], id="no part of a name"),
    ],
)
def test_choice(reader, conditions, expected):
    assert expected == chosen(reader.findings(**conditions))


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        pytest.param("v1:abc1", ["abc1"], id="fingerprint"),
        pytest.param("v1:ab", ["abc1", "abd2"], id="beginning of fingerprints"),
        pytest.param("ab", ["abc1", "abd2"], id="without its version"),
        pytest.param("db-slow", ["bcd3", "abd2"], id="rule"),
        pytest.param("db-", ["abc1", "bcd3", "abd2"], id="beginning of rules"),
        pytest.param("slow", [], id="no beginning"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_find(reader, prefix, expected):
    assert expected == chosen(reader.find(prefix))


def test_stored_finding_has_its_document_with_its_state(path):
    with opened(path) as store:
        store.commit(commit(NOW - 2 * HOUR, findings=[finding(count=3, seen_ns=NOW - 2 * HOUR)]))
        store.commit(commit(NOW, findings=[finding(count=4, seen_ns=NOW)], resolved=["v1:aa"]))
        with Reader.open(path, now_ns=NOW) as reader:
            (stored,) = reader.findings()
    assert json.loads(finding(count=4).document) | {"state": "resolved"} == stored.document
    assert (HOST, "v1:aa", "some-rule", Severity.HIGH, "shop", "web", 4) == (
        stored.host,
        stored.fingerprint,
        stored.rule_id,
        stored.severity,
        stored.project,
        stored.service,
        stored.count,
    )
    assert (NOW - 2 * HOUR, NOW, None, Life.RESOLVED) == (
        stored.opened_ns,
        stored.resolved_ns,
        stored.regressed_ns,
        stored.life,
    )
    assert ((NOW // HOUR - 2, 3), (NOW // HOUR, 1)) == stored.history


def test_gaps_are_read_as_they_were_told(reader):
    assert [gap(host="there")] == reader.gaps()
    assert [] == reader.gaps(hosts=[HOST])


def test_reader_sees_each_commit_and_holds_up_none(path):
    with opened(path) as store, Reader.open(path, now_ns=NOW) as reader:
        for number in range(1, 5):
            store.commit(commit(findings=[finding(f"v1:{number}")]))
            assert number == len(reader.findings())


def test_no_state_yet_is_said(path):
    with pytest.raises(NoState, match=r"no state has been kept in .*logscan\.db yet") as caught:
        Reader.open(path, now_ns=NOW)
    assert 2 == caught.value.exit_code
    assert [] == list(path.parent.iterdir())


def test_file_of_another_kind_is_refused(path):
    path.write_text("dear diary")
    with pytest.raises(StateUnusable, match="is not a state of logscan"):
        Reader.open(path, now_ns=NOW)


@pytest.mark.parametrize(
    ("version", "message"),
    [pytest.param(0, "an older logscan", id="older"), pytest.param(99, "a newer logscan", id="newer")],
)
def test_state_of_another_version_is_refused(path, version, message):
    opened(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(StateUnusable, match=message):
        Reader.open(path, now_ns=NOW)


def test_damaged_state_is_said(path):
    with opened(path) as store:
        store.commit(commit(findings=[finding(f"v1:{number}", bulk=3000) for number in range(50)]))
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StateUnusable, match="is damaged"):
        Reader.open(path, now_ns=NOW).findings()
    assert whole[:4096] == path.read_bytes()[:4096]
