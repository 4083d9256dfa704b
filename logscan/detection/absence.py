"""Absence: a line that should come, and does not.

Owns what `absence` means: each stretch of at least `for` without a matching line is one event, at
the moment at which it had lasted so long. A container is watched over the time that `watch` tells of;
what was not read whole is not watched, for there silence means nothing. One of unknown identity is
watched only from its first matching line on: until then nobody can say that such a line should
come from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from logscan.batch import Container, Identity, Line, Service, Stream
from logscan.detection.event import Event
from logscan.matching.hit import Hit
from logscan.matching.where import gate
from logscan.ruleset.model import Absence, Rule


@dataclass(slots=True)
class _Watch:
    """One rule and one container: when it was last heard, and by which line."""

    rule: Rule
    container: Container
    for_ns: int
    heard_ns: int
    last: Event | None = None
    told: bool = False

    def silence(self, until_ns: int) -> Event | None:
        """Give the silence that has lasted long enough by `until_ns`, once."""
        moment_ns = self.heard_ns + self.for_ns
        if self.told or until_ns < moment_ns:
            return None
        self.told = True
        if self.last is None:
            hit = Hit(self.rule, Line("", moment_ns, Stream.UNKNOWN, self.container), {}, 0, 0, 0)
            return Event(hit, moment_ns, parts=())
        heard = self.last.hit
        hit = replace(heard, line=replace(heard.line, time_ns=moment_ns))
        return Event(hit, moment_ns, parts=(self.last,))

    def hear(self, event: Event) -> None:
        # A line of an earlier run may come from before the time that is watched.
        self.heard_ns, self.last, self.told = max(self.heard_ns, event.counts_at_ns), event, False


class Absences:
    """Watches containers for the lines that the rules expect of them."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [rule for rule in rules if isinstance(rule.model.window, Absence)]
        self._watches: dict[Service, dict[tuple[str, Container], _Watch]] = {}
        self._until: dict[Container, int | None] = {}

    def watch(self, container: Container, start_ns: int, until_ns: int | None) -> None:
        """Watch a container from `start_ns`. `until_ns` may be told later, in a second call."""
        if not self._rules:
            return
        self._until[container] = until_ns
        for rule in self._rules:
            if _is_expected(rule, container):
                self._watched(rule, container, start_ns)

    def hear(self, event: Event) -> Event | None:
        """Take a matching line; give the silence that it ended, if that was not told yet."""
        rule, container = event.hit.rule, event.hit.line.container
        if container not in self._until:
            return None
        watch = self._watched(rule, container, event.counts_at_ns)
        silence = watch.silence(event.counts_at_ns)
        watch.hear(event)
        return silence

    def settle(self, service: Service, before_ns: int) -> Iterator[Event]:
        """Give the silences of a service that have lasted long enough before this moment."""
        for watch in self._watches.get(service, {}).values():
            until_ns = self._until.get(watch.container)
            silence = watch.silence(before_ns if until_ns is None else min(before_ns, until_ns))
            if silence is not None:
                yield silence

    def close(self) -> Iterator[Event]:
        """Give the silences that last to the end of what was read."""
        for watches in self._watches.values():
            for watch in watches.values():
                until_ns = self._until.get(watch.container)
                silence = None if until_ns is None else watch.silence(until_ns)
                if silence is not None:
                    yield silence

    def _watched(self, rule: Rule, container: Container, start_ns: int) -> _Watch:
        watches = self._watches.setdefault(container.service, {})
        watch = watches.get((rule.id, container))
        if watch is None:
            window = rule.model.window
            assert isinstance(window, Absence)  # noqa: S101 - for the type checker: only such rules come here
            watch = watches[rule.id, container] = _Watch(rule, container, window.for_, start_ns)
        return watch


def _is_expected(rule: Rule, container: Container) -> bool:
    """Tell whether the rule's line should come from this container, even if it never did."""
    if container.identity is Identity.UNKNOWN and rule.where is not None:
        return False
    narrowed = rule.narrowed is None or gate(rule.narrowed, container) is not None
    return narrowed and gate(rule.where, container) is not None
