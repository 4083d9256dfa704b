"""Pairs: the lines of all keys and containers that may still meet their twins, and how they are kept.

Owns which there are and when they go. Does not own what makes two lines twins (twins).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count

from logscan.batch import Service
from logscan.detection.event import Event
from logscan.detection.keys import Key
from logscan.detection.meaning import Meanings
from logscan.detection.records import KeyRecord, Record, pack, unpack
from logscan.detection.twins import Twins
from logscan.finding import fingerprint_v1
from logscan.ruleset.model import Rule
from logscan.state_row import StateRow

TWINS = "twins"
"""The kind of row that holds what waits for twins, under the fingerprint and the container's key."""

_Pair = tuple[Key, str]


class _TwinsRecord(Record, frozen=True):
    key: KeyRecord
    container_key: str
    waiting: list[tuple[int, str, str]]


class Pairs:
    """Finds, drops and keeps what waits for twins."""

    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings
        self._twins: dict[_Pair, Twins] = {}
        self._ends: dict[Service, list[tuple[int, int, _Pair]]] = {}  # a heap, by the earliest end
        self._number = count()
        self._changed: set[_Pair] = set()

    def is_second(self, rule: Rule, key: Key, event: Event) -> bool:
        """Tell whether an event is the later of two twins, and so doesn't count."""
        within_ns = rule.model.count_once_within
        if within_ns is None:
            return False
        pair = key, event.hit.line.container.key
        twins = self._twins.get(pair)
        if twins is None:
            twins = Twins(within_ns)
            self._place(pair, twins, event.counts_at_ns)
        self._changed.add(pair)
        return twins.is_second(event)

    def settle(self, service: Service, before_ns: int) -> None:
        """Drop what waits in vain, since no event from before this moment will come."""
        ends = self._ends.get(service, [])
        while ends and ends[0][0] <= before_ns:
            *_, pair = heapq.heappop(ends)
            over_ns = self._twins[pair].over_ns
            if over_ns <= before_ns:
                del self._twins[pair]
                self._changed.add(pair)
            else:
                heapq.heappush(ends, (over_ns, next(self._number), pair))

    def purge(self, service: Service) -> None:
        """Forget a service that has no container any more."""
        for *_, pair in self._ends.pop(service, ()):
            del self._twins[pair]
            self._changed.add(pair)

    def collect(self) -> Iterator[StateRow]:
        """Give what changed since this was asked last."""
        for key, container_key in self._changed:
            twins = self._twins.get((key, container_key))
            blob = None
            if twins is not None:
                blob = pack(_TwinsRecord(KeyRecord.of(key, self._meanings), container_key, twins.kept()))
            yield StateRow(TWINS, fingerprint_v1(*key).encode() + container_key.encode(), blob)
        self._changed.clear()

    def restore(self, row: StateRow) -> bool:
        """Go on from what was kept; tell whether it is still of use."""
        record = None if row.blob is None else unpack(_TwinsRecord, row.blob)
        rule = None if record is None else record.key.rule(self._meanings)
        if record is None or rule is None or rule.model.count_once_within is None:
            return False
        twins = Twins(rule.model.count_once_within)
        twins.restore(record.waiting)
        self._place((record.key.key(), record.container_key), twins, 0)
        return True

    def _place(self, pair: _Pair, twins: Twins, ends_ns: int) -> None:
        self._twins[pair] = twins
        heapq.heappush(self._ends.setdefault(pair[0].service, []), (ends_ns, next(self._number), pair))
