r"""Json-file: the records that Docker's default log driver keeps on disk, one line of JSON each.

    {"log":"ready\n","stream":"stdout","time":"2025-12-03T06:05:46.389703123Z"}

Owns telling whether records can be searched as they lie there, decoding them, joining the pieces of long lines, and
going on after damage. Does not own finding the files or following their rotation.

In the engine's own files nearly always each record is a line, and JSON leaves literals as they are: then a whole block
goes on undecoded, and a record is decoded when somebody asks for its line. Where there is anything else in a block, be
it damage or long lines, each of its records is decoded, for about a microsecond.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress

import msgspec

from logscan.batch import MAX_BATCH_BYTES, MAX_LINE_BYTES, Batch, Container, LineIndex, Stream
from logscan.finding import Gap, GapReason
from logscan.framing.ansi import strip_ansi
from logscan.framing.line_block import MAX_BEHIND, PIECE_BYTES, NumberedIndex, OpenLine, ends_line
from logscan.framing.lines import LineCutter, long_lines
from logscan.framing.stamp import parse_careful
from logscan.framing.time_range import TimeRange

_ORDER = tuple(Stream)
_NUMBERS = {"stdout": _ORDER.index(Stream.STDOUT), "stderr": _ORDER.index(Stream.STDERR)}
_UNKNOWN = _ORDER.index(Stream.UNKNOWN)
_LAST_NS = 2**63 - 10**9
SLACK_NS = 10_000_000
"""How far the records of two streams may stand out of order; under a millisecond was measured."""

_BEGIN, _END = b'{"log":"', b'Z"}\n'
_COLOUR = b"\\u001b"
_LOOK_BYTES = 64 << 10
_MANY_COLOURS = 8
"""So many in the first bytes of a block: each would send its line on a careful way, longer than that of decoding."""

_FULL = MAX_BATCH_BYTES - MAX_LINE_BYTES - 1024  # one more line, even a capped one, still fits


class Record(msgspec.Struct, gc=False):
    """What the driver writes (moby `jsonlog.JSONLog`); empty strings are left out. `attrs` are not asked for."""

    time: str
    log: str = ""
    stream: str = ""


_RECORD = msgspec.json.Decoder(Record)


class RecordIndex(NumberedIndex):
    """The index of records that were decoded."""

    __slots__ = ("_streams", "_times")

    def __init__(self, times: array[int], streams: bytes) -> None:
        super().__init__()
        self._times = times
        self._streams = streams

    def kept(self, chosen: Sequence[bool]) -> RecordIndex:
        return RecordIndex(array("q", compress(self._times, chosen)), bytes(compress(self._streams, chosen)))

    def entry(self, number: int) -> tuple[int, Stream]:
        return self._times[number], _ORDER[self._streams[number]]


class RawIndex(LineIndex):
    """The index of records that were not decoded: each is, when somebody asks for it."""

    __slots__ = ("_record", "_start", "_tty")

    def __init__(self, *, tty: bool) -> None:
        self._start = -1
        self._tty = tty
        self._record: tuple[bytes, int, int] | None = None

    def said(self, text: bytes, start: int, end: int) -> str:
        record = self._decoded(text, start, end)
        said = text[start:end] if record is None else strip_ansi(record[0])
        return said.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")

    def locate(self, text: bytes, start: int, end: int) -> tuple[int | None, Stream]:
        record = self._decoded(text, start, end)
        if record is None:
            return None, Stream.UNKNOWN
        return record[1], Stream.UNKNOWN if self._tty else _ORDER[record[2]]

    def _decoded(self, text: bytes, start: int, end: int) -> tuple[bytes, int, int] | None:
        if start != self._start:
            self._start, self._record = start, decode_record(text[start:end])
        return self._record


@dataclass(slots=True)
class _Lines:
    """Lines on their way to a batch."""

    parts: list[bytes] = field(default_factory=list)
    times: array[int] = field(default_factory=lambda: array("q"))
    streams: bytearray = field(default_factory=bytearray)
    size: int = 0
    size_of_records: int = 0
    truncated: int = 0

    def add(self, text: bytes, time_ns: int, stream: int) -> None:
        """Add whole lines: one, unless another program than Docker wrote the record."""
        self.parts.append(text)
        self.size += len(text)
        lines = text.count(b"\n")
        if lines == 1:  # the usual case, without two lists
            self.times.append(time_ns)
            self.streams.append(stream)
        else:
            self.times.extend([time_ns] * lines)
            self.streams.extend([stream] * lines)

    def batch(self, container: Container, *, engines_own: bool) -> Batch:
        return Batch(
            container,
            strip_ansi(b"".join(self.parts)),
            len(self.times),
            RecordIndex(self.times, bytes(self.streams)),
            truncated=self.truncated,
            size=self.size_of_records if engines_own else None,
            first_ns=min(self.times),
            last_ns=max(self.times),
        )


class JsonFileReader:
    """Reads the records of one container.

    A record whose text has no newline is a piece, and the next record of its stream goes on with
    it if both have the same time: the daemon gives all pieces of a line the time of the first. With
    another time it was the last thing a program printed before it ended, and a line of its own.
    Records outside the `wanted` times are left out. `engines_own`: the engine wrote the records, and no other program
    that writes its format. Then a record is a line, unless it is as long as a piece, and is searched as it lies.
    `tty`: both streams came through a terminal, and whichever the engine wrote down is neither.
    """

    def __init__(
        self,
        container: Container,
        wanted: TimeRange | None = None,
        *,
        engines_own: bool = False,
        tty: bool = False,
    ) -> None:
        self.gaps: list[Gap] = []
        self._container = container
        self._wanted = wanted
        self._engines_own = engines_own
        self._tty = tty
        self.decodes = False
        """Whether each record is decoded all the same, so that the times of a block are exact."""
        self._cutter = LineCutter(container)
        self._lines = _Lines()
        self._pieces: dict[int, OpenLine] = {}
        self._records = 0
        self._damaged = 0
        self._in_a_row = 0
        self._last_ns: int | None = None

    @property
    def damage(self) -> str | None:
        if not self._damaged:
            return None
        return f"{self._damaged} damaged {'record' if self._damaged == 1 else 'records'} left out"

    def feed(self, data: bytes) -> Iterator[Batch]:
        for raw in self._cutter.feed(data):
            yield from self._read(raw.text)

    @property
    def last_ns(self) -> int | None:
        """The time of the last record that was read, wanted or not."""
        return self._last_ns

    def flush(self) -> Iterator[Batch]:
        for raw in self._cutter.flush():
            yield from self._read(raw.text)
        yield from self.settle()

    def settle(self) -> Iterator[Batch]:
        """Give the lines that are open, and leave out a record that has begun: its rest can't be read any more."""
        for stream in list(self._pieces):
            self._end_pieces(stream)
        self._close_gap(None)
        yield from self._ready()

    def _read(self, raw: bytes) -> Iterator[Batch]:
        if (batch := self._as_it_lies(raw)) is not None:
            yield batch
            return
        for line in raw.split(b"\n"):
            if line:
                self._take(line)
                if self._lines.size > _FULL:
                    yield from self._ready()
        yield from self._ready()

    def _as_it_lies(self, raw: bytes) -> Batch | None:
        """Give a block as it is, if each of its records is a line of the wanted times."""
        may_lie = self._engines_own and not self.decodes and not self._pieces
        records = _whole_records(raw) if may_lie else None
        if records is None or raw.count(_COLOUR, 0, _LOOK_BYTES) > _MANY_COLOURS:
            return None
        first_ns = record_time(raw[: raw.index(b"\n")])
        last_ns = record_time(raw[raw.rfind(b"\n", 0, -1) + 1 :])
        if first_ns is None or last_ns is None:
            return None
        first_ns, last_ns = min(first_ns, last_ns), max(first_ns, last_ns)
        if self._wanted is not None and not (
            self._wanted.holds(first_ns - SLACK_NS) and self._wanted.holds(last_ns + SLACK_NS)
        ):
            return None
        self._close_gap(first_ns)
        self._last_ns = last_ns
        return Batch(self._container, raw, records, RawIndex(tty=self._tty), first_ns=first_ns, last_ns=last_ns)

    def _ready(self) -> Iterator[Batch]:
        if self._lines.size:
            lines, self._lines = self._lines, _Lines()
            yield lines.batch(self._container, engines_own=self._engines_own)

    def _take(self, line: bytes) -> None:
        record = decode_record(line)
        if record is None:
            self._in_a_row += 1
            # What was cut by a crash has no newline, so the first record after it stands on its line.
            record = decode_record(line[line.rfind(b'{"log":"') :])
        if record is None:
            return
        text, time_ns, stream = record
        if self._tty:
            stream = _UNKNOWN
        if self._in_a_row:
            self._close_gap(time_ns)
        self._last_ns = time_ns
        self._records += 1
        if self._pieces and self._engines_own:
            self._end_overdue()
        if self._wanted is not None and not self._wanted.holds(time_ns):
            return
        self._lines.size_of_records += len(line) + 1
        if stream in self._pieces:
            self._go_on(text, time_ns, stream)
        elif text.endswith(b"\n") and len(text) <= MAX_LINE_BYTES:
            self._lines.add(text, time_ns, stream)
        else:
            self._begin(text, time_ns, stream)

    def _go_on(self, text: bytes, time_ns: int, stream: int) -> None:
        if self._pieces[stream].time_ns == time_ns:
            self._append(text, stream)
        else:
            self._end_pieces(stream)
            self._begin(text, time_ns, stream)

    def _begin(self, text: bytes, time_ns: int, stream: int) -> None:
        self._pieces[stream] = OpenLine(time_ns, self._records)
        self._append(text, stream)

    def _append(self, text: bytes, stream: int) -> None:
        self._pieces[stream].text.add(text.removesuffix(b"\n"))
        if ends_line(text, is_engines=self._engines_own):
            self._end_pieces(stream)

    def _end_overdue(self) -> None:
        for stream, line in list(self._pieces.items()):
            if self._records - line.begins >= MAX_BEHIND:
                self._end_pieces(stream)

    def _end_pieces(self, stream: int) -> None:
        line = self._pieces.pop(stream)
        self._lines.truncated += line.text.truncated
        self._lines.add(line.text.join() + b"\n", line.time_ns, stream)

    def _close_gap(self, to_ns: int | None) -> None:
        """End a row of damaged records; it counts unless the records around it show that none was wanted."""
        if self._in_a_row and not self._is_outside(self._last_ns, to_ns):
            self.gaps.append(Gap(self._container, self._last_ns, to_ns, GapReason.DAMAGED))
            self._damaged += self._in_a_row
        self._in_a_row = 0

    def _is_outside(self, from_ns: int | None, to_ns: int | None) -> bool:
        wanted = self._wanted or TimeRange()
        return (to_ns is not None and wanted.since_ns is not None and to_ns < wanted.since_ns) or (
            from_ns is not None and wanted.until_ns is not None and from_ns > wanted.until_ns
        )


def _whole_records(raw: bytes) -> int | None:
    """Count the records of a block whose first and last ones are whole; None where not all are, or one is a piece.

    A record that was cut by a crash stands before another one on its line, so there is a beginning too many.
    """
    begins = raw.count(_BEGIN)
    sound = (
        begins == raw.count(_END + _BEGIN) + 1 and b"\0" not in raw and next(long_lines(raw, PIECE_BYTES), None) is None
    )
    return begins if sound else None


def record_time(line: bytes) -> int | None:
    """Give the time of a record, in nanoseconds since the epoch; None when it is damaged."""
    record = decode_record(line)
    return None if record is None else record[1]


def decode_record(line: bytes) -> tuple[bytes, int, int] | None:
    """Give text, time and stream of a record; None when it is damaged."""
    try:
        record = _RECORD.decode(line)
        return record.log.encode(), _time_ns(record.time), _NUMBERS.get(record.stream, _UNKNOWN)
    except (msgspec.DecodeError, ValueError, RecursionError):  # no JSON, no time, half a surrogate pair, absurdly deep
        return None


def _time_ns(stamp: str) -> int:
    """Read the driver's stamp: UTC, a fraction without trailing zeros, or none. Raises ValueError."""
    if not stamp.endswith("Z"):
        return _careful_ns(stamp)  # not Docker's own, but some that write its format use an offset
    return _careful_ns(f"{stamp[:19]}Z") + int(f"{stamp[20:-1]:0<9.9}")


@lru_cache(maxsize=1024)
def _careful_ns(stamp: str) -> int:
    # Cached, for neighbouring records share their second: that takes a third of the time.
    time_ns = parse_careful(stamp.encode())
    if not 0 <= time_ns <= _LAST_NS:
        raise ValueError(f"{stamp} does not fit in 64 bits")
    return time_ns
