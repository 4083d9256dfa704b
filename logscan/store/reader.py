"""Reader: what the store knows, read beside a running follow and without a lock.

Owns the read-only connection, and how stored findings are chosen and put in order. Does not own how they are shown
(cli, sinks), nor any clock: how a finding stands is told as of a moment that comes in.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from logscan.finding import Severity
from logscan.store.database import Kind, check_version, connect, kind_of, not_ours, refusals
from logscan.store.errors import NoState, StateUnusable
from logscan.store.folder import beside, check_file, real
from logscan.store.life import Life, Standing
from logscan.store.records import GapRow
from logscan.store.schema import MIGRATIONS

_FINDING = (
    "id, host, fingerprint, rule_id, severity, project, service, count, first_seen_ns, last_seen_ns,"
    " opened_ns, resolved_ns, regressed_ns"
)


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding as the store has it. `document`: its logscan.finding/v1, with `state` filled in.

    `history`: (hour since the epoch, hits) in rising order; hours without hits are left out.
    """

    host: str
    fingerprint: str
    rule_id: str
    severity: Severity
    project: str | None
    service: str
    count: int
    first_seen_ns: int | None
    last_seen_ns: int | None
    life: Life
    opened_ns: int
    resolved_ns: int | None
    regressed_ns: int | None
    history: tuple[tuple[int, int], ...]
    document: dict[str, Any]

    @property
    def sort_key(self) -> tuple[int, int, str, str, str, str, str]:
        """The order of findings in a report, and the host."""
        return (
            -self.severity,
            -self.count,
            self.rule_id,
            self.project or "",
            self.service,
            self.fingerprint,
            self.host,
        )


class Reader:
    """The state, open for reading, as of `now_ns`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, now_ns: int) -> None:
        self.path = path
        self._connection = connection
        self._now_ns = now_ns

    @classmethod
    def open(cls, path: Path, *, now_ns: int) -> Self:
        """Open the state in `path`. Raises NoState where there is none, and StateUnusable."""
        path = real(path)
        check_file(path)
        kind = kind_of(path)
        if kind is Kind.NOTHING:
            raise NoState(
                f"no state has been kept in {path} yet", help="run logscan follow first, or name its file with --state"
            )
        if kind is not Kind.OURS:
            raise not_ours(path)
        with refusals(path, StateUnusable):
            return cls(path, _connected(path), now_ns)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()

    def findings(
        self,
        *,
        states: Collection[Life] = (),
        min_severity: Severity | None = None,
        severities: Collection[Severity] = (),
        services: Collection[str] = (),
        rules: Collection[str] = (),
        hosts: Collection[str] = (),
    ) -> list[StoredFinding]:
        """List the findings that every condition wants, in the order of a report.

        `services`, `rules` and `hosts` are globs, any of which may match; an empty condition wants all.
        """

        def wanted(row: sqlite3.Row) -> bool:
            return (
                (min_severity is None or row["severity"] >= min_severity)
                and (not severities or row["severity"] in severities)
                and _any(services, row["service"])
                and _any(rules, row["rule_id"])
                and _any(hosts, row["host"])
                and (not states or self._life(row) in states)
            )

        with self._snapshot():
            return self._stored([row for row in self._rows() if wanted(row)])

    def find(self, prefix: str) -> list[StoredFinding]:
        """List the findings of a rule, or of those whose fingerprint begins so, with or without its `v1:`.

        Where nothing has just that name, the beginning of a rule's is enough.
        """
        if not prefix:
            return []
        with self._snapshot():
            rows = self._rows()
            exact = [row for row in rows if row["rule_id"] == prefix]
            named = [row for row in rows if _names(prefix, row["fingerprint"])]
            begun = [row for row in rows if row["rule_id"].startswith(prefix)]
            return self._stored(exact or named or begun)

    def gaps(self, *, hosts: Collection[str] = ()) -> list[GapRow]:
        """List the known gaps, in the order in which they were found."""
        rows = self._query(
            "SELECT host, container_id, container_name, project, service, from_ns, to_ns, reason, found_ns"
            " FROM gap ORDER BY found_ns, id"
        )
        return [GapRow(*row) for row in rows if _any(hosts, row["host"])]

    def _rows(self) -> list[sqlite3.Row]:
        return self._query(f"SELECT {_FINDING} FROM finding")  # noqa: S608 - a constant

    def _stored(self, rows: Sequence[sqlite3.Row]) -> list[StoredFinding]:
        return sorted(map(self._stored_one, rows), key=lambda finding: finding.sort_key)

    def _stored_one(self, row: sqlite3.Row) -> StoredFinding:
        (document,) = self._query("SELECT document FROM finding WHERE id = ?", row["id"])[0]
        life = self._life(row)
        history = self._query("SELECT hour, count FROM history WHERE finding = ? ORDER BY hour", row["id"])
        values: dict[str, Any] = {name: row[name] for name in row.keys() if name not in ("id", "severity")}  # noqa: SIM118
        return StoredFinding(
            **values,
            severity=Severity(row["severity"]),
            life=life,
            history=tuple((hour, count) for hour, count in history),
            document=json.loads(document) | {"state": life.value},
        )

    def _life(self, row: sqlite3.Row) -> Life:
        return Standing(row["opened_ns"], row["resolved_ns"], row["regressed_ns"]).life(self._now_ns)

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """See the state of one moment in several queries, whatever a running follow commits meanwhile."""
        self._query("BEGIN")
        try:
            yield
        finally:
            self._query("ROLLBACK")

    def _query(self, statement: str, *values: object) -> list[sqlite3.Row]:
        with refusals(self.path, StateUnusable):
            return self._connection.execute(statement, values).fetchall()


def _connected(path: Path) -> sqlite3.Connection:
    connection = connect(path, "mode=ro")
    try:
        _check(connection, path)
    except sqlite3.OperationalError:
        connection.close()
        # Where the folder is read-only SQLite can't make its shared memory. Without a journal nobody writes.
        if beside(path, "-wal").exists():
            raise
        connection = connect(path, "mode=ro&immutable=1")
        _check(connection, path)
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if check_version(connection, path, len(MIGRATIONS)) < len(MIGRATIONS):
        raise StateUnusable(
            f"the state in {path} was written by an older logscan",
            help="run logscan follow once: it brings it up to date",
        )
    connection.execute("SELECT 1 FROM finding LIMIT 1").fetchone()


def _names(prefix: str, fingerprint: str) -> bool:
    return fingerprint.startswith(prefix) or fingerprint.partition(":")[2].startswith(prefix)


def _any(globs: Collection[str], name: str) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)
