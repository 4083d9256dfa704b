"""EventOrder: the hits of a bounded scan in the order of their time, however they came in.

Several containers of one service are read side by side, and their hits meet in one window. A scan
has an end, so nothing needs to be late: hits are sorted before the windows see them. Past a bound
they are sorted in runs on disk and merged from there.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec

from logscan.batch import Container, Line, Stream
from logscan.detection.event import Event
from logscan.matching.hit import Hit
from logscan.ruleset.model import Rule

MAX_HELD = 50_000
"""So many hits are sorted in memory; a run on disk holds as many."""

_LENGTH_BYTES = 4


class _Stored(msgspec.Struct, array_like=True, frozen=True, order=True):
    """An event on disk; the first three fields are its place in the order."""

    counts_at_ns: int
    container: str
    position: int
    rule: str
    time_ns: int | None
    stream: str
    text: str
    start: int
    end: int
    fields: dict[str, str]
    continued: tuple[str, ...]
    before: Sequence[str]
    after: Sequence[str]


@dataclass(slots=True)
class EventOrder:
    """Collects events, and gives them back by (time, container, position)."""

    max_held: int = MAX_HELD
    _held: list[_Stored] = field(default_factory=list)
    _runs: list[BinaryIO] = field(default_factory=list)
    _rules: dict[str, Rule] = field(default_factory=dict)
    _containers: dict[str, Container] = field(default_factory=dict)
    _position: int = 0

    def add(self, event: Event) -> None:
        """Take one event, in any order of time, in the order of the log within a container."""
        hit, line = event.hit, event.hit.line
        self._rules[hit.rule.id] = hit.rule
        self._containers[line.container.key] = line.container
        self._position += 1
        self._held.append(
            _Stored(
                event.counts_at_ns,
                line.container.key,
                self._position,
                hit.rule.id,
                line.time_ns,
                line.stream,
                line.text,
                hit.start,
                hit.end,
                dict(hit.fields),
                hit.continued,
                event.before,
                event.after,
            )
        )
        if len(self._held) >= self.max_held:
            self._spill()

    def drain(self) -> Iterator[Event]:
        """Give all events in order, and forget them."""
        self._held.sort(key=_place)
        runs = [_read(run) for run in self._runs]
        for stored in heapq.merge(iter(self._held), *runs, key=_place):
            yield self._event(stored)
        for run in self._runs:
            run.close()
        self._held, self._runs = [], []

    def _spill(self) -> None:
        """Write what is held as one sorted run. The file has no name, so nothing of it can stay behind."""
        self._held.sort(key=_place)
        run = tempfile.TemporaryFile(prefix="logscan-")  # noqa: SIM115 - closed by drain
        encoder = msgspec.msgpack.Encoder()
        for stored in self._held:
            data = encoder.encode(stored)
            run.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)
        run.seek(0)
        self._runs.append(run)
        self._held = []

    def _event(self, stored: _Stored) -> Event:
        line = Line(stored.text, stored.time_ns, Stream(stored.stream), self._containers[stored.container])
        hit = Hit(self._rules[stored.rule], line, stored.fields, stored.start, stored.end, 0, stored.continued)
        return Event(hit, stored.counts_at_ns, stored.before, stored.after)


def _place(stored: _Stored) -> tuple[int, str, int]:
    return stored.counts_at_ns, stored.container, stored.position


def _read(run: BinaryIO) -> Iterator[_Stored]:
    decoder = msgspec.msgpack.Decoder(_Stored)
    while head := run.read(_LENGTH_BYTES):
        yield decoder.decode(run.read(int.from_bytes(head, "big")))
