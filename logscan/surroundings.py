"""Surroundings: the lines around a hit, also across the edges of batches.

Kept apart from matching, for it is wanted seldom: without `--context` nothing here is paid for. Lines
behind a hit may lie in a batch that has not come yet, so such a hit waits for them, and all later
hits of its container wait behind it: their order stays.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from logscan.batch import Batch, Container
from logscan.matching.hit import Hit


@dataclass(slots=True)
class Placed:
    """A hit with the lines before and after it, in the order of the log."""

    hit: Hit
    before: tuple[str, ...] = ()
    after: list[str] = field(default_factory=list)


class Surroundings:
    """Puts up to `size` lines before and after each hit."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tails: dict[Container, tuple[str, ...]] = {}
        self._waiting: dict[Container, deque[Placed]] = {}

    def around(self, batch: Batch, hits: Iterable[Hit]) -> Iterator[Placed]:
        """Yield the hits that have all their lines, waiting ones of the same container first."""
        if not self._size:
            yield from map(Placed, hits)
            return
        waiting = self._waiting.setdefault(batch.container, deque())
        head = list(_lines_from(batch, 0, self._size))
        for placed in waiting:
            placed.after += head[: self._size - len(placed.after)]
        yield from self._ready(waiting)
        for hit in hits:
            waiting.append(self._place(batch, hit))
            yield from self._ready(waiting)
        self._tails[batch.container] = self._before(batch, len(batch.text))

    def close(self) -> Iterator[Placed]:
        """Yield the hits whose log ended before all their lines had come."""
        for waiting in self._waiting.values():
            yield from waiting
        self._waiting.clear()

    def _ready(self, waiting: deque[Placed]) -> Iterator[Placed]:
        while waiting and len(waiting[0].after) == self._size:
            yield waiting.popleft()

    def _place(self, batch: Batch, hit: Hit) -> Placed:
        _, end = batch.span_at(hit.offset)
        return Placed(hit, self._before(batch, hit.offset), list(_lines_from(batch, end + 1, self._size)))

    def _before(self, batch: Batch, offset: int) -> tuple[str, ...]:
        """Give the lines that end before `offset`, filled up from the batch before."""
        lines: deque[str] = deque()
        while offset > 0 and len(lines) < self._size:
            start, end = batch.span_at(offset - 1)
            lines.appendleft(batch.line(start, end).text)
            offset = start
        short = self._size - len(lines)
        earlier = self._tails.get(batch.container, ())
        return (*earlier[-short:], *lines) if short else tuple(lines)


def _lines_from(batch: Batch, start: int, count: int) -> Iterator[str]:
    while count and start < len(batch.text):
        begin, end = batch.span_at(start)
        yield batch.line(begin, end).text
        start, count = end + 1, count - 1
