"""Tally: what is known of one finding while it is counted, and the Finding that comes of it.

Owns the exact count, first and last, the containers, and which hit speaks for the finding. Does not
own which hits count (in_order), nor when a change is told (changes).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from logscan.batch import Container
from logscan.detection.draw import Draw
from logscan.detection.event import CONTAINER
from logscan.detection.growth import Growth
from logscan.detection.keys import Key
from logscan.detection.related import MAX_MOMENTS, Moment
from logscan.detection.safe_fields import safe_fields
from logscan.detection.sampler import Exhibit, Sampler
from logscan.detection.title import filled
from logscan.finding import Finding, RelatedLine, Share, fingerprint_v1
from logscan.matching.hit import Hit
from logscan.ruleset.model import Rule

MAX_CONTAINERS = 10


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
    shares: Counter[Container] = field(default_factory=Counter)

    @classmethod
    def of(cls, rule: Rule, key: Key, first: Hit, samples: int) -> Tally:
        model = rule.model
        return cls(
            rule=rule,
            key=key,
            newest=first,
            growth=Growth(model.severity, model.escalate),
            sampler=Sampler(samples),
            fingerprint=fingerprint_v1(*key),
            moments=None if model.related is None else Draw(MAX_MOMENTS),
        )

    def add(self, hit: Hit, counts_at_ns: int | None, exhibits: Sequence[Exhibit], began_ns: int | None = None) -> None:
        """Count one hit; `began_ns` is when it began, where that is not its own time."""
        line = hit.line
        time_ns = line.time_ns
        self.count += 1
        self.shares[line.container] += 1
        if counts_at_ns is not None:
            self.growth.add(counts_at_ns)
        if time_ns is not None:
            self._place(hit, time_ns, time_ns if began_ns is None else began_ns)
        elif self.last_ns is None:
            self.newest = hit
        for exhibit in exhibits:
            self.sampler.add(exhibit)

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

    def finding(self, related: Sequence[RelatedLine]) -> Finding:
        """Say what was counted."""
        model, container = self.rule.model, self.newest.line.container
        fields = safe_fields(self.newest)
        most = sorted(self.shares.items(), key=lambda share: (-share[1], share[0].name, share[0].key))
        return Finding(
            fingerprint=self.fingerprint,
            rule_id=self.rule.id,
            rule_title=model.title,
            rule_file=self.rule.file,
            severity=self.growth.severity(),
            title=filled(model.title, {**fields, CONTAINER: container.name}),
            count=self.count,
            first_seen_ns=self.first_ns,
            last_seen_ns=self.last_ns,
            service=self.key.service,
            container=container,
            containers=tuple(Share(container, count) for container, count in most[:MAX_CONTAINERS]),
            fields=fields,
            samples=self.sampler.samples(),
            why=model.why,
            advice=model.advice,
            references=model.references,
            related=tuple(related),
        )
