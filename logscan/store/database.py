"""Database: a connection to the file, sound and of the newest version, or an error that says why not.

Owns how the file is made, recognised as ours, checked, migrated and opened, and what an error of SQLite means.
Does not own the tables (schema) nor what is in them (store, reader).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from typing import Final
from urllib.parse import quote
from uuid import uuid4

import msgspec

from logscan.checkpoint import Checkpoint
from logscan.store.errors import StateError, StateFull, StateUnusable
from logscan.store.folder import HELP, beside, make_private, move_aside, put_in_place, unusable
from logscan.store.schema import APPLICATION_ID, MIGRATIONS, migrate, version_of

ID: Final = "id"
DIGEST_KEY: Final = "digest_key"
MADE_NS: Final = "made_ns"
DIGEST_KEY_BYTES: Final = 16

_MAGIC: Final = b"SQLite format 3\0"
_ID_AT: Final = slice(68, 72)
_HEADER_BYTES: Final = 100
_BUSY_S: Final = 5.0
_WAL_BYTES: Final = 16 << 20
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REFUSALS: Final = {
    sqlite3.SQLITE_FULL: "no room is left",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_IOERR: "reading or writing failed",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_PROTOCOL: "another program holds it",
}


class Kind(Enum):
    """What lies where a database is to be."""

    NOTHING = auto()
    OURS = auto()
    OTHER_DATABASE = auto()
    UNKNOWN = auto()


class DamagedError(Exception):
    """The file is a database of ours, and what is in it can't be trusted."""


def kind_of(path: Path) -> Kind:
    """Tell what a file is by its header. Raises StateUnusable when it can't be read."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return Kind.NOTHING
    except OSError as error:
        raise unusable(path, error) from error
    if not header:
        return Kind.NOTHING
    if not header.startswith(_MAGIC):
        return Kind.UNKNOWN
    return Kind.OURS if header[_ID_AT] == APPLICATION_ID.to_bytes(4, "big") else Kind.OTHER_DATABASE


def not_ours(path: Path) -> StateUnusable:
    return StateUnusable(
        f"{path} is not a state of logscan, and it is left alone",
        help="name another file with --state, or move this one",
    )


def open_sound(
    path: Path, *, now_ns: int, was_ours: bool, migrations: Sequence[str] = MIGRATIONS
) -> tuple[sqlite3.Connection, Path | None]:
    """Open the database, made anew where there is none; give it and where a damaged one was moved, if one was.

    `was_ours`: what can't be recognised has been ours, so it must be damage. Raises StateUnusable.
    """
    recovered_from = None
    kind = kind_of(path)
    if kind is Kind.OTHER_DATABASE or (kind is Kind.UNKNOWN and not was_ours):
        raise not_ours(path)
    with refusals(path, StateUnusable):
        if kind is Kind.OURS:
            try:
                return _opened(path, migrations), None
            except DamagedError:
                recovered_from = move_aside(path, now_ns)
        elif kind is Kind.UNKNOWN:
            recovered_from = move_aside(path, now_ns)
        _make(path, migrations, now_ns)
        return _opened(path, migrations), recovered_from


@contextmanager
def refusals(path: Path, error_type: type[StateError]) -> Iterator[None]:
    """Map what SQLite and the system refuse to `error_type`, and damage to StateUnusable. Faults of ours pass."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _DAMAGE:
            raise StateUnusable(
                f"the state in {path} is damaged: {error}",
                help="start logscan follow anew: it moves it aside and begins again",
            ) from error
        if code not in _REFUSALS:
            raise
        what = "written to" if error_type is StateFull else "used"
        raise error_type(f"the state in {path} can't be {what}: {_REFUSALS[code]}", help=_help(code)) from error
    except OSError as error:
        raise unusable(path, error) from error


def _help(code: int) -> str:
    if code == sqlite3.SQLITE_FULL:
        return "make room on its disk"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL):
        return "close the other program"
    return "see that its disk is sound and its folder may be written, or " + HELP


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of what follows or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite itself rolls back at some errors
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def connect(path: Path, options: str) -> sqlite3.Connection:
    """Open a file that is there; `options` as SQLite's URIs have them."""
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{options}",
        uri=True,
        timeout=_BUSY_S,
        isolation_level=None,
        check_same_thread=False,  # the store takes turns by itself
    )
    connection.row_factory = sqlite3.Row
    connection.text_factory = _text  # a flipped bit must not stop a start
    return connection


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def check_version(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    """Give the version of a file; refuse one that a newer logscan has written."""
    version = version_of(connection)
    if version > newest:
        raise StateUnusable(
            f"the state in {path} was written by a newer logscan (version {version}, this one knows {newest})",
            help="use that logscan, or name another file with --state",
        )
    return version


def _opened(path: Path, migrations: Sequence[str]) -> sqlite3.Connection:
    make_private(path)
    connection = connect(path, "mode=rw")
    try:
        with _damage():
            version = check_version(connection, path, len(migrations))
            # A lost last commit only means that its lines are read again, so no commit waits for the disk.
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
            _check_pages(connection)
        with transaction(connection):
            pass  # SQLite opens what it may not write as well, and says so only here
        if version < len(migrations):
            _back_up(connection, beside(path, f".backup-v{version}"))
            migrate(connection, migrations)
        with _damage():
            _check_legible(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _damage() -> Iterator[None]:
    """Call it damage when a sound file could not lead to the error, such as a table that is missing."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _DAMAGE or code == sqlite3.SQLITE_ERROR:
            raise DamagedError from error
        raise
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedError from error


def _check_pages(connection: sqlite3.Connection) -> None:
    # The quick check would pass over an index that lacks a row, and the first commit that needs it would fail.
    if connection.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
        raise DamagedError


def _check_legible(connection: sqlite3.Connection) -> None:
    """See that what nothing can do without is there: the pages may be sound, and their content flipped."""
    meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    if len(meta.get(DIGEST_KEY, b"")) != DIGEST_KEY_BYTES or not meta.get(ID):
        raise DamagedError
    for (checkpoint,) in connection.execute("SELECT checkpoint FROM checkpoint"):
        msgspec.msgpack.decode(checkpoint, type=Checkpoint)


def _back_up(connection: sqlite3.Connection, path: Path) -> None:
    """Copy the file before its first migration to a newer version."""
    made = beside(path, ".new")
    _make_empty(made)
    with closing(connect(made, "mode=rw")) as copy:
        connection.backup(copy)
    put_in_place(made, path)


def _make(path: Path, migrations: Sequence[str], now_ns: int) -> None:
    """Make a new database under another name first: one that has its name is whole, whenever we are killed."""
    made = beside(path, ".new")
    _make_empty(made)
    with closing(connect(made, "mode=rw")) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection, migrations)
        meta = {ID: uuid4().hex, DIGEST_KEY: os.urandom(DIGEST_KEY_BYTES), MADE_NS: now_ns}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    put_in_place(made, path)


def _make_empty(path: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        beside(path, suffix).unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
