"""TtyDecoder: the log of a container with a terminal, to batches of whole lines.

Such a stream has no frames: each record is a timestamp, a space and the text, both outputs merged.
A record ends in a newline, or is a full piece of a longer line. That is all there is to tell where
the next timestamp stands, and it suffices but in one case: under the `local` driver the last piece
of a long line has no newline, so behind a full piece a timestamp in the text ends it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from logscan.batch import Batch, Container, Stream
from logscan.errors import ProtocolError
from logscan.framing.line_block import LineBlock
from logscan.framing.long_line import LongLine
from logscan.framing.stamp import STAMP_BYTES, parse_fixed
from logscan.framing.time_range import TimeRange

PIECE_BYTES = 16 << 10
"""The engine's copy buffer: longer lines come in pieces of this size (moby `copier.go`)."""

_PREFIX_BYTES = STAMP_BYTES + 1
_RECORD_BYTES = _PREFIX_BYTES + PIECE_BYTES
_PREFIX = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")


def tty_record_time(record: bytes) -> int:
    """Give the time of one record, nanoseconds since the epoch. Raises ValueError when it has none."""
    return parse_fixed(record[:STAMP_BYTES])


class TtyDecoder:
    """Decodes a raw stream with timestamps, fed in any pieces. `records` counts lines and pieces."""

    def __init__(self, container: Container, wanted: TimeRange) -> None:
        self._container = container
        self._wanted = wanted
        self._rest = b""
        self._line: LongLine | None = None
        self._time_ns = 0
        self.records = 0
        self.first_record = b""
        self.last_record = b""

    def feed(self, data: bytes) -> Iterator[Batch]:
        """Yield the lines that `data` completes. Raises ProtocolError where no timestamp stands."""
        buffer, block, position = self._rest + data, LineBlock(b""), 0
        while (stop := self._record_end(buffer, position)) is not None:
            self._take(buffer[position:stop], block)
            position = stop
        self._rest = buffer[position:]
        yield from block.batches(self._container, self._wanted)

    def finish(self) -> Iterator[Batch]:
        """Yield what never got a newline."""
        block = LineBlock(b"")
        if self._rest:
            self._take(self._rest, block)
            self._rest = b""
        self._flush(block)
        yield from block.batches(self._container, self._wanted)

    def _record_end(self, buffer: bytes, position: int) -> int | None:
        newline = buffer.find(b"\n", position, position + _RECORD_BYTES + 1)
        full = position + _RECORD_BYTES
        if self._line is not None:
            limit = newline if newline >= 0 else full
            if glued := _PREFIX.search(buffer, position + _PREFIX_BYTES, limit):
                return glued.start()
        if newline >= 0:
            return newline + 1
        # One byte more than a full piece must be there, or the newline could still be coming.
        return full if len(buffer) > full else None

    def _take(self, record: bytes, block: LineBlock) -> None:
        if not _PREFIX.match(record):
            raise ProtocolError("the log stream holds a line without a timestamp")
        self.records += 1
        self.first_record = self.first_record or record
        self.last_record = record
        time_ns, text = parse_fixed(record[:STAMP_BYTES]), record[_PREFIX_BYTES:]
        if self._line is not None and time_ns != self._time_ns:
            self._flush(block)
        if self._line is None:
            self._line, self._time_ns = LongLine(), time_ns
        self._line.add(text.removesuffix(b"\n"))
        if text.endswith(b"\n"):
            self._flush(block)

    def _flush(self, block: LineBlock) -> None:
        if self._line is not None:
            block.add(self._line, self._time_ns, Stream.UNKNOWN)
            self._line = None
