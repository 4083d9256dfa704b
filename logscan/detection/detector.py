"""Detector: hits in, changes and findings out.

Owns the way of a hit: straight into its finding, or through the windows in the order of time. Does
not own what windows mean (in_order), what a finding counts (tally), or how findings look (sinks).
What leaves in a Finding has been redacted.

One machine has two feeders. A scan ends, so what a window needs is sorted whole and looked at when the
findings are asked for. A stream doesn't, so its events wait until the watermark of their service
has passed them. Both give the same findings. Rules without a window, twins or parts in a
combination take neither way: their hits count at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from logscan.batch import Container, Service
from logscan.detection.changes import Changes
from logscan.detection.event import Event, exhibit
from logscan.detection.in_order import Counted, InOrder
from logscan.detection.keys import Key, Keys
from logscan.detection.order import EventOrder
from logscan.detection.related import RelatedLines
from logscan.detection.tally import Tally
from logscan.detection.watermarks import Watermarks
from logscan.finding import Change, Finding, RelatedLine
from logscan.matching.hit import Hit
from logscan.ruleset.model import EventCount, Rule, Spike, ValueCount

_END_NS = 1 << 63
_GROWING = (EventCount, ValueCount, Spike)
"""Windows that count every hit once they have fired, so a late one too."""


class Detector:
    """Counts hits. `samples`: evidence lines kept per finding.

    `lateness_ns`: None for a scan; for a stream, how far behind the newest line of its container a
    line may come and still take part in a window. What comes later is added to the counts of
    findings that are open, and counted in `late`. Only a stream tells changes: what a scan counts is
    not true before its end, and then the findings say it all. `untimed` counts the hits that no window could
    place. In a stream, `event_count` and `value_count` fire at the watermark, as all windows do.
    """

    def __init__(self, rules: Sequence[Rule], *, samples: int, lateness_ns: int | None = None) -> None:
        self._samples = samples
        self._keys = Keys()
        self._in_order = InOrder(rules, self._keys)
        self._ordered = frozenset(rule.id for rule in rules if self._in_order.wants(rule))
        self._order = EventOrder()
        self._watermarks = None if lateness_ns is None else Watermarks(lateness_ns)
        self._tallies: dict[Key, Tally] = {}
        self._ungrouped: dict[tuple[Rule, Container], Tally] = {}  # where the hits of most rules go, by the short way
        self._changes = None if lateness_ns is None else Changes()
        self._related = RelatedLines()
        self._last_ns: dict[Container, int] = {}
        self.untimed: Counter[Container] = Counter()
        self.late: Counter[Container] = Counter()

    @property
    def overflowed(self) -> Counter[str]:
        """The hits, by rule, that went into the group `<other>`, or that a full window forgot."""
        return self._keys.overflowed + self._in_order.forgotten()

    def watch(self, container: Container, start_ns: int, until_ns: int | None = None) -> None:
        """Note that a container is read from `start_ns`, and up to `until_ns` once that is known."""
        self._in_order.watch(container, start_ns, until_ns)
        if self._watermarks is not None:
            self._watermarks.told(container, start_ns)

    def observe(self, hit: Hit, before: Sequence[str] = (), after: Sequence[str] = ()) -> list[Change]:
        """Take one hit, with the lines around it; in the order of the log within one container."""
        if hit.aside:
            self._related.add(hit)
            return []
        counts_at_ns = self._counts_at(hit)
        if hit.rule.id not in self._ordered:
            return self._count_hit(hit, counts_at_ns, before, after)
        return self._observe_in_order(hit, counts_at_ns, before, after)

    def advance(self, container: Container, time_ns: int) -> list[Change]:
        """Note that a container was read up to `time_ns`, whether or not there was a hit."""
        if self._watermarks is None:
            return []
        return self._pass(container.service, self._watermarks.told(container, time_ns))

    def idle(self, container: Container) -> list[Change]:
        """Note that nothing is to be expected of a container for now: nobody waits for it."""
        if self._watermarks is None:
            return []
        return self._pass(container.service, self._watermarks.idle(container))

    def close(self) -> list[Change]:
        """Note that the input has ended: nothing has to wait any more."""
        events = self._order.drain() if self._watermarks is None else self._watermarks.drain()
        changes = self._take(events)
        for counted in self._in_order.close(_END_NS):
            changes += self._count(counted)
        return changes

    def findings(self) -> list[Finding]:
        """Give all findings, worst first: of a scan at its end, of a stream up to its watermarks."""
        if self._watermarks is None:
            self.close()
        findings = [tally.finding(self._related_to(tally)) for tally in self._tallies.values()]
        return sorted(findings, key=lambda finding: finding.sort_key)

    def _counts_at(self, hit: Hit) -> int | None:
        """Give the moment at which a hit counts: its own, or that of the container's previous hit."""
        container, time_ns = hit.line.container, hit.line.time_ns
        if time_ns is not None:
            self._last_ns[container] = time_ns
            return time_ns
        borrowed_ns = self._last_ns.get(container)
        if borrowed_ns is None and (hit.rule.model.escalate or hit.rule.id in self._ordered):
            self.untimed[container] += 1
        return borrowed_ns

    def _observe_in_order(
        self, hit: Hit, counts_at_ns: int | None, before: Sequence[str], after: Sequence[str]
    ) -> list[Change]:
        rule = hit.rule
        changes: list[Change] = []
        # Without a time it can be no twin, and without a window it needs none.
        untimed_plain = counts_at_ns is None and rule.model.window is None
        if untimed_plain or not self._in_order.decides(rule):
            changes = self._count_hit(hit, counts_at_ns, before, after)
        if counts_at_ns is None:
            return changes
        event = Event(hit, counts_at_ns, tuple(before), tuple(after))
        if self._watermarks is None:
            self._order.add(event)
            return changes
        return changes + self._stream(event, self._watermarks)

    def _stream(self, event: Event, watermarks: Watermarks) -> list[Change]:
        container = event.hit.line.container
        if not watermarks.add(event):
            self.late[container] += 1
            return self._count_late(event)
        return self._pass(container.service, watermarks.told(container, event.counts_at_ns))

    def _count_late(self, event: Event) -> list[Change]:
        rule = event.hit.rule
        if not self._in_order.decides(rule):
            return []
        key = self._keys.of(rule, event.hit)
        if rule.model.window is None or (isinstance(rule.model.window, _GROWING) and key in self._tallies):
            return self._count(Counted(rule, key, (event,)))
        return []

    def _pass(self, service: Service, watermark_ns: int | None) -> list[Change]:
        """Let the events of a service go on that its watermark has passed."""
        if watermark_ns is None or self._watermarks is None or self._changes is None:
            return []
        changes = self._take(self._watermarks.release(service, watermark_ns))
        for counted in self._in_order.settle(service, watermark_ns):
            changes += self._count(counted)
        changes += self._changes.due(service, watermark_ns)
        return changes

    def _take(self, events: Iterable[Event]) -> list[Change]:
        changes: list[Change] = []
        for event in events:
            for counted in self._in_order.take(event):
                changes += self._count(counted)
        return changes

    def _count_hit(
        self, hit: Hit, counts_at_ns: int | None, before: Sequence[str], after: Sequence[str]
    ) -> list[Change]:
        tally = self._ungrouped.get((hit.rule, hit.line.container)) or self._tally_of(hit)
        tally.add(hit, counts_at_ns, (exhibit(hit, before, after),))
        return [] if self._changes is None else self._changes.of(tally, counts_at_ns)

    def _count(self, counted: Counted) -> list[Change]:
        tally = self._tally(counted.rule, counted.key, counted.events[0].hit)
        for event in counted.events:
            tally.add(event.hit, event.counts_at_ns, event.exhibits(), event.began_ns)
        return [] if self._changes is None else self._changes.of(tally, counted.events[-1].counts_at_ns)

    def _tally_of(self, hit: Hit) -> Tally:
        tally = self._tally(hit.rule, self._keys.of(hit.rule, hit), hit)
        if hit.rule.model.group_by is None:
            self._ungrouped[hit.rule, hit.line.container] = tally
        return tally

    def _tally(self, rule: Rule, key: Key, first: Hit) -> Tally:
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally.of(rule, key, first, self._samples)
        return tally

    def _related_to(self, tally: Tally) -> Sequence[RelatedLine]:
        related = tally.rule.model.related
        if related is None or tally.moments is None:
            return ()
        return self._related.near(tally.rule.id, tally.moments, related.within)
