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
from logscan.detection.event import Event
from logscan.detection.held import HeldWindows
from logscan.detection.keys import Key, Keys
from logscan.detection.meaning import Meanings
from logscan.detection.pairs import Pairs
from logscan.ruleset.model import Absence, Ratio, Rule, TemporalOrdered


class Counted(NamedTuple):
    """Events that count for one finding from now on, in the order of their time."""

    rule: Rule
    key: Key
    events: Sequence[Event]


class InOrder:
    """Takes events in the order of their time within a service, and gives those that count."""

    def __init__(self, rules: Sequence[Rule], keys: Keys, meanings: Meanings) -> None:
        self._keys = keys
        self._combined: dict[str, list[Rule]] = {}
        for rule in rules:
            for part in dict.fromkeys(combined_by(rule)):
                self._combined.setdefault(part, []).append(rule)
        self._own = frozenset(rule.id for rule in rules if rule.model.window or rule.model.count_once_within)
        self.windows = HeldWindows(meanings)
        self.pairs = Pairs(meanings)
        self.absences = Absences(rules, meanings)

    def decides(self, rule: Rule) -> bool:
        """Tell whether hits of the rule count only when this says so."""
        return rule.id in self._own

    def wants(self, rule: Rule) -> bool:
        """Tell whether hits of the rule must come here at all."""
        return rule.id in self._own or rule.id in self._combined

    def watch(self, container: Container, start_ns: int, until_ns: int | None) -> None:
        """Note which container is read, and over which time."""
        self.absences.watch(container, start_ns, until_ns)

    def take(self, event: Event) -> list[Counted]:
        """Take the next event of its service."""
        rule, window = event.hit.rule, event.hit.rule.model.window
        counted: list[Counted] = []
        if isinstance(window, Absence):
            if silence := self.absences.hear(event):
                counted.append(self._silence(silence))
        elif self.decides(rule):
            key = self._keys.of(rule, event.hit)
            if self.pairs.is_second(rule, key, event):
                return counted
            if events := (event,) if window is None else self.windows.admit(rule, key, event):
                counted.append(Counted(rule, key, events))
        for combining in self._combined.get(rule.id, ()):
            key = self._keys.of(combining, event.hit)
            if events := self.windows.admit(combining, key, event):
                counted.append(Counted(combining, key, events))
        return counted

    def settle(self, service: Service, before_ns: int) -> Iterator[Counted]:
        """Take note that no event of the service from before this moment will come."""
        for silence in self.absences.settle(service, before_ns):
            yield self._silence(silence)
        for held, events in self.windows.settle(service, before_ns):
            yield Counted(held.rule, held.key, events)
        self.pairs.settle(service, before_ns)

    def close(self, end_ns: int) -> Iterator[Counted]:
        """Take note that no event will come any more."""
        for held, events in self.windows.close(end_ns):
            yield Counted(held.rule, held.key, events)
        for silence in self.absences.close():
            yield self._silence(silence)

    def forgotten(self) -> Counter[str]:
        """Count, by rule, the hits that a full window forgot."""
        return self.windows.forgotten()

    def purge(self, service: Service) -> None:
        """Forget a service that has no container any more."""
        self.windows.purge(service)
        self.pairs.purge(service)
        self.absences.purge(service)

    def _silence(self, event: Event) -> Counted:
        return Counted(event.hit.rule, self._keys.of(event.hit.rule, event.hit), (event,))


def combined_by(rule: Rule) -> tuple[str, ...]:
    """Give the ids of the rules whose hits `rule` looks at."""
    match rule.model.window:
        case TemporalOrdered() as window:
            return window.rules
        case Ratio() as window:
            return window.of, window.to
    return ()
