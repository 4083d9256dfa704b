"""FrameDecoder: the engine's multiplexed log stream, to batches of whole lines.

A frame is eight bytes of header (stream id, three zeros, the length as 32 bits, big end first) and a
payload of one record: a timestamp, a space and the line. Owns taking frames apart, joining the
pieces of lines over 16 KiB, and where the time and stream of each line can be found again. Does
not own HTTP (chunks), how a batch finds its times again (line_block), nor which record a read begins
with (place): a decoder lives on over many reads, each of which brings the records behind the last taken.

Nearly all frames are one whole line, and those are what the loop in `_walk` is for: it checks each
header in full and keeps a slice and a position. Whatever is not so plain goes through `_careful`,
a frame at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import Struct

from logscan.batch import Batch, Container, Stream
from logscan.errors import DaemonError, ProtocolError, StreamError, StreamTruncated
from logscan.framing.line_block import HEADER_BYTES, MAX_BEHIND, STREAMS, LineBlock, OpenLine, Taken, ends_line
from logscan.framing.stamp import STAMP_BYTES, is_fixed, parse_careful
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


def frame_starts(buffer: bytes, most: int | None = None) -> tuple[list[int], int]:
    """Find where the whole records at the beginning of `buffer` start, and where the last one ends; at most `most`.

    Looks at headers alone. Stops at what is no record, and where that stands first raises ProtocolError, or
    DaemonError for frame type 3.
    """
    starts: list[int] = []
    position, end, header = 0, len(buffer), _HEADER.unpack_from
    while end - position >= HEADER_BYTES and len(starts) != most:
        kind, length = header(buffer, position)
        stop = position + HEADER_BYTES + length
        if (kind != _STDOUT and kind != _STDERR) or stop > end:  # noqa: PLR1714 - as in walk
            break
        starts.append(position)
        position = stop
    if not starts and most != 0:
        _whole_frame(buffer, 0)
    return starts, position


def _whole_frame(raw: bytes, position: int) -> tuple[Stream, bytes] | None:
    """Give stream and payload of one frame, None when it isn't whole. Raises ProtocolError, or DaemonError."""
    start = position + HEADER_BYTES
    if len(raw) < start:
        return None
    kind, length = _HEADER.unpack_from(raw, position)
    stream = STREAMS.get(kind >> 24)
    if kind & 0xFFFFFF or (stream is None and kind >> 24 != _SYSTEM_ERROR):
        raise ProtocolError(f"the log stream holds a record of unknown kind {kind:#010x}")
    if length > MAX_FRAME_BYTES:
        raise ProtocolError(f"the log stream announced a record of {length} bytes")
    if len(raw) < start + length:
        return None
    payload = raw[start : start + length]
    if stream is None:
        raise DaemonError(f"the engine reported: {payload.decode('utf-8', 'replace').strip()[:500]}")
    return stream, payload


class FrameDecoder:
    """Decodes a multiplexed stream with timestamps, fed in any pieces, over one read or many.

    `records` counts the frames; `first_record` and `last_record` are the first and the last of them as
    they came, to be compared with another read of the same log. `taken` are those of the last feed, also
    after it has raised an error.
    """

    def __init__(self, container: Container, wanted: TimeRange) -> None:
        self._container = container
        self._wanted = wanted
        self._rest = b""
        self._open: dict[Stream, OpenLine] = {}
        self.records = 0
        self.first_record = b""
        self.last_record = b""
        self.taken = Taken()

    @property
    def unfinished(self) -> tuple[int, ...]:
        """The times of the lines that have begun in the records taken, and not ended."""
        return tuple(line.time_ns for line in self._open.values())

    def feed(self, data: bytes, most: int | None = None) -> Iterator[Batch]:
        """Yield the lines that `data` completes. Raises ProtocolError, or DaemonError for frame type 3.

        Of more than `most` records, those behind are left for the next feed, which may bring no data.
        """
        buffer, later = self._rest + data if self._rest else data, b""
        block = _FrameBlock(buffer)
        fault: StreamError | None = None
        try:
            if most is not None:
                starts, end = frame_starts(buffer, most)
                if len(starts) == most:
                    block, later = _FrameBlock(buffer[:end]), buffer[end:]
            self._take(block)
        except StreamError as error:
            fault = error
        self._rest = block.raw[block.position :] + later
        self._remember(block)
        yield from block.batches(self._container, self._wanted)
        if fault is not None:
            raise fault

    def interrupt(self) -> None:
        """Drop the begun record of a read that was cut: it comes again. Lines that have begun stay open."""
        self._rest = b""

    def end_read(self) -> Iterator[Batch]:
        """Say that a read came to its end. Raises StreamTruncated when a record was cut."""
        self.taken = Taken()
        if self._rest:
            raise StreamTruncated("the log stream ended inside a record")
        return iter(())

    def settle(self) -> Iterator[Batch]:
        """Yield what never got a newline: the container has ended, and its log was read to the end."""
        block = _FrameBlock(b"")
        for stream in tuple(self._open):
            self._flush(stream, block)
        self.taken = Taken()
        yield from block.batches(self._container, self._wanted)

    def finish(self) -> Iterator[Batch]:
        """Yield lines that never got a newline, behind the only read. Raises StreamTruncated when a frame was cut."""
        yield from self.settle()
        yield from self.end_read()

    def _remember(self, block: _FrameBlock) -> None:
        self.taken = Taken(block.raw[: block.position], block.frames)
        if block.frames:
            self.last_record = block.raw[block.frames[-1] : block.position]
            if not self.first_record:
                self.first_record = block.raw[: HEADER_BYTES + _HEADER.unpack_from(block.raw)[1]]

    def _take(self, block: _FrameBlock) -> None:
        while True:
            if not self._open:
                self.records += block.walk()
            if not self._careful(block):
                return

    def _careful(self, block: _FrameBlock) -> bool:
        """Take one frame of any kind; False when the block holds no whole one."""
        frame = _whole_frame(block.raw, block.position)
        if frame is None:
            return False
        stream, payload = frame
        stamp, separator, text = payload.partition(b" ")
        try:
            time_ns = parse_careful(stamp)
        except ValueError:
            raise ProtocolError("the log stream holds a record without a timestamp") from None
        if not separator:
            raise ProtocolError("the log stream holds a record that ends in its timestamp")
        self._end_overdue(block)
        block.frames.append(block.position)
        block.position += HEADER_BYTES + len(payload)
        self._piece(stream, time_ns, text, block)
        if ends_line(text, is_engines=len(stamp) == STAMP_BYTES):
            self._flush(stream, block)
        self.records += 1
        return True

    def _end_overdue(self, block: _FrameBlock) -> None:
        for stream, line in tuple(self._open.items()):
            if self.records - line.begins >= MAX_BEHIND:
                self._flush(stream, block)

    def _piece(self, stream: Stream, time_ns: int, text: bytes, block: _FrameBlock) -> None:
        line = self._open.get(stream)
        if line is not None and line.time_ns != time_ns:
            self._flush(stream, block)
            line = None
        if line is None:
            line = self._open[stream] = OpenLine(time_ns, self.records)
        line.text.add(text.removesuffix(b"\n"))

    def _flush(self, stream: Stream, block: _FrameBlock) -> None:
        block.add(self._open.pop(stream), stream)


def _sound(stamps: Sequence[bytes]) -> int:
    """Tell how many of the first stamps are times in the fixed form, as far as the earliest and the latest tell.

    None is a shorter one, behind which a text looks like the end of a full one.
    """
    if not stamps or (b" " not in b"".join(stamps) and is_fixed(min(stamps)) and is_fixed(max(stamps))):
        return len(stamps)
    return next(number for number, stamp in enumerate(stamps) if b" " in stamp or not is_fixed(stamp))


class _FrameBlock(LineBlock):
    """A block of frames: `position` is how far it has been taken apart, `frames` where each one began."""

    __slots__ = ("frames", "position")

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        self.position = 0
        self.frames: list[int] = []

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
        self.position = position
        walked = self.starts[before:]
        stamps = [raw[begin + HEADER_BYTES : begin + HEADER_BYTES + STAMP_BYTES] for begin in walked]
        if (sound := _sound(stamps)) < len(stamps):
            self.position = walked[sound]
            del self.parts[before + sound :], self.starts[before + sound :], walked[sound:], stamps[sound:]
        self.stamps += stamps
        self.frames += walked
        return len(walked)
