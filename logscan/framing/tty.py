"""TtyDecoder: the log of a container with a terminal, to batches of whole lines.

Such a stream has no frames: each record is a timestamp, a space and the text, both outputs merged.
A record ends in a newline, or is a full piece of a longer line. That is all there is to tell where
the next timestamp stands, and it suffices but in two cases. Under the `local` driver the last piece
of a long line has no newline, so behind a full piece a timestamp in the text ends it. And a last line
without newline is told from the next run's first only by a read that ended between them (`end_read`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from logscan.batch import Batch, Container, Stream
from logscan.errors import ProtocolError
from logscan.framing.line_block import MAX_BEHIND, PIECE_BYTES, LineBlock, OpenLine, Taken, ends_line
from logscan.framing.stamp import STAMP_BYTES, parse_careful
from logscan.framing.time_range import TimeRange

_PREFIX = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) ")
"""Podman's stamps have fewer digits or an offset. Where a record begins, no form is mistaken for another."""

_SHAPE = b"0000-00-00T00:00:00"
_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)

_GLUED = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")
_MAX_PREFIX_BYTES = STAMP_BYTES + len("+00:00")
_MAX_RECORD_BYTES = _MAX_PREFIX_BYTES + PIECE_BYTES + 1
_MOST_GROWTH = 2 * PIECE_BYTES
"""Each byte of a piece may have been replaced by the three of U+FFFD."""


def tty_record_time(record: bytes) -> int:
    """Give the time of one record, nanoseconds since the epoch. Raises ValueError when it has none."""
    return parse_careful(record[:_MAX_PREFIX_BYTES].partition(b" ")[0])


def glued_at(record: bytes) -> list[int]:
    """Give the places in a record where another might begin: a line without newline may stand before it."""
    return [found.start() for found in _GLUED.finditer(record, 1)]


def tty_starts(buffer: bytes, most: int | None = None, *, inside: bool = False) -> tuple[list[int], int, bool]:
    """Find where the whole records at the beginning of `buffer` start, and where the last one ends; at most `most`.

    `inside`: the record before was a full piece of a line. Given back as well, for the next block.
    Stops where no timestamp stands, and where none stands first raises ProtocolError.
    """
    starts: list[int] = []
    position = 0
    while len(starts) != most:
        try:
            stop = _record_end(buffer, position, inside=inside)
        except ProtocolError:
            if not starts:
                raise
            break
        if stop is None:
            break
        starts.append(position)
        inside = buffer[stop - 1 : stop] != b"\n" and stop - position > PIECE_BYTES
        position = stop
    return starts, position, inside


def _record_end(buffer: bytes, position: int, *, inside: bool) -> int | None:
    newline = buffer.find(b"\n", position, position + _MAX_RECORD_BYTES)
    if newline < 0 and len(buffer) - position <= _MAX_PREFIX_BYTES:
        return None
    prefix = _PREFIX.match(buffer, position)
    if prefix is None:
        raise ProtocolError("the log stream holds a line without a timestamp")
    full = prefix.end() + PIECE_BYTES
    if inside and (glued := _GLUED.search(buffer, prefix.end(), newline if 0 <= newline <= full else full)):
        return glued.start()
    if 0 <= newline <= full:
        return newline + 1
    if len(buffer) <= full:  # one byte more must be there, or the newline could still be coming
        return None
    head = buffer[full : full + len(_SHAPE)].translate(_DIGITS)
    return full if _SHAPE.startswith(head) else _end_of_grown(buffer, full)


def _end_of_grown(buffer: bytes, full: int) -> int | None:
    """Find the end of a record longer than a piece: the engine writes U+FFFD for each byte that is no text."""
    limit = full + _MOST_GROWTH
    newline, glued = buffer.find(b"\n", full, limit + 1), _GLUED.search(buffer, full, limit + STAMP_BYTES + 1)
    if newline >= 0 and (glued is None or newline < glued.start()):
        return newline + 1
    if glued is not None:
        return glued.start()
    if len(buffer) <= limit + STAMP_BYTES:
        return None
    raise ProtocolError("the log stream holds a line without a timestamp")


class TtyDecoder:
    """Decodes a raw stream with timestamps, fed in any pieces, over one read or many.

    `records` counts lines and pieces. `taken` are those of the last feed.
    """

    def __init__(self, container: Container, wanted: TimeRange) -> None:
        self._container = container
        self._wanted = wanted
        self._rest = b""
        self._inside = False
        self._line: OpenLine | None = None
        self.records = 0
        self.first_record = b""
        self.last_record = b""
        self.taken = Taken()

    @property
    def unfinished(self) -> tuple[int, ...]:
        """The time of the line that has begun in the records taken, and not ended; empty when none has."""
        return () if self._line is None else (self._line.time_ns,)

    def feed(self, data: bytes, most: int | None = None) -> Iterator[Batch]:
        """Yield the lines that `data` completes. Raises ProtocolError where no timestamp stands.

        Of more than `most` records, those behind are left for the next feed, which may bring no data.
        """
        self.taken = Taken()
        buffer = self._rest + data
        starts, end, self._inside = tty_starts(buffer, most, inside=self._inside)
        self._rest = buffer[end:]
        yield from self._take(Taken(buffer[:end], starts))

    def interrupt(self) -> None:
        """Drop the begun record of a read that was cut: it comes again. A line that has begun stays open."""
        self._rest = b""

    def end_read(self) -> Iterator[Batch]:
        """Say that a read came to its end, so what is left of it is a record without a newline."""
        rest, self._rest = self._rest, b""
        if rest and _PREFIX.match(rest) is None:
            raise ProtocolError("the log stream holds a line without a timestamp")
        self._inside = len(rest) > PIECE_BYTES
        yield from self._take(Taken(rest, [0] if rest else []))

    def settle(self) -> Iterator[Batch]:
        """Yield what never got a newline: the container has ended, and its log was read to the end."""
        block = LineBlock(b"")
        self.taken = Taken()
        self._flush(block)
        yield from block.batches(self._container, self._wanted)

    def finish(self) -> Iterator[Batch]:
        """Yield what never got a newline, behind the only read."""
        yield from self.end_read()
        yield from self.settle()

    def _take(self, taken: Taken) -> Iterator[Batch]:
        block = LineBlock(b"")
        for record in taken.each():
            self._piece(record, block)
        self.taken = taken
        yield from block.batches(self._container, self._wanted)

    def _piece(self, record: bytes, block: LineBlock) -> None:
        self.first_record = self.first_record or record
        self.last_record = record
        stamp, _, text = record.partition(b" ")
        time_ns = parse_careful(stamp)
        line = self._line
        if line is not None and (time_ns != line.time_ns or self.records - line.begins >= MAX_BEHIND):
            self._flush(block)
        if self._line is None:
            self._line = OpenLine(time_ns, self.records)
        self._line.text.add(text.removesuffix(b"\n"))
        self.records += 1
        if ends_line(text, is_engines=len(stamp) == STAMP_BYTES):
            self._flush(block)

    def _flush(self, block: LineBlock) -> None:
        if self._line is not None:
            block.add(self._line, Stream.UNKNOWN)
            self._line = None
