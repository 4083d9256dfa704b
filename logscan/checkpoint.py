"""Checkpoint: how far a log has been read, so that reading it goes on where it stopped.

Owns the shapes that reading, the pipeline and the store hand each other. Does not own how a place is
found again (framing.place), nor when a checkpoint is taken (trail).

The engine knows no offsets. But a log that is read again brings the same records in the same order, so a
place is known by the records right before it: their times, and keyed hashes of their bytes. No text of
a log is in here.
"""

from __future__ import annotations

import msgspec

MAX_PLACE_RECORDS = 8
"""A place is known by so many records: where an engine has lost the newest of them, the others still hold."""


class RecordKey(msgspec.Struct, frozen=True, array_like=True):
    """Names one record of a log: its time, a keyed hash of all its bytes, and the so-manieth of its like it is.

    Records of one time with equal bytes are legitimate; `nth` counts them from 1.
    """

    time_ns: int
    digest: int
    nth: int


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A place between two records: right behind the last of `records`, which come in the order of the log.

    Without records it is the beginning of the log.
    """

    records: tuple[RecordKey, ...] = ()

    @property
    def time_ns(self) -> int | None:
        """The time of the record before it; None at the beginning."""
        return self.records[-1].time_ns if self.records else None


BEGINNING = Place()


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A place, and what was counted up to it since logscan began to read the log.

    `records`, `lines` and `bytes` (of text, newlines included) only ever grow.
    """

    place: Place = BEGINNING
    records: int = 0
    lines: int = 0
    bytes: int = 0


class Awaited(msgspec.Struct, frozen=True, array_like=True):
    """A hit that was found and not counted yet, since more lines may belong to it: its first line.

    `digest`: a keyed hash of the line's text. `times`: so many like it.
    """

    rule_id: str
    time_ns: int | None
    digest: int
    times: int = 1


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """Where to begin again with one log.

    Reading begins at `mark`. The `replayed` records behind it have been looked at already: what they
    lead to is counted, but for the hits that were `awaited`. `name` is the container's; `since_ns`: a log
    of which nothing has been read yet is wanted from this moment on, and None asks for all of it. `looked_at`
    is the place behind the replayed records: where the log has lost the mark's, reading goes on from there.
    """

    mark: Mark = Mark()
    replayed: int = 0
    awaited: tuple[Awaited, ...] = ()
    name: str = ""
    since_ns: int | None = None
    looked_at: Place = BEGINNING
