"""Surroundings: the lines around a hit, also across the edges of batches.

Kept apart from matching, for it is wanted seldom: without `--context` nothing here is paid for. Lines
behind a hit may lie in a batch that has not come yet, so such a hit waits for them, and all later
hits of its container wait behind it: their order stays. The other way round, a hit that is still
being joined to its following lines comes with a later batch, so its lines are kept until it does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from logscan.batch import Batch, Container, Input
from logscan.matching.hit import Hit

OpenOffsets = Callable[[Batch], Collection[int]]
"""Tells where, from the start of a batch, the hits of its container begin that are still being joined."""

_Place = tuple[Container, Input]


@dataclass(slots=True)
class Placed:
    """A hit with the lines before and after it, in the order of the log; `place` is where it begins there."""

    hit: Hit
    before: tuple[str, ...] = ()
    after: list[str] = field(default_factory=list)
    place: int = 0


@dataclass(slots=True)
class _Log:
    """What is known of one container's log: where its last batch begins, and the end of what was read.

    `tail`: the last lines; `kept`: the lines around hits that have not come yet, by their place.
    """

    begin: int = 0
    end: int = 0
    tail: tuple[str, ...] = ()
    waiting: deque[Placed] = field(default_factory=deque)
    kept: dict[int, tuple[tuple[str, ...], list[str]]] = field(default_factory=dict)


def _nothing_open(_batch: Batch) -> Collection[int]:
    return ()


class Surroundings:
    """Puts up to `size` lines before and after the first line of each hit."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._logs: dict[_Place, _Log] = {}

    def around(self, batch: Batch, hits: Iterable[Hit], open_offsets: OpenOffsets = _nothing_open) -> Iterator[Placed]:
        """Yield the hits that have all their lines, waiting ones of the same container first.

        `open_offsets` is asked when the hits have been taken.
        """
        if not self._size:
            yield from map(Placed, hits)
            return
        log = self._logs.setdefault((batch.container, batch.input), _Log())
        log.begin, log.end = log.end, log.end + len(batch.text)
        head = list(_lines_from(batch, 0, self._size))
        for after in (*(placed.after for placed in log.waiting), *(after for _, after in log.kept.values())):
            after.extend(head[: self._size - len(after)])
        yield from self._ready(log.waiting)
        for hit in hits:
            log.waiting.append(self._place(log, batch, hit))
            yield from self._ready(log.waiting)
        open_places = {log.begin + offset: offset for offset in open_offsets(batch)}
        log.kept = {
            place: log.kept.get(place) or self._lines_around(log, batch, offset)
            for place, offset in open_places.items()
        }
        log.tail = self._before(log, batch, len(batch.text))

    def waiting(self, container: Container) -> Iterator[Hit]:
        """Give the hits of a container that wait for the lines behind them; their offsets count from its last batch."""
        log = self._logs.get((container, Input.LINE))
        if log is not None:
            yield from (replace(one.hit, offset=one.place - log.begin) for one in log.waiting)

    def flush(self, container: Container, hits: Iterable[Hit]) -> Iterator[Placed]:
        """Yield the waiting hits of a container, and others that end with them: nothing is to come for now."""
        log = self._logs.get((container, Input.LINE), _Log())
        while log.waiting:
            yield log.waiting.popleft()
        for hit in hits:
            yield Placed(hit, *log.kept.pop(log.begin + hit.offset, ((), [])))

    def leave(self, container: Container) -> None:
        """Forget a container that is gone."""
        for input_ in Input:
            self._logs.pop((container, input_), None)

    def close(self, hits: Iterable[Hit] = ()) -> Iterator[Placed]:
        """Yield the hits whose log ended before all their lines had come, then those that end with it."""
        for log in self._logs.values():
            yield from log.waiting
        for hit in hits:
            log = self._logs.get((hit.line.container, Input(hit.rule.model.input)), _Log())
            yield Placed(hit, *log.kept.get(log.begin + hit.offset, ((), [])))
        self._logs.clear()

    def _ready(self, waiting: deque[Placed]) -> Iterator[Placed]:
        while waiting and len(waiting[0].after) == self._size:
            yield waiting.popleft()

    def _place(self, log: _Log, batch: Batch, hit: Hit) -> Placed:
        before, after = log.kept.get(log.begin + hit.offset) or self._lines_around(log, batch, hit.offset)
        return Placed(hit, before, list(after), log.begin + hit.offset)

    def _lines_around(self, log: _Log, batch: Batch, offset: int) -> tuple[tuple[str, ...], list[str]]:
        _, end = batch.span_at(offset)
        return self._before(log, batch, offset), list(_lines_from(batch, end + 1, self._size))

    def _before(self, log: _Log, batch: Batch, offset: int) -> tuple[str, ...]:
        """Give the lines that end before `offset`, filled up from the batch before."""
        lines: deque[str] = deque()
        while offset > 0 and len(lines) < self._size:
            start, end = batch.span_at(offset - 1)
            lines.appendleft(batch.line(start, end).text)
            offset = start
        short = self._size - len(lines)
        return (*log.tail[-short:], *lines) if short else tuple(lines)


def _lines_from(batch: Batch, start: int, count: int) -> Iterator[str]:
    while count and start < len(batch.text):
        begin, end = batch.span_at(start)
        yield batch.line(begin, end).text
        start, count = end + 1, count - 1
