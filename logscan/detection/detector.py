"""Detector: hits in, findings out.

Owns the keys (one finding per rule, logical service and group value), the exact counts and what a
finding says. Does not own the meaning of windows (windows), which lines are shown (sampler) or
how findings look (sinks). This is where foreign text is redacted: nothing raw leaves in a Finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from logscan.batch import Container, Service
from logscan.detection.order import Event, EventOrder
from logscan.detection.sampler import Exhibit, Sampler
from logscan.detection.windows import EventCountWindow, Growth
from logscan.finding import Finding, Share, fingerprint_v1
from logscan.matching.hit import Hit
from logscan.redact import MARKER, redact, redact_field
from logscan.ruleset.model import EventCount, Rule

MISSING = "<missing>"
"""The group value of a hit that lacks the field: such hits are a group of their own."""

MAX_CONTAINERS = 10

_Group = tuple[tuple[str, str], ...]
_Key = tuple[str, Service, _Group]


class Detector:
    """Counts the hits of a bounded scan. `samples`: evidence lines kept per finding."""

    def __init__(self, *, samples: int) -> None:
        self._samples = samples
        self._tallies: dict[_Key, _Tally] = {}
        self._windows: dict[_Key, EventCountWindow[Event]] = {}
        self._order = EventOrder()
        self._last_ns: dict[Container, int] = {}
        self.untimed: Counter[Container] = Counter()

    def observe(self, hit: Hit, before: Sequence[str] = (), after: Sequence[str] = ()) -> None:
        """Take one hit, with the lines around it; in the order of the log within one container."""
        counts_at_ns = self._counts_at(hit)
        if hit.rule.model.window is None:
            self._count(_key(hit), hit, counts_at_ns, before, after)
        elif counts_at_ns is not None:
            self._order.add(Event(hit, counts_at_ns, tuple(before), tuple(after)))

    def findings(self) -> list[Finding]:
        """Close the windows and give all findings, worst first."""
        for event in self._order.drain():
            key = _key(event.hit)
            for counted in self._admitted(key, event):
                self._count(key, counted.hit, counted.counts_at_ns, counted.before, counted.after)
        findings = [tally.finding(key) for key, tally in self._tallies.items()]
        return sorted(findings, key=lambda finding: finding.sort_key)

    def _counts_at(self, hit: Hit) -> int | None:
        """Give the moment at which a hit counts: its own, or that of the container's previous hit."""
        container, time_ns = hit.line.container, hit.line.time_ns
        if time_ns is not None:
            self._last_ns[container] = time_ns
            return time_ns
        borrowed_ns = self._last_ns.get(container)
        if borrowed_ns is None and (hit.rule.model.window or hit.rule.model.escalate):
            self.untimed[container] += 1
        return borrowed_ns

    def _admitted(self, key: _Key, event: Event) -> Sequence[Event]:
        window = event.hit.rule.model.window
        if not isinstance(window, EventCount):
            return [event]
        if key not in self._windows:
            self._windows[key] = EventCountWindow(window)
        return self._windows[key].admit(event.counts_at_ns, event)

    def _count(
        self, key: _Key, hit: Hit, counts_at_ns: int | None, before: Sequence[str], after: Sequence[str]
    ) -> None:
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = _Tally.of(hit, self._samples)
        tally.add(hit, counts_at_ns)
        tally.sampler.add(Exhibit(hit.line, hit.start, hit.end, before, after))


def _key(hit: Hit) -> _Key:
    return hit.rule.id, hit.line.container.service, tuple(_group(hit))


def _group(hit: Hit) -> Iterator[tuple[str, str]]:
    for name in hit.rule.model.group_by or ():
        value = hit.line.container.name if name == "container" else hit.fields.get(name)
        yield name, MISSING if value is None else _safe_field(name, value, hit.line.text, redact(hit.line.text))


def _safe_field(name: str, value: str, raw_line: str, safe_line: str) -> str:
    """Redact a field's value. One that the redacted line no longer holds was a secret, or part of one."""
    if value in raw_line and value not in safe_line:
        return MARKER
    return redact_field(name, value)


@dataclass(slots=True)
class _Tally:
    """What is known of one finding while it is counted."""

    rule: Rule
    newest: Hit
    growth: Growth
    sampler: Sampler
    count: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    shares: Counter[Container] = field(default_factory=Counter)

    @classmethod
    def of(cls, hit: Hit, samples: int) -> _Tally:
        model = hit.rule.model
        return cls(hit.rule, hit, Growth(model.severity, model.escalate), Sampler(samples))

    def add(self, hit: Hit, counts_at_ns: int | None) -> None:
        time_ns = hit.line.time_ns
        self.count += 1
        self.shares[hit.line.container] += 1
        if counts_at_ns is not None:
            self.growth.add(counts_at_ns)
        if time_ns is not None and (self.first_ns is None or time_ns < self.first_ns):
            self.first_ns = time_ns
        if self.last_ns is None or (time_ns is not None and time_ns >= self.last_ns):
            self.newest, self.last_ns = hit, time_ns

    def finding(self, key: _Key) -> Finding:
        """Say what was counted."""
        rule_id, service, group = key
        model, line = self.rule.model, self.newest.line
        safe_line = redact(line.text)
        most = sorted(self.shares.items(), key=lambda share: (-share[1], share[0].name, share[0].key))
        return Finding(
            fingerprint=fingerprint_v1(rule_id, service, group),
            rule_id=rule_id,
            rule_title=model.title,
            rule_file=self.rule.file,
            severity=self.growth.severity(),
            title=model.title,
            count=self.count,
            first_seen_ns=self.first_ns,
            last_seen_ns=self.last_ns,
            service=service,
            container=line.container,
            containers=tuple(Share(container, count) for container, count in most[:MAX_CONTAINERS]),
            fields={name: _safe_field(name, value, line.text, safe_line) for name, value in self.newest.fields.items()},
            samples=self.sampler.samples(),
            why=model.why,
            advice=model.advice,
            references=model.references,
        )
