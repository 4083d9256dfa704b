"""Lock: one process keeps its state in a file, and the next one is told who does.

Owns the file NAME.lock beside the database. The kernel's lock on it decides, and falls with the process; what
is written in it only names the holder. It also remembers that the database beside it was ours, for when
the database itself can't tell any more.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec

from logscan.store.errors import StateInUse
from logscan.store.folder import beside, unusable

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
_MAX_BYTES = 4096


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock, and the id of the database that it keeps; an empty one is not known yet."""

    pid: int
    command: str
    since_ns: int
    database: str = ""

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since_ns // 10**9, UTC)
        return f"logscan {self.command} (process {self.pid}, since {since:%Y-%m-%d %H:%M:%S} UTC)"


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock of this process. `previous`: who held it before, None where nobody ever did."""

    path: Path
    number: int
    holder: Holder
    previous: Holder | None

    @classmethod
    def take(cls, database: Path, *, command: str, now_ns: int) -> Self:
        """Take the lock, or raise StateInUse that names the holder. Raises StateUnusable."""
        path = beside(database, ".lock")
        number = _locked(path, database)
        previous = _read(number)
        holder = Holder(os.getpid(), command, now_ns, previous.database if previous else "")
        _write(number, holder)
        return cls(path, number, holder, previous)

    @property
    def was_ours(self) -> bool:
        """Whether the database beside it was opened by logscan before."""
        return bool(self.previous and self.previous.database)

    def keep(self, database_id: str) -> None:
        """Note that the database beside it is ours."""
        _write(self.number, msgspec.structs.replace(self.holder, database=database_id))

    def release(self) -> None:
        """Let go. Where nothing was ever ours, nothing is left behind."""
        now = _read(self.number)
        if not (now and now.database):
            self.path.unlink(missing_ok=True)
        os.close(self.number)


def _locked(path: Path, database: Path) -> int:
    while True:
        try:
            number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(database, error) from error
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still_there(number, path):
                return number
        except BlockingIOError as error:
            holder = _read(number)
            os.close(number)
            raise StateInUse(
                f"{holder or 'another logscan'} keeps its state in {database}",
                help="stop it, or name another file with --state; `logscan findings` reads beside it",
            ) from error
        except OSError as error:
            os.close(number)
            if error.errno in _NO_LOCKS:
                error.strerror = "its file system knows no locks"
            raise unusable(database, error) from error
        os.close(number)  # its holder has removed it between our two calls


def _is_still_there(number: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(number), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _read(number: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(number, _MAX_BYTES, 0), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def _write(number: int, holder: Holder) -> None:
    # On a full disk the holder has no name, but it holds all the same.
    with suppress(OSError):
        text = msgspec.json.encode(holder)
        os.pwrite(number, text, 0)
        os.ftruncate(number, len(text))
