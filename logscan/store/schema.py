"""Schema: the tables, and the way from each version of them to the next.

Owns the versions of the file (`user_version`) and their migrations: forward only, and after a backup. Does not
own opening the file (database), nor what is written into the tables (store).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

APPLICATION_ID: Final = 0x6C6F6773
"""`logs`, in the header of the file: it tells our databases from those of others."""

_VERSION_1: Final = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE host (
    host TEXT PRIMARY KEY,
    events_told_ns INTEGER,
    touched_ns INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE checkpoint (
    host TEXT NOT NULL,
    container TEXT NOT NULL,
    touched_ns INTEGER NOT NULL,
    checkpoint BLOB NOT NULL,
    PRIMARY KEY (host, container)
) WITHOUT ROWID;

CREATE TABLE state (
    host TEXT NOT NULL,
    kind TEXT NOT NULL,
    key BLOB NOT NULL,
    blob BLOB NOT NULL,
    PRIMARY KEY (host, kind, key)
);

-- What is large stands last, so that the rest is read without it.
CREATE TABLE finding (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    severity INTEGER NOT NULL,
    project TEXT,
    service TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_seen_ns INTEGER,
    last_seen_ns INTEGER,
    opened_ns INTEGER NOT NULL,
    resolved_ns INTEGER,
    regressed_ns INTEGER,
    due_ns INTEGER NOT NULL,
    document BLOB NOT NULL,
    tally BLOB NOT NULL,
    UNIQUE (host, fingerprint)
);
CREATE INDEX finding_open ON finding (host, due_ns) WHERE resolved_ns IS NULL;
CREATE INDEX finding_resolved ON finding (resolved_ns) WHERE resolved_ns IS NOT NULL;

CREATE TABLE history (
    finding INTEGER NOT NULL REFERENCES finding (id) ON DELETE CASCADE,
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (finding, hour)
) WITHOUT ROWID;

CREATE TABLE outgoing (
    number INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    id TEXT NOT NULL,
    document BLOB NOT NULL,
    UNIQUE (host, id)
);

CREATE TABLE gap (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    container_id TEXT NOT NULL,
    container_name TEXT NOT NULL,
    project TEXT,
    service TEXT NOT NULL,
    from_ns INTEGER,
    to_ns INTEGER,
    reason TEXT NOT NULL,
    found_ns INTEGER NOT NULL
);
"""

MIGRATIONS: Final[Sequence[str]] = (_VERSION_1,)
"""The n-th leads from version n - 1 to n; a new file takes all of them. One that was released never changes."""


def version_of(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Lead the file to the newest version, each step as a whole or not at all."""
    for version in range(version_of(connection) + 1, len(migrations) + 1):
        # `executescript` would commit an open transaction, so the script opens one itself.
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;{migrations[version - 1]};PRAGMA user_version = {version};COMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
