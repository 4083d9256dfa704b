"""LineBlock: the whole lines of one fed block of a Docker log, on their way to a batch.

Owns where the time and the stream of each line can be found again, leaving out the lines outside the
wanted times, and what both decoders tell of the records that they took and of lines without an end.
Does not own how the lines were found: frames and TTYs differ there.
"""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, pairwise
from typing import Self

from logscan.batch import MAX_LINE_BYTES, Batch, Container, LineIndex, Stream
from logscan.framing.ansi import strip_ansi
from logscan.framing.long_line import LongLine
from logscan.framing.stamp import STAMP_BYTES, format_fixed, parse_fixed
from logscan.framing.time_range import TimeRange

HEADER_BYTES = 8
"""Stream id, three zeros, and the length of what follows as 32 bits, big end first."""

STREAMS = {1: Stream.STDOUT, 2: Stream.STDERR}

PIECE_BYTES = 16 << 10
"""The engine's copy buffer: longer lines come in pieces of this size (moby `copier.go`)."""

MAX_BEHIND = 10_000
"""A line whose newline has not come so many records after its first piece ends as it is.

A checkpoint can't pass a line without an end. Counted in records and not in time, so that a scan, a follow
and a replay end it at the same place, and a line that is written slowly stays whole.
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """Whole raw records that a decoder took: `raw` holds nothing else, `starts` tells where each begins."""

    raw: bytes = b""
    starts: Sequence[int] = ()

    @property
    def count(self) -> int:
        return len(self.starts)

    def each(self) -> Iterator[bytes]:
        """Yield the records one by one."""
        for start, stop in pairwise((*self.starts, len(self.raw))):
            yield self.raw[start:stop]


@dataclass(slots=True)
class OpenLine:
    """A line whose end has not come yet; all its pieces carry the same time. `begins`: its first record's number."""

    time_ns: int
    begins: int
    text: LongLine = field(default_factory=LongLine)


def ends_line(text: bytes, *, is_engines: bool = True) -> bool:
    """Tell whether nothing can follow `text` in its line.

    The engine cuts a line only where its buffer is full: a smaller record without a newline is the last
    of a line that never got one, or of a long line under the `local` driver. Podman cuts anywhere, and is
    known by its stamps, which have another form.
    """
    return text.endswith(b"\n") or (is_engines and len(text) < PIECE_BYTES)


class NumberedIndex(LineIndex):
    """Time and stream of the lines of a batch, by their numbers in it."""

    __slots__ = ("_number", "_offset")

    def __init__(self) -> None:
        self._offset = self._number = 0

    @abstractmethod
    def entry(self, number: int) -> tuple[int | None, Stream]:
        """Give the time and the stream of the line with this number; no time where a damaged stamp tells none."""

    @abstractmethod
    def kept(self, chosen: Sequence[bool]) -> Self:
        """Give the index of the chosen lines."""

    @property
    def verbatim(self) -> bool:
        return True

    def locate(self, text: bytes, start: int, end: int) -> tuple[int | None, Stream]:  # noqa: ARG002
        """Count the lines up to `start`, going on from the last one asked for."""
        if start < self._offset:
            self._offset = self._number = 0
        self._number += text.count(b"\n", self._offset, start)
        self._offset = start
        return self.entry(self._number)


class FrameIndex(NumberedIndex):
    """The index of lines that came in frames.

    `starts` has one entry per line: where its frame begins in `raw`, or the complement (`~`) of its
    place in `joined`, which holds the lines that were put together from pieces.
    """

    __slots__ = ("_joined", "_raw", "_starts")

    def __init__(self, raw: bytes, starts: array[int], joined: list[tuple[int, Stream]]) -> None:
        super().__init__()
        self._raw = raw
        self._starts = starts
        self._joined = joined

    def kept(self, chosen: Sequence[bool]) -> FrameIndex:
        return FrameIndex(self._raw, array("q", compress(self._starts, chosen)), self._joined)

    def entry(self, number: int) -> tuple[int | None, Stream]:
        begin = self._starts[number]
        if begin < 0:
            return self._joined[~begin]
        stamp = self._raw[begin + HEADER_BYTES : begin + HEADER_BYTES + STAMP_BYTES]
        return _time(stamp), STREAMS[self._raw[begin]]


class LineBlock:
    """The lines of one fed block: `parts`, `starts` and `stamps` have one entry per line."""

    __slots__ = ("joined", "parts", "raw", "stamps", "starts", "truncated")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.parts: list[bytes] = []
        self.starts: list[int] = []
        self.stamps: list[bytes] = []
        self.joined: list[tuple[int, Stream]] = []
        self.truncated = 0

    def add(self, line: OpenLine, stream: Stream) -> None:
        """Add a line that was put together from pieces."""
        self.parts.append(line.text.join() + b"\n")
        self.starts.append(~len(self.joined))
        self.stamps.append(format_fixed(line.time_ns))
        self.joined.append((line.time_ns, stream))
        self.truncated += line.text.truncated

    def batches(self, container: Container, wanted: TimeRange) -> Iterator[Batch]:
        """Yield the lines inside the range as one batch, if there are any."""
        if not self.starts:
            return
        earliest, latest = min(self.stamps), max(self.stamps)
        if not wanted.holds_between(earliest, latest):
            inside = wanted.select(self.stamps)
            self.parts = list(compress(self.parts, inside))
            self.starts = list(compress(self.starts, inside))
            self.truncated = sum(len(part) > MAX_LINE_BYTES + 1 for part in self.parts)  # a seam makes it longer
            if not self.starts:
                return
            stamps = list(compress(self.stamps, inside))
            earliest, latest = min(stamps), max(stamps)
        text = strip_ansi(b"".join(self.parts))
        if text.count(b"\n") != len(self.starts):
            self.starts = [
                start for part, start in zip(self.parts, self.starts, strict=True) for _ in range(part.count(b"\n"))
            ]
        yield Batch(
            container,
            text,
            len(self.starts),
            FrameIndex(self.raw, array("q", self.starts), self.joined),
            truncated=self.truncated,
            first_ns=_time(earliest),
            last_ns=_time(latest),
        )


def _time(stamp: bytes) -> int | None:
    """Give the nanoseconds of a stamp in the fixed form; None for one that was damaged on its way."""
    try:
        return parse_fixed(stamp)
    except ValueError:
        return None


def last_of(batches: Sequence[Batch], count: int) -> Iterator[Batch]:
    """Yield the last `count` lines of batches of one Docker log."""
    surplus = sum(batch.lines for batch in batches) - count
    for batch in batches:
        if surplus < batch.lines:
            yield picked(batch, [number >= surplus for number in range(batch.lines)])
        surplus -= batch.lines


def picked(batch: Batch, chosen: Sequence[bool]) -> Batch:
    """Give the chosen lines of a batch of a Docker log; one at least."""
    index = batch.index
    if not isinstance(index, NumberedIndex):
        return batch
    if all(chosen) and batch.size == len(batch.text):  # else its size is that of records, which nobody knows by line
        return batch
    lines = list(compress(batch.text.split(b"\n"), chosen))
    kept = index.kept(chosen)
    times = [time_ns for number in range(len(lines)) if (time_ns := kept.entry(number)[0]) is not None]
    text = b"".join(line + b"\n" for line in lines)
    return Batch(
        batch.container,
        text,
        len(lines),
        kept,
        truncated=sum(len(line) > MAX_LINE_BYTES for line in lines),
        first_ns=min(times, default=None),
        last_ns=max(times, default=None),
    )
