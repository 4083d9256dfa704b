"""Neighbours: what `related` does for a scan at its end, done for a stream as its lines come.

A line that a rule asks for is put beside the hits that were near to it, and a hit beside the lines. So
only the newest lines and hits of each rule are kept here; a finding keeps the nearest that it ever had.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import Generic, TypeVar

from logscan.batch import Container
from logscan.detection.fifo import Fifo
from logscan.detection.keys import Key
from logscan.detection.meaning import Meanings
from logscan.detection.records import ContainerRecord, KeyRecord, Record, RelatedLineRecord, pack, unpack
from logscan.detection.related import MAX_KEPT, MAX_MOMENTS, NearLine, are_neighbours, nearest, shown
from logscan.finding import RelatedLine
from logscan.matching.hit import Hit
from logscan.ruleset.model import Rule
from logscan.state_row import StateRow

LINE = "related"
"""The kind of row that holds a line that a rule asks for, under the rule's id and a number."""

MOMENT = "moment"
"""The kind of row that holds when and where a hit was, under the rule's id and a number."""

_NUMBER_BYTES = 8

MAX_LOOKED_AT = 200
"""So many of the nearest lines or hits are looked at, though there may be more within the time."""

T = TypeVar("T")


class _LineRecord(Record, frozen=True):
    rule_id: str
    stamp: int
    line: RelatedLineRecord


class _MomentRecord(Record, frozen=True):
    key: KeyRecord
    container: ContainerRecord
    time_ns: int


class _Newest(Generic[T]):
    """The newest items of one rule, in the order in which they came, and by their time."""

    def __init__(self, size: int) -> None:
        self.arrived: Fifo[tuple[int, T]] = Fifo(size)
        self._by_time: list[tuple[int, int]] = []

    def add(self, time_ns: int, item: T) -> int:
        """Take an item, and give its number."""
        if len(self.arrived) == self.arrived.maxlen:
            earliest = self.arrived[0][0], self.arrived.first
            del self._by_time[bisect_left(self._by_time, earliest)]
        number = self.arrived.end
        self.arrived.append((time_ns, item))
        insort(self._by_time, (time_ns, number))
        return number

    def around(self, time_ns: int, within_ns: int) -> Iterator[tuple[int, int, T]]:
        """Give the items within this time, nearest first, with their distances and numbers."""
        by_time, first = self._by_time, self.arrived.first
        middle = bisect_left(by_time, (time_ns, -1))
        earlier = (by_time[index] for index in range(middle - 1, -1, -1))
        later = (by_time[index] for index in range(middle, len(by_time)))
        for at_ns, number in islice(merge(earlier, later, key=lambda one: abs(one[0] - time_ns)), MAX_LOOKED_AT):
            if abs(at_ns - time_ns) > within_ns:
                return
            yield abs(at_ns - time_ns), number, self.arrived[number - first][1]

    def refill(self, first: int, items: Iterable[tuple[int, T]]) -> None:
        """Go on from what was kept."""
        self.arrived.refill(first, items)
        self._by_time = sorted((time_ns, number) for number, (time_ns, _) in enumerate(self.arrived, first))


class Neighbours:
    """Puts the lines that rules ask for beside hits, and hits beside lines."""

    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings
        self._lines: dict[str, _Newest[RelatedLine]] = {}
        self._moments: dict[str, _Newest[tuple[Rule, Key, Container]]] = {}

    def add_line(self, hit: Hit) -> list[tuple[Rule, Key, NearLine]]:
        """Take a line that the `related` of its rule asks for; give the findings whose hits are near."""
        time_ns, related = hit.line.time_ns, hit.rule.model.related
        if time_ns is None or related is None:
            return []
        line = shown(hit)
        number = self._lines_of(hit.rule.id).add(time_ns, line)
        near: dict[Key, tuple[Rule, Key, NearLine]] = {}
        for distance_ns, _, (rule, key, container) in self._moments_of(hit.rule.id).around(time_ns, related.within):
            if key not in near and are_neighbours(line.container, container):
                near[key] = rule, key, NearLine(distance_ns, number, line)
        return list(near.values())

    def add_moment(self, rule: Rule, key: Key, time_ns: int, container: Container) -> list[NearLine]:
        """Take note of a hit; give the lines nearest to it."""
        related = rule.model.related
        if related is None:
            return []
        self._moments_of(rule.id).add(time_ns, (rule, key, container))
        around = self._lines_of(rule.id).around(time_ns, related.within)
        return nearest(
            NearLine(distance_ns, number, line)
            for distance_ns, number, line in around
            if are_neighbours(line.container, container)
        )

    def collect(self) -> Iterator[StateRow]:
        """Give what changed since this was asked last."""
        for rule_id, lines in self._lines.items():
            stamp = self._meanings.stamp(rule_id)
            for number, line in lines.arrived.changed():
                record = None if line is None else _LineRecord(rule_id, stamp, RelatedLineRecord.of(line[1]))
                yield StateRow(LINE, _row_key(rule_id, number), None if record is None else pack(record))
        for rule_id, moments in self._moments.items():
            for number, moment in moments.arrived.changed():
                yield StateRow(MOMENT, _row_key(rule_id, number), None if moment is None else self._packed(*moment))

    def restore(self, lines: Iterable[StateRow], moments: Iterable[StateRow]) -> Iterator[StateRow]:
        """Go on from what was kept, and give the rows that are of no use any more."""
        for rule_id, rows in _by_rule(lines).items():
            found = [self._line(row) for row in rows]
            if None in found:
                yield from rows
            else:
                self._lines_of(rule_id).refill(_number(rows[0]), filter(None, found))
        for rule_id, rows in _by_rule(moments).items():
            placed = [self._moment(row) for row in rows]
            if None in placed:
                yield from rows
            else:
                self._moments_of(rule_id).refill(_number(rows[0]), filter(None, placed))

    def _lines_of(self, rule_id: str) -> _Newest[RelatedLine]:
        return self._lines.get(rule_id) or self._lines.setdefault(rule_id, _Newest(MAX_KEPT))

    def _moments_of(self, rule_id: str) -> _Newest[tuple[Rule, Key, Container]]:
        return self._moments.get(rule_id) or self._moments.setdefault(rule_id, _Newest(MAX_MOMENTS))

    def _packed(self, time_ns: int, moment: tuple[Rule, Key, Container]) -> bytes:
        _, key, container = moment
        return pack(_MomentRecord(KeyRecord.of(key, self._meanings), ContainerRecord.of(container), time_ns))

    def _line(self, row: StateRow) -> tuple[int, RelatedLine] | None:
        record = None if row.blob is None else unpack(_LineRecord, row.blob)
        if record is None or self._meanings.rule(record.rule_id, record.stamp) is None:
            return None
        return record.line.time_ns, record.line.related()

    def _moment(self, row: StateRow) -> tuple[int, tuple[Rule, Key, Container]] | None:
        record = None if row.blob is None else unpack(_MomentRecord, row.blob)
        rule = None if record is None else record.key.rule(self._meanings)
        if record is None or rule is None:
            return None
        return record.time_ns, (rule, record.key.key(), record.container.container())


def _row_key(rule_id: str, number: int) -> bytes:
    return rule_id.encode() + number.to_bytes(_NUMBER_BYTES, "big")


def _number(row: StateRow) -> int:
    return int.from_bytes(row.key[-_NUMBER_BYTES:], "big")


def _by_rule(rows: Iterable[StateRow]) -> dict[str, list[StateRow]]:
    by_rule: dict[str, list[StateRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.key):
        by_rule[row.key[:-_NUMBER_BYTES].decode()].append(row)
    return by_rule
