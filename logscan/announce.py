"""Announce: what happened on a host, as events to be told and rows to be kept.

Owns which changes are told, under which id, and how a finding stands when they are. Does not own the form of
the documents (sinks.event_document), nor what is kept (store).

An id names what is told, not the telling: an event that is told again after a crash has the id that it had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from logscan.counting import Changed
from logscan.detection.tallies import Kept
from logscan.finding import ChangeKind, Finding, Severity
from logscan.sinks.event_document import EventDocument, finding_document, finding_event, gap_event, source_event
from logscan.store.life import Life
from logscan.store.records import FindingRow

_LIFE_AFTER = {
    ChangeKind.OPENED: Life.NEW,
    ChangeKind.REGRESSED: Life.REGRESSED,
    ChangeKind.RESOLVED: Life.RESOLVED,
}
"""How a finding stands after a change; after any other it stands as before."""


class Announcer:
    """Words what happened on one host. `asked`: the ids of the rules whose findings are wanted."""

    def __init__(self, host: str, *, asked: Collection[str], min_severity: Severity) -> None:
        self._host = host
        self._asked = frozenset(asked)
        self._min_severity = min_severity

    def wants(self, finding: Finding) -> bool:
        """Tell whether somebody asked for such findings; rules that others combine run all the same."""
        return finding.rule_id in self._asked and finding.severity >= self._min_severity

    def rows(self, tallies: Sequence[Kept]) -> list[FindingRow]:
        """Give the findings as they are to be kept. All of them, since their counts must go on."""
        return [
            FindingRow(
                fingerprint=kept.finding.fingerprint,
                rule_id=kept.finding.rule_id,
                severity=kept.finding.severity,
                project=kept.finding.service.project,
                service=kept.finding.service.name,
                count=kept.finding.count,
                first_seen_ns=kept.finding.first_seen_ns,
                last_seen_ns=kept.finding.last_seen_ns,
                document=finding_document(kept.finding),
                tally=kept.blob,
                quiet_ns=kept.quiet_ns,
            )
            for kept in tallies
        ]

    def events(
        self, changed: Changed, tallies: Sequence[Kept], lives: Mapping[str, Life], *, now_ns: int
    ) -> Iterator[EventDocument]:
        """Give what is to be told, in the order: sources, gaps, findings. `lives`: how findings stood before."""
        for told in changed.told:
            container = told.container.key if told.container else ""
            yield source_event(told, id=self._id(type(told).__name__, container, now_ns), time_ns=now_ns)
        for gap in changed.gaps:
            ident = self._id("gap", gap.container.key, gap.from_ns, gap.to_ns, gap.reason)
            yield gap_event(gap, id=ident, time_ns=now_ns, host=self._host)
        for kept in tallies:
            finding = kept.finding
            kind, time_ns = changed.kinds.get(finding.fingerprint, (None, None))
            if kind is not None and self.wants(finding):
                yield self._finding_event(kind, finding, lives.get(finding.fingerprint), time_ns or now_ns)

    def _finding_event(self, kind: ChangeKind, finding: Finding, life: Life | None, time_ns: int) -> EventDocument:
        if kind is ChangeKind.OPENED and life is not None:
            kind = ChangeKind.REGRESSED if life is Life.RESOLVED else ChangeKind.UPDATED
        life = _LIFE_AFTER.get(kind) or life or Life.NEW
        ident = self._id(kind, finding.fingerprint, finding.count, finding.severity, finding.last_seen_ns)
        return finding_event(kind, replace(finding, state=life.value), id=ident, time_ns=time_ns, host=self._host)

    def _id(self, *parts: object) -> str:
        return event_id(self._host, *parts)


def event_id(*parts: object) -> str:
    """Name an event by what it says, so that it keeps its name when it is told again."""
    return sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
