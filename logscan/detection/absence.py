"""Absence: a line that should come, and does not.

Owns what `absence` means: each stretch of at least `for` without a matching line is one event, at
the moment at which it had lasted so long. A container is watched over the time that `watch` tells of;
what was not read whole is not watched, for there silence means nothing. One of unknown identity is
watched only from its first matching line on: until then nobody can say that such a line should
come from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from logscan.batch import Container, Identity, Line, Service, Stream
from logscan.detection.event import Event
from logscan.detection.meaning import Meanings
from logscan.detection.records import ContainerRecord, EventRecord, Record, pack, unpack
from logscan.matching.hit import Hit
from logscan.matching.where import gate
from logscan.ruleset.model import Absence, Rule
from logscan.state_row import StateRow

WATCHED = "watched"
"""The kind of row that holds a watched container, under its key."""


@dataclass(slots=True)
class _Watch:
    """One rule and one container: when it was last heard, and by which line."""

    rule: Rule
    for_ns: int
    heard_ns: int
    last: Event | None = None
    told: bool = False

    def silence(self, container: Container, until_ns: int) -> Event | None:
        """Give the silence that has lasted long enough by `until_ns`, once."""
        moment_ns = self.heard_ns + self.for_ns
        if self.told or until_ns < moment_ns:
            return None
        self.told = True
        if self.last is None:
            hit = Hit(self.rule, Line("", moment_ns, Stream.UNKNOWN, container), {}, 0, 0, 0)
            return Event(hit, moment_ns, parts=())
        heard = self.last.hit
        hit = replace(heard, line=replace(heard.line, time_ns=moment_ns))
        return Event(hit, moment_ns, parts=(self.last,))

    def hear(self, event: Event) -> None:
        # A line of an earlier run may come from before the time that is watched.
        self.heard_ns, self.last, self.told = max(self.heard_ns, event.counts_at_ns), event, False


@dataclass(slots=True)
class _Watched:
    """A container, up to when it is watched (None: it goes on), and its watches by the id of their rule."""

    container: Container
    until_ns: int | None
    watches: dict[str, _Watch] = field(default_factory=dict)

    def watch(self, rule: Rule, start_ns: int) -> _Watch:
        watch = self.watches.get(rule.id)
        if watch is None:
            window = rule.model.window
            assert isinstance(window, Absence)  # noqa: S101 - for the type checker: only such rules come here
            watch = self.watches[rule.id] = _Watch(rule, window.for_, start_ns)
        return watch

    def silences(self, before_ns: int) -> Iterator[Event]:
        until_ns = before_ns if self.until_ns is None else min(before_ns, self.until_ns)
        for watch in self.watches.values():
            if silence := watch.silence(self.container, until_ns):
                yield silence


class _WatchRecord(Record, frozen=True):
    rule_id: str
    stamp: int
    heard_ns: int
    last: EventRecord | None
    told: bool


class _WatchedRecord(Record, frozen=True):
    container: ContainerRecord
    until_ns: int | None
    watches: list[_WatchRecord]


class Absences:
    """Watches containers for the lines that the rules expect of them."""

    def __init__(self, rules: Sequence[Rule], meanings: Meanings) -> None:
        self._rules = [rule for rule in rules if isinstance(rule.model.window, Absence)]
        self._meanings = meanings
        self._watched: dict[str, _Watched] = {}
        self._of_service: dict[Service, dict[str, _Watched]] = {}
        self._changed: set[str] = set()

    def watch(self, container: Container, start_ns: int, until_ns: int | None) -> None:
        """Watch a container from `start_ns`. `until_ns` may be told later, in a second call."""
        if not self._rules:
            return
        known = self._watched.get(container.key)
        if known is not None:
            self._of_service[known.container.service].pop(container.key)
        watched = _Watched(container, until_ns, {} if known is None else known.watches)
        self._place(watched)
        self._changed.add(container.key)
        for rule in self._rules:
            if _is_expected(rule, container):
                watched.watch(rule, start_ns)

    def hear(self, event: Event) -> Event | None:
        """Take a matching line; give the silence that it ended, if that was not told yet."""
        container = event.hit.line.container
        watched = self._watched.get(container.key)
        if watched is None:
            return None
        self._changed.add(container.key)
        watch = watched.watch(event.hit.rule, event.counts_at_ns)
        silence = watch.silence(container, event.counts_at_ns)
        watch.hear(event)
        return silence

    def settle(self, service: Service, before_ns: int) -> Iterator[Event]:
        """Give the silences of a service that have lasted long enough before this moment."""
        for watched in self._of_service.get(service, {}).values():
            for silence in watched.silences(before_ns):
                self._changed.add(watched.container.key)
                yield silence

    def close(self) -> Iterator[Event]:
        """Give the silences that last to the end of what was read."""
        for watched in self._watched.values():
            if watched.until_ns is not None:
                yield from watched.silences(watched.until_ns)

    def forget(self, container: Container) -> None:
        """Watch a container no more."""
        watched = self._watched.pop(container.key, None)
        if watched is not None:
            self._of_service[watched.container.service].pop(container.key)
            self._changed.add(container.key)

    def purge(self, service: Service) -> None:
        """Forget a service that has no container any more."""
        self._of_service.pop(service, None)

    def collect(self) -> Iterator[StateRow]:
        """Give what changed since this was asked last."""
        for key in self._changed:
            watched = self._watched.get(key)
            yield StateRow(WATCHED, key.encode(), None if watched is None else self._packed(watched))
        self._changed.clear()

    def restore(self, row: StateRow) -> bool:
        """Go on from what was kept; tell whether all of it is still of use."""
        record = None if row.blob is None else unpack(_WatchedRecord, row.blob)
        if record is None:
            return False
        watched = _Watched(record.container.container(), record.until_ns)
        for kept in record.watches:
            rule = self._meanings.rule(kept.rule_id, kept.stamp)
            if rule is not None:
                watch = watched.watch(rule, kept.heard_ns)
                watch.last = None if kept.last is None else kept.last.event(self._meanings)
                watch.told = kept.told
        self._place(watched)
        return True

    def _place(self, watched: _Watched) -> None:
        container = watched.container
        self._watched[container.key] = watched
        self._of_service.setdefault(container.service, {})[container.key] = watched

    def _packed(self, watched: _Watched) -> bytes:
        watches = [
            _WatchRecord(
                watch.rule.id,
                self._meanings.stamp(watch.rule.id),
                watch.heard_ns,
                None if watch.last is None else EventRecord.of(watch.last, self._meanings),
                watch.told,
            )
            for watch in watched.watches.values()
        ]
        return pack(_WatchedRecord(ContainerRecord.of(watched.container), watched.until_ns, watches))


def _is_expected(rule: Rule, container: Container) -> bool:
    """Tell whether the rule's line should come from this container, even if it never did."""
    if container.identity is Identity.UNKNOWN and rule.where is not None:
        return False
    narrowed = rule.narrowed is None or gate(rule.narrowed, container) is not None
    return narrowed and gate(rule.where, container) is not None
