"""Sampler: which lines of a finding are kept to show, and how they are cut and redacted.

A finding with a million hits shows a few: the first, the last, and others spread between them.
Which ones depends on the lines alone, never on the order in which they came in, so a scan in
other pieces shows the same evidence. Nor on whether their text is still there: of a line that is kept
over a restart, a checksum of the raw text stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappush, heapreplace, nlargest
from typing import NamedTuple
from zlib import crc32

from logscan.batch import Line, Stream
from logscan.finding import Sample
from logscan.redact import redact_lines

MAX_SAMPLE_CHARS = 4096
"""A sample's line keeps this many characters around the match."""

_Order = tuple[int, str, int]


class Shown(NamedTuple):
    """A line as it is shown, and the checksum of its time and its raw text."""

    checksum: int
    sample: Sample


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A line that may be shown: the match lies at `start` to `end`, the other lines stand around it.

    `continued` are the lines that belong to it: with them it is shown as one.
    """

    line: Line
    start: int
    end: int
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    continued: Sequence[str] = ()

    def shown(self) -> Shown:
        return Shown(checksum(self.line.time_ns, self.line.text), self.sample())

    def sample(self) -> Sample:
        """Redact the lines together, for a key may run over several, then cut around the match."""
        lines = redact_lines([*self.before, self.line.text, *self.continued, *self._behind()])
        at = len(self.before)
        behind = at + 1 + len(self.continued)
        text = "\n".join(lines[at:behind])
        start, end = self._match_in(lines[at])
        begin = _begin(len(text), start, end)
        return Sample(
            time_ns=self.line.time_ns,
            stream=self.line.stream,
            line=text[begin : begin + MAX_SAMPLE_CHARS],
            truncated=len(text) > MAX_SAMPLE_CHARS,
            start=start - begin if end else 0,
            end=min(end - begin, MAX_SAMPLE_CHARS) if end else 0,
            before=tuple(line[:MAX_SAMPLE_CHARS] for line in lines[:at]),
            after=tuple(line[:MAX_SAMPLE_CHARS] for line in lines[behind:]),
        )

    def _behind(self) -> list[str]:
        """Give the lines after it without those that belong to it: each is shown once."""
        belonging = list(self.continued)
        return [line for line in self.after if not (belonging and line == belonging[0] and belonging.pop(0) == line)]

    def _match_in(self, redacted: str) -> tuple[int, int]:
        """Find the match again in the redacted line; where it was a secret itself, about its place."""
        if not self.end:
            return 0, 0
        match = self.line.text[self.start : self.end]
        start = redacted.rfind(match, 0, self.end)
        if start < 0:
            start = end = min(self.start, len(redacted))
            return start, end
        return start, start + len(match)


def _begin(length: int, start: int, end: int) -> int:
    """Tell where a sample of a line begins so that the match lies in its middle."""
    room = max(MAX_SAMPLE_CHARS - (end - start), 0)
    return max(0, min(start - room // 2, length - MAX_SAMPLE_CHARS))


def _extreme(
    most: Callable[..., int], times: Sequence[int], streams: Sequence[Stream], checksums: Sequence[int]
) -> tuple[_Order, int]:
    """Find the first or the last of all, as `most` is min or max; give its order and its place."""
    time_ns = most(times)
    places = [place for place, one in enumerate(times) if one == time_ns]
    place = most(places, key=lambda place: (streams[place], checksums[place]))
    return (time_ns, streams[place], checksums[place]), place


def checksum(time_ns: int | None, text: str) -> int:
    """Give the number by which a line is drawn, with its time and its raw text."""
    return crc32(f"{time_ns}{text}".encode("utf-8", "surrogatepass"))


_Placed = tuple[_Order, Exhibit | Shown]
_Drawn = tuple[int, _Order, int, Exhibit | Shown]


class Sampled(NamedTuple):
    """What a sampler keeps, redacted: how many it has looked at, the first, the last and those between."""

    number: int
    first: tuple[_Order, Shown]
    last: tuple[_Order, Shown]
    between: Sequence[tuple[int, _Order, int, Shown]]


class Sampler:
    """Keeps up to `size` exhibits: first and last by (time, stream, checksum), the rest by their hash."""

    __slots__ = ("_between", "_first", "_last", "_number", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._first: _Placed | None = None
        self._last: _Placed | None = None
        self._between: list[_Drawn] = []  # a heap, the largest hash on top
        self._number = 0

    def add(self, exhibit: Exhibit | Shown) -> None:
        """Look at one more hit."""
        self._number += 1
        if isinstance(exhibit, Shown):
            rank, time_ns, stream = exhibit.checksum, exhibit.sample.time_ns, exhibit.sample.stream
        else:
            line = exhibit.line
            time_ns, stream = line.time_ns, line.stream
            rank = checksum(time_ns, line.text)
        order: _Order
        if time_ns is not None:
            order = (time_ns, stream, rank)
        else:
            # Lines without a time have no order but that in which they stand.
            order, rank = (-1, "", self._number), crc32(f"-1{self._number:020}".encode())
        if self._first is None or order < self._first[0]:
            self._first = order, exhibit
        if self._last is None or order > self._last[0]:
            self._last = order, exhibit
        self._keep(-rank, order, self._number, exhibit)

    def add_all(
        self,
        times: Sequence[int],
        streams: Sequence[Stream],
        checksums: Sequence[int],
        exhibit: Callable[[int], Exhibit],
    ) -> None:
        """Look at hits that have a time; `exhibit` gives one by its place, and is asked for few."""
        first, last = (_extreme(most, times, streams, checksums) for most in (min, max))
        if self._first is None or first[0] < self._first[0]:
            self._first = first[0], exhibit(first[1])
        if self._last is None or last[0] > self._last[0]:
            self._last = last[0], exhibit(last[1])
        most = -self._between[0][0] if len(self._between) >= self._size else max(checksums)
        drawn = [
            (-rank, (times[place], streams[place], rank), -place)
            for place, rank in enumerate(checksums)
            if rank <= most
        ]
        for rank, order, place in nlargest(self._size, drawn):
            self._keep(rank, order, self._number + 1 - place, exhibit(-place))
        self._number += len(times)

    def _keep(self, rank: int, order: _Order, number: int, exhibit: Exhibit | Shown) -> None:
        """Keep the smallest hashes: an even draw over all hits, whatever their order.

        As many as are wanted are kept beside the first and the last, since these may be among them.
        """
        if len(self._between) < self._size:
            heappush(self._between, (rank, order, -number, exhibit))
        elif rank >= self._between[0][0]:
            entry = (rank, order, -number, exhibit)
            if entry > self._between[0]:
                heapreplace(self._between, entry)

    def samples(self) -> tuple[Sample, ...]:
        """Give the kept lines in order, redacted and cut."""
        if self._first is None or self._last is None:
            return ()
        chosen = {self._first[0]: self._first[1]}
        if self._size > 1:
            chosen.setdefault(*self._last)
        for _, order, _, exhibit in sorted(self._between, reverse=True):
            if len(chosen) >= self._size:
                break
            chosen.setdefault(order, exhibit)
        return tuple(_sample(chosen[order]) for order in sorted(chosen))

    def redact(self) -> Sampled | None:
        """Let go of all raw text, and give what is kept; None before the first hit."""
        if self._first is None or self._last is None:
            return None
        done: dict[int, Shown] = {}

        def shown(one: Exhibit | Shown) -> Shown:
            if isinstance(one, Shown):
                return one
            return done.get(id(one)) or done.setdefault(id(one), one.shown())

        first, last = (self._first[0], shown(self._first[1])), (self._last[0], shown(self._last[1]))
        between = [(rank, order, number, shown(one)) for rank, order, number, one in self._between]
        sampled = Sampled(self._number, first, last, between)
        self.restore(sampled)
        return sampled

    def restore(self, sampled: Sampled) -> None:
        """Go on from what was kept, perhaps of another size."""
        self._number, self._first, self._last, between = sampled
        drawn: list[_Drawn] = [*between]
        self._between = sorted(drawn, reverse=True)[: self._size]
        heapify(self._between)


def _sample(one: Exhibit | Shown) -> Sample:
    return one.sample if isinstance(one, Shown) else one.sample()
