"""Store: what follow keeps over restarts, in one SQLite file with one writer.

Owns the one transaction in which all of a commit is kept, and what is read back at a start. Does not own the
shapes (records), the file (database), the lock, what findings turn into (life), nor reading beside a
writer (reader). Any thread may use it; they take turns. No clock: what needs the time is told it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from logscan.checkpoint import Checkpoint
from logscan.finding import Severity
from logscan.state_row import StateRow
from logscan.store.database import DIGEST_KEY, ID, open_sound, refusals, transaction
from logscan.store.errors import StateFull
from logscan.store.folder import check_file, make_folder, real
from logscan.store.life import Life, Standing
from logscan.store.lock import Lock
from logscan.store.records import Commit, FindingRow, GapRow, Outgoing, Turn
from logscan.store.retention import MAX_BYTES, Swept, sweep

_LEAST = -(2**63)
_MOST = 2**63 - 1
_MAX_PARAMETERS = 500

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


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is known of one host: `checkpoints` by the full ID of the container, `undelivered` events, oldest first."""

    checkpoints: Mapping[str, Checkpoint]
    rows: tuple[StateRow, ...]
    events_told_ns: int | None
    undelivered: tuple[Outgoing, ...]


class Store:
    """The state, open for writing and locked against every other process that would write.

    `id` names the file, at random. `digest_key`: 16 random bytes, for the hashes of places. `recovered_from`:
    where a damaged file was moved, None when it was sound.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: Lock, recovered_from: Path | None) -> None:
        meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
        self.path = path
        self.id: str = meta[ID]
        self.digest_key: bytes = meta[DIGEST_KEY]
        self.recovered_from = recovered_from
        self._connection = connection
        self._lock = lock
        self._turn = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, now_ns: int, command: str = "follow") -> Self:
        """Open the state in `path`, made anew where there is none.

        `command`: what this process does, for the one that finds it locked. Raises StateInUse and
        StateUnusable. A damaged file is moved aside, and a new one begun.
        """
        path = real(path)
        make_folder(path)
        check_file(path)
        lock = Lock.take(path, command=command, now_ns=now_ns)
        try:
            connection, recovered_from = open_sound(path, now_ns=now_ns, was_ours=lock.was_ours)
            store = cls(path, connection, lock, recovered_from)
            lock.keep(store.id)
        except BaseException:
            lock.release()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and let the next process have it. What was committed is kept."""
        with self._turn, suppress(sqlite3.Error):  # on a full disk the journal stays, and is read at the next start
            self._connection.close()
        self._lock.release()

    def load(self, host: str) -> Loaded:
        """Read what a follow of `host` begins with."""
        query = self._connection.execute
        with self._asked():
            checkpoints = query("SELECT container, checkpoint FROM checkpoint WHERE host = ?", [host]).fetchall()
            rows = query("SELECT kind, key, blob FROM state WHERE host = ? ORDER BY kind, key", [host]).fetchall()
            told = query("SELECT events_told_ns FROM host WHERE host = ?", [host]).fetchone()
            outgoing = query("SELECT id, document FROM outgoing WHERE host = ? ORDER BY number", [host]).fetchall()
        return Loaded(
            checkpoints={container: msgspec.msgpack.decode(blob, type=Checkpoint) for container, blob in checkpoints},
            rows=tuple(StateRow(*row) for row in rows),
            events_told_ns=told[0] if told else None,
            undelivered=tuple(Outgoing(*row) for row in outgoing),
        )

    def recall(self, host: str, fingerprint: str) -> bytes | None:
        """Give the tally of a finding, None for one that is not known."""
        with self._asked():
            row = self._connection.execute(
                "SELECT tally FROM finding WHERE host = ? AND fingerprint = ?", [host, fingerprint]
            ).fetchone()
        return row[0] if row else None

    def states(self, host: str, fingerprints: Iterable[str], *, now_ns: int) -> dict[str, Life]:
        """Tell how findings stand before the next commit. One that is not known is left out."""
        wanted = list(fingerprints)
        lives = {}
        for start in range(0, len(wanted), _MAX_PARAMETERS):
            some = wanted[start : start + _MAX_PARAMETERS]
            places = ", ".join("?" * len(some))
            with self._asked():
                rows = self._connection.execute(
                    "SELECT fingerprint, opened_ns, resolved_ns, regressed_ns"  # noqa: S608 - question marks alone
                    f" FROM finding WHERE host = ? AND fingerprint IN ({places})",
                    [host, *some],
                ).fetchall()
            lives.update({fingerprint: Standing(*times).life(now_ns) for fingerprint, *times in rows})
        return lives

    def counts(self, host: str, fingerprints: Iterable[str]) -> dict[str, int]:
        """Tell what findings had counted by the last commit. One that is not known is left out."""
        with refusals(self.path, StateFull):
            rows = (
                self._connection.execute(
                    "SELECT fingerprint, count FROM finding WHERE host = ? AND fingerprint = ?", [host, fingerprint]
                ).fetchone()
                for fingerprint in fingerprints
            )
            return {row[0]: row[1] for row in rows if row}

    def open_findings(self, host: str) -> Counter[Severity]:
        """Count the findings that are not resolved, by severity."""
        with refusals(self.path, StateFull):
            rows = self._connection.execute(
                "SELECT severity, count(*) FROM finding WHERE host = ? AND resolved_ns IS NULL GROUP BY severity",
                [host],
            ).fetchall()
        return Counter({Severity(severity): number for severity, number in rows})

    def overdue(self, host: str, now_ns: int) -> list[str]:
        """List the open findings that have been quiet for longer than their time, the longest first."""
        with self._asked():
            rows = self._connection.execute(
                "SELECT fingerprint FROM finding WHERE host = ? AND resolved_ns IS NULL AND due_ns < ? ORDER BY due_ns",
                [host, now_ns],
            ).fetchall()
        return [row[0] for row in rows]

    def commit(self, commit: Commit) -> None:
        """Keep all of a commit. Raises StateFull when it can't be written now: then nothing of it was kept."""
        with self._asked(), transaction(self._connection):
            self._keep_reading(commit)
            self._keep_rows(commit)
            self._keep_findings(commit)
            self._keep_outgoing(commit)
            self._connection.executemany(
                "INSERT INTO gap (host, container_id, container_name, project, service, from_ns, to_ns, reason,"
                " found_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(_gap_values, commit.gaps),
            )

    def sweep(self, now_ns: int, *, present: Collection[str], max_bytes: int = MAX_BYTES) -> Swept:
        """Drop what is old or too much; once an hour is often enough.

        `present`: full IDs of the containers that are still there, whose checkpoints stay. Raises StateFull; what was
        dropped until then is gone.
        """
        with self._asked():
            return sweep(self._connection, now_ns, present, max_bytes)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        with self._turn, refusals(self.path, StateFull):
            yield

    def _keep_reading(self, commit: Commit) -> None:
        host, now_ns = commit.host, commit.now_ns
        many = self._connection.executemany
        many("DELETE FROM checkpoint WHERE host = ? AND container = ?", [(host, id_) for id_ in commit.forgotten])
        many(
            "INSERT INTO checkpoint (host, container, touched_ns, checkpoint) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (host, container) DO UPDATE"
            " SET touched_ns = excluded.touched_ns, checkpoint = excluded.checkpoint",
            [(host, id_, now_ns, msgspec.msgpack.encode(point)) for id_, point in commit.checkpoints.items()],
        )
        self._connection.execute(
            "INSERT INTO host (host, events_told_ns, touched_ns) VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE"
            " SET events_told_ns = coalesce(excluded.events_told_ns, events_told_ns), touched_ns = excluded.touched_ns",
            [host, commit.events_told_ns, now_ns],
        )

    def _keep_rows(self, commit: Commit) -> None:
        newest = {(row.kind, row.key): row.blob for row in commit.rows}
        self._connection.executemany(
            "DELETE FROM state WHERE host = ? AND kind = ? AND key = ?",
            [(commit.host, *name) for name, blob in newest.items() if blob is None],
        )
        self._connection.executemany(
            "INSERT INTO state (host, kind, key, blob) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (host, kind, key) DO UPDATE SET blob = excluded.blob",
            [(commit.host, *name, blob) for name, blob in newest.items() if blob is not None],
        )

    def _keep_findings(self, commit: Commit) -> None:
        rows = {row.fingerprint: row for row in commit.findings}
        turns: dict[str, list[Turn]] = {fingerprint: [] for fingerprint in rows}
        for turn in commit.turns:
            turns.setdefault(turn.fingerprint, []).append(turn)
        for fingerprint, its_turns in turns.items():
            self._keep_finding(commit, fingerprint, its_turns, rows.get(fingerprint))

    def _keep_finding(self, commit: Commit, fingerprint: str, turns: list[Turn], row: FindingRow | None) -> None:
        known = self._connection.execute(_SELECT_STANDING, [commit.host, fingerprint]).fetchone()
        finding_id, count = (known["id"], known["count"]) if known else (None, 0)
        standing, added = _lived(Standing(*known[2:]) if known else None, count, turns)
        if row is None:
            if standing is not None:
                times = {"resolved_ns": standing.resolved_ns, "regressed_ns": standing.regressed_ns}
                self._connection.execute(_UPDATE_STANDING, times | {"id": finding_id})
            return
        values = _finding_values(commit, row, standing or Standing(commit.now_ns)) | {"id": finding_id}
        if finding_id is None:
            finding_id = self._connection.execute(_INSERT_FINDING, values).lastrowid
        else:
            self._connection.execute(_UPDATE_FINDING, values)
        self._connection.executemany(
            _ADD_TO_HISTORY, [(finding_id, hour, hits) for hour, hits in added.items() if hits]
        )

    def _keep_outgoing(self, commit: Commit) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO outgoing (host, id, document) VALUES (?, ?, ?)",
            [(commit.host, *event) for event in commit.outgoing],
        )
        self._connection.executemany(
            "DELETE FROM outgoing WHERE host = ? AND id = ?", [(commit.host, id_) for id_ in commit.delivered]
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
