"""Folder: where the files of the state lie, what they are called, and who may read them.

Owns making the folder (0700), the names of what lies beside a database, and what is said where the system
refuses. Does not own what is in the files.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from logscan.store.errors import StateUnusable

HELP = "name a file in a folder that you may write with --state"
_WAL = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database while it is open, or after a crash."""


def beside(database: Path, suffix: str) -> Path:
    return database.with_name(database.name + suffix)


def real(database: Path) -> Path:
    """Follow symbolic links as SQLite does, so that all names of a database have one lock and one journal."""
    try:
        return database.resolve()
    except (OSError, RuntimeError) as error:  # a link that leads to itself is a RuntimeError
        raise _unusable(database, "its links lead nowhere") from error


def make_folder(database: Path) -> None:
    """Make the folder of `database` where there is none; those that are made are the owner's alone."""
    try:
        for folder in reversed(database.absolute().parents):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise unusable(database, error) from error


def check_file(database: Path) -> None:
    """See that `database` is a file, if it is there at all."""
    try:
        mode = database.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise unusable(database, error) from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no ordinary file"
        raise _unusable(database, f"it is {what}")


def make_private(database: Path) -> None:
    """Take away what others may do with a file. SQLite gives those beside it the same mode."""
    with suppress(OSError):  # a file of somebody else who lets us write it
        if database.stat().st_mode & 0o077:
            database.chmod(0o600)


def move_aside(database: Path, now_ns: int) -> Path:
    """Rename a damaged database and what lies beside it to NAME.damaged-TIME; give the new path."""
    time = f"{datetime.fromtimestamp(now_ns // 10**9, UTC):%Y%m%dT%H%M%SZ}"
    aside = beside(database, f".damaged-{time}")
    number = 1
    while aside.exists():
        number += 1
        aside = beside(database, f".damaged-{time}-{number}")
    try:
        for suffix in _WAL:
            with suppress(FileNotFoundError):
                beside(database, suffix).rename(beside(aside, suffix))
        database.rename(aside)
    except OSError as error:
        raise unusable(database, error) from error
    return aside


def put_in_place(made: Path, database: Path) -> None:
    """Give a database that was made under another name its own, so that it is there whole or not at all."""
    for suffix in _WAL:
        beside(database, suffix).unlink(missing_ok=True)  # it would be taken for the new one's
    made.replace(database)
    folder = os.open(database.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def unusable(database: Path, error: OSError) -> StateUnusable:
    """Word what the system said."""
    return _unusable(database, (error.strerror or str(error)).lower())


def _unusable(database: Path, why: str) -> StateUnusable:
    return StateUnusable(f"the state in {database} can't be used: {why}", help=HELP)
