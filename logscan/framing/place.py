"""Places: where a log was read up to, and finding that again in another read of it.

Owns the keys of records, the tracker that follows a decoder, and the search that throws away what a read
brings again. Does not own any reading: bytes come in as a read brought them, and whoever reads decides
how far back the next one begins.

A key counts the records of its like (`nth`), in the whole log. A read that begins later can count the same
only for records of times that it holds whole: it must begin a good while before the place, or with the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import blake2b

from logscan.checkpoint import BEGINNING, MAX_PLACE_RECORDS, Mark, Place, RecordKey
from logscan.errors import ProtocolError, StreamTruncated
from logscan.framing.frames import frame_starts, record_time
from logscan.framing.line_block import HEADER_BYTES, Taken
from logscan.framing.stamp import SECOND_NS, STAMP_BYTES, format_fixed, parse_careful
from logscan.framing.tty import glued_at, tty_record_time, tty_starts

SLACK_NS = 2 * SECOND_NS
"""Records lie out of order by less: two streams at most a millisecond, and Podman's stamps are whole seconds."""

_DIGEST_BYTES = 8
_HEAD_BYTES = HEADER_BYTES + STAMP_BYTES + len("+00:00 ")

_Likes = Mapping[int, Mapping[int, int]]
"""By time and digest: how many such records there were."""


def digest(key: bytes, record: bytes) -> int:
    """Give the keyed hash of a whole raw record, 64 bits: neither text nor a guess at it can be got back from it."""
    return int.from_bytes(blake2b(record, digest_size=_DIGEST_BYTES, key=key).digest(), "big")


def split_after(records: bytes, count: int, *, tty: bool = False) -> tuple[bytes, bytes]:
    """Cut raw records, of which the last may be cut, behind the first `count`; behind all when there are fewer.

    Raises ProtocolError, or DaemonError, when they begin with what is no record.
    """
    starts, end = tty_starts(records, count)[:2] if tty else frame_starts(records, count)
    return (records[:end], records[end:]) if len(starts) == count else (records, b"")


class PlaceTracker:
    """Keeps the place right behind the last record that a decoder took, and what was counted up to there.

    `mark` is that place. Costs a slice per record and a hash for the last MAX_PLACE_RECORDS of a block; only
    where more records have the times of those, each of them is hashed.
    """

    def __init__(self, key: bytes, mark: Mark, *, tty: bool) -> None:
        self._key = key
        self._form = _Form(tty=tty)
        self._clean = mark
        self._likes: dict[int, dict[int, int]] = {}
        self.mark = mark
        for record in mark.place.records:
            likes = self._likes.setdefault(record.time_ns, {})
            likes[record.digest] = max(record.nth, likes.get(record.digest, 0))

    @property
    def unfinished(self) -> Mark | None:
        """The last mark at which no line was open, None when that is `mark`: a checkpoint must not lie behind it."""
        return None if self._clean is self.mark else self._clean

    def recall(self, search: PlaceSearch) -> None:
        """Take over what a search has counted on its way to this place: a mark alone knows of few records."""
        self._likes.update({time_ns: dict(likes) for time_ns, likes in search.likes.items()})

    def took(self, taken: Taken, *, lines: int = 0, size: int = 0, unfinished: Collection[int] = ()) -> None:
        """Go on behind the records that a decoder took, which gave so many lines and bytes of text.

        `unfinished`: the times of the lines that are open now, whose pieces may be alike and lie far apart.
        """
        before = self.mark
        place = self._place_behind(taken, unfinished) if taken.count else before.place
        self.mark = Mark(place, before.records + taken.count, before.lines + lines, before.bytes + size)
        if not unfinished:
            self._clean = self.mark

    def _place_behind(self, taken: Taken, unfinished: Collection[int]) -> Place:
        known, room = self.mark.place.records, max(0, MAX_PLACE_RECORDS - taken.count)
        kept = known[max(0, len(known) - room) :]
        first_key = max(0, taken.count - MAX_PLACE_RECORDS)
        fresh: list[RecordKey] = []
        likes = {time_ns: self._likes.get(time_ns, {}) for time_ns in (*unfinished, *(key.time_ns for key in kept))}
        for number in self._alike(taken, first_key, unfinished):
            record = self._form.record(taken, number)
            time_ns, name = self._form.time(record), digest(self._key, record)
            if time_ns not in likes:
                likes[time_ns] = self._likes.get(time_ns, {})
            nth = likes[time_ns][name] = likes[time_ns].get(name, 0) + 1
            if number >= first_key:
                fresh.append(RecordKey(time_ns, name, nth))
        self._likes = likes
        return Place((*kept, *fresh))

    def _alike(self, taken: Taken, first_key: int, unfinished: Collection[int]) -> Sequence[int]:
        """Number the records that must be counted: those from `first_key` on, and earlier ones of the same times."""
        stamps = self._form.stamps(taken) if first_key else []
        newest = stamps[first_key:]
        if not first_key or (not unfinished and max(stamps[:first_key]) < min(newest)):
            return range(taken.count)[first_key:]
        wanted = {*newest, *map(format_fixed, unfinished)}
        return [number for number, stamp in enumerate(stamps) if stamp in wanted]


class PlaceSearch:
    """Finds a place in one read of the log, and gives what lies behind it.

    Without a place, from the first record on that is not older than `since_ns`, whatever follows it; without
    either, everything. So a place that is lost is searched by its time: BEGINNING, since the nanosecond after.

    `found`: the place was there. `passed`: so many whole records were thrown away. `first_ns`: the time of the
    read's first record, known as soon as its stamp is there.
    """

    def __init__(self, key: bytes, place: Place, *, tty: bool, since_ns: int | None = None) -> None:
        self._key = key
        self._form = _Form(tty=tty)
        self._numbers = {record: number for number, record in enumerate(place.records)}
        self._names = {(record.time_ns, record.digest) for record in place.records}
        self._times = {record.time_ns for record in place.records}
        self._stamps = {format_fixed(time_ns) for time_ns in self._times}
        self._place = place
        self._since_ns = None if place.records else since_ns
        self._newest_met = -1
        self._head = self._rest = b""
        self._likes: dict[int, Counter[int]] = {time_ns: Counter() for time_ns in self._times}
        self.found = place == BEGINNING and since_ns is None
        self.first_ns: int | None = None
        self.passed = 0

    @property
    def likes(self) -> _Likes:
        """How many records of the place's times were thrown away, by time and digest."""
        return self._likes

    @property
    def reaches_back(self) -> bool:
        """Whether the read begins so early that its answer holds, though it isn't the whole log."""
        earliest_ns = min(self._times, default=self._since_ns)
        return self.first_ns is not None and earliest_ns is not None and self.first_ns < earliest_ns - SLACK_NS

    def feed(self, data: bytes) -> bytes:
        """Give what of `data`, and of what was held back, lies behind the place.

        Raises ProtocolError, or DaemonError, where it comes upon what is no record.
        """
        self._note_first(data)
        if self.found:
            return data
        buffer = self._rest + data
        starts, end = self._form.cut(buffer)
        self._rest = buffer[end:]
        return self._search(Taken(buffer[:end], starts))

    def finish(self) -> bytes:
        """Say that the read came to its end; give what lies behind the place and was held back till now.

        Raises StreamTruncated when a record was cut.
        """
        rest, self._rest = self._rest, b""
        if not rest:
            return b""
        if not self._form.tty:
            raise StreamTruncated("the log stream ended inside a record")
        return self._search(Taken(rest, [0]))

    def fallback(self) -> Place | None:
        """Give the place behind the newest record that the read did hold; None when it held none of them.

        For a read that came to its end without the place: the engine has lost the records behind that one.
        """
        return Place(self._place.records[: self._newest_met + 1]) if self._newest_met >= 0 else None

    def _note_first(self, data: bytes) -> None:
        if self.first_ns is not None or len(self._head) == _HEAD_BYTES:
            return
        self._head = (self._head + data)[:_HEAD_BYTES]
        stamp, separator, _ = self._head[self._form.offset :].partition(b" ")
        if separator:
            try:
                self.first_ns = parse_careful(stamp)
            except ValueError:
                self.first_ns = None  # no record; told when it is taken apart

    def _search(self, taken: Taken) -> bytes:
        for number in self._candidates(taken):
            start = taken.starts[number]
            if self._since_ns is not None:
                return self._give(taken, number, start)
            for record in self._unglued(self._form.record(taken, number)):
                start += len(record)
                if self._is_newest(record):
                    return self._give(taken, number + 1, start)
        self.passed += taken.count
        return b""

    def _give(self, taken: Taken, passed: int, start: int) -> bytes:
        self.found = True
        self.passed += passed
        rest, self._rest = self._rest, b""
        return taken.raw[start:] + rest

    def _candidates(self, taken: Taken) -> Sequence[int]:
        """Number the records whose time is one of the place's, or is `since_ns` or later."""
        stamps = self._form.stamps(taken)
        if self._since_ns is not None:
            since = format_fixed(self._since_ns)
            return [number for number, stamp in enumerate(stamps) if stamp >= since][:1]
        return [number for number, stamp in enumerate(stamps) if stamp in self._stamps]

    def _is_newest(self, record: bytes) -> bool:
        time_ns, name = self._form.time(record), digest(self._key, record)
        if time_ns not in self._likes:
            return False
        self._likes[time_ns][name] += 1
        met = self._numbers.get(RecordKey(time_ns, name, self._likes[time_ns][name]), -1)
        self._newest_met = max(met, self._newest_met)
        return met == len(self._place.records) - 1

    def _unglued(self, record: bytes) -> Iterator[bytes]:
        """Give a record; of a terminal's, what was taken as a record of its own when it still was the last."""
        if self._form.tty and not self._is_known(record):
            for at in glued_at(record):
                if self._is_known(record[:at]):
                    yield record[:at]
                    yield from self._unglued(record[at:])
                    return
        yield record

    def _is_known(self, record: bytes) -> bool:
        return (self._form.time(record), digest(self._key, record)) in self._names


class _Form:
    """How records lie in a log: in frames, or bare for a terminal, where it matters what came before."""

    def __init__(self, *, tty: bool) -> None:
        self.tty = tty
        self.offset = 0 if tty else HEADER_BYTES
        self._inside = False

    def cut(self, buffer: bytes) -> tuple[list[int], int]:
        """Find where the whole records begin, and where the last of them ends."""
        if not self.tty:
            return frame_starts(buffer)
        starts, end, self._inside = tty_starts(buffer, inside=self._inside)
        return starts, end

    def stamps(self, taken: Taken) -> list[bytes]:
        """Give the stamp of each record in the fixed form, so that they compare as bytes."""
        raw, offset, stop = taken.raw, self.offset, self.offset + STAMP_BYTES
        stamps = [raw[start + offset : start + stop] for start in taken.starts]
        return stamps if _are_fixed(stamps) else [format_fixed(self.time(record)) for record in taken.each()]

    def record(self, taken: Taken, number: int) -> bytes:
        """Give one of the records."""
        last = number + 1 == taken.count
        return taken.raw[taken.starts[number] : None if last else taken.starts[number + 1]]

    def time(self, record: bytes) -> int:
        """Give the time of a record. Raises ProtocolError when it has none."""
        try:
            return tty_record_time(record) if self.tty else record_time(record)
        except ValueError:
            raise ProtocolError("the log stream holds a record without a timestamp") from None


def _are_fixed(stamps: Sequence[bytes]) -> bool:
    """Tell whether the first bytes of each record are a stamp in the fixed form, and no other begins there."""
    joined, count = b"".join(stamps), len(stamps)
    return (
        len(joined) == count * STAMP_BYTES
        and b" " not in joined
        and joined[STAMP_BYTES - 1 :: STAMP_BYTES] == b"Z" * count
    )
