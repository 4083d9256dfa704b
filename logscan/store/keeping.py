"""Keeping: how a commit gets into the tables.

Owns the statements that write, and how a finding is led through its turns. Does not own the transaction around
them (store), what a commit means (records), nor how a finding stands after a turn (life).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from logscan.store.life import Standing
from logscan.store.records import Commit, FindingRow, GapRow, Turn

_LEAST = -(2**63)
_MOST = 2**63 - 1

_INSERT_FINDING = (
    "INSERT INTO finding (host, fingerprint, rule_id, severity, project, service, count, first_seen_ns, last_seen_ns,"
    " opened_ns, resolved_ns, regressed_ns, due_ns, document, tally) VALUES (:host, :fingerprint, :rule_id, :severity,"
    " :project, :service, :count, :first_seen_ns, :last_seen_ns, :opened_ns, :resolved_ns, :regressed_ns, :due_ns,"
    " :document, :tally)"
)
_UPDATE_FINDING = (
    "UPDATE finding SET rule_id = :rule_id, severity = :severity, project = :project, service = :service,"
    " count = :count, first_seen_ns = :first_seen_ns, last_seen_ns = :last_seen_ns, opened_ns = :opened_ns,"
    " resolved_ns = :resolved_ns, regressed_ns = :regressed_ns, due_ns = :due_ns, document = :document,"
    " tally = :tally WHERE id = :id"
)
_UPDATE_STANDING = "UPDATE finding SET resolved_ns = :resolved_ns, regressed_ns = :regressed_ns WHERE id = :id"
_SELECT_STANDING = (
    "SELECT id, count, opened_ns, resolved_ns, regressed_ns FROM finding WHERE host = ? AND fingerprint = ?"
)
_ADD_TO_HISTORY = (
    "INSERT INTO history (finding, hour, count) VALUES (?, ?, ?)"
    " ON CONFLICT (finding, hour) DO UPDATE SET count = count + excluded.count"
)


def keep(connection: sqlite3.Connection, commit: Commit) -> None:
    """Write all of a commit, inside a transaction of the caller."""
    _keep_reading(connection, commit)
    _keep_rows(connection, commit)
    _keep_findings(connection, commit)
    _keep_outgoing(connection, commit)
    _keep_gaps(connection, commit)


def _keep_reading(connection: sqlite3.Connection, commit: Commit) -> None:
    host, now_ns = commit.host, commit.now_ns
    many = connection.executemany
    many("DELETE FROM checkpoint WHERE host = ? AND container = ?", [(host, id_) for id_ in commit.forgotten])
    many(
        "INSERT INTO checkpoint (host, container, touched_ns, checkpoint) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (host, container) DO UPDATE"
        " SET touched_ns = excluded.touched_ns, checkpoint = excluded.checkpoint",
        [(host, id_, now_ns, msgspec.msgpack.encode(point)) for id_, point in commit.checkpoints.items()],
    )
    connection.execute(
        "INSERT INTO host (host, events_told_ns, touched_ns) VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE"
        " SET events_told_ns = coalesce(excluded.events_told_ns, events_told_ns), touched_ns = excluded.touched_ns",
        [host, commit.events_told_ns, now_ns],
    )


def _keep_rows(connection: sqlite3.Connection, commit: Commit) -> None:
    newest = {(row.kind, row.key): row.blob for row in commit.rows}
    connection.executemany(
        "DELETE FROM state WHERE host = ? AND kind = ? AND key = ?",
        [(commit.host, *name) for name, blob in newest.items() if blob is None],
    )
    connection.executemany(
        "INSERT INTO state (host, kind, key, blob) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (host, kind, key) DO UPDATE SET blob = excluded.blob",
        [(commit.host, *name, blob) for name, blob in newest.items() if blob is not None],
    )


def _keep_findings(connection: sqlite3.Connection, commit: Commit) -> None:
    rows = {row.fingerprint: row for row in commit.findings}
    turns: dict[str, list[Turn]] = {fingerprint: [] for fingerprint in rows}
    for turn in commit.turns:
        turns.setdefault(turn.fingerprint, []).append(turn)
    for fingerprint, its_turns in turns.items():
        _keep_finding(connection, commit, fingerprint, its_turns, rows.get(fingerprint))


def _keep_finding(
    connection: sqlite3.Connection, commit: Commit, fingerprint: str, turns: list[Turn], row: FindingRow | None
) -> None:
    known = connection.execute(_SELECT_STANDING, [commit.host, fingerprint]).fetchone()
    finding_id, count = (known["id"], known["count"]) if known else (None, 0)
    standing, added = _lived(Standing(*known[2:]) if known else None, count, turns)
    if row is None:
        if standing is not None:
            times = {"resolved_ns": standing.resolved_ns, "regressed_ns": standing.regressed_ns}
            connection.execute(_UPDATE_STANDING, times | {"id": finding_id})
        return
    values = _finding_values(commit, row, standing or Standing(commit.now_ns)) | {"id": finding_id}
    if finding_id is None:
        finding_id = connection.execute(_INSERT_FINDING, values).lastrowid
    else:
        connection.execute(_UPDATE_FINDING, values)
    connection.executemany(_ADD_TO_HISTORY, [(finding_id, hour, hits) for hour, hits in added.items() if hits])


def _keep_outgoing(connection: sqlite3.Connection, commit: Commit) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO outgoing (host, id, document) VALUES (?, ?, ?)",
        [(commit.host, *event) for event in commit.outgoing],
    )
    connection.executemany(
        "DELETE FROM outgoing WHERE host = ? AND id = ?", [(commit.host, id_) for id_ in commit.delivered]
    )


def _keep_gaps(connection: sqlite3.Connection, commit: Commit) -> None:
    connection.executemany(
        "INSERT INTO gap (host, container_id, container_name, project, service, from_ns, to_ns, reason, found_ns)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        map(_gap_values, commit.gaps),
    )


def _lived(standing: Standing | None, count: int, turns: Iterable[Turn]) -> tuple[Standing | None, dict[int, int]]:
    """Lead a finding through its turns; give how it stands then, and the hits that came in by the hour.

    `standing` is None as long as it was never told: it may have been dropped before it was called resolved.
    """
    added: dict[int, int] = {}
    for turn in turns:
        if turn.total is not None:
            standing = standing.seen(turn.at_ns) if standing else Standing(turn.at_ns)
            added[turn.hour] = added.get(turn.hour, 0) + turn.added_to(count)
            count = turn.total
        elif standing:
            standing = standing.resolved(turn.at_ns)
    return standing, added


def _finding_values(commit: Commit, row: FindingRow, standing: Standing) -> dict[str, object]:
    last_ns = commit.now_ns if row.last_seen_ns is None else row.last_seen_ns
    return {
        "host": commit.host,
        "fingerprint": row.fingerprint,
        "rule_id": row.rule_id,
        "severity": int(row.severity),
        "project": _text(row.project),
        "service": _text(row.service),
        "count": row.count,
        "first_seen_ns": _time(row.first_seen_ns),
        "last_seen_ns": _time(row.last_seen_ns),
        "opened_ns": standing.opened_ns,
        "resolved_ns": standing.resolved_ns,
        "regressed_ns": standing.regressed_ns,
        "due_ns": _time(last_ns + row.quiet_ns),
        "document": row.document,
        "tally": row.tally,
    }


def _gap_values(gap: GapRow) -> tuple[object, ...]:
    return (
        gap.host,
        gap.container_id,
        _text(gap.container_name),
        _text(gap.project),
        _text(gap.service),
        _time(gap.from_ns),
        _time(gap.to_ns),
        gap.reason,
        gap.found_ns,
    )


def _text(value: str | None) -> str | None:
    """Make of a foreign text what SQLite can hold: half of a surrogate pair is none."""
    return None if value is None else value.encode("utf-8", "replace").decode()


def _time(value: int | None) -> int | None:
    """Hold a time to 64 bits: a line may claim any year."""
    return None if value is None else min(max(value, _LEAST), _MOST)
