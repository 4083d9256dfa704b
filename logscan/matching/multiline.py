"""Multi-line events: the lines after a hit that belong to it, such as a stack trace.

Owns the open events of one container, across its batches: which line goes on with which event, and
when an event ends. Does not own what opens one, nor what it is worth in the end (matcher).

A program prints its trace on one stream, and the lines of its other stream that come in between
neither belong to it nor end it. Nothing here depends on where batches are cut or when they arrive:
an event ages by the times of the lines alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from logscan.batch import Batch, Line
from logscan.matching.hit import Hit
from logscan.matching.search import search, search_behind
from logscan.ruleset.model import Multiline
from logscan.ruleset.pattern import LazyPattern

MAX_LINES = 500
"""An event takes at most this many lines after its first."""

MAX_BYTES = 64 << 10
"""The lines after the first hold at most this much together, as UTF-8."""

MAX_AGE_NS = 5_000_000_000
"""Nobody prints a trace slower than that: a later line, of either stream, ends an event."""

LINES_BEHIND = 2
"""So many lines of an event can a look-behind of `continue` see."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """Which lines go on with an event.

    A look-behind sees the lines before, behind their newlines. That is what tells the second traceback
    of a chain, two lines after "another exception occurred:", from the first one of the next start.
    """

    pattern: LazyPattern

    @classmethod
    def of(cls, multiline: Multiline) -> Continuation:
        """With the flag MULTILINE, since `^` is the start of a line, whatever stands before it."""
        return cls(LazyPattern(multiline.continue_, multiline=True))

    def takes(self, event: OpenEvent, text: str) -> bool:
        """Tell whether a line of `text` goes on with the event. Raises `TimeoutError` as a search does."""
        if search(self.pattern, text):
            return True
        before = "".join(f"{line}\n" for line in event.texts[-LINES_BEHIND:])
        return search_behind(self.pattern, before, text) is not None


@dataclass(slots=True)
class OpenEvent:
    """A hit whose rule joins lines, and the lines that have come for it so far.

    `offset`: where its first line begins, counted from the batch that is being read. The fields of
    the hit are only those of its first line yet. A `silenced` event is no hit, but takes its lines all
    the same, so that they are no hits either.
    """

    hit: Hit
    offset: int
    silenced: bool = False
    continued: list[str] = field(default_factory=list)
    size: int = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """All its lines, the first one included."""
        return self.hit.line.text, *self.continued

    def is_over_at(self, time_ns: int | None) -> bool:
        """Tell whether a line at this time, of either stream, comes too late for it. Without times nothing ages."""
        first_ns = self.hit.line.time_ns
        return first_ns is not None and time_ns is not None and time_ns - first_ns > MAX_AGE_NS

    def has_room(self, line: Line) -> bool:
        return len(self.continued) < MAX_LINES and self.size + _bytes(line) <= MAX_BYTES

    def take(self, line: Line) -> None:
        self.continued.append(line.text)
        self.size += _bytes(line)


class OpenEvents:
    """The open events of one container.

    `goes_on` tells whether a text continues an event. `running`: the events, oldest first; nearly always there are
    none. `taking`: those to which the line of this batch belongs that was offered last.
    """

    __slots__ = ("_goes_on", "_next", "_read", "running", "taking")

    def __init__(self, goes_on: Callable[[OpenEvent, str], bool]) -> None:
        self._goes_on = goes_on
        self.running: list[OpenEvent] = []
        self._next = self._read = 0
        self.taking: list[OpenEvent] = []

    def enter(self, batch: Batch) -> None:
        """Turn to the container's next batch."""
        for event in self.running:
            event.offset -= self._read
        self._next, self._read, self.taking = 0, len(batch.text), []

    def open(self, hit: Hit, after: int, *, silenced: bool) -> None:
        """Begin an event with a hit; the line `after` it, by offset, is the next to be offered."""
        self.running.append(OpenEvent(hit, hit.offset, silenced))
        self._next = after

    def expire(self, time_ns: int) -> list[OpenEvent]:
        """Take out the events that no line from this moment on can belong to."""
        ended = [event for event in self.running if event.is_over_at(time_ns)]
        self.running = [event for event in self.running if not event.is_over_at(time_ns)]
        return ended

    def walk(self, batch: Batch, stop: int) -> Iterator[OpenEvent]:
        """Offer the lines up to `stop` that were not offered yet; yield the events that they end."""
        while self.running and self._next < stop:
            start, end = batch.span_at(self._next)
            yield from self.offer(batch.line(start, end), end + 1)

    def offer(self, line: Line, after: int) -> list[OpenEvent]:
        """Give a line to the events that it continues, and return those that it ends, oldest first."""
        self._next = after
        ended, going, self.taking = [], [], []
        for event in self.running:
            if event.is_over_at(line.time_ns):
                ended.append(event)
            elif line.stream is not event.hit.line.stream:
                going.append(event)
            elif event.has_room(line) and self._goes_on(event, line.text):
                event.take(line)
                going.append(event)
                self.taking.append(event)
            else:
                ended.append(event)
        self.running = going
        return ended


def _bytes(line: Line) -> int:
    return len(line.text) if line.text.isascii() else len(line.text.encode("utf-8", "replace"))
