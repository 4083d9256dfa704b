"""Detector: hits in, changes and findings out.

Owns the way of a hit: straight into its finding, or through the windows in the order of time. Does
not own what windows mean (in_order), what a finding counts (tally), or how findings look (sinks).
What leaves in a Finding has been redacted.

One machine has two feeders. A scan ends, so what a window needs is sorted whole and looked at when the
findings are asked for. A stream doesn't, so its events wait until the watermark of their service
has passed them. Both give the same findings. Rules without a window, twins or parts in a
combination take neither way: their hits count at once.

A stream outlives the process: `collect` gives what changed, to be kept, and `restore` goes on from it. It
also outlives containers: they are known by their keys, whatever object tells of them, and forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logscan.batch import Batch, Container, Service
from logscan.detection.changes import Changes, change
from logscan.detection.crowd import HitOf, gather
from logscan.detection.event import Event, exhibit
from logscan.detection.in_order import Counted, InOrder
from logscan.detection.keys import Key, Keys
from logscan.detection.meaning import Meanings
from logscan.detection.memory import LastTimes, Memory
from logscan.detection.neighbours import Neighbours
from logscan.detection.order import EventOrder
from logscan.detection.related import RelatedLines
from logscan.detection.tallies import MAX_TALLIES, Kept, Recall, Tallies
from logscan.detection.tally import Tally
from logscan.detection.watermarks import Watermarks
from logscan.finding import Change, ChangeKind, Finding, RelatedLine
from logscan.framing.time_range import ALWAYS, TimeRange
from logscan.matching.hit import Hit, Sighting
from logscan.ruleset.model import EventCount, Rule, Spike, ValueCount
from logscan.state_row import StateRow

_END_NS = 1 << 63
_GROWING = (EventCount, ValueCount, Spike)
"""Windows that count every hit once they have fired, so a late one too."""

MAX_GONE = 1_000
"""So many services without a container are remembered, since most come back: their windows, and what they learned."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What has changed: rows to be written or, without a blob, taken out; and the findings. To be kept together."""

    rows: list[StateRow]
    tallies: list[Kept]


class Detector:
    """Counts hits. `samples`: evidence lines kept per finding.

    `lateness_ns`: None for a scan; for a stream, how far behind the newest line of its container a
    line may come and still take part in a window. What comes later is added to the counts of
    findings that are open, and counted in `late`. Only a stream tells changes: what a scan counts is
    not true before its end, and then the findings say it all. `untimed` counts the hits that no window could
    place. In a stream, `event_count` and `value_count` fire at the watermark, as all windows do.

    `recall` gives what was kept of a finding, by its fingerprint. With it a stream holds no more than
    `max_tallies` findings in memory, beside those that changed since the last `collect`.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        samples: int,
        lateness_ns: int | None = None,
        recall: Recall | None = None,
        max_tallies: int = MAX_TALLIES,
        max_gone: int = MAX_GONE,
    ) -> None:
        meanings = Meanings(rules)
        self._keys = Keys(recycles=lateness_ns is not None)
        self._in_order = InOrder(rules, self._keys, meanings)
        self._ordered = frozenset(rule.id for rule in rules if self._in_order.wants(rule))
        self.counted = frozenset() if lateness_ns is not None else frozenset(filter(self._counts_alone, rules))
        """The rules whose hits only have to be counted, with their times and their text."""
        self._order = EventOrder()
        self._tallies = Tallies(meanings, samples, recall, max_tallies)
        self._ungrouped: dict[tuple[Rule, Container], Tally] = {}  # where the hits of most rules go, by the short way
        self._related = RelatedLines()
        self._last_ns = LastTimes()
        self._stream: Memory | None = None
        if lateness_ns is not None:
            self._stream = Memory(
                meanings,
                self._keys,
                self._last_ns,
                self._in_order,
                Watermarks(lateness_ns, meanings),
                Changes(meanings),
                Neighbours(meanings),
            )
        self._gone: dict[Service, None] = {}  # in the order in which they went
        self._max_gone = max_gone
        self.untimed: Counter[Container] = Counter()
        self.late: Counter[Container] = Counter()

    @property
    def overflowed(self) -> Counter[str]:
        """The hits, by rule, that went into the group `<other>`, or that a full window forgot."""
        return self._keys.overflowed + self._in_order.forgotten()

    def watch(self, container: Container, start_ns: int, until_ns: int | None = None) -> list[Change]:
        """Note that a container is read from `start_ns`, and up to `until_ns` once that is known."""
        changes = self._meet(container)
        self._in_order.watch(container, start_ns, until_ns)
        if self._stream is not None:
            self._stream.watermarks.told(container, start_ns)
        return changes

    def observe(self, hit: Hit, before: Sequence[str] = (), after: Sequence[str] = ()) -> list[Change]:
        """Take one hit, with the lines around it; in the order of the log within one container."""
        if hit.aside:
            self._put_aside(hit)
            return []
        counts_at_ns = self._counts_at(hit)
        if hit.rule.id not in self._ordered:
            return self._count_hit(hit, counts_at_ns, before, after)
        return self._observe_in_order(hit, counts_at_ns, before, after)

    def observe_all(
        self, batch: Batch, found: Sequence[Hit | Sighting], hit_of: HitOf, wanted: TimeRange = ALWAYS
    ) -> None:
        """Take what was found in a batch, in its order and within the `wanted` times; most of it is counted together.

        `hit_of` makes a hit of a sighting and its line.
        """
        gathered = gather(batch, found, self.counted, wanted, hit_of)
        if gathered is None:
            for one in found:
                hit = one if isinstance(one, Hit) else hit_of(one, batch.line(one.start, one.end))
                if wanted.holds(hit.line.time_ns):
                    self.observe(hit)
            return
        for crowd in gathered.crowds:
            tally = self._ungrouped.get((crowd.rule, batch.container)) or self._tally_of(crowd.hit(0))
            tally.add_all(crowd)
        for hit in gathered.hits:
            self.observe(hit)
        if gathered.last_ns is not None:
            self._last_ns[batch.container.key] = gathered.last_ns

    def advance(self, container: Container, time_ns: int) -> list[Change]:
        """Note that a container was read up to `time_ns`, whether or not there was a hit."""
        if self._stream is None:
            return []
        changes = self._meet(container)
        return changes + self._pass(container.service, self._stream.watermarks.told(container, time_ns))

    def idle(self, container: Container) -> list[Change]:
        """Note that nothing is to be expected of a container for now: nobody waits for it."""
        if self._stream is None:
            return []
        changes = self._meet(container)
        return changes + self._pass(container.service, self._stream.watermarks.idle(container))

    def forget(self, container: Container) -> list[Change]:
        """Note that a container is gone for good. Of its service the newest `max_gone` are remembered."""
        if self._stream is None:
            return []
        service, watermark_ns = self._stream.watermarks.leave(container)
        changes = self._pass(service, watermark_ns)
        self._in_order.absences.forget(container)
        self._last_ns.forget(container.key)
        for counts in (self.late, self.untimed):
            for known in [one for one in counts if one.key == container.key]:
                del counts[known]
        self._forget_objects()
        if not self._stream.watermarks.is_read(service):
            changes += self._tell_withheld(service, _END_NS)
            self._leave(service)
        return changes

    def resolve(self, fingerprint: str) -> Change | None:
        """Take a finding for over that was quiet for its time; None when it is over already, or unknown.

        Its count goes on. Its severity grows from the beginning, and its window has to fire again.
        """
        tally = self._tallies.named(fingerprint)
        if tally is None or tally.told is None or self._stream is None:
            return None
        resolved = change(ChangeKind.RESOLVED, tally, tally.last_ns)
        tally.resolve()
        self._in_order.windows.drop(tally.key)
        self._stream.changes.drop(tally.key)
        self._tallies.change(tally)
        return resolved

    def collect(self) -> Collected:
        """Give what changed since the last time. All of it has to be kept, at once: nothing gives it again."""
        if self._stream is None:
            return Collected([], [])
        for key in self._keys.released():
            self._in_order.windows.drop(key)
        if self._tallies.make_room():
            self._ungrouped.clear()
        return Collected(self._stream.collect(), self._tallies.collect())

    def restore(self, rows: Iterable[StateRow]) -> None:
        """Go on from rows that were kept. To be called once, before the first hit."""
        if self._stream is None:
            return
        self._stream.restore(rows)
        for service in self._stream.services():
            if not self._stream.watermarks.is_read(service):
                self._leave(service)

    def close(self) -> list[Change]:
        """Note that the input has ended: nothing has to wait any more."""
        events = self._order.drain() if self._stream is None else self._stream.watermarks.drain()
        changes = self._take(events)
        for counted in self._in_order.close(_END_NS):
            changes += self._count(counted)
        return changes

    def findings(self) -> list[Finding]:
        """Give all findings, worst first: of a scan at its end, of a stream those in memory, up to its watermarks."""
        if self._stream is None:
            self.close()
        findings = [tally.finding(self._related_to(tally)) for tally in self._tallies]
        return sorted(findings, key=lambda finding: finding.sort_key)

    def _counts_alone(self, rule: Rule) -> bool:
        """Tell whether a hit counts whatever came before, and whatever else it says."""
        model = rule.model
        return model.group_by is None and model.related is None and rule.id not in self._ordered

    def _meet(self, container: Container) -> list[Change]:
        """Take note that a container is there. One that belongs to another service now leaves the old one."""
        if self._stream is None:
            return []
        self._gone.pop(container.service, None)
        known = self._stream.watermarks.service_of(container.key)
        return [] if known is None or known == container.service else self.forget(container)

    def _leave(self, service: Service) -> None:
        """Remember a service without a container for a while, and forget those that went long ago."""
        self._gone[service] = None
        self._keys.leave(service)
        while self._stream is not None and len(self._gone) > self._max_gone:
            earliest = next(iter(self._gone))
            del self._gone[earliest]
            self._in_order.purge(earliest)
            self._keys.forget(earliest)
            self._stream.watermarks.purge(earliest)

    def _forget_objects(self) -> None:
        """Let go of containers and tallies that are held to find them faster."""
        self._ungrouped.clear()
        self._keys.forget_containers()

    def _put_aside(self, hit: Hit) -> None:
        if self._stream is None:
            self._related.add(hit)
            return
        for rule, key, line in self._stream.neighbours.add_line(hit):
            tally = self._tallies.get(rule, key, hit, draws_moments=False)
            tally.relate([line])
            self._tallies.change(tally)

    def _counts_at(self, hit: Hit) -> int | None:
        """Give the moment at which a hit counts: its own, or that of the container's previous hit."""
        container, time_ns = hit.line.container, hit.line.time_ns
        if time_ns is not None:
            self._last_ns[container.key] = time_ns
            return time_ns
        borrowed_ns = self._last_ns.get(container.key)
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
        if self._stream is None:
            self._order.add(event)
            return changes
        self._last_ns.changed.add(hit.line.container.key)
        return changes + self._wait(event, self._stream.watermarks)

    def _wait(self, event: Event, watermarks: Watermarks) -> list[Change]:
        container = event.hit.line.container
        changes = self._meet(container)
        if not watermarks.add(event):
            self.late[container] += 1
            return changes + self._count_late(event)
        return changes + self._pass(container.service, watermarks.told(container, event.counts_at_ns))

    def _count_late(self, event: Event) -> list[Change]:
        rule = event.hit.rule
        if not self._in_order.decides(rule):
            return []
        key = self._keys.of(rule, event.hit)
        if rule.model.window is None or (
            isinstance(rule.model.window, _GROWING) and self._in_order.windows.is_open(key)
        ):
            return self._count(Counted(rule, key, (event,)))
        return []

    def _pass(self, service: Service, watermark_ns: int | None) -> list[Change]:
        """Let the events of a service go on that its watermark has passed."""
        if watermark_ns is None or self._stream is None:
            return []
        changes = self._take(self._stream.watermarks.release(service, watermark_ns))
        for counted in self._in_order.settle(service, watermark_ns):
            changes += self._count(counted)
        return changes + self._tell_withheld(service, watermark_ns)

    def _tell_withheld(self, service: Service, before_ns: int) -> list[Change]:
        """Tell the updates that a cooldown held back until a moment before this one."""
        changes: list[Change] = []
        due = [] if self._stream is None else self._stream.changes.due(service, before_ns)
        for fingerprint, due_ns in due:
            tally = self._tallies.named(fingerprint)
            if tally is not None and tally.told is not None:
                tally.told.time_ns = due_ns
                self._tallies.change(tally)
                changes.append(change(ChangeKind.UPDATED, tally, due_ns))
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
        tally = self._tally_of(hit)
        tally.add(hit, counts_at_ns, (exhibit(hit, before, after),))
        return [] if self._stream is None else self._tell(tally, (hit,), counts_at_ns, self._stream)

    def _count(self, counted: Counted) -> list[Change]:
        tally = self._tally(counted.rule, counted.key, counted.events[0].hit)
        for event in counted.events:
            tally.add(event.hit, event.counts_at_ns, event.exhibits(), event.began_ns)
        if self._stream is None:
            return []
        hits = [event.hit for event in counted.events]
        return self._tell(tally, hits, counted.events[-1].counts_at_ns, self._stream)

    def _tell(self, tally: Tally, hits: Sequence[Hit], time_ns: int | None, stream: Memory) -> list[Change]:
        """Take note in a stream that these hits were counted, the last of them at `time_ns`."""
        self._tallies.change(tally)
        for hit in hits:
            line = hit.line
            self._last_ns.changed.add(line.container.key)
            if tally.rule.model.related is not None and line.time_ns is not None:
                tally.relate(stream.neighbours.add_moment(tally.rule, tally.key, line.time_ns, line.container))
        return stream.changes.of(tally, time_ns)

    def _tally_of(self, hit: Hit) -> Tally:
        if known := self._ungrouped.get((hit.rule, hit.line.container)):
            return known
        tally = self._tally(hit.rule, self._keys.of(hit.rule, hit), hit)
        if hit.rule.model.group_by is None:
            self._ungrouped[hit.rule, hit.line.container] = tally
        return tally

    def _tally(self, rule: Rule, key: Key, first: Hit) -> Tally:
        return self._tallies.get(rule, key, first, draws_moments=self._stream is None)

    def _related_to(self, tally: Tally) -> Sequence[RelatedLine]:
        related = tally.rule.model.related
        if related is None:
            return ()
        if tally.moments is None:
            return [near.line for near in tally.related]
        return self._related.near(tally.rule.id, tally.moments, related.within)
