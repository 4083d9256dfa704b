"""FrameDecoder: the engine's multiplexed log stream, to batches of whole lines.

A frame is eight bytes of header (stream id, three zeros, the length as 32 bits, big end first) and a
payload of one record: a timestamp, a space and the line. Owns taking frames apart, joining the
pieces of lines over 16 KiB, and where the time and stream of each line can be found again. Does
not own HTTP (chunks) nor how a batch finds its times again (line_block).

Nearly all frames are one whole line, and those are what the loop in `_walk` is for: it checks each
header in full and keeps a slice and a position. Whatever is not so plain goes through `_careful`,
a frame at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct

from logscan.batch import Batch, Container, Stream
from logscan.errors import DaemonError, ProtocolError, StreamError, StreamTruncated
from logscan.framing.line_block import HEADER_BYTES, STREAMS, LineBlock
from logscan.framing.long_line import LongLine
from logscan.framing.stamp import STAMP_BYTES, parse_careful
from logscan.framing.time_range import TimeRange

MAX_FRAME_BYTES = 4 << 20
"""Records are 16 KiB; the `local` driver stops at a megabyte. More is a misread stream."""

_HEADER = Struct(">II")
_STDOUT, _STDERR = 0x01000000, 0x02000000
_SYSTEM_ERROR = 3
_PREFIX_BYTES = HEADER_BYTES + STAMP_BYTES + 1
_Z, _SPACE, _NEWLINE = b"Z"[0], b" "[0], b"\n"[0]


def split_records(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a multiplexed stream into its records, each with its header; a cut one at the end is left out."""
    rest = b""
    for block in blocks:
        buffer, position = rest + block, 0
        while len(buffer) - position >= HEADER_BYTES:
            stop = position + HEADER_BYTES + _HEADER.unpack_from(buffer, position)[1]
            if stop > len(buffer):
                break
            yield buffer[position:stop]
            position = stop
        rest = buffer[position:]


def record_time(record: bytes) -> int:
    """Give the time of one record, nanoseconds since the epoch. Raises ValueError when it has none."""
    return parse_careful(record[HEADER_BYTES:].partition(b" ")[0])


@dataclass(slots=True)
class _Pieces:
    """A line whose end has not come yet; all its pieces carry the same time."""

    time_ns: int
    text: LongLine


class FrameDecoder:
    """Decodes a multiplexed stream with timestamps, fed in any pieces.

    `records` counts the frames; `first_record` and `last_record` are the first and the last of them as
    they came, to be compared with another read of the same log.
    """

    def __init__(self, container: Container, wanted: TimeRange) -> None:
        self._container = container
        self._wanted = wanted
        self._rest = b""
        self._pending: dict[Stream, _Pieces] = {}
        self.records = 0
        self.first_record = b""
        self.last_record = b""

    def feed(self, data: bytes) -> Iterator[Batch]:
        """Yield the lines that `data` completes. Raises ProtocolError, or DaemonError for frame type 3."""
        block = _FrameBlock(self._rest + data if self._rest else data)
        fault: StreamError | None = None
        try:
            self._take(block)
        except StreamError as error:
            fault = error
        self._rest = block.raw[block.position :]
        self._remember(block)
        yield from block.batches(self._container, self._wanted)
        if fault is not None:
            raise fault

    def finish(self) -> Iterator[Batch]:
        """Yield lines that never got a newline. Raises StreamTruncated when a frame was cut."""
        block = _FrameBlock(b"")
        for stream in tuple(self._pending):
            self._flush(stream, block)
        yield from block.batches(self._container, self._wanted)
        if self._rest:
            raise StreamTruncated("the log stream ended inside a record")

    def _remember(self, block: _FrameBlock) -> None:
        if block.position:
            self.last_record = block.raw[block.last_frame : block.position]
            if not self.first_record:
                self.first_record = block.raw[: HEADER_BYTES + _HEADER.unpack_from(block.raw)[1]]

    def _take(self, block: _FrameBlock) -> None:
        while True:
            if not self._pending:
                self.records += block.walk()
            if not self._careful(block):
                return

    def _careful(self, block: _FrameBlock) -> bool:
        """Take one frame of any kind; False when the block holds no whole one."""
        raw, position = block.raw, block.position
        if len(raw) - position < HEADER_BYTES:
            return False
        kind, length = _HEADER.unpack_from(raw, position)
        stream = STREAMS.get(kind >> 24)
        if kind & 0xFFFFFF or (stream is None and kind >> 24 != _SYSTEM_ERROR):
            raise ProtocolError(f"the log stream holds a record of unknown kind {kind:#010x}")
        if length > MAX_FRAME_BYTES:
            raise ProtocolError(f"the log stream announced a record of {length} bytes")
        start = position + HEADER_BYTES
        if len(raw) < start + length:
            return False
        block.last_frame, block.position = position, start + length
        payload = raw[start : start + length]
        if stream is None:
            raise DaemonError(f"the engine reported: {payload.decode('utf-8', 'replace').strip()[:500]}")
        self.records += 1
        self._piece(stream, payload, block)
        return True

    def _piece(self, stream: Stream, payload: bytes, block: _FrameBlock) -> None:
        stamp, separator, text = payload.partition(b" ")
        try:
            time_ns = parse_careful(stamp)
        except ValueError:
            raise ProtocolError("the log stream holds a record without a timestamp") from None
        if not separator:
            raise ProtocolError("the log stream holds a record that ends in its timestamp")
        pending = self._pending.get(stream)
        if pending is not None and pending.time_ns != time_ns:
            self._flush(stream, block)
            pending = None
        if pending is None:
            pending = self._pending[stream] = _Pieces(time_ns, LongLine())
        pending.text.add(text.removesuffix(b"\n"))
        if text.endswith(b"\n"):
            self._flush(stream, block)

    def _flush(self, stream: Stream, block: _FrameBlock) -> None:
        pieces = self._pending.pop(stream)
        block.add(pieces.text, pieces.time_ns, stream)


class _FrameBlock(LineBlock):
    """A block of frames: `position` is how far it has been taken apart."""

    __slots__ = ("last_frame", "position")

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.position = self.last_frame = 0

    def walk(self) -> int:
        """Take plain frames, each one whole line, up to the first that is not; give their number."""
        raw, position, end = self.raw, self.position, len(self.raw)
        before = len(self.starts)
        header, take, mark = _HEADER.unpack_from, self.parts.append, self.starts.append
        while end - position > _PREFIX_BYTES:
            kind, length = header(raw, position)
            text, stop = position + _PREFIX_BYTES, position + HEADER_BYTES + length
            if (
                stop > end
                or text >= stop
                or (kind != _STDOUT and kind != _STDERR)  # noqa: PLR1714 - a tuple costs a third more
                or raw[stop - 1] != _NEWLINE
                or raw[text - 1] != _SPACE
                or raw[text - 2] != _Z
            ):
                break
            take(raw[text:stop])
            mark(position)
            position = stop
        if position > self.position:
            self.last_frame, self.position = self.starts[-1], position
        return len(self.starts) - before
