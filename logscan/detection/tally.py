"""Tally: what is known of one finding while it is counted, and the Finding that comes of it.

Owns the exact count, first and last, the containers, which hit speaks for the finding, and the record
in which all of it survives a restart. Does not own which hits count (in_order), nor when a change is
told (changes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest

from msgspec.structs import replace

from logscan.batch import Container, Line, Stream
from logscan.detection.crowd import Crowd
from logscan.detection.draw import Draw
from logscan.detection.event import CONTAINER, exhibit
from logscan.detection.growth import Grown, Growth
from logscan.detection.keys import Key
from logscan.detection.meaning import Meanings
from logscan.detection.records import (
    ContainerRecord,
    KeyRecord,
    Record,
    RelatedLineRecord,
    ShownRecord,
    pack,
    unpack,
)
from logscan.detection.related import MAX_MOMENTS, Moment, NearLine, nearest
from logscan.detection.safe_fields import safe_fields
from logscan.detection.sampler import Exhibit, Sampled, Sampler, Shown
from logscan.detection.title import filled
from logscan.finding import Finding, RelatedLine, Severity, Share, fingerprint_v1
from logscan.matching.hit import Hit
from logscan.ruleset.model import Rule

MAX_CONTAINERS = 10

MAX_SHARES = 100
"""Of so many containers the shares are kept over a restart: of those with the most hits."""


@dataclass(slots=True)
class Told:
    """What was said of a finding last."""

    severity: Severity
    time_ns: int | None


@dataclass(slots=True)
class _Share:
    """The hits of one container, as it was last seen."""

    container: Container
    count: int


class _ExhibitRecord(Record, frozen=True):
    order: tuple[int, str, int]
    shown: ShownRecord


class _DrawnRecord(Record, frozen=True):
    rank: int
    order: tuple[int, str, int]
    number: int
    shown: ShownRecord


class _SampledRecord(Record, frozen=True):
    number: int
    first: _ExhibitRecord
    last: _ExhibitRecord
    between: list[_DrawnRecord]

    @classmethod
    def of(cls, sampled: Sampled) -> _SampledRecord:
        first, last = (_ExhibitRecord(order, ShownRecord.of(shown)) for order, shown in (sampled.first, sampled.last))
        between = [
            _DrawnRecord(rank, order, number, ShownRecord.of(shown)) for rank, order, number, shown in sampled.between
        ]
        return cls(sampled.number, first, last, between)

    def sampled(self) -> Sampled:
        first, last = ((one.order, one.shown.shown()) for one in (self.first, self.last))
        between = [(one.rank, one.order, one.number, one.shown.shown()) for one in self.between]
        return Sampled(self.number, first, last, between)


class TallyRecord(Record, frozen=True):
    """A tally. `told`: severity and time of what was said last, None before and again once it is resolved;
    `resolved`: the severity that it had then, None while it is open.
    """

    key: KeyRecord
    count: int
    first_ns: int | None
    last_ns: int | None
    newest: ContainerRecord
    fields: dict[str, str]
    shares: list[tuple[ContainerRecord, int]]
    grown: tuple[int, int, bytes]
    sampled: _SampledRecord | None
    related: list[tuple[int, int, RelatedLineRecord]]
    told: tuple[int, int | None] | None
    resolved: int | None


@dataclass(slots=True)
class Tally:
    """Counts the hits of one key, in any order."""

    rule: Rule
    key: Key
    newest: Hit
    growth: Growth
    sampler: Sampler
    fingerprint: str
    moments: Draw[Moment] | None
    count: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    shares: dict[str, _Share] = field(default_factory=dict)
    related: list[NearLine] = field(default_factory=list)
    told: Told | None = None
    resolved: Severity | None = None
    changed: bool = False

    @classmethod
    def of(cls, rule: Rule, key: Key, first: Hit, samples: int, *, draws_moments: bool = True) -> Tally:
        """Begin to count. `draws_moments`: related lines are looked for at the end, and so moments are drawn."""
        model = rule.model
        return cls(
            rule=rule,
            key=key,
            newest=first,
            growth=Growth(model.severity, model.escalate),
            sampler=Sampler(samples),
            fingerprint=fingerprint_v1(*key),
            moments=Draw(MAX_MOMENTS) if model.related and draws_moments else None,
        )

    def add(
        self, hit: Hit, counts_at_ns: int | None, exhibits: Sequence[Exhibit | Shown], began_ns: int | None = None
    ) -> None:
        """Count one hit; `began_ns` is when it began, where that is not its own time."""
        line = hit.line
        time_ns = line.time_ns
        self.count += 1
        self._share(line.container, 1)
        if counts_at_ns is not None:
            self.growth.add(counts_at_ns)
        if time_ns is not None:
            self._place(hit, time_ns, time_ns if began_ns is None else began_ns)
        elif self.last_ns is None:
            self.newest = hit
        for one in exhibits:
            self.sampler.add(one)

    def add_all(self, crowd: Crowd) -> None:
        """Count the hits of a crowd, each of which counts by itself."""
        times = crowd.times
        last_ns = max(times)
        newest = crowd.hit(len(times) - 1 - times[::-1].index(last_ns))
        self.count += len(times)
        self._share(newest.line.container, len(times))
        self.growth.add_all(times)
        self._place(newest, last_ns, min(times))
        self.sampler.add_all(times, crowd.streams, crowd.checksums(), lambda number: exhibit(crowd.hit(number)))

    def _share(self, container: Container, count: int) -> None:
        share = self.shares.get(container.key)
        if share is None:
            self.shares[container.key] = _Share(container, count)
        else:
            share.container = container
            share.count += count

    def _place(self, hit: Hit, time_ns: int, began_ns: int) -> None:
        if self.first_ns is None or began_ns < self.first_ns:
            self.first_ns = began_ns
        # Of two at the same time in one log the later speaks; between logs the name decides, not the reading.
        container, newest = hit.line.container, self.newest.line.container
        if self.last_ns is None or time_ns > self.last_ns:
            self.newest, self.last_ns = hit, time_ns
        elif time_ns == self.last_ns and container.key >= newest.key:
            self.newest = hit
        if self.moments is not None:
            self.moments.add(f"{time_ns} {container.key}", (time_ns, container))

    def resolve(self) -> None:
        """Take the finding for over, at the severity that it has; what comes next grows from the beginning."""
        self.told, self.resolved = None, self.growth.severity()
        self.growth = Growth(self.rule.model.severity, self.rule.model.escalate)

    def relate(self, lines: Iterable[NearLine]) -> None:
        """Let lines stand by the finding, unless nearer ones do."""
        self.related = nearest([*self.related, *lines])

    def finding(self, related: Sequence[RelatedLine]) -> Finding:
        """Say what was counted."""
        return self._finding(safe_fields(self.newest), related)

    def collect(self, meanings: Meanings) -> tuple[Finding, bytes]:
        """Say what was counted, and give what to go on with. Lets go of all raw text."""
        fields = safe_fields(self.newest)
        container = self.newest.line.container
        if len(self.shares) > MAX_SHARES:
            most = nlargest(MAX_SHARES, self.shares.items(), key=lambda one: one[1].count)
            self.shares = dict(most)
        sampled = self.sampler.redact()
        record = TallyRecord(
            key=KeyRecord.of(self.key, meanings),
            count=self.count,
            first_ns=self.first_ns,
            last_ns=self.last_ns,
            newest=ContainerRecord.of(container),
            fields=fields,
            shares=[(ContainerRecord.of(share.container), share.count) for share in self.shares.values()],
            grown=self.growth.kept(),
            sampled=None if sampled is None else _SampledRecord.of(sampled),
            related=[(near.distance_ns, near.number, RelatedLineRecord.of(near.line)) for near in self.related],
            told=None if self.told is None else (self.told.severity, self.told.time_ns),
            resolved=self.resolved,
        )
        self.newest = _without_text(self.newest, fields)
        return self._finding(fields, [line.line for line in self.related]), pack(record)

    @classmethod
    def recalled(cls, blob: bytes, meanings: Meanings, samples: int) -> Tally | None:
        """Go on from what was kept; None when its rule is gone or counts otherwise now."""
        record = unpack(TallyRecord, blob)
        rule = None if record is None else record.key.rule(meanings)
        if record is None or rule is None:
            return None
        line = Line("", record.last_ns, Stream.UNKNOWN, record.newest.container())
        tally = cls.of(rule, record.key.key(), Hit(rule, line, record.fields, 0, 0, 0), samples, draws_moments=False)
        tally.count, tally.first_ns, tally.last_ns = record.count, record.first_ns, record.last_ns
        for container, count in record.shares:
            tally.shares[container.key] = _Share(container.container(), count)
        tally.growth.restore(Grown(*record.grown))
        if record.sampled is not None:
            tally.sampler.restore(record.sampled.sampled())
        tally.related = [NearLine(distance_ns, number, one.related()) for distance_ns, number, one in record.related]
        tally.told = None if record.told is None else Told(Severity(record.told[0]), record.told[1])
        tally.resolved = None if record.resolved is None else Severity(record.resolved)
        return tally

    def _finding(self, fields: Mapping[str, str], related: Iterable[RelatedLine]) -> Finding:
        model, container = self.rule.model, self.newest.line.container
        most = sorted(self.shares.values(), key=lambda share: (-share.count, share.container.name, share.container.key))
        return Finding(
            fingerprint=self.fingerprint,
            rule_id=self.rule.id,
            rule_title=model.title,
            rule_file=self.rule.file,
            severity=self.growth.severity() if self.resolved is None else self.resolved,
            title=filled(model.title, {**fields, CONTAINER: container.name}),
            count=self.count,
            first_seen_ns=self.first_ns,
            last_seen_ns=self.last_ns,
            service=self.key.service,
            container=container,
            containers=tuple(Share(share.container, share.count) for share in most[:MAX_CONTAINERS]),
            fields=fields,
            samples=self.sampler.samples(),
            why=model.why,
            advice=model.advice,
            references=model.references,
            related=tuple(related),
        )


def _without_text(hit: Hit, fields: Mapping[str, str]) -> Hit:
    """Leave of a hit what speaks for a finding."""
    return replace(hit, line=replace(hit.line, text=""), fields=fields, continued=(), start=0, end=0)
