"""InOrder: everything that must see events in the order of their time.

Owns the way of an event through twins, its rule's own window, and the windows of rules that combine
it. Does not own how events come into order (order, watermarks), nor what counted ones lead to.
It doesn't know whether the input ends: a scan and a stream feed the same machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from logscan.batch import Container, Service
from logscan.detection.absence import Absences
from logscan.detection.combining import RatioWindow, TemporalOrderedWindow
from logscan.detection.event import Event
from logscan.detection.keys import Key, Keys
from logscan.detection.twins import Twins
from logscan.detection.windows import EventCountWindow, NewValueWindow, SpikeWindow, ValueCountWindow, Window
from logscan.ruleset.model import (
    Absence,
    EventCount,
    NewValue,
    Ratio,
    Rule,
    Spike,
    TemporalOrdered,
    ValueCount,
)


class Counted(NamedTuple):
    """Events that count for one finding from now on, in the order of their time."""

    rule: Rule
    key: Key
    events: Sequence[Event]


class InOrder:
    """Takes events in the order of their time within a service, and gives those that count."""

    def __init__(self, rules: Sequence[Rule], keys: Keys) -> None:
        self._keys = keys
        self._combined: dict[str, list[Rule]] = {}
        for rule in rules:
            for part in dict.fromkeys(combined_by(rule)):
                self._combined.setdefault(part, []).append(rule)
        self._own = frozenset(rule.id for rule in rules if rule.model.window or rule.model.count_once_within)
        self._windows: dict[Key, tuple[Rule, Window]] = {}
        self._unsettled: dict[Service, set[Key]] = {}
        self._twins: dict[tuple[Key, Container], Twins] = {}
        self._absences = Absences(rules)

    def decides(self, rule: Rule) -> bool:
        """Tell whether hits of the rule count only when this says so."""
        return rule.id in self._own

    def wants(self, rule: Rule) -> bool:
        """Tell whether hits of the rule must come here at all."""
        return rule.id in self._own or rule.id in self._combined

    def watch(self, container: Container, start_ns: int, until_ns: int | None) -> None:
        """Note which container is read, and over which time."""
        self._absences.watch(container, start_ns, until_ns)

    def take(self, event: Event) -> list[Counted]:
        """Take the next event of its service."""
        rule, window = event.hit.rule, event.hit.rule.model.window
        counted: list[Counted] = []
        if isinstance(window, Absence):
            if silence := self._absences.hear(event):
                counted.append(self._silence(silence))
        elif self.decides(rule):
            key = self._keys.of(rule, event.hit)
            if self._is_twin(rule, key, event):
                return counted
            if events := (event,) if window is None else self._admitted(rule, key, event):
                counted.append(Counted(rule, key, events))
        for combining in self._combined.get(rule.id, ()):
            key = self._keys.of(combining, event.hit)
            if events := self._admitted(combining, key, event):
                counted.append(Counted(combining, key, events))
        return counted

    def settle(self, service: Service, before_ns: int) -> Iterator[Counted]:
        """Take note that no event of the service from before this moment will come."""
        for silence in self._absences.settle(service, before_ns):
            yield self._silence(silence)
        for key in list(self._unsettled.get(service, ())):
            rule, window = self._windows[key]
            if events := window.settle(before_ns):
                yield Counted(rule, key, events)

    def close(self, end_ns: int) -> Iterator[Counted]:
        """Take note that no event will come any more."""
        for service in list(self._unsettled):
            for key in self._unsettled[service]:
                rule, window = self._windows[key]
                if events := window.settle(end_ns):
                    yield Counted(rule, key, events)
        for silence in self._absences.close():
            yield self._silence(silence)

    def forgotten(self) -> Counter[str]:
        """Count, by rule, the hits that a full window forgot."""
        counts: Counter[str] = Counter()
        for rule, window in self._windows.values():
            if window.forgotten:
                counts[rule.id] += window.forgotten
        return counts

    def _admitted(self, rule: Rule, key: Key, event: Event) -> Sequence[Event]:
        entry = self._windows.get(key)
        if entry is None:
            entry = self._windows[key] = rule, _window(rule)
            if isinstance(rule.model.window, Ratio):
                self._unsettled.setdefault(key.service, set()).add(key)
        return entry[1].admit(event)

    def _silence(self, event: Event) -> Counted:
        return Counted(event.hit.rule, self._keys.of(event.hit.rule, event.hit), (event,))

    def _is_twin(self, rule: Rule, key: Key, event: Event) -> bool:
        within_ns = rule.model.count_once_within
        if within_ns is None:
            return False
        pair = key, event.hit.line.container
        if pair not in self._twins:
            self._twins[pair] = Twins(within_ns)
        return self._twins[pair].is_second(event)


def combined_by(rule: Rule) -> tuple[str, ...]:
    """Give the ids of the rules whose hits `rule` looks at."""
    match rule.model.window:
        case TemporalOrdered() as window:
            return window.rules
        case Ratio() as window:
            return window.of, window.to
    return ()


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
