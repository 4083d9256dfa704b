"""Things that a store keeps, made short."""

from __future__ import annotations

import json

from logscan.checkpoint import Checkpoint, Mark, Place, RecordKey
from logscan.duration import UNITS_NS
from logscan.finding import Severity
from logscan.store.records import Commit, FindingRow, GapRow
from logscan.store.store import Store

NOW = 1_764_000_000 * UNITS_NS["s"]
HOUR = UNITS_NS["h"]
DAY = UNITS_NS["d"]
HOST = "here"


def opened(path, *, now_ns=NOW, command="follow"):
    return Store.open(path, now_ns=now_ns, command=command)


def commit(now_ns=NOW, *, host=HOST, **what):
    return Commit(host, now_ns, **what)


def finding(fingerprint="v1:aa", *, count=1, seen_ns=NOW, quiet_ns=HOUR, bulk=0, **other):
    document = {"schema": "logscan.finding/v1", "fingerprint": fingerprint, "state": None, "count": count}
    values = {
        "rule_id": "some-rule",
        "severity": Severity.HIGH,
        "project": "shop",
        "service": "web",
        "first_seen_ns": seen_ns,
        "last_seen_ns": seen_ns,
        "document": json.dumps(document | {"title": "x" * bulk}).encode(),
        "tally": b"tally %d" % count,
    }
    return FindingRow(fingerprint=fingerprint, count=count, quiet_ns=quiet_ns, **values | other)


def checkpoint(number=1):
    place = Place(tuple(RecordKey(NOW + number + nth, nth, 1) for nth in range(8)))
    return Checkpoint(Mark(place, number, number, number))


def gap(found_ns=NOW, **other):
    values = {
        "host": HOST,
        "container_id": "c" * 64,
        "container_name": "shop-web-1",
        "project": "shop",
        "service": "web",
        "from_ns": NOW - 5,
        "to_ns": None,
        "reason": "rotated",
    }
    return GapRow(found_ns=found_ns, **values | other)
