"""Completeness: prove that a read brought the whole log, and fetch what it did not.

The engine can answer with less than it has and say nothing: a damaged record makes it stop early,
or skip hundreds of good ones and go on. Reading from the end takes another way through the files,
so it is the independent witness. After a read of n records:

    `tail=1` must be the last record that came, `tail=n` must begin with the first, and `tail=n+1` with
    the first again, or with one that nobody asked for.

These are cheap: one record is read of each answer. Where they disagree, the read is repeated, the
hole found by bisection over `tail`, and the records in it are read from the end.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice

from logscan.batch import Batch
from logscan.finding import Gap, GapReason
from logscan.framing.frames import FrameDecoder, record_time
from logscan.framing.time_range import TimeRange
from logscan.framing.tty import tty_record_time
from logscan.sources.docker.engine import ContainerInfo, Engine, LogQuery
from logscan.sources.docker.record_reader import RecordReader, records

ALWAYS = TimeRange()
ATTEMPTS = 3
"""A container that writes while it is checked is asked again this often."""

MAX_RECORDS = 1 << 40
"""More than any log holds: an end for the search."""

MAX_GROWTH = 4096
"""So many new records are looked through for the last one that was read."""


class Verdict(Enum):
    """What comparing a read with the log's end tells."""

    COMPLETE = auto()
    SHORT = auto()
    UNDECIDED = auto()


class Witness:
    """Asks the engine for the end of one container's log."""

    def __init__(self, engine: Engine, info: ContainerInfo) -> None:
        self._engine = engine
        self._info = info

    def last(self) -> bytes:
        """Give the log's last record, empty when the log is."""
        reader = RecordReader(self._engine, self._info, LogQuery(tail=1), ALWAYS)
        for _ in reader.batches():
            pass
        return reader.last_record

    def tail(self, count: int) -> Iterator[bytes]:
        """Yield the last `count` records."""
        return records(self._engine, self._info, LogQuery(tail=count))

    def starts_at(self, count: int) -> bytes:
        """Give the first of the last `count` records; no more than that is read."""
        return next(self.tail(count), b"")

    def growth_since(self, record: bytes, end: bytes) -> int | None:
        """Count the records behind `record` up to `end`; None when `record` isn't among the last MAX_GROWTH."""
        count = 1
        while count <= MAX_GROWTH:
            behind = list(self.tail(count))
            if not behind or behind[-1] != end:
                return None  # a damaged record in reach, or it goes on being written
            if record in behind:
                return behind[::-1].index(record)
            count *= 4
        return None


def check(engine: Engine, info: ContainerInfo, reader: RecordReader, wanted: TimeRange) -> Verdict:
    """Compare a finished read with the end of the log."""
    witness = Witness(engine, info)
    if not reader.records or info.tty:
        return _check_end(witness, info, reader, wanted)
    for _ in range(ATTEMPTS):
        end = witness.last()
        if _is_whole(witness, end, reader, wanted):
            return Verdict.COMPLETE
        if witness.last() == end:
            return Verdict.SHORT
    return Verdict.UNDECIDED


def _is_whole(witness: Witness, end: bytes, reader: RecordReader, wanted: TimeRange) -> bool:
    """Compare a read with a log that ends in `end`; what is written meanwhile can make a whole one look short."""
    grown = 0 if end == reader.last_record else witness.growth_since(reader.last_record, end)
    if grown is None or (grown and _wanted_time(end, wanted, tty=False)):
        return False
    if witness.starts_at(reader.records + grown) != reader.first_record:
        return False
    return _is_beginning(reader.first_record, witness.starts_at(reader.records + grown + 1), wanted)


def _check_end(witness: Witness, info: ContainerInfo, reader: RecordReader, wanted: TimeRange) -> Verdict:
    """Compare the last record alone: terminals have no records that could be counted."""
    end = witness.last()
    if end in (reader.last_record, b"") or not _wanted_time(end, wanted, tty=info.tty):
        return Verdict.COMPLETE
    return Verdict.SHORT


def _is_beginning(first: bytes, before: bytes, wanted: TimeRange) -> bool:
    """Tell whether nothing wanted lies in front of `first`; `before` is what a read of one record more begins with.

    It begins with `first` again where the log holds no older record. Where it begins with a later one, or
    with none, the engine met damage: a read that skips to the last good records agrees with the log's end
    as well as a whole one does.
    """
    return before == first or (
        before != b"" and record_time(before) < record_time(first) and not _wanted_time(before, wanted, tty=False)
    )


def _wanted_time(record: bytes, wanted: TimeRange, *, tty: bool) -> bool:
    return wanted.holds(tty_record_time(record) if tty else record_time(record))


@dataclass(frozen=True, slots=True)
class Hole:
    """A stretch that a read skipped, found between two records that it brought.

    The records from the end of the log to the hole number `behind`; of those in the hole,
    the nearest `readable` can be read from the end, the first `known` of which are not missing after
    all. `gap` is what stays missing, None when it was all read.
    """

    behind: int
    readable: int
    known: int
    gap: Gap | None


class Repair:
    """Finds the last hole in a read of a log with frames, and reads it from the other side."""

    def __init__(
        self, engine: Engine, info: ContainerInfo, query: LogQuery, wanted: TimeRange, last_record: bytes
    ) -> None:
        self._witness = Witness(engine, info)
        self._wanted = wanted
        self._container = info.container
        self._seen = _Seen(records(engine, info, query), last_record)

    def find(self) -> Hole | None:
        """Look for the hole; None when the log only lost its oldest records to rotation meanwhile.

        Of a log that is written to all the while nothing can be recovered: a place in it that is counted
        from the end moves between two questions.
        """
        for _ in range(ATTEMPTS):
            end = self._witness.last()
            hole = self._find(end)
            if hole is None or self._witness.last() == end:
                return hole
        return Hole(0, 0, 0, Gap(self._container, None, None, GapReason.DAMAGED))

    def _find(self, end: bytes) -> Hole | None:
        seen, witness = self._seen, self._witness
        grown = witness.growth_since(seen.last_record, end) if len(seen) else None
        offset = grown or 0
        joined = largest(len(seen), lambda count: hash(witness.starts_at(count + offset)) == seen.hash_from_end(count))
        if joined == len(seen) and grown is not None and self._begins(joined + offset):
            return None
        # With nothing joined the hole reaches to the end of the log, whatever was written meanwhile.
        behind = joined + offset if joined else 0
        anchor = seen.hash_from_end(joined) if joined else None
        before = seen.hash_from_end(joined + 1) if joined < len(seen) else None
        readable = self._readable(behind, anchor)
        known, first_ns = self._overlap(behind, readable, before)
        if known or (readable and not self._wanted.holds(first_ns)):
            return Hole(behind, readable, known, None)
        after_ns = first_ns if readable else (seen.time_from_end(joined) if joined else None)
        before_ns = seen.time_from_end(joined + 1) if joined < len(seen) else None
        return Hole(behind, readable, 0, Gap(self._container, before_ns, after_ns, GapReason.DAMAGED))

    def _begins(self, count: int) -> bool:
        """Tell whether nothing wanted lies in front of the last `count` records."""
        first, before = self._witness.starts_at(count), self._witness.starts_at(count + 1)
        return _is_beginning(first, before, self._wanted)

    def batches(self, hole: Hole) -> Iterator[Batch]:
        """Yield the missing lines that can be read."""
        decoder = FrameDecoder(self._container, self._wanted)
        for record in islice(self._witness.tail(hole.behind + hole.readable), hole.known, hole.readable):
            yield from decoder.feed(record)
        yield from decoder.finish()

    def _readable(self, behind: int, anchor: int | None) -> int:
        """Count the records in front of `anchor` that a read from the end brings without a break."""

        def unbroken(count: int) -> bool:
            stream = self._witness.tail(behind + count)
            taken = sum(1 for _ in islice(stream, count))
            following = next(stream, None)
            return taken == count and (following is None if anchor is None else hash(following) == anchor)

        limit = 1
        while unbroken(limit) and limit < MAX_RECORDS:
            limit *= 2
        return limit // 2 + largest(limit // 2, lambda more: unbroken(limit // 2 + more))

    def _overlap(self, behind: int, readable: int, before: int | None) -> tuple[int, int | None]:
        """Tell how many of the readable records were seen after all, and the time of the first."""
        known, first_ns = 0, None
        for number, record in enumerate(islice(self._witness.tail(behind + readable), readable), start=1):
            if number == 1:
                first_ns = record_time(record)
            if hash(record) == before:
                known = number
        return known, first_ns


class _Seen:
    """What a read brought, as one hash and one time per record, sixteen bytes in all."""

    def __init__(self, stream: Iterator[bytes], last_record: bytes) -> None:
        self.last_record = last_record
        self._hashes, self._times = array("q"), array("q")
        size = 0
        for record in stream:
            self._hashes.append(hash(record))
            self._times.append(record_time(record))
            if record == last_record:
                size = len(self._hashes)
        # What was written after the first read is not seen yet.
        del self._hashes[size:], self._times[size:]

    def __len__(self) -> int:
        return len(self._hashes)

    def hash_from_end(self, count: int) -> int:
        return self._hashes[-count]

    def time_from_end(self, count: int) -> int:
        return self._times[-count]


def largest(limit: int, holds: Callable[[int], bool]) -> int:
    """Find the largest number from 0 to `limit` for which `holds`, which is true up to it and false beyond."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
