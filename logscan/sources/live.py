"""Live sources: what a source that never ends tells, and the box in which it leaves it.

Owns the kinds of news, and their bound: who reads waits while too much of it lies in the box. Does not own
any reading (sources.docker.follow), nor what the news lead to (follow).

News of one container come in the order in which they are true. Those of different ones interleave.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from logscan.batch import Batch, Container
from logscan.checkpoint import Checkpoint, Mark
from logscan.finding import Gap

MAX_WAITING_BYTES = 16 << 20
"""So many bytes of lines lie in a box before its source has to wait."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of one log. `before` and `after`: the marks around the records that they came from.

    `unfinished`: a mark at or before the first piece of a line that has no end yet, None when there is none:
    a checkpoint must not lie behind it. `replayed`: these lines have been looked at before the last
    checkpoint. A block of records that completed no line comes with an empty batch.
    """

    batch: Batch
    before: Mark
    after: Mark
    unfinished: Mark | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class EventLines:
    """What the engine told of one container, for rules with `input: event`; told once, also over restarts."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class EventsTold:
    """All events of a host from before `time_ns` have been told: where they begin again after a restart."""

    host: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class Watched:
    """A container is read whole from `start_ns` on: its silence means something."""

    container: Container
    start_ns: int


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """A container's log has been read to its end: no line of before `time_ns` is still to come."""

    container: Container
    time_ns: int


@dataclass(frozen=True, slots=True)
class ReadTo:
    """All that a host's logs and events held of before `time_ns` was told; while it is quiet, this still goes on."""

    host: str
    time_ns: int


@dataclass(frozen=True, slots=True)
class Idle:
    """A container has ended and its log was read to the end: nothing is to be expected of it for now."""

    container: Container


@dataclass(frozen=True, slots=True)
class Removed:
    """A container is gone for good: nothing of it is to be remembered for reading."""

    container: Container


@dataclass(frozen=True, slots=True)
class GapFound:
    """Lines are missing; or, where it says so, can't be told from lines that are not."""

    gap: Gap


@dataclass(frozen=True, slots=True)
class Lost:
    """A host, or one container of it, can't be read; `container` is None for the host as a whole."""

    host: str
    container: Container | None
    reason: str
    help: str | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """A host, or a container, that was lost can be read again."""

    host: str
    container: Container | None


@dataclass(frozen=True, slots=True)
class Ended:
    """The source has read all that it was asked for, or was stopped. Its last news."""

    host: str


News = Lines | EventLines | EventsTold | Watched | CaughtUp | ReadTo | Idle | Removed | GapFound | Lost | Back | Ended


def host_of(news: News) -> str:
    """Give the name of the host that a piece of news is about."""
    match news:
        case Lines(batch=batch) | EventLines(batch=batch):
            return batch.container.host
        case EventsTold() | ReadTo() | Lost() | Back() | Ended():
            return news.host
        case GapFound(gap):
            return gap.container.host
        case _:
            return news.container.host


class First(StrEnum):
    """From where a container is read that is met for the first time: `--since now`, or a moment."""

    NOW = "now"
    """Containers that are there already from now on, later ones from their beginning."""
    MOMENT = "moment"
    """Those that are there from a given moment on, later ones from their beginning."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin. `logs` by the full ID of the container; `since_ns` is the moment for `First.MOMENT`.

    `events_from_ns`: events of before this have been told, None when none was. `last_ns`: when the run before
    this one last kept what it knew, None for a first run: a container that was made later is a later one.
    `digest_key`: 16 bytes, for the hashes of places; kept in the store.
    """

    digest_key: bytes
    logs: Mapping[str, Checkpoint] = field(default_factory=dict)
    first: First = First.NOW
    since_ns: int | None = None
    events_from_ns: int | None = None
    last_ns: int | None = None


class Inbox:
    """A bounded box of news, between the threads that read and the one that counts."""

    def __init__(self, max_bytes: int = MAX_WAITING_BYTES) -> None:
        self._news: deque[News] = deque()
        self._max_bytes = max_bytes
        self._bytes = 0
        self._changed = threading.Condition(threading.RLock())  # `put` is called within `together` too

    @property
    def is_full(self) -> bool:
        """Whether a reader should leave what it has in its socket. Asked without waiting."""
        return self._bytes >= self._max_bytes

    def put(self, news: News) -> None:
        """Leave a piece of news. Never waits: who asks `is_full` first is held to the bound."""
        with self._changed:
            self._news.append(news)
            self._bytes += _size(news)
            self._changed.notify_all()

    def together(self) -> AbstractContextManager[object]:
        """Hold back who takes until several pieces lie there: to be woken by each costs more than to count it."""
        return self._changed

    def take(self, timeout_s: float) -> list[News]:
        """Take all that lies there; wait up to `timeout_s` for the first piece, and give [] then."""
        with self._changed:
            if not self._news:
                self._changed.wait(timeout_s)
            taken = list(self._news)
            self._news.clear()
            self._bytes = 0
            self._changed.notify_all()
            return taken

    def wait_for_room(self, timeout_s: float) -> bool:
        """Wait until it is not full; tell whether that came true."""
        with self._changed:
            return self._changed.wait_for(lambda: self._bytes < self._max_bytes, timeout_s)


def _size(news: News) -> int:
    return len(news.batch.text) if isinstance(news, (Lines, EventLines)) else 0


class LiveSource(Protocol):
    """One host that is followed, by threads of its own."""

    @property
    def host(self) -> str:
        """The name of the host, as findings give it."""
        ...

    def start(self, start: Start, inbox: Inbox) -> None:
        """Begin to read. Everything further is told in `inbox`, the last of it `Ended`. Raises nothing later."""
        ...

    def stop(self) -> None:
        """Ask it to end soon. Returns at once; `Ended` follows."""
        ...

    def close(self, timeout_s: float) -> None:
        """Wait for its threads to end, and close its connections."""
        ...
