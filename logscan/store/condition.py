"""Condition: how a state stands, told without opening it for writing.

Owns looking at the file, its folder and its lock as `doctor` tells of them. Does not own any repair: what is
damaged is moved aside by the next run that writes.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from logscan.store.errors import NoState, StateError
from logscan.store.folder import beside, real
from logscan.store.lock import Holder
from logscan.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Condition:
    """`size`: its bytes, None where there is none yet. `fault`: why it can't be used, and `holder`: who uses it."""

    size: int | None = None
    holder: str | None = None
    fault: str | None = None


def condition_of(path: Path, *, now_ns: int) -> Condition:
    """Look at the state in `path`."""
    try:
        path = real(path)
        with Reader.open(path, now_ns=now_ns):
            size = path.stat().st_size
    except NoState:
        return Condition(
            fault=None if _may_be_made(path) else f"{path} can't be made: {_nearest(path)} is not writable"
        )
    except (StateError, OSError) as error:
        return Condition(fault=str(error))
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return Condition(size, fault="it can be read and not written by this user")
    return Condition(size, _holder(beside(path, ".lock")))


def _may_be_made(path: Path) -> bool:
    return os.access(_nearest(path), os.W_OK | os.X_OK)


def _nearest(path: Path) -> Path:
    """Give the folder above `path` that is there."""
    return next(folder for folder in path.absolute().parents if folder.exists())


def _holder(lock: Path) -> str | None:
    try:
        with lock.open("rb") as file:
            try:
                # Shared, and given back at once: a run that starts in this very moment would be refused.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _name(file.read())
    except OSError:
        pass
    return None


def _name(text: bytes) -> str:
    try:
        return str(msgspec.json.decode(text, type=Holder))
    except msgspec.DecodeError:
        return "another logscan"
