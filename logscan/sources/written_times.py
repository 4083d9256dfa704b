"""Written times: which time a line of a text file has.

Owns the rule that a line without a time of its own has that of the nearest line before it, at most
64 lines back, across the bounds of batches too: a stack trace happened when its first line says.
Does not own how a time is written (line_time, and Docker's prefix in docker_stamps).

Nothing is looked up before a hit asks, but for both ends of a batch, which tell what range of
time it covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from logscan.batch import Batch, LineIndex, Stream
from logscan.line_time import REACH, LineClock

MAX_LINES_BACK = 64


class Stamp(Protocol):
    """How the lines of a file carry their times. `verbatim`: as part of what they say, and nothing stands before it."""

    verbatim: ClassVar[bool]

    def content(self, text: bytes, start: int, end: int) -> int:
        """Tell where the content of the line `text[start:end]` starts."""
        ...

    def time(self, text: bytes, start: int, end: int) -> int | None:
        """Give the time that is written in the line `text[start:end]`."""
        ...


Found = tuple[int, int | None]
"""How many lines back a time was found, and the time; no time, when there was none near enough."""


@dataclass(frozen=True, slots=True)
class PlainStamp:
    """The stamp of plain lines: all of the line is content, and `clock` looks for a time in it."""

    clock: LineClock
    verbatim: ClassVar[bool] = True

    def content(self, text: bytes, start: int, end: int) -> int:  # noqa: ARG002
        return start

    def time(self, text: bytes, start: int, end: int) -> int | None:
        # Times are ASCII, and Latin-1 decodes any bytes, at the speed of a copy.
        return self.clock.time_of(text[start : min(end, start + REACH)].decode("latin-1"))


class WrittenTimes(LineIndex):
    """The index of one batch. `before` is what its first line would find, had it no time itself."""

    __slots__ = ("_before", "_known", "_known_start", "_stamp")

    def __init__(self, stamp: Stamp, before: Found = (1, None)) -> None:
        self._stamp = stamp
        self._before = before
        self._known_start, self._known = -1, before

    @property
    def verbatim(self) -> bool:
        return self._stamp.verbatim

    def content(self, text: bytes, start: int, end: int) -> int:
        return self._stamp.content(text, start, end)

    def locate(self, text: bytes, start: int, end: int) -> tuple[int | None, Stream]:
        # The last answer is kept: several hits on one line ask once, and hits close together, none with a time, look
        # back at the lines between them only.
        if start == self._known_start:
            return self._known[1], Stream.UNKNOWN
        time_ns = self._stamp.time(text, start, end)
        found = (0, time_ns) if time_ns is not None else self.before(text, start)
        self._known_start, self._known = start, found
        return found[1], Stream.UNKNOWN

    def before(self, text: bytes, start: int) -> Found:
        """Look back from the line that begins at `start`, itself left out."""
        for back in range(1, MAX_LINES_BACK + 1):
            if start == 0:
                return _aged(self._before, back - 1)
            end = start - 1
            start = text.rfind(b"\n", 0, end) + 1
            if start == self._known_start:
                return _aged(self._known, back)
            time_ns = self._stamp.time(text, start, end)
            if time_ns is not None:
                return back, time_ns
        return MAX_LINES_BACK, None

    def first_ns(self, text: bytes) -> int | None:
        """Give the first time that is written in the first lines of the batch."""
        start = 0
        for _ in range(MAX_LINES_BACK):
            end = text.find(b"\n", start)
            if end < 0:
                return None
            time_ns = self._stamp.time(text, start, end)
            if time_ns is not None:
                return time_ns
            start = end + 1
        return None


def _aged(found: Found, lines: int) -> Found:
    back, time_ns = found
    return (back + lines, time_ns) if back + lines <= MAX_LINES_BACK else (MAX_LINES_BACK, None)


class Timekeeper:
    """Gives the batches of one container, in their order, an index and the times at their ends."""

    def __init__(self, stamp: Stamp) -> None:
        self._stamp = stamp
        self._before: Found = (1, None)

    def time(self, batch: Batch) -> Batch:
        index = WrittenTimes(self._stamp, self._before)
        self._before = index.before(batch.text, len(batch.text))
        batch.index = index
        batch.first_ns, batch.last_ns = index.first_ns(batch.text), self._before[1]
        return batch
