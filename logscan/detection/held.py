"""Held: the windows of all keys, and how they are kept.

Owns which windows there are, when one that is as good as new goes, and the rows in which they survive a
restart: one for what a window knows, and one for each item that it holds, so that keeping costs what
changed. Does not own what windows mean (windows, combining), nor which events they see (in_order).
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any

from logscan.batch import Service
from logscan.detection.combining import RatioWindow, TemporalOrderedWindow
from logscan.detection.event import Event
from logscan.detection.keys import Key
from logscan.detection.meaning import Meanings
from logscan.detection.records import EventRecord, KeyRecord, Record, pack, unpack
from logscan.detection.windows import (
    EventCountWindow,
    NewValueWindow,
    SpikeWindow,
    State,
    ValueCountWindow,
    Window,
)
from logscan.finding import fingerprint_v1
from logscan.ruleset.model import EventCount, NewValue, Ratio, Rule, Spike, TemporalOrdered, ValueCount
from logscan.state_row import StateRow

WINDOW = "window"
"""The kind of row that holds what a window knows, under the fingerprint of its key."""

HELD = "held"
"""The kind of row that holds one item of a window: under its fingerprint, the place of its queue, its number."""

_NUMBER_BYTES = 9  # the place of the queue, then the number


class _WindowRecord(Record, frozen=True):
    """`bounds`: for each queue, the numbers of its first item and of the next to come."""

    key: KeyRecord
    values: list[Any]
    begun: list[list[EventRecord]]
    bounds: list[tuple[int, int]]


class _ItemRecord(Record, frozen=True):
    """An event, or a plain value."""

    event: EventRecord | None
    value: Any


class HeldWindow:
    """The window of one key."""

    __slots__ = ("changed", "key", "rule", "window")

    def __init__(self, rule: Rule, key: Key) -> None:
        self.rule = rule
        self.key = key
        self.window = _window(rule)
        self.changed = False

    @property
    def row_key(self) -> bytes:
        return fingerprint_v1(*self.key).encode()


class HeldWindows:
    """Finds, drops and keeps windows. `forgotten` counts, by rule, the hits that dropped ones forgot."""

    def __init__(self, meanings: Meanings) -> None:
        self._meanings = meanings
        self._windows: dict[Key, HeldWindow] = {}
        self._of_service: dict[Service, dict[Key, HeldWindow]] = {}
        self._unsettled: dict[Service, dict[Key, HeldWindow]] = {}
        self._ends: dict[Service, list[tuple[int, int, HeldWindow]]] = {}  # a heap, by the earliest end
        self._number = count()
        self._changed: list[HeldWindow] = []
        self._dropped: list[HeldWindow] = []
        self._forgotten: Counter[str] = Counter()

    def admit(self, rule: Rule, key: Key, event: Event) -> Sequence[Event]:
        """Show an event to the window of this key, and give those that count from now on."""
        held = self._windows.get(key)
        if held is None:
            held = HeldWindow(rule, key)
            self._place(held, event.counts_at_ns)
        window = held.window
        if not (held.changed or window.is_open):
            self._change(held)
        return window.admit(event)

    def settle(self, service: Service, before_ns: int) -> Iterator[tuple[HeldWindow, Sequence[Event]]]:
        """Give what counts once no event from before this moment will come, and drop what is over."""
        for held in list(self._unsettled.get(service, {}).values()):
            if events := held.window.settle(before_ns):
                self._change(held)
                yield held, events
        self._drop_ended(service, before_ns)

    def close(self, end_ns: int) -> Iterator[tuple[HeldWindow, Sequence[Event]]]:
        """Give what counts at the end, when no event will come any more."""
        for held in [held for windows in self._unsettled.values() for held in windows.values()]:
            if events := held.window.settle(end_ns):
                yield held, events

    def is_open(self, key: Key) -> bool:
        """Tell whether the window of this key has fired, so that further hits count."""
        held = self._windows.get(key)
        return held is not None and held.window.is_open

    def drop(self, key: Key) -> None:
        """Forget the window of a key: it begins anew."""
        held = self._windows.pop(key, None)
        if held is None:
            return
        del self._of_service[key.service][key]
        self._unsettled.get(key.service, {}).pop(key, None)
        self._forgotten[key.rule_id] += held.window.forgotten
        self._dropped.append(held)

    def purge(self, service: Service) -> None:
        """Forget all windows of a service."""
        for key in list(self._of_service.get(service, ())):
            self.drop(key)
        for index in (self._of_service, self._unsettled, self._ends):
            index.pop(service, None)

    def forgotten(self) -> Counter[str]:
        """Count, by rule, the hits that a full window forgot."""
        counts = +self._forgotten
        for held in self._windows.values():
            if held.window.forgotten:
                counts[held.rule.id] += held.window.forgotten
        return counts

    def collect(self) -> Iterator[StateRow]:
        """Give what changed since this was asked last."""
        for held in self._dropped:
            yield StateRow(WINDOW, held.row_key, None)
            for place, queue in enumerate(held.window.queues):
                yield from (StateRow(HELD, _item_key(held.row_key, place, number), None) for number in queue.kept)
        for held in self._changed:
            held.changed = False
            if self._windows.get(held.key) is held:
                yield from self._rows(held)
        self._dropped.clear()
        self._changed.clear()

    def restore(self, windows: Iterable[StateRow], items: Iterable[StateRow]) -> Iterator[StateRow]:
        """Go on from what was kept, and give the rows that are of no use any more."""
        held_items: dict[bytes, dict[bytes, StateRow]] = defaultdict(dict)
        for item in items:
            held_items[item.key[:-_NUMBER_BYTES]][item.key] = item
        for row in windows:
            if not self._restored(row, held_items.get(row.key, {})):
                yield row
                continue
            held_items.pop(row.key, None)
        for unused in held_items.values():
            yield from unused.values()

    def services(self) -> Iterator[Service]:
        """Give the services that have windows."""
        return iter(self._of_service)

    def _place(self, held: HeldWindow, ends_ns: int) -> None:
        service = held.key.service
        self._windows[held.key] = self._of_service.setdefault(service, {})[held.key] = held
        if isinstance(held.rule.model.window, Ratio):
            self._unsettled.setdefault(service, {})[held.key] = held
        heapq.heappush(self._ends.setdefault(service, []), (ends_ns, next(self._number), held))

    def _change(self, held: HeldWindow) -> None:
        if not held.changed:
            held.changed = True
            self._changed.append(held)

    def _drop_ended(self, service: Service, before_ns: int) -> None:
        ends = self._ends.get(service, [])
        while ends and ends[0][0] <= before_ns:
            *_, held = heapq.heappop(ends)
            over_ns = held.window.over_ns
            if self._windows.get(held.key) is not held or over_ns is None:
                continue
            if over_ns <= before_ns:
                self.drop(held.key)
            else:
                heapq.heappush(ends, (over_ns, next(self._number), held))

    def _rows(self, held: HeldWindow) -> Iterator[StateRow]:
        row_key, state = held.row_key, held.window.state()
        begun = [[EventRecord.of(event, self._meanings) for event in events] for events in state.begun]
        bounds = [(queue.first, queue.end) for queue in held.window.queues]
        key = KeyRecord.of(held.key, self._meanings)
        yield StateRow(WINDOW, row_key, pack(_WindowRecord(key, list(state.values), begun, bounds)))
        for place, queue in enumerate(held.window.queues):
            for number, item in queue.changed():
                blob = None if item is None else self._packed(item)
                yield StateRow(HELD, _item_key(row_key, place, number), blob)

    def _packed(self, item: Any) -> bytes:
        if isinstance(item, Event):
            return pack(_ItemRecord(EventRecord.of(item, self._meanings), None))
        return pack(_ItemRecord(None, item))

    def _restored(self, row: StateRow, items: dict[bytes, StateRow]) -> bool:
        record = None if row.blob is None else unpack(_WindowRecord, row.blob)
        rule = None if record is None else record.key.rule(self._meanings)
        if record is None or rule is None:
            return False
        held = HeldWindow(rule, record.key.key())
        for place, (queue, (first, end)) in enumerate(zip(held.window.queues, record.bounds, strict=True)):
            rows = [items.get(_item_key(row.key, place, number)) for number in range(first, end)]
            found = [self._item(one) for one in rows if one is not None]
            if len(found) < end - first or None in found:
                return False
            queue.refill(first, found)
        begun = [tuple(event.event(self._meanings) for event in events) for events in record.begun]
        if any(event is None for events in begun for event in events):
            return False
        held.window.restore(State(record.values, [tuple(filter(None, events)) for events in begun]))
        self._place(held, 0)
        return True

    def _item(self, row: StateRow) -> Any:
        record = None if row.blob is None else unpack(_ItemRecord, row.blob)
        if record is None:
            return None
        return record.value if record.event is None else record.event.event(self._meanings)


def _item_key(row_key: bytes, place: int, number: int) -> bytes:
    return row_key + bytes((place,)) + number.to_bytes(_NUMBER_BYTES - 1, "big")


def _window(rule: Rule) -> Window:
    match rule.model.window:
        case EventCount() as window:
            return EventCountWindow(window)
        case ValueCount() as window:
            return ValueCountWindow(window)
        case Spike() as window:
            return SpikeWindow(window)
        case NewValue() as window:
            return NewValueWindow(window)
        case TemporalOrdered() as window:
            return TemporalOrderedWindow(window, rule)
        case Ratio() as window:
            return RatioWindow(window)
    raise ValueError(f"{rule.id} holds no hits back")
